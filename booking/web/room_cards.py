"""Rooms as cards: on the first page, among results, beside a room that is gone."""

from __future__ import annotations

from collections.abc import Sequence

from booking.domain.search import FoundRoom
from booking.web import formats


def shown(rooms: Sequence[FoundRoom]) -> list[FoundRoom]:
    """The same rooms, their prices written alike."""
    for room in rooms:
        formats.alike(room.currency, (room.price_per_night, room.total))
    return list(rooms)
