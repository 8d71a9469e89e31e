"""`make real-rates`: a recorded calendar goes in by CSV, and random days asked over the API give what its rows say.

    python -m tests.real_rates --listings listings.csv.gz --calendar calendar.csv.gz --pairs 1000

Both files are in Inside Airbnb's form. They go in by commands as somebody would bring them in (`flask rooms import`,
`flask rates import-days`), the calendar moved so that its first day is tomorrow. A listing without a price has that of
its calendar. Says seconds and memory, and exits with 1 where a night that was asked for differs from its row.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import gzip
import random
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask

from booking import create_app
from booking.config import Settings
from booking.domain.pricing.projection import rebuild
from booking.domain.stays import StayRules
from booking.domain.tables import RateRule, Room
from booking.infra.db import db, reading
from booking.infra.embedded import Servers
from booking.infra.ids import encode
from tests import databases
from tests.api.program import program_of
from tests.cast import person, today
from tests.programme import positive

SHARED = Path(__file__).parents[2] / "shared" / "data"
LISTINGS = SHARED / "listings" / "antwerp_listings.csv.gz"
CALENDAR = SHARED / "calendar" / "antwerp_calendar.csv.gz"
SLUG = "antwerp"
Pair = tuple[str, dt.date]


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def moved(calendar: Path, into: Path, pairs: int, seed: int) -> tuple[dict[Pair, dict[str, str]], dict[str, str], int]:
    """Write the calendar as `flask rates import-days` reads it: rows that were drawn, a price of each listing, and how
    many rows there are.
    """
    chance, drawn, prices = random.Random(seed), dict[int, tuple[Pair, dict[str, str]]](), dict[str, str]()
    by, number = None, 0
    with into.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["room", "date", "price", "min_nights", "max_nights", "closed"])
        for number, row in enumerate(rows_of(calendar), 1):
            day = dt.date.fromisoformat(row["date"])
            by = by or today() + dt.timedelta(days=1) - day
            day, price = day + by, row["price"].lstrip("$").replace(",", "")
            prices.setdefault(row["listing_id"], price)
            closed = "no" if row["available"] == "t" else "yes"
            writer.writerow([row["listing_id"], day, price, row["minimum_nights"], row["maximum_nights"], closed])
            place = number - 1 if number <= pairs else chance.randrange(number)  # each row as likely as any other
            if place < pairs:
                drawn[place] = (row["listing_id"], day), row | {"price": price}
    return dict(drawn.values()), prices, number


def with_prices(listings: Path, into: Path, prices: dict[str, str]) -> None:
    rows = list(rows_of(listings))
    with into.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows({**row, "price": row["price"] or prices.get(row["id"], "")} for row in rows)


class Told:
    """Seconds of each step, with the most memory that the process has had by then."""

    def step(self, title: str, began: float) -> None:
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(f"{title:<44} {time.monotonic() - began:7.1f} s  {memory:5} MB", flush=True)


def command(app: Flask, *words: str) -> str:
    said = app.test_cli_runner().invoke(args=[*words])
    if said.exit_code:
        sys.exit(f"flask {' '.join(words)}: {said.output[-3000:]}")
    return said.output.strip()


@reading
def _rooms() -> dict[str, tuple[str, bool]]:
    return {str(room.source_id): (encode("room", room.id), bool(room.published)) for room in db.session.query(Room)}


@reading
def _house() -> Any:
    return db.session.query(Room).first().property_id, db.session.query(RateRule).filter_by(until=None).count()


def differences(app: Flask, drawn: dict[Pair, dict[str, str]]) -> tuple[list[str], int]:
    """What the API says otherwise than the rows, and how many of the rooms guests are not offered."""
    program, rooms, found, hidden = program_of(app, person("asker")), _rooms(), list[str](), 0
    for (listing, day), row in drawn.items():
        room, published = rooms[listing]
        if not published:
            hidden += 1
            continue
        path = f"/rooms/{room}/calendar"
        answer = program.get(path, **{"from": day.isoformat(), "to": (day + dt.timedelta(days=1)).isoformat()})
        night = answer.get_json()["items"][0]
        said = night["isAvailable"], night["price"], night["minNights"], night["maxNights"]
        wanted = row["available"] == "t", float(row["price"]), int(row["minimum_nights"]), int(row["maximum_nights"])
        if said != wanted:
            found.append(f"WRONG listing {listing} on {day}: {said}, and the row says {wanted}")
    return found, hidden


def run(app: Flask, asked: argparse.Namespace, folder: Path) -> list[str]:
    told, began = Told(), time.monotonic()
    days, rooms = folder / "days.csv", folder / "rooms.csv"
    drawn, prices, number = moved(asked.calendar, days, asked.pairs, asked.seed)
    with_prices(asked.listings, rooms, prices)
    told.step(f"{number:,} rows written anew", began)
    began = time.monotonic()
    place = ("--currency", "EUR", "--location", SLUG, "--time-zone", "Europe/Brussels", "--country", "BE")
    command(app, "rooms", "import", str(rooms), *place)
    told.step("flask rooms import", began)
    for title in ("flask rates import-days --dry-run", "flask rates import-days", "the same again"):
        began = time.monotonic()
        print(command(app, "rates", "import-days", SLUG, str(days), *(["--dry-run"] if "dry" in title else [])))
        told.step(title, began)
    began = time.monotonic()
    house, rules = _house()
    rebuild(house, StayRules())
    told.step(f"the worker rebuilds what searches read ({rules:,} rules)", began)
    began = time.monotonic()
    found, hidden = differences(app, drawn)
    told.step(f"{len(drawn) - hidden:,} days asked over the API", began)
    print(f"{hidden} days are of listings that guests are not offered (their own shortest stay is over 365 nights)")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listings", type=Path, default=LISTINGS)
    parser.add_argument("--calendar", type=Path, default=CALENDAR)
    parser.add_argument("--pairs", type=positive, default=1_000)
    parser.add_argument("--seed", type=positive, default=14)
    asked = parser.parse_args()
    for path in (asked.listings, asked.calendar):
        if not path.exists():
            sys.exit(f"{path} is not there: recorded data does not come with the source; say where with --calendar.")
    with TemporaryDirectory(prefix="real-rates-") as folder:
        servers = Servers(Path(folder), settings={"max_connections": "50"})
        servers.join()
        try:
            databases.make(servers, "rates")
            app = create_app(Settings.from_env(databases.environ(servers, "rates", 15)))
            with app.app_context():
                found = run(app, asked, Path(folder))
                for engine in db.engines.values():
                    engine.dispose()
        finally:
            servers.leave()
    print("\n".join([*found[:40], f"{len(found)} differ"]))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
