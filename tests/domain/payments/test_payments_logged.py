"""What the audit log and the outbox tell of payments that went wrong, and of refunds that came about in another way."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, text

from booking.domain.errors import PaymentFailed, RoomNotAvailable
from booking.domain.payments import ledger, refunds
from booking.domain.people import AuditEntry, audit_log
from booking.domain.reservations import bookings, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Event, Payment, Room, User
from booking.infra.db import db, reading, transaction
from booking.infra.ids import encode
from booking.infra.provider import Outcome
from tests.cast import DECLINED, SYSTEM, VISA, acting, interrupted, order, payments_of
from tests.domain.payments.test_refunds import declines, with_refunds


def entry(action: str) -> AuditEntry:
    [found] = [one for one in audit_log.entries(SYSTEM) if one.action == action]
    return found


@reading
def told(kind: str) -> list[dict[str, Any]]:
    told = list(db.session.scalars(select(Event.payload).where(Event.type == kind)))
    return [{name: value for name, value in one.items() if name != "actor"} for one in told]


@pytest.fixture
def held(alice: User, room: Room, desk: BookingContext) -> Booking:
    return holds.reserve(acting(alice), order(alice, room), desk)


@pytest.fixture
def declined(alice: User, room: Room, desk: BookingContext) -> Payment:
    """A refund of 360 EUR that the bank has declined, and would not decline again."""
    booked = bookings.book(acting(alice), order(alice, room), VISA, desk)
    bookings.cancel(acting(alice), booked.id, with_refunds(desk, declines))
    return payments_of(booked)[-1]


def facts(payment: Payment) -> dict[str, str]:
    return {"bookingId": encode("booking", payment.booking_id), "amount": "360.00", "currency": "EUR"}


def test_a_declined_card_is_in_the_log_with_the_reason(held: Booking, desk: BookingContext) -> None:
    with pytest.raises(PaymentFailed):
        bookings.pay(SYSTEM, held.id, DECLINED, held.total_price, desk)
    logged = entry("payment.failed")
    assert (logged.subject, logged.before) == (encode("booking", held.id), {})
    assert logged.after == {"failure": ledger.DECLINED}


def test_money_that_came_too_late_goes_back_and_the_log_says_how_much(held: Booking, desk: BookingContext) -> None:
    @transaction
    def nights_go(_: Outcome) -> None:
        db.session.execute(text("DELETE FROM availability"))

    with pytest.raises(RoomNotAvailable):
        bookings.pay(SYSTEM, held.id, VISA, held.total_price, interrupted(desk, nights_go))
    logged = entry("refund.started")
    assert (logged.subject, logged.before) == (encode("booking", held.id), {})
    assert logged.after == {"amount": "360.00", "currency": "EUR"}


def test_a_refund_sent_again_is_in_the_log_with_its_new_attempt(declined: Payment, desk: BookingContext) -> None:
    assert refunds.retry(SYSTEM, declined.id, desk) == refunds.RETURNED
    again, logged = next(one for one in refunds_of(declined) if one.id != declined.id), entry("refund.retried")
    assert (logged.subject, logged.before) == (encode("payment", declined.id), {"state": "failed"})
    assert logged.after == {"payment": encode("payment", again.id)} | facts(declined)
    assert told(refunds.TOLD_RETURNED) == [{"paymentId": encode("payment", again.id)} | facts(declined)]


def test_a_refund_that_was_returned_after_all_is_in_the_log_and_its_guest_is_told(
    declined: Payment, desk: BookingContext
) -> None:
    desk.provider.refund(declined.id, ledger.charge_behind(declined), declined.amount, declined.currency)
    assert refunds.retry(SYSTEM, declined.id, desk) == refunds.RETURNED
    logged = entry("refund.found")
    assert (logged.subject, logged.before) == (encode("payment", declined.id), {"state": "failed"})
    assert logged.after == {"state": "succeeded"} | facts(declined)
    assert told(refunds.TOLD_RETURNED) == [{"paymentId": encode("payment", declined.id)} | facts(declined)]


@transaction
def refunds_of(payment: Payment) -> list[Payment]:
    same = select(Payment).where(Payment.booking_id == payment.booking_id, Payment.kind == "refund")
    return list(db.session.scalars(same))
