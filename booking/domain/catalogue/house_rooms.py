"""The rooms of one property as its staff sees them, published or not."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, String, Uuid, any_, cast, func, select
from sqlalchemy.orm import InstrumentedAttribute, load_only

from booking.domain.catalogue.models import Property, Room
from booking.domain.catalogue.units import SHOWN_NAME
from booking.domain.errors import NotFound
from booking.infra.db import db

_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class RoomsPage:
    """Some rooms in the order of their names, units where their group is; `matching` is how many there are in all."""

    rooms: Sequence[Room]
    matching: int


def house(property_id: uuid.UUID) -> Property:
    """Inside the caller's transaction. Raises NotFound."""
    found = db.session.get(Property, property_id)
    if found is None:
        raise NotFound
    return found


def page(
    property_id: uuid.UUID,
    *where: ColumnElement[bool],
    offset: int,
    limit: int,
    only: Sequence[InstrumentedAttribute[Any]] = (),
) -> RoomsPage:
    """Inside the caller's transaction; `where` are conditions on Room, `only` those of its columns that are read.

    Archived ones are not among them.
    """
    # Ids as text, which is in the same order: of a thousand, most are for nothing but that.
    named = db.session.execute(_NAMED.where(Room.property_id == property_id, _LIVE, *where)).all()
    # Put in order here: Postgres takes twenty times as long to take the numbers out of a thousand names.
    in_order = sorted((_spoken(shown), _spoken(name), key) for shown, name, key in named)
    ids = [key for *_, key in in_order[offset : offset + limit]]
    wanted = select(Room).where(Room.id == any_(cast(ids, ARRAY(Uuid))))
    found = db.session.scalars(wanted.options(load_only(*only, raiseload=True)) if only else wanted)
    rooms = {str(room.id): room for room in found}
    return RoomsPage([rooms[key] for key in ids if key in rooms], len(named))


_LIVE = Room.archived_at.is_(None)
_NAMED = select(SHOWN_NAME, Room.name, cast(Room.id, String))


@lru_cache(maxsize=16_384)
def _spoken(name: str) -> str:
    """What puts "Room 9" before "Room 10": each number is padded to ten digits."""
    return _NUMBER.sub(lambda number: number[0].lstrip("0").rjust(10, "0"), name.lower())


def kinds(property_id: uuid.UUID) -> dict[str | None, int]:
    """How many rooms of each kind the property has that are not archived, inside the caller's transaction."""
    counted = select(Room.kind, func.count().label("number")).where(Room.property_id == property_id, _LIVE)
    return {row.kind: row.number for row in db.session.execute(counted.group_by(Room.kind))}
