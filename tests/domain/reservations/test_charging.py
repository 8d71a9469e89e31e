"""A charge and what becomes of its booking: confirmed once, given up, or paid back because it came too late."""

from __future__ import annotations

import datetime as dt
import uuid
from contextlib import nullcontext, suppress
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text

from booking.domain.errors import (
    BookingModified,
    Invalid,
    PaymentFailed,
    PaymentInProgress,
    PaymentUnknown,
    RoomNotAvailable,
)
from booking.domain.payments import ledger
from booking.domain.reservations import bookings, charging, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.models import Lines
from booking.domain.tables import Booking, Event, Payment, Room, User
from booking.infra import clock
from booking.infra.db import OutcomeUnknown, db, transaction
from booking.infra.ids import encode
from booking.infra.provider import Outcome, Result
from tests.cast import (
    DECLINED,
    SYSTEM,
    VISA,
    acting,
    count,
    in_days,
    interrupted,
    nights_of,
    order,
    payments_of,
    reload,
    silent,
)
from tests.databases import end_other_connections, forget_connections

ALL, THE_LAST = "TRUE", "night = (SELECT max(night) FROM availability)"


def so_often(outcome: str) -> float:
    return REGISTRY.get_sample_value("bookings_total", {"outcome": outcome}) or 0


@pytest.mark.parametrize("which", [ALL, THE_LAST], ids=["all nights", "one night"])
def test_charged_when_nights_are_gone_frees_the_others_and_gives_all_back_at_once(
    alice: User, room: Room, desk: BookingContext, which: str
) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    before = so_often("refunded")

    @transaction
    def nights_go(_: Outcome) -> None:
        db.session.execute(text(f"DELETE FROM availability WHERE {which}"))

    with pytest.raises(RoomNotAvailable):
        bookings.pay(acting(alice), held.id, VISA, held.total_price, interrupted(desk, nights_go))
    charge, refund = payments_of(held)
    assert (refund.kind, refund.state, refund.error) == ("refund", "succeeded", None)
    assert (nights_of(room), refund.amount, refund.currency) == ({}, charge.amount, "EUR")
    assert (reload(held).status, reload(held).refund_amount, so_often("refunded")) == ("CANCELLED", None, before + 1)


def test_a_charge_is_confirmed_once_however_often_its_outcome_comes(
    alice: User, room: Room, desk: BookingContext
) -> None:
    booked = bookings.book(acting(alice), order(alice, room), VISA, desk)
    [paid] = payments_of(booked)
    [again] = charging.confirmed(SYSTEM, paid.id, Outcome(Result.CHARGED, "another reference"), desk)
    assert (again.id, again.version) == (booked.id, booked.version)
    assert payments_of(booked)[0].provider_reference == paid.provider_reference
    assert count(Event, type="booking.confirmed") == 1


def test_what_is_to_be_kept_with_the_confirmation_is_kept_with_it(
    alice: User, room: Room, desk: BookingContext
) -> None:
    kept: list[Booking] = []

    def keep(confirmed: Lines) -> None:
        assert all(booking.confirmed_at is not None for booking in confirmed)
        kept.extend(confirmed)

    held = holds.reserve(acting(alice), order(alice, room), desk)
    begun = bookings._begin_payment(SYSTEM, (held,), VISA, desk)
    [confirmed] = charging.charge(SYSTEM, begun, desk, keep_hold=True, keep=keep)
    assert ([one.id for one in kept], confirmed.status) == ([held.id], "CONFIRMED")
    assert payments_of(held)[0].provider_reference == desk.provider.find(begun.payment.id).reference


def changed_meanwhile(*_: object) -> Lines:
    raise BookingModified


@pytest.mark.parametrize("costs", [True, False])
def test_what_is_kept_is_kept_on_every_way_to_a_confirmation(
    alice: User, room: Room, desk: BookingContext, monkeypatch: pytest.MonkeyPatch, costs: bool
) -> None:
    kept: list[uuid.UUID] = []
    held = holds.reserve(acting(alice), order(alice, room), desk)
    if not costs:
        transaction(lambda: db.session.execute(text("UPDATE bookings SET total_price = 0, price_lines = '[]'")))()
    else:  # somebody has changed the booking meanwhile: it is looked at again
        monkeypatch.setattr(charging, "_confirm_as_begun", changed_meanwhile)
    held = reload(held)
    bookings.pay_for(
        SYSTEM,
        (held,),
        VISA if costs else None,
        desk,
        keep_hold=True,
        keep=lambda lines: kept.extend(one.id for one in lines),
    )
    assert (kept, reload(held).status) == ([held.id], "CONFIRMED")


