"""A trace: who booked which nights of which room, in which order, and which of them were given back.

A CSV file (plain or gzipped) with a row per booking: `create_seq` and `release_seq` (empty: never given back) are its
places in one order of operations; `room` (empty where the stay has no nights), `booked_on`, `check_in`, `check_out`,
`adults`, `children`, `babies`; `status` (Canceled, No-Show or Check-Out), `status_date` (the day of the release) and
`invalid` (what is wrong with the row, separated by semicolons) are the trace's own notes. Where they are there,
`room_type` and `adr` (what a night cost) are read for whoever shows the history instead of playing it.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

GIVEN_BACK = {"Canceled", "No-Show"}
COLUMNS = {"create_seq", "release_seq", "room", "booked_on", "check_in", "check_out", "adults", "status", "status_date"}


class TraceError(Exception):
    """The trace cannot be replayed; the message is for people."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One booking of the trace."""

    number: int  # its create_seq
    released_at: int | None  # its release_seq
    room: str
    booked_on: dt.date
    check_in: dt.date
    check_out: dt.date
    guests: int
    status: str
    status_date: dt.date
    invalid: frozenset[str]
    room_type: str = ""
    price: Decimal | None = None  # of a night

    @property
    def nights(self) -> int:
        return (self.check_out - self.check_in).days

    @property
    def replayable(self) -> bool:
        """A stay needs a night and a guest."""
        return self.nights > 0 and self.guests > 0

    def dates(self) -> Iterator[dt.date]:
        return (self.check_in + dt.timedelta(days=day) for day in range(self.nights))


class Operation(NamedTuple):
    """One step of the order."""

    place: int
    day: dt.date
    booking: Recorded
    releases: bool


def read(path: Path, limit: int | None = None) -> list[Recorded]:
    """The first `limit` bookings in the order in which they were made; raises TraceError."""
    if not path.is_file():
        raise TraceError(
            f"There is no trace at {path}. Say where it is: make replay ARGS='--trace PATH'. The format is described in"
            " tests/replay/trace.py; tests/replay/synthetic.py makes a small one."
        )
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        if missing := COLUMNS - set(reader.fieldnames or ()):
            raise TraceError(f"{path} is no trace: it has no column {', '.join(sorted(missing))}.")
        rows = sorted((_recorded(row) for row in reader), key=lambda row: row.number)
    return rows[:limit]


def operations(bookings: Iterable[Recorded]) -> list[Operation]:
    """What is done with those that have nights and guests, in order."""
    steps = []
    for booking in bookings:
        if booking.replayable:
            steps.append(Operation(booking.number, booking.booked_on, booking, releases=False))
            if booking.released_at is not None:
                steps.append(Operation(booking.released_at, booking.status_date, booking, releases=True))
    return sorted(steps)


def contradictions(bookings: Iterable[Recorded]) -> list[str]:
    """Where the trace's notes say something else than its numbers: then nothing could be learnt from a replay."""
    found, taken = [], dict[tuple[str, dt.date], int]()
    for _, _, booking, releases in operations(bookings := list(bookings)):
        for night in booking.dates():
            if releases:
                taken.pop((booking.room, night), None)
            elif (other := taken.setdefault((booking.room, night), booking.number)) != booking.number:
                found.append(f"bookings {other} and {booking.number} share {booking.room} on {night}")
    for booking in bookings:
        notes = {"zero_nights": booking.nights == 0, "zero_guests": booking.guests == 0}
        found += [
            f"booking {booking.number}: {note} is {note in booking.invalid} in its notes, and {is_so} by its numbers"
            for note, is_so in notes.items()
            if is_so != (note in booking.invalid)
        ]
        if (booking.released_at is not None) != (booking.status in GIVEN_BACK):
            found.append(f"booking {booking.number} is {booking.status}, but its release is {booking.released_at}")
    return found


def shards(steps: Iterable[Operation], number: int) -> list[list[Operation]]:
    """So many parts of about the same size; all steps of a room are in one, in their order."""
    steps = list(steps)
    parts: list[list[str]] = [[] for _ in range(number)]
    sizes = [0] * number
    for room, size in Counter(step.booking.room for step in steps).most_common():
        smallest = sizes.index(min(sizes))
        parts[smallest].append(room)
        sizes[smallest] += size
    part_of = {room: part for part, rooms in enumerate(parts) for room in rooms}
    split: list[list[Operation]] = [[] for _ in range(number)]
    for step in steps:
        split[part_of[step.booking.room]].append(step)
    return split


def _recorded(row: dict[str, str]) -> Recorded:
    day = dt.date.fromisoformat
    return Recorded(
        number=int(row["create_seq"]),
        released_at=int(row["release_seq"]) if row["release_seq"] else None,
        room=row["room"],
        booked_on=day(row["booked_on"]),
        check_in=day(row["check_in"]),
        check_out=day(row["check_out"]),
        guests=sum(int(row.get(kind) or 0) for kind in ("adults", "children", "babies")),
        status=row["status"],
        status_date=day(row["status_date"]),
        invalid=frozenset(filter(None, row.get("invalid", "").split(";"))),
        room_type=row.get("room_type", ""),
        price=Decimal(row["adr"]) if row.get("adr") else None,
    )
