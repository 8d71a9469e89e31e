"""Which of identical units a guest gets: the one whose free nights the stay fills best, so that few gaps are left."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass

from booking.domain.inventory import night_statements as sql
from booking.domain.stays import Stay
from booking.infra import clock
from booking.infra.db import execute, reading

LOOKED_AROUND = 31  # nights on either side: a longer gap is no gap, it can be sold by itself


@dataclass(frozen=True, slots=True)
class UnitsFree:
    """Of the group that a room is in: all its units, and those that are free, the best fit first. None: no group."""

    all: frozenset[uuid.UUID]
    free: list[uuid.UUID]


def free_inside(room_id: uuid.UUID, stay: Stay) -> UnitsFree | None:
    """For looking, inside the caller's reading: whoever takes one finds out whether it is free."""
    values = {"room": room_id, "check_in": stay.check_in, "check_out": stay.check_out, "around": LOOKED_AROUND}
    rows = execute(sql.FREE_UNITS, values).rows
    if not rows:
        return None
    today = clock.now().date()
    fits = sorted((_gaps(stay, row.before, row.after, today), row.id) for row in rows if row.is_free)
    return UnitsFree(frozenset(row.id for row in rows), [unit for _, unit in fits])


free_units = reading(free_inside)


def _gaps(stay: Stay, before: dt.date | None, after: dt.date | None, today: dt.date) -> tuple[int, int]:
    """On how many sides the stay would leave nights that are free, and how many in all."""
    ahead = (stay.check_in - before).days - 1 if before else LOOKED_AROUND
    ahead = max(0, min(ahead, (stay.check_in - today).days))  # nobody can have the nights that are over
    behind = (after - stay.check_out).days if after else LOOKED_AROUND
    return (ahead > 0) + (behind > 0), ahead + behind


def units_taken(room_id: uuid.UUID, within: Stay) -> dict[uuid.UUID, set[dt.date]]:
    """The taken nights of each unit of the group that a room is in, or of the room alone, inside the caller's reading.

    Empty where there is no such room.
    """
    values = {"room": room_id, "check_in": within.check_in, "check_out": within.check_out}
    return {row.id: set(row.nights) for row in execute(sql.UNITS_TAKEN, values).rows}


def full_nights(taken: Collection[set[dt.date]]) -> set[dt.date]:
    """Nights on which none of the units is free."""
    return set.intersection(*taken) if taken else set()


def any_free(taken: Collection[set[dt.date]], stay: Stay) -> bool:
    """Whether one of the units is free for the whole stay."""
    nights = stay.dates()
    return any(of_unit.isdisjoint(nights) for of_unit in taken)
