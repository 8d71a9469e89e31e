"""What guests still owe: orders that staff guarantees and that are not paid yet."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import and_, select

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.errors import Forbidden
from booking.domain.payments import Order
from booking.domain.people import Action
from booking.domain.reservations.models import CANCELLED, Booking
from booking.domain.stays import Stay
from booking.infra.db import db, reading


@dataclass(frozen=True, slots=True)
class Balance:
    """An order that is not paid in full, with the first of its bookings; of a cancelled one, what the policy keeps."""

    reference: str
    due: Decimal
    currency: str
    guarantee: str
    room: str
    property: str
    stay: Stay
    is_cancelled: bool


@reading
def due(actor: Actor, limit: int = 1000) -> list[Balance]:
    """The first to arrive at the top. Raises Forbidden."""
    people.require(actor, Action.SEE_PAYMENTS, otherwise=Forbidden)
    unpaid = and_(Order.guarantee.is_not(None), Order.owed > Order.paid - Order.refunded - Order.refunding)
    first = and_(Booking.order_id == Order.id, Booking.reference == Order.reference)
    rows = select(Order, Booking).join(Booking, first).where(unpaid).order_by(Booking.check_in, Order.id).limit(limit)
    return [_balance(order, booking) for order, booking in db.session.execute(rows)]


def _balance(order: Order, booking: Booking) -> Balance:
    return Balance(
        order.reference,
        order.due,
        order.currency,
        str(order.guarantee),
        booking.room_name,
        booking.property_name,
        Stay(booking.check_in, booking.check_out),
        booking.status == CANCELLED,
    )
