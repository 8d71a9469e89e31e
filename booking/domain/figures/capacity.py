"""Which room nights a house could have sold: THE definition of available room nights.

A room counts for each night from the day on which it was added, or from the first night for which it was sold, where
that was earlier (a history that was taken over), until it is archived; one that guests do not see counts once it was
sold. Nights that were off sale do not count (blocked_nights.py). Identical units are rooms of their own. A room that
contains others is none: its parts count, and whoever has the whole has all of them.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from booking.domain.figures import blocked_nights
from booking.domain.figures.blocked_nights import next_month
from booking.infra.db import ask

_ROOMS = text("""
  SELECT r.id, r.property_id, coalesce(r.kind, '') AS kind, r.is_whole, r.published,
    (r.created_at AT TIME ZONE p.time_zone)::date AS added, (r.archived_at AT TIME ZONE p.time_zone)::date AS archived
  FROM rooms r JOIN properties p ON p.id = r.property_id
  WHERE r.property_id = ANY (CAST(:properties AS uuid[])) ORDER BY r.id
""")
_PARTS = text("""
  SELECT whole_id, part_id FROM room_parts JOIN rooms part ON part.id = part_id AND NOT part.is_whole
  WHERE part.property_id = ANY (CAST(:properties AS uuid[])) ORDER BY whole_id, part_id
""")
_FIRST_SOLD = text("""
  SELECT room.id, (
    SELECT check_in FROM bookings WHERE room_id = room.id AND status = 'CONFIRMED' ORDER BY check_in LIMIT 1) AS night
  FROM unnest(CAST(:rooms AS uuid[])) AS room (id)
""")


@dataclass(frozen=True, slots=True)
class CountedRoom:
    """A room that contains no other, and from when until when it counts (half open; None: for good)."""

    id: uuid.UUID
    property_id: uuid.UUID
    kind: str
    since: dt.date
    until: dt.date | None

    def nights(self, first: dt.date, end: dt.date) -> int:
        """How many of these days it counts for."""
        return _nights(self.since, self.until, first, end)


@dataclass(frozen=True, slots=True)
class Counted:
    """What a sold night of a room counts as: one night of a kind, or of a room that contains others, one of each."""

    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Capacity:
    """The rooms of some houses, and of each that contains others, which ones (`parts`, all the way down)."""

    rooms: Mapping[uuid.UUID, CountedRoom]
    parts: Mapping[uuid.UUID, tuple[uuid.UUID, ...]]

    @property
    def place_of(self) -> dict[uuid.UUID, Counted]:
        """Of every room."""
        plain = {kind: Counted((kind,)) for kind in {room.kind for room in self.rooms.values()}}
        found = {room.id: plain[room.kind] for room in self.rooms.values()}
        for whole, inside in self.parts.items():
            found[whole] = Counted(tuple(self.rooms[part].kind if part in self.rooms else "" for part in inside))
        return found

    @property
    def places(self) -> list[Counted]:
        """All there are, in the order in which they are numbered."""
        return list(dict.fromkeys(self.place_of.values()))

    def months(
        self, properties: Collection[uuid.UUID], first: dt.date, end: dt.date
    ) -> dict[tuple[uuid.UUID, str, dt.date], int]:
        """Available nights by property, kind and month, from one first day of a month to another."""
        spans = list(_months(first, end))
        found: dict[tuple[uuid.UUID, str, dt.date], int] = defaultdict(int)
        for (place, kind, since, until), rooms in self._alike().items():
            for month, after in spans:
                if days := _nights(since, until, month, after):
                    found[place, kind, month] += rooms * days
        for (room_id, month), nights in blocked_nights.by_month(properties, first, end).items():
            for part in self._parts(room_id):
                counted = min(nights, part.nights(month, next_month(month)))
                found[part.property_id, part.kind, month] -= counted
        return dict(found)

    def days(self, properties: Collection[uuid.UUID], first: dt.date, end: dt.date) -> dict[uuid.UUID, int]:
        """Available nights of some days by property."""
        found: dict[uuid.UUID, int] = defaultdict(int)
        for room in self.rooms.values():
            found[room.property_id] += room.nights(first, end)
        for room_id, nights in blocked_nights.within(properties, first, end).items():
            for part in self._parts(room_id):
                found[part.property_id] -= min(nights, part.nights(first, end))
        return dict(found)

    def _alike(self) -> Mapping[tuple[uuid.UUID, str, dt.date, dt.date | None], int]:
        """How many rooms there are of a house and kind that count for the same days."""
        return Counter((room.property_id, room.kind, room.since, room.until) for room in self.rooms.values())

    def _parts(self, room_id: uuid.UUID) -> Iterator[CountedRoom]:
        return (self.rooms[part] for part in self.parts.get(room_id, (room_id,)) if part in self.rooms)


def read(properties: Collection[uuid.UUID], first: dt.date) -> Capacity:
    """Of these houses, as it matters from the `first` day on: three statements."""
    places = {"properties": list(map(str, properties))}
    rows = [row for row in ask(_ROOMS, **places) if not (row.archived and row.archived <= first)]
    parts: dict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    for whole_id, part_id in ask(_PARTS, **places):
        parts[whole_id].append(part_id)
    sold = _first_sold(row.id for row in rows if row.added > first or not row.published)
    rooms = {row.id: room for row in rows if not row.is_whole and (room := _counted_room(row, sold.get(row.id), first))}
    return Capacity(rooms, {whole: tuple(inside) for whole, inside in parts.items()})


def _counted_room(row: Any, sold: dt.date | None, first: dt.date) -> CountedRoom | None:
    if not row.published and sold is None:
        return None
    since = max(first, min(row.added, sold or row.added))
    return CountedRoom(row.id, row.property_id, row.kind, since, row.archived)


def _first_sold(rooms: Iterable[uuid.UUID]) -> dict[uuid.UUID, dt.date]:
    wanted = list(map(str, rooms))
    return {room_id: night for room_id, night in ask(_FIRST_SOLD, rooms=wanted) if night} if wanted else {}


def _months(first: dt.date, end: dt.date) -> Iterator[tuple[dt.date, dt.date]]:
    while first < end:
        yield first, (after := next_month(first))
        first = after


def _nights(since: dt.date, until: dt.date | None, first: dt.date, end: dt.date) -> int:
    return max(0, (min(end, until or end) - max(first, since)).days)
