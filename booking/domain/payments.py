"""Payment rows: one per attempt, written before the provider is asked, so that no money moves unrecorded."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

from sqlalchemy import select, update

from booking.domain import records
from booking.domain.models import Booking, Payment
from booking.domain.models.bookings import CHARGE, FAILED, REFUND, STARTED, SUCCEEDED, UNKNOWN
from booking.infra import telemetry
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import new_id
from booking.infra.provider import NoAnswer, Outcome, Provider

DECLINED = "declined"  # failure: the provider said no
ABANDONED = "abandoned"  # failure: nobody knew, so it was cancelled at the provider


def start_charge(booking: Booking, method: str, provider: str) -> Payment:
    """Record an attempt to charge the booking's total, inside the transaction that pins its nights."""
    return _start(booking, CHARGE, booking.total_price, method, provider)


def start_refund(booking: Booking, amount: Decimal, provider: str) -> Payment:
    """Record that `amount` is owed back, inside the transaction that cancels."""
    return _start(booking, REFUND, amount, None, provider)


def succeed(payment: Payment, reference: str) -> None:
    """The money has moved."""
    payment.state, payment.provider_reference = SUCCEEDED, reference
    records.save_payment(payment)


def fail(payment: Payment, failure: str) -> None:
    """No money has moved, and none will."""
    payment.state, payment.failure = FAILED, failure
    records.save_payment(payment)


def is_open(payment: Payment) -> bool:
    return payment.state in (STARTED, UNKNOWN)


def refund(payment: Payment, provider: Provider) -> None:
    """Send money back; without an answer the row stays open, and recovery asks again with the same key."""
    try:
        outcome = provider.refund(payment.id, payment.amount, payment.currency)
    except NoAnswer:
        telemetry.log.warning("refund_unanswered", payment=str(payment.id))
        return
    _refunded(payment.id, outcome)


@transaction(isolation=READ_COMMITTED)
def mark_unknown(payment_id: uuid.UUID) -> None:
    """The provider did not answer: recovery decides."""
    db.session.execute(update(Payment).where(Payment.id == payment_id, Payment.state == STARTED).values(state=UNKNOWN))


@reading
def unsettled(older_than: dt.timedelta, limit: int) -> list[Payment]:
    """Attempts whose outcome nobody has recorded for `older_than`, oldest first."""
    waiting = Payment.state.in_((STARTED, UNKNOWN)), Payment.updated_at <= sql_now() - older_than
    return list(db.session.scalars(select(Payment).where(*waiting).order_by(Payment.updated_at).limit(limit)))


@reading
def latest_charge(booking_id: uuid.UUID) -> Payment | None:
    """The last attempt to charge this booking."""
    charges = select(Payment).where(Payment.booking_id == booking_id, Payment.kind == CHARGE)
    return db.session.scalars(charges.order_by(Payment.id.desc()).limit(1)).one_or_none()


@transaction(isolation=READ_COMMITTED)
def _refunded(payment_id: uuid.UUID, outcome: Outcome) -> None:
    done = {"state": SUCCEEDED, "provider_reference": outcome.reference}
    db.session.execute(update(Payment).where(Payment.id == payment_id).values(**done))


def _start(booking: Booking, kind: str, amount: Decimal, method: str | None, provider: str) -> Payment:
    payment = Payment(
        id=new_id(),
        booking_id=booking.id,
        kind=kind,
        amount=amount,
        currency=booking.currency,
        state=STARTED,
        method=method,
        provider=provider,
    )
    records.add_payment(payment)
    return payment
