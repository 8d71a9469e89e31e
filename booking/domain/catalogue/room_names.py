"""What rooms are called and where they are, for showing beside a booking.

Whoever sells a room has just read it, so its names are kept for a minute: an answer that names them asks nobody.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from booking.domain.catalogue.models import Property, Room
from booking.infra.db import db, reading

KEPT_SECONDS, MOST_KEPT = 60.0, 10_000

_kept: dict[uuid.UUID, tuple[float, RoomNames]] = {}


@dataclass(frozen=True, slots=True)
class RoomNames:
    """A room's name, its property's, and the city as the property's address has it (may be empty)."""

    room: str
    property: str
    city: str


def remember(room_id: uuid.UUID, names: RoomNames) -> None:
    """This is how the room is called now."""
    if len(_kept) >= MOST_KEPT:
        _kept.clear()
    _kept[room_id] = (time.monotonic() + KEPT_SECONDS, names)


def just_sold(room_id: uuid.UUID) -> RoomNames:
    """The names as they were read when the room was sold, for use inside a transaction: asks nobody."""
    return _kept.get(room_id, (0.0, NOTHING))[1]


def of_room(room_id: uuid.UUID) -> RoomNames:
    """The names of one room that exists or existed; from now on it may be `just_sold`."""
    until, names = _kept.get(room_id, (0.0, NOTHING))
    if until < time.monotonic():
        names = of_rooms([room_id]).get(room_id, NOTHING)
        remember(room_id, names)
    return names


@reading
def of_rooms(room_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, RoomNames]:
    """The names of rooms by id, published or not, as they are now."""
    if not (wanted := set(room_ids)):
        return {}
    rows = db.session.execute(_NAMES.where(Room.id.in_(wanted)))
    return {row[0]: RoomNames(row[1], row[2], row[3] or "") for row in rows}


NOTHING = RoomNames("", "", "")
_NAMES = select(Room.id, Room.name, Property.name, Property.address["city"].astext).join(
    Property, Property.id == Room.property_id
)
