"""What guests still owe: orders that staff guarantees, or of which a deposit was paid, and that are not paid yet.

And those of which money was given back at the provider itself, without a cancellation.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import and_, exists, func, or_, select

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.errors import Forbidden
from booking.domain.payments import BALANCE, ORDER_IS_DUE, Order, Payment, ScheduledPayment
from booking.domain.people import Action
from booking.domain.reservations.models import CANCELLED, IS_FIRST, Booking
from booking.domain.stays import Stay
from booking.infra.db import db, reading


@dataclass(frozen=True, slots=True)
class Balance:
    """An order that is not paid in full, with the first of its bookings; of a cancelled one, what the policy keeps."""

    reference: str
    due: Decimal
    currency: str
    guarantee: str | None
    is_planned: bool  # a deposit was paid
    charged_at: dt.datetime | None  # then their card is charged (again), where a deposit was paid by it
    times_declined: int
    room: str
    property: str
    stay: Stay
    is_cancelled: bool


_OF_ORDER = Booking.order_id == Order.id
_STEPS = ScheduledPayment.order_id == Order.id, ScheduledPayment.purpose == BALANCE
_IS_PLANNED = and_(Order.paid > 0, exists().where(*_STEPS))
_NEXT_AT = select(func.min(ScheduledPayment.next_at)).where(*_STEPS).scalar_subquery()
_TIMES_DECLINED = select(func.max(ScheduledPayment.attempts)).where(*_STEPS).scalar_subquery()
_RETURNED_ELSEWHERE = exists().where(Payment.order_id == Order.id, Payment.found_at.is_not(None))


@reading
def due(actor: Actor, limit: int = 1000) -> list[Balance]:
    """The first to arrive at the top. Raises Forbidden."""
    people.require(actor, Action.SEE_PAYMENTS, otherwise=Forbidden)
    unpaid = and_(or_(Order.guarantee.is_not(None), _IS_PLANNED, _RETURNED_ELSEWHERE), ORDER_IS_DUE)
    facts = _IS_PLANNED.label("is_planned"), _NEXT_AT.label("next_at"), _TIMES_DECLINED.label("attempts")
    rows = select(Order, Booking, *facts).select_from(Order).join(Booking, _OF_ORDER).where(IS_FIRST, unpaid)
    found = db.session.execute(rows.order_by(Booking.check_in, Order.id).limit(limit))
    return [_balance(*row) for row in found]


def owed_by(user_id: uuid.UUID) -> list[tuple[Order, Booking]]:
    """A guest's orders that are not paid in full, each with its first booking, inside the caller's transaction.

    Not those of which the house itself gave money back: what they still cost, nobody has asked for.
    """
    expected = or_(Order.guarantee.is_not(None), _IS_PLANNED)
    firsts = select(Order, Booking).select_from(Order).join(Booking, _OF_ORDER).where(IS_FIRST)
    rows = firsts.where(Order.user_id == user_id, expected, ORDER_IS_DUE)
    return [(order, booking) for order, booking in db.session.execute(rows.order_by(Order.id))]


def _balance(
    order: Order, booking: Booking, is_planned: bool, next_at: dt.datetime | None, attempts: int | None
) -> Balance:
    return Balance(
        order.reference,
        order.due,
        order.currency,
        order.guarantee,
        is_planned,
        next_at if is_planned else None,
        attempts or 0,
        booking.room_name,
        booking.property_name,
        Stay(booking.check_in, booking.check_out),
        booking.status == CANCELLED,
    )
