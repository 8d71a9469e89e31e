"""Whose photos these are: a room's or a property's; and who hears when they have changed."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.catalogue import saving
from booking.domain.catalogue.models import Property, Room
from booking.domain.catalogue.photos.models import Photo
from booking.domain.catalogue.unit_models import UnitGroup
from booking.domain.errors import NotFound, RoomNotFound
from booking.domain.people import Action
from booking.infra.db import db
from booking.infra.ids import encode

ROOM, PROPERTY = "room", "property"
Owner = Room | Property


@dataclass(frozen=True, slots=True)
class PhotoPlace:
    """A room or a property."""

    kind: str  # ROOM or PROPERTY
    id: uuid.UUID

    @property
    def subject(self) -> str:
        """As the audit log names it."""
        return encode(self.kind, self.id)

    @property
    def photos(self) -> ColumnElement[bool]:
        """Of the table, those that are its own; identical units have theirs in common."""
        if self.kind == PROPERTY:
            return Photo.property_id == self.id
        group = select(Room.unit_group_id).where(Room.id == self.id).scalar_subquery()
        return Photo.room_id.in_(select(Room.id).where(or_(Room.id == self.id, Room.unit_group_id == group)))


def place_of(photo: Photo) -> PhotoPlace:
    if photo.room_id:
        return PhotoPlace(ROOM, photo.room_id)
    assert photo.property_id, "a constraint"
    return PhotoPlace(PROPERTY, photo.property_id)


def entered(actor: Actor, place: PhotoPlace, *, locked: bool = False) -> Owner:
    """Inside the caller's transaction: the room or property, for whoever may change its photos.

    `locked`: until the end of the transaction nobody else changes them; bookings are in nobody's way. Raises
    RoomNotFound, NotFound.
    """
    missing = RoomNotFound if place.kind == ROOM else NotFound
    found = _found(Room if place.kind == ROOM else Property, place.id, locked=locked)
    if found is None:
        raise missing
    people.require(actor, Action.CHANGE_PHOTOS, at=property_of(found), otherwise=missing)
    return found


def _found(kind: type[Room] | type[Property], key: uuid.UUID, *, locked: bool) -> Owner | None:
    wanted: Select[Any] = select(kind).where(kind.id == key)
    if locked:
        if kind is Room:  # first what all units have in common, so that nobody waits crosswise
            group = select(Room.unit_group_id).where(Room.id == key).scalar_subquery()
            db.session.execute(select(UnitGroup.id).where(UnitGroup.id == group).with_for_update(key_share=True))
        wanted = wanted.with_for_update(key_share=True).execution_options(populate_existing=True)
    found: Owner | None = db.session.scalars(wanted).one_or_none()
    return found


def property_of(owner: Owner) -> uuid.UUID:
    return owner.property_id if isinstance(owner, Room) else owner.id


def tell(actor: Actor, owner: Owner) -> None:
    """Inside the caller's transaction: guests see other photos of it from its commit on."""
    if isinstance(owner, Property):
        saving.tell_of_house(actor, owner)
    elif owner.published or owner.unit_group_id:
        saving.tell_of_room(actor, owner)
