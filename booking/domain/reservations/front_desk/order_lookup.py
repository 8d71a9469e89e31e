"""An order as staff asks for it: by the reference that its guest tells them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select

from booking.domain import spelling
from booking.domain.actors import Actor
from booking.domain.errors import UnknownBooking
from booking.domain.payments import Contact, Order
from booking.domain.people import Action, User
from booking.domain.reservations import references
from booking.domain.reservations.front_desk import contact_changes
from booking.domain.reservations.models import Booking
from booking.infra.db import db, reading


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """An order, what it costs and what is due, with the zone of its property and its bookings in their order.

    `contact` is who stays, None where nobody knows any more; `version` the order's.
    """

    order_id: uuid.UUID
    reference: str
    owed: Decimal
    due: Decimal
    currency: str
    guarantee: str | None
    time_zone: str
    bookings: tuple[Booking, ...]
    contact: Contact | None
    version: int


@reading
def look_up(actor: Actor, reference: str) -> OrderFacts:
    """By a reference of it or of one of its bookings, in any case, with or without spaces and dashes.

    Raises UnknownBooking, also where the actor may not see it.
    """
    booking = references.find(reference)
    if booking is None or not references.may(actor, Action.SEE_BOOKING, booking):
        hint = spelling.perhaps_meant(references.close(actor, Action.SEE_BOOKING, reference))
        raise UnknownBooking(reference=reference, hint=hint)
    order = db.session.get_one(Order, booking.order_id)
    bookings = db.session.scalars(select(Booking).where(Booking.order_id == order.id).order_by(Booking.reference)).all()
    return OrderFacts(
        order.id,
        order.reference,
        order.owed,
        order.due,
        order.currency,
        order.guarantee,
        booking.time_zone,
        tuple(bookings),
        contact_changes.of(order, db.session.get(User, order.user_id) if order.user_id else None),
        order.version,
    )
