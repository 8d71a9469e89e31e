"""Properties and rooms as those who keep them see them: whole, published or not."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import defer

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.catalogue import room_editing
from booking.domain.catalogue.edit_errors import PropertyNotFound
from booking.domain.catalogue.models import Property, Room
from booking.domain.errors import RoomNotFound
from booking.domain.names import natural
from booking.domain.notices import Notice
from booking.domain.people import Action
from booking.infra.db import db, reading


@dataclass(frozen=True, slots=True)
class OwnProperty:
    """A property, how many rooms it has that are not archived, and how many of them guests see."""

    house: Property
    rooms: int
    published: int
    can_edit: bool

    @property
    def is_archived(self) -> bool:
        return self.house.archived_at is not None


@dataclass(frozen=True, slots=True)
class OwnRoom:
    """A room with its property; `why_not`: what keeps it from being published."""

    room: Room
    house: Property
    can_edit: bool

    @property
    def why_not(self) -> Notice | None:
        return room_editing.why_not(self.room)

    @property
    def is_archived(self) -> bool:
        return self.room.archived_at is not None


@reading
def properties(actor: Actor) -> list[OwnProperty]:
    """All that the actor may see, by name; archived ones come last. Raises PropertyNotFound for who may see none."""
    where = people.reach(actor, Action.SEE_ROOMS)
    if not where:
        raise PropertyNotFound
    wanted = _WITH_ROOMS.order_by(Property.archived_at.is_not(None), Property.name, Property.id)
    if where.properties is not None:
        wanted = wanted.where(Property.id.in_(where.properties))
    return [_property(actor, *row) for row in db.session.execute(wanted)]


@reading
def get_property(actor: Actor, property_id: uuid.UUID) -> OwnProperty:
    """One. Raises PropertyNotFound."""
    people.require(actor, Action.SEE_ROOMS, at=property_id, otherwise=PropertyNotFound)
    found = db.session.execute(_WITH_ROOMS.where(Property.id == property_id)).one_or_none()
    if found is None:
        raise PropertyNotFound
    return _property(actor, *found)


@reading
def rooms(actor: Actor, property_id: uuid.UUID) -> Sequence[Room]:
    """All rooms of a property by name, Room 9 before Room 10, archived ones last; without their long texts.

    Raises PropertyNotFound.
    """
    people.require(actor, Action.SEE_ROOMS, at=property_id, otherwise=PropertyNotFound)
    wanted = select(Room).where(Room.property_id == property_id).options(defer(Room.description, raiseload=True))
    found = db.session.scalars(wanted)
    return sorted(found, key=lambda room: (room.archived_at is not None, natural(room.name), room.id))


@reading
def get_room(actor: Actor, room_id: uuid.UUID) -> OwnRoom:
    """One. Raises RoomNotFound."""
    wanted = select(Room, Property).join(Property, Property.id == Room.property_id).where(Room.id == room_id)
    found = db.session.execute(wanted).one_or_none()
    at = found.Property.id if found else None
    people.require(actor, Action.SEE_ROOMS, at=at, otherwise=RoomNotFound)
    if found is None:
        raise RoomNotFound
    return OwnRoom(found.Room, found.Property, people.may(actor, Action.EDIT_ROOMS, at=at))


def may_add_property(actor: Actor) -> bool:
    """Whether the actor may make one."""
    return people.may(actor, Action.ADD_PROPERTIES)


def may_add_rooms(actor: Actor) -> bool:
    """Whether there is a property at which the actor may make one."""
    return bool(people.reach(actor, Action.EDIT_ROOMS))


def editable(actor: Actor, found: Sequence[OwnProperty]) -> list[OwnProperty]:
    """Those of them into which the actor may put a room."""
    open_ones = (one for one in found if not one.is_archived)
    return [one for one in open_ones if people.may(actor, Action.EDIT_ROOMS, at=one.house.id)]


_LIVE = func.count(Room.id).filter(Room.archived_at.is_(None))
_WITH_ROOMS = (
    select(Property, _LIVE, func.count(Room.id).filter(Room.published))
    .outerjoin(Room, Room.property_id == Property.id)
    .group_by(Property.id)
)


def _property(actor: Actor, house: Property, live: int, published: int) -> OwnProperty:
    return OwnProperty(house, live, published, people.may(actor, Action.EDIT_PROPERTY, at=house.id))
