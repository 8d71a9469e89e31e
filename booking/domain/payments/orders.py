"""An order, for whoever may do something with it."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import column, select, table

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.errors import Forbidden, OrderNotFound
from booking.domain.payments.models import Order
from booking.domain.people import Action
from booking.infra import clock
from booking.infra.db import db

# Reservations stand above us.
_BOOKINGS = table("bookings", *(column(name) for name in ("id", "order_id", "reference", "time_zone")))


def permitted(actor: Actor, action: Action, order_id: uuid.UUID, *, lock: bool = False) -> Order:
    """An order with which the actor may do this, inside the caller's transaction; locked, its sums stay as they are.

    Raises OrderNotFound where the actor may not even see its bookings, Forbidden where no more than that.
    """
    wanted = select(Order).where(Order.id == order_id)
    order = db.session.scalars(wanted.with_for_update() if lock else wanted).one_or_none()
    if order is None:
        raise OrderNotFound
    people.require(actor, Action.SEE_BOOKING, own=order.user_id, at=order.property_id, otherwise=OrderNotFound)
    people.require(actor, action, own=order.user_id, at=order.property_id, otherwise=Forbidden)
    return order


def today(order_id: uuid.UUID) -> dt.date:
    """By the calendar of the property at whose desk it is, inside the caller's transaction."""
    zone = select(_BOOKINGS.c.time_zone).where(_BOOKINGS.c.order_id == order_id).limit(1)
    return clock.today(db.session.scalars(zone).one())


def first_booking(order: Order) -> uuid.UUID:
    """The one that has the order's reference, inside the caller's transaction."""
    first = select(_BOOKINGS.c.id).where(_BOOKINGS.c.order_id == order.id)
    found: uuid.UUID = db.session.scalars(first.order_by(_BOOKINGS.c.reference != order.reference).limit(1)).one()
    return found
