"""An order and its ledger: what is owed, paid and on its way back; nothing beyond it is charged or refunded."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from booking.domain import payments
from booking.domain.errors import (
    BookingError,
    HoldOver,
    NothingOwed,
    PaymentInProgress,
    PriceChanged,
    RefundNotOwed,
)
from booking.domain.maintenance import retention, verification
from booking.domain.reservations import bookings, holds, idempotency, recovery
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.requests import BookingRequest
from booking.domain.tables import Booking, Order, Payment, Room, User
from booking.infra.db import READ_COMMITTED, db, transaction
from booking.infra.provider import NoAnswer, Outcome
from tests.cases import each
from tests.cast import (
    AN_HOUR,
    REFUND_DECLINED,
    SYSTEM,
    VISA,
    Interrupted,
    a_room,
    acting,
    all_at_once,
    count,
    in_days,
    interrupted,
    later,
    nights_of,
    order,
    order_of,
    payments_of,
    reload,
    silent,
)
from tests.faults.guards import ONE_PAYMENT, without


def sums(booking: Booking) -> tuple[int, int, int, int]:
    """Owed, paid, refunded, on its way back."""
    bought = order_of(booking)
    return int(bought.owed), int(bought.paid), int(bought.refunded), int(bought.refunding)


def agrees() -> bool:
    return verification.verify().findings == []


@transaction(isolation=READ_COMMITTED)
def say(statement: str, **values: Any) -> None:
    db.session.execute(text(statement), values)


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    """360 EUR, paid."""
    return bookings.book(acting(alice), order(alice, room), VISA, desk)


# --- what stands in an order


def test_a_booking_is_the_line_of_an_order_with_its_reference(booked: Booking, alice: User, room: Room) -> None:
    bought = order_of(booked)
    assert (bought.reference, bought.user_id, bought.property_id) == (booked.reference, alice.id, room.property_id)
    assert (bought.channel, bought.locale, bought.currency) == ("api", alice.locale, "EUR")
    assert bought.id != booked.id
    assert [(one.order_id, one.purpose) for one in payments_of(booked)] == [(bought.id, "stay")]


def test_an_order_says_which_way_it_came(alice: User, room: Room, desk: BookingContext) -> None:
    assert order_of(bookings.book(acting(alice), order(alice, room), VISA, desk)).channel == "api"
    assert order_of(holds.reserve(acting(alice), order(alice, room, in_days(60)), desk)).channel == "web"
    held = bookings.hold_all(acting(alice), order(alice, room, in_days(70)), desk)
    assert (order_of(held[0]).channel, order_of(held[0]).in_one_call) == ("api", False)


def test_the_sums_follow_a_booking_through_its_life(alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    assert sums(held) == (360, 0, 0, 0)
    bookings.pay(acting(alice), held.id, VISA, held.total_price, desk)
    assert sums(held) == (360, 360, 0, 0)
    bookings.cancel(acting(alice), held.id, desk)
    assert sums(held) == (0, 360, 360, 0)
    assert agrees()


def test_what_nobody_paid_for_is_not_owed(alice: User, room: Room, desk: BookingContext) -> None:
    released, expired = (holds.reserve(acting(alice), order(alice, room, in_days(first)), desk) for first in (30, 40))
    bookings.cancel(acting(alice), released.id, desk)
    later(desk.hold_for + dt.timedelta(seconds=1))
    bookings.expire_holds(SYSTEM)
    assert [sums(released), sums(expired)] == [(0, 0, 0, 0)] * 2
    assert agrees()


def test_what_a_policy_keeps_stays_owed(alice: User, desk: BookingContext) -> None:
    half = {"name": "half", "tiers": [{"daysBefore": 1, "percent": 50}]}
    booked = bookings.book(acting(alice), order(alice, a_room(cancellation_policy=half)), VISA, desk)
    bookings.cancel(acting(alice), booked.id, desk)
    assert sums(booked) == (180, 360, 180, 0)
    assert agrees()


class Mute(Interrupted):
    """A provider that says nothing to a refund."""

    def refund(self, *_: object) -> Outcome:
        raise NoAnswer


def test_a_refund_is_on_its_way_until_it_has_arrived(booked: Booking, alice: User, desk: BookingContext) -> None:
    bookings.cancel(acting(alice), booked.id, replace(desk, provider=Mute(desk.provider, silent)))
    assert sums(booked) == (0, 360, 0, 360)
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    assert sums(booked) == (0, 360, 360, 0)


def test_a_declined_refund_is_neither_returned_nor_on_its_way(alice: User, room: Room, desk: BookingContext) -> None:
    booked = bookings.book(acting(alice), order(alice, room), REFUND_DECLINED, desk)
    bookings.cancel(acting(alice), booked.id, desk)
    assert sums(booked) == (0, 360, 0, 0)
    assert payments_of(booked)[-1].charge_id == payments_of(booked)[0].id


def test_a_charge_that_came_too_late_is_paid_and_goes_back(
    alice: User, bob: User, room: Room, desk: BookingContext
) -> None:
    def taken_meanwhile(_: object) -> None:
        say("DELETE FROM availability")

    with pytest.raises(BookingError):
        bookings.book(acting(alice), order(alice, room), VISA, interrupted(desk, taken_meanwhile))
    [lost] = transaction(lambda: db.session.query(Booking).all())()
    assert sums(lost) == (0, 360, 360, 0)
    assert agrees()


def test_another_price_of_a_hold_is_what_is_owed(alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    say("UPDATE rooms SET price_per_night = 100")
    changed = holds.reserve(acting(alice), order(alice, room, guests=3), desk)
    assert (changed.id, sums(held)) == (held.id, (300, 0, 0, 0))
    assert agrees()


def test_an_order_goes_with_its_booking(alice: User, room: Room, desk: BookingContext) -> None:
    holds.reserve(acting(alice), order(alice, room), desk)
    later(desk.hold_for + dt.timedelta(seconds=1))
    bookings.expire_holds(SYSTEM)
    later(dt.timedelta(days=40))
    assert retention.prune(SYSTEM, dt.timedelta(days=1))["expired_bookings"] == 1
    assert (count(Booking), count(Order)) == (0, 0)


# --- what may be charged, and what may go back


@transaction
def charge(booking: Booking, amount: Decimal, context: BookingContext, purpose: str = "balance") -> Payment:
    due = payments.Due(booking.order_id, booking.id, amount, booking.currency, purpose)
    return payments.start_charge(due, method=VISA, context=context)


@transaction(isolation=READ_COMMITTED)
def refund(booking: Booking, amount: Decimal, context: BookingContext) -> list[Payment]:
    return payments.start_refunds(payments.lock_order(booking.order_id), booking.id, amount, context.patience)


def test_no_more_is_charged_than_is_owed(alice: User, room: Room, booked: Booking, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room, in_days(50)), desk)
    for booking, amount in ((held, Decimal("360.01")), (booked, Decimal("0.01"))):
        with pytest.raises(NothingOwed):
            charge(booking, amount, desk)
    assert charge(held, Decimal(360), desk).order_id == held.order_id


def test_one_charge_of_an_order_at_a_time(alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    charge(held, Decimal(100), desk, "deposit")
    with pytest.raises(PaymentInProgress):
        charge(held, Decimal(260), desk)
    assert [one.purpose for one in payments_of(held)] == ["deposit"]


def test_of_many_charges_that_begin_at_once_one_does(app: Flask, alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    results = all_at_once(app, [partial(charge, held, Decimal(360), desk)] * 6)
    assert len([one for one in results if isinstance(one, Payment)]) == 1
    assert {type(one) for one in results if not isinstance(one, Payment)} == {PaymentInProgress}


def test_no_more_goes_back_than_was_paid(booked: Booking, desk: BookingContext) -> None:
    with pytest.raises(RefundNotOwed):
        refund(booked, Decimal("360.01"), desk)
    refund(booked, Decimal(300), desk)
    with pytest.raises(RefundNotOwed):
        refund(booked, Decimal("60.01"), desk)
    assert sums(booked) == (360, 360, 0, 300)


def test_of_many_refunds_that_begin_at_once_no_two_exceed_what_was_paid(
    app: Flask, booked: Booking, desk: BookingContext, environ: dict[str, str]
) -> None:
    with without((ONE_PAYMENT,), environ["MIGRATION_DATABASE_URL"]):
        results = all_at_once(app, [partial(refund, booked, Decimal(200), desk)] * 6)
    assert len([one for one in results if isinstance(one, list)]) == 1
    assert {type(one) for one in results if not isinstance(one, list)} == {RefundNotOwed}


@each(
    ("statement", "constraint"),
    [
        ("UPDATE orders SET refunded = paid + 1", "ck_orders_refunds_within_paid"),
        ("UPDATE orders SET refunded = 100, refunding = 300", "ck_orders_refunds_within_paid"),
        ("UPDATE orders SET owed = -1", "ck_orders_sums_not_negative"),
        ("UPDATE orders SET paid = 0.001", "ck_orders_sums_decimals"),
        ("UPDATE orders SET user_id = NULL", "ck_orders_has_buyer"),
        ("UPDATE orders SET channel = 'post'", "ck_orders_channel_known"),
        ("UPDATE payments SET purpose = 'tip'", "ck_payments_purpose_known"),
        ("UPDATE payments SET state = 'awaiting_staff'", "ck_payments_only_refund_awaits_staff"),
        ("UPDATE payments SET debt_id = id", "ck_payments_only_refund_has_debt"),
        (
            "INSERT INTO payments (id, booking_id, kind, amount, currency, state, provider)"
            " SELECT gen_random_uuid(), id, 'refund', 1, currency, 'started', 'simulated' FROM bookings",
            "ck_payments_refund_has_charge",
        ),
    ],
)
def test_the_database_refuses_what_no_code_should_write(booked: Booking, statement: str, constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        say(statement)


def test_a_buyer_without_an_account_is_a_contact(booked: Booking) -> None:
    say("UPDATE orders SET user_id = NULL, contact_name = 'Ann', contact_email = 'ann@example.com'")
    assert order_of(booked).contact_name == "Ann"


@pytest.mark.parametrize(
    ("damage", "rule"),
    [
        ("UPDATE bookings SET order_id = gen_random_uuid()", "booking_without_order"),
        (
            "UPDATE orders SET contact_name = 'Ann', contact_email = 'a@example.com';"
            " UPDATE users SET deleted_at = now(), disabled_at = now()",
            "contact_of_nobody",
        ),
        ("UPDATE orders SET currency = 'USD'", "booking_without_order"),
        ("UPDATE payments SET order_id = (SELECT id FROM orders WHERE reference = 'OTHER')", "payment_in_other_order"),
        ("SELECT 1", "order_without_booking"),
        ("UPDATE orders SET owed = owed + 1", "order_owes_otherwise"),
        ("UPDATE orders SET paid = paid - 1 WHERE paid > 0", "order_sums_otherwise"),
        ("UPDATE orders SET refunding = 1 WHERE paid > 0", "order_sums_otherwise"),
        ("UPDATE orders SET paid = paid - 1 WHERE paid > 0", "order_not_paid"),
        ("UPDATE orders SET owed = owed - 1 WHERE paid > 0", "order_keeps_too_much"),
    ],
)
def test_verify_finds_an_order_that_does_not_agree(booked: Booking, damage: str, rule: str) -> None:
    say(
        "INSERT INTO orders (id, reference, user_id, channel, property_id, currency, owed)"
        " SELECT gen_random_uuid(), 'OTHER', user_id, channel, property_id, currency, 0 FROM orders"
    )
    say(damage)
    assert [found for found in verification.verify().findings if found.rule == rule]


# --- what costs nothing


@pytest.fixture
def given(alice: User, room: Room, desk: BookingContext) -> Booking:
    """A hold of a stay that costs nothing."""
    held = holds.reserve(acting(alice), order(alice, room), desk)
    say("UPDATE bookings SET total_price = 0, price_lines = '[]'")
    return reload(held)


def test_what_costs_nothing_is_confirmed_without_a_charge(given: Booking, room: Room, desk: BookingContext) -> None:
    paid = bookings.pay(acting(given.user_id), given.id, None, Decimal(0), desk)
    assert (paid.status, payments_of(paid), sums(paid)) == ("CONFIRMED", [], (0, 0, 0, 0))
    assert set(nights_of(room).values()) == {"booked"}
    assert bookings.pay(acting(given.user_id), given.id, VISA, Decimal(0), desk).status == "CONFIRMED"
    assert agrees_but_for_lines()


def agrees_but_for_lines() -> bool:
    return {found.rule for found in verification.verify().findings} <= {"price_not_sum_of_lines"}


def test_what_costs_nothing_is_confirmed_once(app: Flask, given: Booking, desk: BookingContext) -> None:
    results = all_at_once(app, [partial(bookings.pay, acting(given.user_id), given.id, VISA, Decimal(0), desk)] * 4)
    assert {getattr(one, "status", type(one)) for one in results} <= {"CONFIRMED", PaymentInProgress}
    assert "CONFIRMED" in {getattr(one, "status", None) for one in results}
    say_events = "SELECT count(*) FROM events WHERE type = 'booking.confirmed'"
    assert transaction(lambda: db.session.scalar(text(say_events)))() == 1


def test_a_hold_that_is_over_is_not_confirmed_although_it_costs_nothing(given: Booking, desk: BookingContext) -> None:
    later(desk.hold_for + dt.timedelta(seconds=1))
    with pytest.raises(HoldOver):
        bookings.pay(acting(given.user_id), given.id, VISA, Decimal(0), desk)


@pytest.mark.parametrize(("shown", "now"), [(0, 10), (360, 0)])
def test_a_price_that_changes_on_the_way_is_not_charged(
    alice: User, room: Room, desk: BookingContext, monkeypatch: pytest.MonkeyPatch, shown: int, now: int
) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    say("UPDATE bookings SET total_price = :now, version = version + 1", now=now)
    held.total_price = Decimal(shown)
    monkeypatch.setattr(bookings, "payable", lambda *_: (held,))
    with pytest.raises(PriceChanged):
        bookings.pay(acting(alice), held.id, VISA, Decimal(shown), desk)
    assert (payments_of(held), reload(held).status) == ([], "PENDING")


def test_cancelling_what_cost_nothing_brings_nothing_back(given: Booking, desk: BookingContext) -> None:
    bookings.pay(acting(given.user_id), given.id, VISA, Decimal(0), desk)
    cancelled = bookings.cancel(acting(given.user_id), given.id, desk, seen_refund=Decimal(0))
    assert (cancelled.status, payments_of(cancelled)) == ("CANCELLED", [])


def test_a_repeated_request_finds_what_it_booked_for_nothing(given: Booking, desk: BookingContext) -> None:
    """The answer was lost with the process: the next call with the key finds the booking, and books no other."""
    claim = idempotency.claim(acting(given.user_id), "POST /bookings", "key", b"x" * 32)
    assert isinstance(claim, idempotency.Claim)
    transaction(idempotency.attach)(claim, given.id)
    bookings.pay(acting(given.user_id), given.id, VISA, Decimal(0), desk)
    idempotency.let_go(claim)
    again = idempotency.claim(acting(given.user_id), "POST /bookings", "key", b"x" * 32)
    assert isinstance(again, idempotency.Claim)
    asked = BookingRequest(acting(given.user_id).account, given.room_id, in_days(30), 2)
    answer = lambda booking: idempotency.Answer(201, str(booking.id))  # noqa: E731
    found = bookings.book(acting(given.user_id), asked, VISA, desk, claim=again, render=answer)
    assert (found.id, count(Booking)) == (given.id, 1)


# --- as others of the order are


def test_a_refund_leaves_what_the_other_bookings_of_the_order_cost(
    alice: User, room: Room, booked: Booking, desk: BookingContext
) -> None:
    """Two rooms in one order, half of it paid: what is paid is kept for the room that stays."""
    other = holds.reserve(acting(alice), order(alice, room, in_days(60)), desk)
    say("UPDATE orders SET owed = owed + 360 WHERE id = :id", id=booked.order_id)
    say("DELETE FROM orders WHERE id = :id", id=other.order_id)
    say("UPDATE bookings SET order_id = :one WHERE id = :id", one=booked.order_id, id=other.id)
    cancelled = bookings.cancel(acting(alice), booked.id, desk)
    assert (cancelled.refund_amount, sums(booked)) == (Decimal(0), (360, 360, 0, 0))
