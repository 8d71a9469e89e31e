"""Refunds that guests still wait for, with the bookings that they are for."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.errors import Forbidden
from booking.domain.payments import REFUND_IS_OWED, Payment
from booking.domain.people import Action
from booking.domain.reservations.models import Booking
from booking.infra.db import db, reading


@dataclass(frozen=True, slots=True)
class Debt:
    """A refund that was declined and not sent again: the guest still waits for it."""

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
    people.require(actor, Action.SEE_PAYMENTS, otherwise=Forbidden)
    rows = db.session.execute(
        select(Payment, Booking.reference)
        .join(Booking, Booking.id == Payment.booking_id)
        .where(REFUND_IS_OWED)
        .order_by(Payment.id)
        .limit(limit)
    )
    return [
        Debt(row.id, row.booking_id, reference, row.amount, row.currency, row.provider, row.error or "")
        for row, reference in rows
    ]