def test_what_costs_something_needs_a_card(alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    with pytest.raises(Invalid) as refused:
        bookings.pay(acting(alice), held.id, None, held.total_price, desk)
    assert {field: notice.code for field, notice in refused.value.details.items()} == {"paymentMethodId": "missing"}


@pytest.mark.parametrize("keep_hold", [True, False])
def test_a_declined_charge_keeps_the_hold_or_frees_the_nights(
    alice: User, room: Room, desk: BookingContext, keep_hold: bool
) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    begun = bookings._begin_payment(SYSTEM, (held,), DECLINED, desk)
    with pytest.raises(PaymentFailed):
        charging.charge(SYSTEM, begun, desk, keep_hold=keep_hold)
    after, [failed] = reload(held), payments_of(held)
    assert (failed.state, failed.failure, failed.error) == ("failed", ledger.DECLINED, None)
    if keep_hold:
        assert (after.status, after.held_until) == ("PENDING", held.held_until)
        assert set(nights_of(room).values()) == {"held"}
    else:
        assert (after.status, after.held_until, after.refund_amount) == ("CANCELLED", None, None)
        assert nights_of(room) == {}


def test_giving_up_changes_nothing_that_is_settled(alice: User, room: Room, desk: BookingContext) -> None:
    booked = bookings.book(acting(alice), order(alice, room), VISA, desk)
    [paid] = payments_of(booked)
    for keep_hold in (True, False):
        charging.give_up(SYSTEM, paid.id, ledger.ABANDONED, keep_hold=keep_hold)
    assert (reload(booked).status, payments_of(booked)[0].state) == ("CONFIRMED", "succeeded")
    assert set(nights_of(room).values()) == {"booked"}


def test_a_charge_that_recovery_has_cancelled_stays_unknown_to_its_own_request(
    alice: User, room: Room, desk: BookingContext
) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    begun = bookings._begin_payment(SYSTEM, (held,), VISA, desk)
    desk.provider.cancel(begun.payment.id, "EUR")
    with pytest.raises(PaymentUnknown):
        charging.charge(SYSTEM, begun, desk, keep_hold=True)
    assert count(Payment, state="started") == 1


def test_a_charge_without_an_answer_is_unknown_until_it_has_had_its_time(
    alice: User, room: Room, desk: BookingContext
) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    begun, before = bookings._begin_payment(SYSTEM, (held,), VISA, desk), so_often("payment_unknown")
    with pytest.raises(PaymentUnknown):
        charging.charge(SYSTEM, begun, interrupted(desk, silent), keep_hold=True)
    [unknown] = payments_of(held)
    assert (unknown.state, so_often("payment_unknown")) == ("unknown", before + 1)
    assert unknown.next_at - clock.now() == pytest.approx(desk.patience, abs=dt.timedelta(seconds=2))
    assert reload(held).status == "PENDING"


@pytest.mark.parametrize(("method", "outcome"), [(VISA, "confirmed"), (DECLINED, "declined")])
def test_each_charge_is_counted_once_by_its_outcome(
    alice: User, room: Room, desk: BookingContext, method: str, outcome: str
) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    begun, before = bookings._begin_payment(SYSTEM, (held,), method, desk), so_often(outcome)
    with suppress(PaymentFailed):
        charging.charge(SYSTEM, begun, desk, keep_hold=True)
    assert so_often(outcome) == before + 1


def test_a_charge_that_is_confirmed_by_its_outcome_later_is_counted_too(
    alice: User, room: Room, desk: BookingContext
) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    begun, before = bookings._begin_payment(SYSTEM, (held,), VISA, desk), so_often("confirmed")
    [booked] = charging.confirmed(SYSTEM, begun.payment.id, Outcome(Result.CHARGED, "ch_1"), desk)
    assert (booked.status, so_often("confirmed")) == ("CONFIRMED", before + 1)


def test_connections_that_end_while_the_bank_answers_cost_nobody_the_confirmation(
    alice: User, room: Room, desk: BookingContext
) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    bookings.pay(acting(alice), held.id, VISA, held.total_price, interrupted(desk, lambda _: end_other_connections()))
    assert reload(held).status == "CONFIRMED"
    assert count(Event, type="booking.confirmed") == 1
    forget_connections()


def test_a_confirmation_of_which_nobody_knows_is_looked_up(
    alice: User, room: Room, desk: BookingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirm = charging._confirm_as_begun

    def lost(*call: Any) -> Any:
        confirm(*call)
        raise OutcomeUnknown

    monkeypatch.setattr(charging, "_confirm_as_begun", lost)
    booked = bookings.book(acting(alice), order(alice, room), VISA, desk)
    assert (booked.status, count(Event, type="booking.confirmed")) == ("CONFIRMED", 1)


def test_a_hold_that_changes_all_the_time_is_being_paid_for(
    alice: User, room: Room, desk: BookingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, times = bookings._begin_payment_of, [0]

    def changed_before(*call: Any) -> Any:
        times[0] += 1
        if times[0] < often:
            transaction(lambda: db.session.execute(text("UPDATE bookings SET version = version + 1")))()
        return begin(*call)

    monkeypatch.setattr(bookings, "_begin_payment_of", changed_before)
    held, often = holds.reserve(acting(alice), order(alice, room), desk), 4
    assert bookings.pay(acting(alice), held.id, VISA, held.total_price, desk).status == "CONFIRMED"
    times[0], often = 0, 100
    held = holds.reserve(acting(alice), order(alice, room, in_days(90)), desk)
    with pytest.raises(PaymentInProgress):
        bookings.pay(acting(alice), held.id, VISA, held.total_price, desk)
    assert payments_of(held) == []


@pytest.mark.parametrize("card", [DECLINED, VISA])
def test_a_card_that_has_just_been_declined_is_not_tried_by_who_looked_before(
    alice: User, room: Room, desk: BookingContext, monkeypatch: pytest.MonkeyPatch, card: str
) -> None:
    begin, pressed = bookings._begin_payment_of, list[str]()
    held = holds.reserve(acting(alice), order(alice, room), desk)

    def pressed_twice(*call: Any) -> Any:
        if not pressed:
            pressed.append(DECLINED)
            with pytest.raises(PaymentFailed):
                bookings.pay(acting(alice), held.id, DECLINED, held.total_price, desk)
        return begin(*call)

    monkeypatch.setattr(bookings, "_begin_payment_of", pressed_twice)
    with pytest.raises(PaymentFailed) if card == DECLINED else nullcontext() as refused:
        bookings.pay(acting(alice), held.id, card, held.total_price, desk)
    assert refused is None or refused.value.named == {"bookingId": encode("booking", held.id)}
    assert [payment.method for payment in payments_of(held)] == [DECLINED] + [card] * (card == VISA)
