"""Archiving what nobody stays in any more: a room, or a property with all its rooms.

Nights decide, from today's on, by the house's day: who leaves today is in nobody's way, who sleeps there at two is.
SERIALIZABLE, so that nobody buys a night of a room while it is archived: one of the two sees the other.
"""

from __future__ import annotations

import uuid

from sqlalchemy import ColumnElement, and_, func, or_, select

from booking.domain import catalogue
from booking.domain.actors import Actor
from booking.domain.catalogue import Property, Room
from booking.domain.errors import Conflict
from booking.domain.inventory.models import BOOKED, HELD, PINNED, Availability
from booking.domain.stays import StayRules
from booking.infra.clock import sql_now
from booking.infra.db import db, transaction


class StillInUse(Conflict):
    """Nights from today on are held or booked: `stays` of them, the first on `first`."""

    code = "STILL_IN_USE"


@transaction
def archive_room(actor: Actor, room_id: uuid.UUID, *, rules: StayRules, seen_version: int | None = None) -> None:
    """Hide it from guests and from the desk's lists. Twice is once. Raises RoomNotFound, RoomModified, StillInUse."""
    catalogue.close_room(actor, room_id, seen_version=seen_version)
    _refuse_in_use(Room.id == room_id, rules)


@transaction
def archive_property(actor: Actor, property_id: uuid.UUID, *, rules: StayRules, seen_version: int) -> None:
    """The same of a property; its rooms are unpublished. Raises PropertyNotFound, PropertyModified, StillInUse."""
    catalogue.close_property(actor, property_id, seen_version=seen_version)
    _refuse_in_use(Room.property_id == property_id, rules)


_TAKEN = or_(
    Availability.state.in_((PINNED, BOOKED)), and_(Availability.state == HELD, Availability.held_until > sql_now())
)


def _refuse_in_use(which: ColumnElement[bool], rules: StayRules) -> None:
    zone = select(Property.time_zone).join(Room, Room.property_id == Property.id).where(which).limit(1)
    today = rules.today(db.session.scalar(zone) or "UTC")
    ahead = (
        select(func.count(Availability.claim_id.distinct()), func.min(Availability.night))
        .join(Room, Room.id == Availability.room_id)
        .where(which, Availability.night >= today, _TAKEN)
    )
    stays, first = db.session.execute(ahead).one()
    if stays:
        raise StillInUse(stays=stays, first=first)
