"""Refunds that guests still wait for, declined or to be given back by staff, with the bookings that they are for."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import ColumnElement, select

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.errors import Forbidden
from booking.domain.payments import AWAITING_STAFF, REFUND_IS_OWED, Payment
from booking.domain.people import Action
from booking.domain.reservations.models import Booking
from booking.infra.db import db, reading


@dataclass(frozen=True, slots=True)
class Debt:
    """A refund that its guest still waits for; `error` says why it was declined."""

    payment_id: uuid.UUID
    booking_id: uuid.UUID
    reference: str
    amount: Decimal
    currency: str
    provider: str
    error: str


@reading
def owed(actor: Actor, limit: int = 1000) -> list[Debt]:
    """Declined refunds that nobody has sent again, the latest attempt of each booking, oldest first.

    Raises Forbidden.
    """
    return _debts(actor, REFUND_IS_OWED, limit)


@reading
def awaiting_staff(actor: Actor, limit: int = 1000) -> list[Debt]:
    """Refunds of money that was taken by hand, for staff to give back, oldest first. Raises Forbidden."""
    return _debts(actor, Payment.state == AWAITING_STAFF, limit)


def _debts(actor: Actor, which: ColumnElement[bool], limit: int) -> list[Debt]:
    people.require(actor, Action.SEE_PAYMENTS, otherwise=Forbidden)
    rows = db.session.execute(
        select(Payment, Booking.reference)
        .join(Booking, Booking.id == Payment.booking_id)
        .where(which)
        .order_by(Payment.id)
        .limit(limit)
    )
    return [
        Debt(row.id, row.booking_id, reference, row.amount, row.currency, row.provider, row.error or "")
        for row, reference in rows
    ]
