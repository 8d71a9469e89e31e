"""Rooms to try the product with: 27 in each of twelve cities, the same ones every time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from sqlalchemy import select

from booking.demo.compose import SOURCE, rooms
from booking.demo.pictures import room_picture
from booking.domain import catalogue
from booking.domain.actors import Actor
from booking.domain.catalogue import Room
from booking.infra.db import db, reading

DRAWN_KEPT = 2048  # pictures in memory: some 15 MB


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture as SVG, and the hash of it: what has another content has another hash."""

    svg: str
    content_hash: str


@lru_cache(maxsize=DRAWN_KEPT)
def drawn_room(room_id: str, city: str, beds: int, capacity: int) -> Drawing:
    """The room's picture. Drawing takes milliseconds: a process does it once while the room stays as it is."""
    svg = room_picture.svg(room_id, city=city, beds=beds, capacity=capacity)
    return Drawing(svg, sha256(svg.encode()).hexdigest()[:16])


def load(actor: Actor) -> int:
    """Put in the demo rooms that are not there yet and return how many; those that are stay as somebody left them."""
    present = _present()
    missing = [draft for draft in rooms() if draft.source_id not in present]
    return len(catalogue.put_rooms(actor, missing, keep_existing=True).created) if missing else 0


@reading
def _present() -> set[str | None]:
    return set(db.session.scalars(select(Room.source_id).where(Room.source == SOURCE)))
