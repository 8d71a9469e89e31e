"""Payments without an outcome: who asks about them, after which pause, and what an operator is shown."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from booking.domain.errors import PaymentFailed, PaymentModified, PaymentUnknown, RoomNotAvailable
from booking.domain.payments import ledger
from booking.domain.reservations import bookings, holds, repository
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Payment, Room, User
from booking.infra import clock
from booking.infra.clock import sql_now
from booking.infra.db import db, reading, transaction
from booking.infra.ids import new_id
from booking.infra.provider import Outcome
from tests.cases import each
from tests.cast import (
    AN_HOUR,
    DECLINED,
    SYSTEM,
    VISA,
    a_room,
    acting,
    in_days,
    interrupted,
    later,
    order,
    payments_of,
    silent,
)

SECONDS = dt.timedelta(seconds=1)
PATIENCE = 30 * SECONDS
SECRET = "Key (email)=(alice@example.com) already exists."


def open_payment(guest: User, room: Room, desk: BookingContext) -> Payment:
    """A charge whose answer was lost."""
    with pytest.raises(PaymentUnknown):
        bookings.book(acting(guest), order(guest, room, in_days(30)), VISA, interrupted(desk, silent))
    return newest()


@transaction
def newest() -> Payment:
    return db.session.scalars(select(Payment).order_by(Payment.id.desc()).limit(1)).one()


@reading
def pause_of(payment: Payment) -> float:
    """For how many seconds it is left alone from now on."""
    left = select(func.extract("epoch", Payment.next_at - sql_now())).where(Payment.id == payment.id)
    return float(db.session.scalars(left).one())


def asked(payment: Payment, times: int) -> None:
    for attempts in range(times):
        assert ledger.claim(payment.id, attempts, PATIENCE) is not None


@each(
    ("error", "line"),
    [
        (RuntimeError("no such\n  field:\tstatus"), "RuntimeError: no such field: status"),
        (RuntimeError(), "RuntimeError"),
        (RuntimeError("no field X:"), "RuntimeError: no field X"),
        (RuntimeError("x" * 400), "RuntimeError: " + "x" * 286),
        (IntegrityError("INSERT", {}, Exception(SECRET)), "IntegrityError"),
    ],
)
def test_an_error_is_one_short_line_and_quotes_nothing_from_the_database(error: Exception, line: str) -> None:
    assert ledger.said(error) == line


@pytest.mark.parametrize(
    ("attempts", "patience", "pause"),
    [
        (0, PATIENCE, PATIENCE),
        (1, PATIENCE, 2 * PATIENCE),
        (6, PATIENCE, 64 * PATIENCE),
        (7, PATIENCE, AN_HOUR),
        (40, PATIENCE, AN_HOUR),
        (16, SECONDS / 100, 655.36 * SECONDS),
        (17, SECONDS / 100, 655.36 * SECONDS),
        (0, 2 * AN_HOUR, 2 * AN_HOUR),
        (3, 2 * AN_HOUR, 2 * AN_HOUR),
    ],
)
def test_the_pause_doubles_up_to_an_hour_or_to_the_patience_itself(
    alice: User, room: Room, desk: BookingContext, attempts: int, patience: dt.timedelta, pause: dt.timedelta
) -> None:
    payment = open_payment(alice, room, desk)
    set_attempts(payment, attempts)
    taken = ledger.claim(payment.id, attempts, patience)
    assert taken is not None
    assert (taken.id, taken.attempts) == (payment.id, attempts + 1)
    assert pause_of(payment) == pytest.approx(pause.total_seconds(), abs=2)


@transaction
def set_attempts(payment: Payment, attempts: int) -> None:
    db.session.get_one(Payment, payment.id).attempts = attempts


def test_a_payment_is_taken_by_the_first_who_asks_and_never_once_it_is_settled(
    alice: User, room: Room, desk: BookingContext
) -> None:
    payment = open_payment(alice, room, desk)
    asked(payment, 1)
    assert ledger.claim(payment.id, 0, PATIENCE) is None
    transaction(ledger.fail)(transaction(kept)(payment), ledger.ABANDONED)
    assert ledger.claim(payment.id, 1, PATIENCE) is None


def kept(payment: Payment) -> Payment:
    return repository.with_payment(payment.id)[1]


def test_what_was_asked_least_is_due_first_and_only_when_its_time_has_come(alice: User, desk: BookingContext) -> None:
    first, second = (open_payment(alice, a_room(), desk) for _ in range(2))
    asked(first, 1)
    assert ledger.due(PATIENCE, dt.timedelta(0), 10) == []
    assert ledger.due(PATIENCE, AN_HOUR, 10) == [(second.id, 0), (first.id, 1)]
    assert ledger.due(PATIENCE, AN_HOUR, 1) == [(second.id, 0)]
    later(AN_HOUR)
    assert ledger.due(PATIENCE, dt.timedelta(0), 10) == [(second.id, 0), (first.id, 1)]


def test_hurrying_reaches_what_was_asked_before_and_leaves_a_new_charge_alone(
    alice: User, desk: BookingContext
) -> None:
    new, old = (open_payment(alice, a_room(), desk) for _ in range(2))
    set_aside = pause_of(new)
    asked(old, 3)
    ledger.hurry(SYSTEM)
    assert pause_of(old) <= 0
    assert pause_of(new) == pytest.approx(set_aside, abs=2)


def test_hurrying_reaches_what_was_asked_once_and_nothing_that_is_settled(alice: User, desk: BookingContext) -> None:
    once, settled = (open_payment(alice, a_room(), desk) for _ in range(2))
    asked(once, 1)
    asked(settled, 1)
    transaction(ledger.fail)(transaction(kept)(settled), ledger.ABANDONED)
    ledger.hurry(SYSTEM)
    assert pause_of(once) <= 0
    assert pause_of(settled) > 0
    assert [one.id for one in ledger.asked_in_vain(SYSTEM)] == [once.id]


def test_what_was_asked_equally_often_is_shown_in_the_order_in_which_it_began(
    alice: User, desk: BookingContext
) -> None:
    first, second, third = (open_payment(alice, a_room(), desk) for _ in range(3))
    for payment in (third, second, first):
        asked(payment, 1)
    assert [one.id for one in ledger.asked_in_vain(SYSTEM)] == [first.id, second.id, third.id]


def test_another_guests_charge_under_way_says_nothing_about_this_one(
    alice: User, bob: User, desk: BookingContext
) -> None:
    unanswered = open_payment(alice, a_room(), desk)
    seen: list[tuple[bool, bool]] = []

    def meanwhile(_: Outcome) -> None:
        seen.append((ledger.is_live_charge(newest()), ledger.is_live_charge(unanswered)))

    bookings.book(acting(bob), order(bob, a_room()), VISA, interrupted(desk, meanwhile))
    assert seen == [(True, False)]


def test_an_operator_sees_the_most_often_asked_first_and_nothing_that_was_never_asked(
    alice: User, desk: BookingContext
) -> None:
    _never, once, often = (open_payment(alice, a_room(), desk) for _ in range(3))
    asked(once, 1)
    asked(often, ledger.STUCK_AFTER - 1)
    assert [one.id for one in ledger.asked_in_vain(SYSTEM)] == [often.id, once.id]
    assert [one.id for one in ledger.asked_in_vain(SYSTEM, limit=1)] == [often.id]
    assert ledger.figures() == {"open": 3, "stuck": 0}
    ledger.claim(often.id, ledger.STUCK_AFTER - 1, PATIENCE)
    assert ledger.figures() == {"open": 3, "stuck": 1}


def test_a_failed_attempt_keeps_its_reason_and_a_success_clears_it(
    alice: User, room: Room, desk: BookingContext
) -> None:
    payment = open_payment(alice, room, desk)
    transaction(ledger.fail)(transaction(kept)(payment), ledger.ABANDONED, "late")
    failed = newest()
    assert (failed.state, failed.failure, failed.error) == ("failed", "abandoned", "late")
    transaction(ledger.succeed)(transaction(kept)(payment), "ch_1")
    paid = newest()
    assert (paid.state, paid.failure, paid.error, paid.provider_reference) == ("succeeded", None, None, "ch_1")


def test_a_refund_is_owed_in_the_currency_and_to_the_provider_of_its_charge(
    alice: User, room: Room, desk: BookingContext
) -> None:
    booking = bookings.book(acting(alice), order(alice, room), VISA, desk)
    bookings.cancel(acting(alice), booking.id, desk)
    charge, refund = payments_of(booking)
    assert (refund.kind, refund.charge_id, refund.amount) == ("refund", charge.id, charge.amount)
    assert (refund.currency, refund.provider) == (charge.currency, charge.provider) == ("EUR", "simulated")


def test_each_attempt_says_from_when_on_recovery_may_ask(alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    seen: list[dt.datetime | None] = []
    goes = transaction(lambda: db.session.execute(text("DELETE FROM availability")))

    def all_gone(_: Outcome) -> None:
        seen.extend(one.next_at for one in payments_of(held))
        goes()

    with pytest.raises(RoomNotAvailable):
        bookings.pay(acting(alice), held.id, VISA, held.total_price, interrupted(desk, all_gone))
    seen.extend(one.next_at for one in payments_of(held)[1:])
    for next_at in seen:
        assert next_at is not None
        assert next_at - clock.now() == pytest.approx(desk.patience, abs=2 * SECONDS)
    assert len(seen) == 2


def test_the_latest_charge_of_a_booking_is_its_own_last_card(alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    with pytest.raises(PaymentFailed):
        bookings.pay(acting(alice), held.id, DECLINED, held.total_price, desk)
    bookings.pay(acting(alice), held.id, VISA, held.total_price, desk)
    bookings.book(acting(alice), order(alice, a_room()), VISA, desk)
    bookings.cancel(acting(alice), held.id, desk)
    declined, paid, _refund = payments_of(held)
    assert (declined.state, paid.method) == ("failed", VISA)
    latest = ledger.latest_charge(held.order_id)
    assert latest is not None
    assert latest.id == paid.id
    assert ledger.latest_charge(new_id()) is None


def test_nobody_has_asked_about_a_new_payment(alice: User, room: Room, desk: BookingContext) -> None:
    booked = bookings.book(acting(alice), order(alice, room), VISA, desk)
    bookings.cancel(acting(alice), booked.id, desk)
    assert [one.attempts for one in payments_of(booked)] == [0, 0]


def test_what_somebody_else_has_settled_meanwhile_is_not_written_over(
    alice: User, room: Room, desk: BookingContext
) -> None:
    payment = open_payment(alice, room, desk)
    mine, others = (transaction(kept)(payment) for _ in range(2))
    transaction(ledger.succeed)(others, "ch_1")
    with pytest.raises(PaymentModified):
        transaction(ledger.fail)(mine, ledger.ABANDONED)
    assert transaction(kept)(payment).state == "succeeded"


def test_a_note_stands_beside_its_own_payment_only(alice: User, desk: BookingContext) -> None:
    first, second = (open_payment(alice, a_room(), desk) for _ in range(2))
    ledger.note(first.id, "the line is busy")
    assert [transaction(kept)(one).error for one in (first, second)] == ["the line is busy", None]


def test_of_those_asked_equally_often_the_one_that_waits_longest_is_due_first(
    alice: User, desk: BookingContext
) -> None:
    first, second = (open_payment(alice, a_room(), desk) for _ in range(2))
    ledger.claim(first.id, 0, 2 * PATIENCE)
    ledger.claim(second.id, 0, PATIENCE)
    assert ledger.due(PATIENCE, AN_HOUR, 10) == [(second.id, 1), (first.id, 1)]


def test_the_charge_that_paid_is_found_beside_a_declined_one_a_refund_and_other_bookings(
    alice: User, room: Room, desk: BookingContext
) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    with pytest.raises(PaymentFailed):
        bookings.pay(acting(alice), held.id, DECLINED, held.total_price, desk)
    bookings.pay(acting(alice), held.id, VISA, held.total_price, desk)
    bookings.book(acting(alice), order(alice, a_room()), VISA, desk)
    bookings.cancel(acting(alice), held.id, desk)
    declined, paid, refund = payments_of(held)
    assert (declined.state, refund.state, refund.charge_id) == ("failed", "succeeded", paid.id)
    assert [one.id for one, _ in transaction(ledger._charged)(held.order_id)] == [paid.id]


def test_a_row_of_an_older_version_is_due_once_its_patience_is_over(
    alice: User, room: Room, desk: BookingContext
) -> None:
    payment = open_payment(alice, room, desk)
    transaction(lambda: db.session.execute(text("UPDATE payments SET next_at = NULL")))()
    assert ledger.due(PATIENCE, dt.timedelta(0), 10) == []
    later(PATIENCE + SECONDS)
    assert ledger.due(PATIENCE, dt.timedelta(0), 10) == [(payment.id, 0)]


@each(
    ("state", "attempts", "due_in", "awaits"),
    [
        ("awaiting_guest", 0, AN_HOUR, True),
        ("awaiting_guest", 0, -SECONDS, False),  # the page is over
        ("awaiting_guest", 1, AN_HOUR, False),  # recovery has asked, and asks again later
        ("awaiting_guest", 0, None, False),
        ("started", 0, AN_HOUR, False),
    ],
)
def test_recovery_waits_for_who_may_still_be_at_the_providers_page(
    state: str, attempts: int, due_in: dt.timedelta | None, awaits: bool
) -> None:
    payment = Payment(state=state, attempts=attempts, next_at=None if due_in is None else clock.now() + due_in)
    assert ledger.awaits_guest(payment) is awaits


def test_only_the_page_that_was_left_is_asked_about_at_once(alice: User, desk: BookingContext) -> None:
    left, other, charged = (open_payment(alice, a_room(), desk) for _ in range(3))
    later_on = clock.now() + AN_HOUR
    for one, state in ((left, "awaiting_guest"), (other, "awaiting_guest"), (charged, "started")):
        become(one, state, later_on)
    ledger.hasten(left.id)
    ledger.hasten(charged.id)
    assert [transaction(kept)(one).next_at <= clock.now() for one in (left, other, charged)] == [True, False, False]


@transaction
def become(payment: Payment, state: str, next_at: dt.datetime) -> None:
    row = db.session.get_one(Payment, payment.id)
    row.state, row.next_at = state, next_at
