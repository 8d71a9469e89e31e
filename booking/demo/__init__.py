"""Rooms to try the product with: 27 in each of twelve cities, the same ones every time."""

from __future__ import annotations

from sqlalchemy import select

from booking.demo.compose import SOURCE, rooms
from booking.domain import catalogue
from booking.domain.catalogue import Room
from booking.infra.db import db, reading


def load() -> int:
    """Put in the demo rooms that are not there yet and return how many; those that are stay as somebody left them."""
    present = _present()
    missing = [draft for draft in rooms() if draft.source_id not in present]
    return len(catalogue.put_rooms(missing, keep_existing=True).created) if missing else 0


@reading
def _present() -> set[str | None]:
    return set(db.session.scalars(select(Room.source_id).where(Room.source == SOURCE)))
