"""An order, for whoever may do something with it."""

from __future__ import annotations

import uuid

from sqlalchemy import select

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.errors import Forbidden, OrderNotFound
from booking.domain.payments.models import Order
from booking.domain.people import Action
from booking.infra.db import db


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
