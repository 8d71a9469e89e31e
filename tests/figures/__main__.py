"""`make compare-figures`: what the product says of a booking history is what its rows say, to the cent and the night.

python -m tests.figures --trace hotel_trace.csv.gz

The history (tests/replay/trace.py says in which form) is loaded into a copy of its own as bench/desk.py loads it, each
hotel of it as a house; the worker's part counts it; then `flask figures show` is compared with by_hand.py, month
by month and hotel by hotel. Without a trace there is a small one by lot. 1 where anything differs.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bench import history_store
from bench.copy_of_its_own import ROOT, Copy, running, take
from bench.history import ZONE, History
from bench.history_rows import CHANNELS
from booking.infra import signals
from tests.figures.by_hand import Played, by_hand, by_pandas
from tests.replay import synthetic, trace

DAY, MADE_UP_DAY, MADE_UP = dt.date(2017, 5, 1), dt.date(2016, 6, 1), 1000


def main() -> int:
    """Load, count, compare, report."""
    signals.end_by_exception()
    asked = _arguments()
    recorded = _recorded(asked)
    take(asked.home)
    with running(asked.home, keep=asked.keep) as copy:
        lines, differences = _compared(copy, recorded, asked)
    print("\n".join([*lines, *differences[:40]]))
    return 1 if differences else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trace", type=Path, help="CSV, plain or gzipped; else a small one by lot")
    parser.add_argument("--left-out", type=Path, help="a file for the numbers of all rows left out, with the reason")
    parser.add_argument("--keep", action="store_true", help="leave the copy, to look into it")
    parser.add_argument("--home", type=Path, default=ROOT / "var" / "figures", help="where the copy lies meanwhile")
    asked = parser.parse_args()
    asked.home = asked.home.resolve()
    return asked


def _recorded(asked: argparse.Namespace) -> list[trace.Recorded]:
    if asked.trace:
        return trace.read(asked.trace)
    with tempfile.TemporaryDirectory() as folder:
        made_up = Path(folder) / "trace.csv.gz"
        synthetic.write(made_up, MADE_UP)
        return trace.read(made_up)


def _compared(copy: Copy, recorded: Sequence[trace.Recorded], asked: argparse.Namespace) -> tuple[list[str], list[str]]:
    """The report, and what differs."""
    began = time.monotonic()
    history = history_store.store(copy, recorded, DAY if asked.trace else MADE_UP_DAY)
    hotels = _houses(copy)
    loaded, began = time.monotonic() - began, time.monotonic()
    counted = copy.flask("figures", "rebuild")
    took = time.monotonic() - began
    if counted.returncode:
        raise SystemExit(counted.stderr)
    if asked.left_out:
        asked.left_out.write_text("".join(f"{number},{reason}\n" for number, reason in _left_out(history)))
    differences, cells, by_pandas_too = _differences(copy, hotels, history)
    out = len(recorded) - len(history.bookings)
    how = "plain Python and pandas" if by_pandas_too else "plain Python (pandas is not installed)"
    return [
        f"{len(history.bookings):,} of {len(recorded):,} rows played in {loaded:.0f} s, {out:,} left out"
        f" ({', '.join(f'{len(some):,} {why}' for why, some in history.left_out.items() if some)}).",
        f"`flask figures rebuild`: {counted.stdout.strip()} {took:.1f} s.",
        f"{cells:,} figures of {len(hotels)} hotels compared with {how}: {len(differences)} differ.",
    ], differences


def hotel_of(room: str) -> str:
    """H1-A017 is of H1; of a made-up history, R05 of R0."""
    return room.partition("-")[0] if "-" in room else room[:2]


def _houses(copy: Copy) -> dict[str, str]:
    """Each hotel of the trace a house of its own; by what its rooms' names begin with, its slug."""
    with closing(copy.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT name FROM rooms")
        rooms = [name for (name,) in cursor.fetchall()]
        first, *others = sorted({hotel_of(name) for name in rooms})
        found = {first: "the-replayed-house"}
        cursor.execute("SET session_replication_role = replica")
        for name in others:
            found[name] = f"the-replayed-house-{name.lower()}"
            _move(cursor, found[first], found[name], [room for room in rooms if hotel_of(room) == name])
        connection.commit()
    return found


def _move(cursor: Any, old: str, new: str, rooms: list[str]) -> None:
    """These rooms and all their bookings into a house like the old one."""
    same = "location, address, time_zone, currency, legal_name, check_in_time, check_out_time"
    cursor.execute(
        f"INSERT INTO properties (id, name, slug, {same}) SELECT gen_random_uuid(), %s, %s, {same}"
        " FROM properties WHERE slug = %s RETURNING id",
        (new, new, old),
    )
    [house] = cursor.fetchone()
    cursor.execute("UPDATE rooms SET property_id = %s WHERE name = ANY (%s)", (house, rooms))
    mine = "SELECT id FROM rooms WHERE property_id = %s"
    cursor.execute(f"UPDATE bookings SET property_id = %s WHERE room_id IN ({mine})", (house, house))
    of_house = "SELECT order_id FROM bookings WHERE property_id = %s"
    cursor.execute(f"UPDATE orders SET property_id = %s WHERE id IN ({of_house})", (house, house))


def _differences(copy: Copy, hotels: dict[str, str], history: History) -> tuple[list[str], int, bool]:
    found, cells, has_pandas = list[str](), 0, find_spec("pandas") is not None
    played = defaultdict[str, list[Played]](list)
    for one in _played(history):
        played[hotel_of(one.room)].append(one)
    added = copy.rows("SELECT min((created_at AT TIME ZONE %s)::date) FROM rooms", ZONE)[0][0]
    for hotel, slug in hotels.items():
        names = [name for (name,) in copy.rows("SELECT name FROM rooms") if hotel_of(name) == hotel]
        rows = played[hotel]
        for year in range(min(one.check_in for one in rows).year, max(one.check_out for one in rows).year + 1):
            said = _said(copy, slug, year)
            hand = by_hand(rows, names, added, year, ZONE)
            expected = {month: one.told() for month, one in hand.items()}
            again = by_pandas(rows, year) if has_pandas else {}
            for month, cell, right in _cells(expected, again):
                cells += 1
                if said[month][cell] != right:
                    found.append(f"{hotel} {month} {cell}: {said[month][cell]}, by hand {right}")
    return found, cells, has_pandas


def _cells(*expected: dict[str, dict[str, str]]) -> Iterator[tuple[str, str, str]]:
    for one in expected:
        for month, told in one.items():
            yield from ((month, cell, right) for cell, right in told.items())


def _said(copy: Copy, slug: str, year: int) -> dict[str, dict[str, str]]:
    told = copy.flask("figures", "show", "--property", slug, "--period", str(year), "--json")
    if told.returncode:
        raise SystemExit(told.stderr)
    return {row["name"]: row for row in json.loads(told.stdout) if row["by"] == "month"}


def _played(history: History) -> Iterator[Played]:
    for past in history.bookings:
        yield Played(
            past.recorded.number,
            past.room,
            past.stay.check_in,
            past.stay.check_out,
            past.per_night,
            CHANNELS[past.buyer],
            past.booked_at,
            past.cancelled_at is not None,
            past.missed_at is not None,
        )


def _left_out(history: History) -> list[tuple[object, str]]:
    found = sorted((number, reason) for reason, numbers in history.left_out.items() for number in numbers)
    return [("create_seq", "reason"), *found]


if __name__ == "__main__":
    sys.exit(main())
