"""What operators learn of bookings and payments: each outcome is counted once, each trouble is a line that names it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text
from structlog.testing import capture_logs

from booking.domain.errors import PaymentFailed, PaymentUnknown
from booking.domain.payments import ledger, refunds
from booking.domain.reservations import OrderItem, OrderRequest, bookings, charging, guarantees, holds, orders, recovery
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Payment, Room, User
from booking.infra.db import db, transaction
from booking.infra.ids import encode
from booking.infra.provider import NoAnswer, Outcome, Result
from tests.cast import (
    AN_HOUR,
    DECLINED,
    SYSTEM,
    VISA,
    a_room,
    acting,
    beside,
    in_days,
    interrupted,
    later,
    order,
    payments_of,
    silent,
)
from tests.domain.reservations.test_charging import changed_meanwhile

Story = Callable[[User, Room, BookingContext], object]


class Troubled:
    """The simulated provider, whose refunds and cancellations end as they are told to."""

    name = "simulated"

    def __init__(self, desk: BookingContext, trouble: Callable[[], Outcome]) -> None:
        self.provider, self.trouble = desk.provider, trouble

    def refund(self, *_: object) -> Outcome:
        return self.trouble()

    def cancel(self, *_: object) -> Outcome:
        return self.trouble()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.provider, name)


def troubled(desk: BookingContext, trouble: Callable[[], Outcome]) -> BookingContext:
    return replace(desk, provider=Troubled(desk, trouble))


def says_nothing() -> Outcome:
    raise NoAnswer


def breaks() -> Outcome:
    raise RuntimeError("unexpected field in the answer")


def declines() -> Outcome:
    return Outcome(Result.DECLINED, "re_1", "the account is closed")


@transaction
def the_nights_are_gone(_: Outcome) -> None:
    db.session.execute(text("DELETE FROM availability"))


def confirm(alice: User, room: Room, desk: BookingContext) -> Booking:
    return bookings.book(acting(alice), order(alice, room), VISA, desk)


def be_declined(alice: User, room: Room, desk: BookingContext) -> None:
    with pytest.raises(PaymentFailed):
        bookings.book(acting(alice), order(alice, room), DECLINED, desk)


def stay_unknown(alice: User, room: Room, desk: BookingContext) -> None:
    with pytest.raises(PaymentUnknown):
        bookings.book(acting(alice), order(alice, room), VISA, interrupted(desk, silent))


def cancel(alice: User, room: Room, desk: BookingContext) -> Booking:
    return bookings.cancel(acting(alice), holds.reserve(acting(alice), order(alice, room), desk).id, desk)


def confirm_in_two_steps(alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    bookings.pay(acting(alice), held.id, VISA, held.total_price, desk)


def cost_nothing(alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    transaction(lambda: db.session.execute(text("UPDATE bookings SET total_price = 0, price_lines = '[]'")))()
    bookings.pay(acting(alice), held.id, None, Decimal(0), desk)


def be_vouched_for(alice: User, room: Room, desk: BookingContext) -> None:
    guarantees.guarantee(SYSTEM, holds.reserve(acting(alice), order(alice, room), desk).order_id, "desk")


def give_back(alice: User, room: Room, desk: BookingContext) -> None:
    bookings.release(acting(alice), holds.reserve(acting(alice), order(alice, room), desk).id)


@contextmanager
def counted(metric: str) -> Iterator[dict[tuple[str, ...], float]]:
    """By how much each series of a metric has grown at the end of the block."""

    def now() -> dict[tuple[str, ...], float]:
        samples = (sample for family in REGISTRY.collect() for sample in family.samples if sample.name == metric)
        return {tuple(sample.labels.values()): sample.value for sample in samples}

    before, grown = now(), dict[tuple[str, ...], float]()
    yield grown
    grown |= {
        labels: value - before.get(labels, 0) for labels, value in now().items() if value != before.get(labels, 0)
    }


@pytest.mark.parametrize(
    ("story", "outcome"),
    [
        (confirm, "confirmed"),
        (confirm_in_two_steps, "confirmed"),
        (cost_nothing, "confirmed"),
        (be_vouched_for, "confirmed"),
        (be_declined, "declined"),
        (stay_unknown, "payment_unknown"),
        (cancel, "cancelled"),
        (give_back, "cancelled"),
    ],
)
def test_each_outcome_of_a_booking_is_counted_once(
    alice: User, room: Room, desk: BookingContext, story: Story, outcome: str
) -> None:
    with counted("bookings_total") as grown:
        story(alice, room, desk)
    assert grown == {(outcome,): 1}


@pytest.mark.parametrize("way", ["as begun", "looked at again", "for nothing"])
def test_rooms_that_were_booked_together_are_counted_each(
    alice: User, desk: BookingContext, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    first = a_room()
    items = tuple(OrderItem(one.id, in_days(30), 2) for one in (first, beside(first, "Attic", 90)))
    with counted("bookings_total") as grown:
        bought = orders.hold(acting(alice), OrderRequest(alice.id, items), desk)
        if way == "looked at again":
            monkeypatch.setattr(charging, "_confirm_as_begun", changed_meanwhile)
        if way == "for nothing":
            transaction(lambda: db.session.execute(text("UPDATE bookings SET total_price = 0, price_lines = '[]'")))()
            bought = orders.get(acting(alice), bought.order.id)
            bought.order.owed = Decimal(0)
        orders.pay(acting(alice), bought.order.id, VISA, bought.order.owed, desk)
    assert grown == {("confirmed",): 2}


@pytest.mark.parametrize("many", [0, 1, 2])
def test_each_hold_that_runs_out_is_counted(alice: User, desk: BookingContext, many: int) -> None:
    for _ in range(many):
        holds.reserve(acting(alice), order(alice, a_room()), desk)
    later(desk.hold_for + dt.timedelta(seconds=1))
    with counted("bookings_total") as grown:
        assert bookings.expire_holds(SYSTEM) == many
    assert grown == ({("expired",): many} if many else {})


@pytest.mark.parametrize(
    ("trouble", "outcome"), [(None, "succeeded"), (declines, "declined"), (says_nothing, "unanswered")]
)
def test_each_outcome_of_a_refund_is_counted_once(
    alice: User, room: Room, desk: BookingContext, trouble: Callable[[], Outcome] | None, outcome: str
) -> None:
    booked = confirm(alice, room, desk)
    with counted("payments_total") as grown:
        bookings.cancel(acting(alice), booked.id, troubled(desk, trouble) if trouble else desk)
    assert grown == {("refund", outcome): 1}


def test_a_refund_that_is_answered_twice_counts_once(alice: User, room: Room, desk: BookingContext) -> None:
    booked = confirm(alice, room, desk)
    bookings.cancel(acting(alice), booked.id, desk)
    with counted("payments_total") as grown, capture_logs() as said:
        assert refunds.send(SYSTEM, payments_of(booked)[-1], troubled(desk, declines))
    assert (grown, said) == ({}, [])


def test_a_charge_that_stays_unanswered_is_counted_and_said(alice: User, room: Room, desk: BookingContext) -> None:
    stay_unknown(alice, room, desk)
    with counted("payments_total") as grown, capture_logs() as said:
        recovery.recover_payments(SYSTEM, troubled(desk, says_nothing), ahead=AN_HOUR)
    waiting = newest()
    assert grown == {("charge", "unanswered"): 1}
    assert said == [{"event": "recovery_unanswered", "log_level": "warning", "payment": str(waiting.id)}]
    assert (waiting.state, waiting.error) == ("unknown", ledger.NO_ANSWER)


def test_a_refund_without_an_answer_is_said(alice: User, room: Room, desk: BookingContext) -> None:
    booked = confirm(alice, room, desk)
    with capture_logs() as said:
        bookings.cancel(acting(alice), booked.id, troubled(desk, says_nothing))
    assert said == [{"event": "refund_unanswered", "log_level": "warning", "payment": str(newest().id)}]
    assert newest().error == ledger.NO_ANSWER


def test_a_declined_refund_is_said_with_its_reason(alice: User, room: Room, desk: BookingContext) -> None:
    booked = confirm(alice, room, desk)
    with capture_logs() as said:
        bookings.cancel(acting(alice), booked.id, troubled(desk, declines))
    reason = "the account is closed"
    line = {"event": "refund_declined", "log_level": "error", "payment": str(newest().id), "reason": reason}
    assert said == [line]


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (Outcome(Result.DECLINED, "re_1"), "declined"),
        (Outcome(Result.CHARGED, "ch_1", "odd"), "no_refund:charged"),
    ],
)
def test_a_refund_that_failed_without_a_reason_says_what_the_provider_answered(
    alice: User, room: Room, desk: BookingContext, outcome: Outcome, reason: str
) -> None:
    booked = confirm(alice, room, desk)
    bookings.cancel(acting(alice), booked.id, troubled(desk, lambda: outcome))
    assert (newest().failure, newest().error) == (ledger.DECLINED, reason)


def test_a_refund_that_breaks_is_said_with_where_it_broke(alice: User, room: Room, desk: BookingContext) -> None:
    booked = confirm(alice, room, desk)
    with capture_logs() as said:
        bookings.cancel(acting(alice), booked.id, troubled(desk, breaks))
    line = {"event": "refund_broke", "log_level": "error", "payment": str(newest().id), "exc_info": True}
    assert said == [line]


def test_a_recovery_that_breaks_is_said_with_where_it_broke(alice: User, room: Room, desk: BookingContext) -> None:
    stay_unknown(alice, room, desk)
    with capture_logs() as said:
        recovery.recover_payments(SYSTEM, troubled(desk, breaks), ahead=AN_HOUR)
    line = {"event": "recovery_broke", "log_level": "error", "payment": str(newest().id), "exc_info": True}
    assert said == [line]


def test_a_refund_under_the_key_of_a_charge_is_noted_in_words(alice: User, room: Room, desk: BookingContext) -> None:
    stay_unknown(alice, room, desk)
    recovery.recover_payments(SYSTEM, troubled(desk, lambda: Outcome(Result.REFUNDED, "re_1")), ahead=AN_HOUR)
    assert newest().error == "ValueError: the provider knows a refund under the key of a charge"


def test_a_payment_that_is_stuck_is_said_with_its_kind_and_how_often_it_was_asked(
    alice: User, room: Room, desk: BookingContext
) -> None:
    stay_unknown(alice, room, desk)
    mute = troubled(desk, says_nothing)
    for _ in range(ledger.STUCK_AFTER - 1):
        recovery.recover_payments(SYSTEM, mute, ahead=AN_HOUR)
    with counted("payments_total") as grown, capture_logs() as said:
        recovery.recover_payments(SYSTEM, mute, ahead=AN_HOUR)
    stuck = {"payment": str(newest().id), "kind": "charge", "attempts": ledger.STUCK_AFTER}
    assert said[-1] == {"event": "payment_stuck", "log_level": "error", **stuck}
    assert grown == {("charge", "unanswered"): 1, ("charge", "stuck"): 1}


def test_a_payment_that_is_settled_at_last_is_not_stuck(alice: User, room: Room, desk: BookingContext) -> None:
    stay_unknown(alice, room, desk)
    for _ in range(ledger.STUCK_AFTER):
        recovery.recover_payments(SYSTEM, troubled(desk, says_nothing), ahead=AN_HOUR)
    with capture_logs() as said:
        assert recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR) == 1
    assert (said, newest().state) == ([], "succeeded")


def test_a_charge_found_too_late_is_sent_back_and_said(alice: User, room: Room, desk: BookingContext) -> None:
    stay_unknown(alice, room, desk)
    charge = newest()
    the_nights_are_gone(Outcome(Result.CHARGED, ""))
    with capture_logs() as said:
        recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    assert said == [{"event": "recovered_charge_refunded", "log_level": "warning", "payment": str(charge.id)}]
    assert (newest().kind, newest().state) == ("refund", "succeeded")


def go_unrefunded(alice: User, room: Room, desk: BookingContext) -> None:
    bookings.cancel(acting(alice), confirm(alice, room, desk).id, troubled(desk, says_nothing))


WITHOUT_AN_OUTCOME = pytest.mark.parametrize("story", [stay_unknown, go_unrefunded], ids=["charge", "refund"])


@WITHOUT_AN_OUTCOME
def test_a_provider_that_is_not_here_is_named_and_is_an_alarm_in_the_end(
    alice: User, room: Room, desk: BookingContext, story: Story
) -> None:
    story(alice, room, desk)
    other = Troubled(desk, breaks)
    other.name = "other"
    elsewhere = replace(desk, provider=other, providers={})
    with capture_logs() as said:
        for _ in range(ledger.STUCK_AFTER):
            recovery.recover_payments(SYSTEM, elsewhere, ahead=AN_HOUR)
    facts = {"payment": str(newest().id), "provider": "simulated"}
    line = {"event": "payment_provider_unknown", "log_level": "error", **facts}
    assert said[:-1] == [line] * ledger.STUCK_AFTER
    assert said[-1]["event"] == "payment_stuck"


@WITHOUT_AN_OUTCOME
def test_a_payment_that_breaks_each_time_is_an_alarm_in_the_end(
    alice: User, room: Room, desk: BookingContext, story: Story
) -> None:
    story(alice, room, desk)
    with capture_logs() as said:
        for _ in range(ledger.STUCK_AFTER):
            recovery.recover_payments(SYSTEM, troubled(desk, breaks), ahead=AN_HOUR)
    broke = "recovery_broke" if story is stay_unknown else "refund_broke"
    assert [line["event"] for line in said] == [*[broke] * ledger.STUCK_AFTER, "payment_stuck"]


def test_a_sweep_tries_no_more_than_it_is_told_to(alice: User, room: Room, desk: BookingContext) -> None:
    stay_unknown(alice, room, desk)
    stay_unknown(alice, a_room(), desk)
    assert [recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR, limit=1) for _ in range(3)] == [1, 1, 0]


def test_a_declined_card_names_its_booking(alice: User, room: Room, desk: BookingContext) -> None:
    with pytest.raises(PaymentFailed) as refusal:
        bookings.book(acting(alice), order(alice, room), DECLINED, desk)
    assert refusal.value.named == {"bookingId": encode("booking", newest().booking_id)}


@pytest.mark.parametrize("found", [Result.DECLINED, Result.CANCELLED])
def test_a_charge_that_never_was_says_whether_it_was_declined_or_abandoned(
    alice: User, room: Room, desk: BookingContext, found: Result
) -> None:
    stay_unknown(alice, room, desk)
    recovery.recover_payments(SYSTEM, troubled(desk, lambda: Outcome(found, "")), ahead=AN_HOUR)
    expected = ledger.DECLINED if found is Result.DECLINED else ledger.ABANDONED
    assert (newest().state, newest().failure) == ("failed", expected)


@transaction
def newest() -> Payment:
    return db.session.query(Payment).order_by(Payment.id.desc()).limit(1).one()
