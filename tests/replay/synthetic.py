"""A small trace by lot, for tests and for trying: `python -m tests.replay.synthetic trace.csv.gz --bookings 500`."""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import gzip
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.replay import trace

ROOMS = 12
FIRST = dt.date(2016, 1, 1)
FIELDS = [*sorted(trace.COLUMNS), "children", "babies", "invalid"]


def write(path: Path, bookings: int, seed: int = 1) -> None:
    """So many bookings of ROOMS rooms; some have no nights or no guests, a third is given back, nights are reused."""
    rows = sorted(_ordered(list(_booked(bookings, random.Random(seed)))), key=lambda row: int(row["create_seq"]))
    with gzip.open(path, "wt", encoding="utf-8", newline="") as lines:
        table = csv.DictWriter(lines, FIELDS)
        table.writeheader()
        table.writerows(rows)


def _booked(bookings: int, chance: random.Random) -> Iterator[dict[str, Any]]:
    """Day by day; what is given back is free again from the next day on."""
    taken: dict[tuple[str, dt.date], dt.date] = {}  # until when the night is somebody's
    for number in range(bookings):
        today = FIRST + dt.timedelta(days=number * 200 // bookings)
        check_in = today + dt.timedelta(days=chance.choice([0, 1, 7, 30, 300, 700]))
        nights = 0 if number % 40 == 7 else chance.choice([1, 2, 3, 7, 69])
        stay = [check_in + dt.timedelta(days=night) for night in range(nights)]
        free = [
            room
            for room in map("R{:02}".format, range(ROOMS))
            if all(taken.get((room, night), today) <= today for night in stay)
        ]
        if not free:
            continue
        row = _row(chance, today, check_in, nights, guests=0 if number % 40 == 9 else chance.choice([1, 2, 2, 55]))
        row["room"] = chance.choice(free) if nights else ""
        if nights and row["adults"]:
            ends = row["status_date"] + dt.timedelta(days=1) if row["status"] != "Check-Out" else dt.date.max
            taken |= {(row["room"], night): ends for night in stay}
        yield row


def _row(chance: random.Random, today: dt.date, check_in: dt.date, nights: int, guests: int) -> dict[str, Any]:
    status = chance.choice(["Check-Out", "Check-Out", "Canceled", "No-Show"])
    ends = {"Canceled": today + (check_in - today) * chance.random(), "No-Show": check_in}
    check_out = check_in + dt.timedelta(days=nights)
    wrong = [note for note, is_so in (("zero_nights", not nights), ("zero_guests", not guests)) if is_so]
    return {
        "booked_on": today,
        "check_in": check_in,
        "check_out": check_out,
        "adults": guests,
        "children": 0,
        "babies": 0,
        "status": status,
        "status_date": ends.get(status, check_out),
        "invalid": ";".join(wrong),
    }


def _ordered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Number the operations by day; on one day what is booked comes before what is given back."""
    steps = [(row["booked_on"], 0, place, "create_seq") for place, row in enumerate(rows)]
    steps += [
        (row["status_date"], 1, place, "release_seq") for place, row in enumerate(rows) if row["status"] != "Check-Out"
    ]
    for number, (_, _, place, name) in enumerate(sorted(steps), start=1):
        rows[place][name] = number
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--bookings", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    write(arguments.path, arguments.bookings, arguments.seed)
