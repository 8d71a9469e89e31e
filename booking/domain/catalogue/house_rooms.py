"""The rooms of one property as its staff sees them, published or not."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select

from booking.domain.catalogue.models import Property, Room
from booking.domain.errors import NotFound
from booking.infra.db import db

# "Room 9" before "Room 10": each number in a name is padded to ten digits.
_PADDED = func.regexp_replace(
    func.regexp_replace(func.lower(Room.name), r"(\d+)", r"0000000000\1", "g"), r"0*(\d{10})(?!\d)", r"\1", "g"
)


@dataclass(frozen=True, slots=True)
class RoomsPage:
    """Some rooms in the order of their names; `matching` is how many there are in all."""

    rooms: Sequence[Room]
    matching: int


def house(property_id: uuid.UUID) -> Property:
    """Inside the caller's transaction. Raises NotFound."""
    found = db.session.get(Property, property_id)
    if found is None:
        raise NotFound
    return found


def page(property_id: uuid.UUID, *where: ColumnElement[bool], offset: int, limit: int) -> RoomsPage:
    """Inside the caller's transaction; `where` are conditions on Room."""
    wanted = Room.property_id == property_id, *where
    rooms = select(Room).where(*wanted).order_by(_PADDED, Room.id).offset(offset).limit(limit)
    matching = db.session.scalar(select(func.count()).select_from(Room).where(*wanted))
    return RoomsPage(db.session.scalars(rooms).all(), matching or 0)


def kinds(property_id: uuid.UUID) -> dict[str | None, int]:
    """How many rooms of each kind the property has, inside the caller's transaction."""
    counted = select(Room.kind, func.count().label("number")).where(Room.property_id == property_id).group_by(Room.kind)
    return {row.kind: row.number for row in db.session.execute(counted)}
