"""Reservations from elsewhere in a storm: a file comes in, and comes in again, while everything is killed."""

from __future__ import annotations

import csv
import datetime as dt
import json
import random
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from booking.infra.ids import decode
from tests.faults.guests import lot
from tests.faults.load import FIRST_DAY, Crowd
from tests.faults.product import Product
from tests.faults.terminal import Terminal
from tests.oracle import rows

SOURCE = "storm"
COLUMNS = ("sourceId", "room", "checkIn", "checkOut", "guests", "name", "email", "total", "paid")
HERE, REFUSED = {"imported", "there"}, {"conflict"}
OF_PLACE = "SELECT p.slug FROM rooms r JOIN properties p ON p.id = r.property_id WHERE r.id = '{}'"
PAUSE = 2.0  # seconds between two files


@contextmanager
def arrivals(product: Product, crowd: Crowd) -> Iterator[Arrivals]:
    """For a room that others want, too; closed when the block ends."""
    chance = random.Random(f"{crowd.terms.seed} elsewhere")
    terminal = Terminal(product, chance)
    first = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=FIRST_DAY)
    try:
        yield Arrivals(product, terminal, crowd.quiet[0], first, crowd.terms.nights, chance)
    finally:
        terminal.close()


@dataclass
class Arrivals:
    """Somebody who brings files for the property of one room; `told`: what became of each row, by its id there."""

    product: Product
    terminal: Terminal
    room: str
    first: dt.date
    nights: int
    chance: random.Random
    told: dict[str, str] = field(default_factory=dict)
    stays: dict[str, tuple[str, str]] = field(default_factory=dict)
    did: Counter[str] = field(default_factory=Counter)

    def live(self, over: threading.Event) -> None:
        slug = self._slug()
        while not over.wait(PAUSE):
            file = self._written()
            for _ in range(2 if lot(self.chance, 30) else 1):
                self._bring(file, slug)

    def findings(self, database: Any) -> Iterable[str]:
        """Rows that came in and are not there, or with another stay; rows that did not, and are."""
        asked = f"""
            SELECT o.source_id, b.status, b.check_in::text, b.check_out::text FROM orders o
            JOIN bookings b ON b.order_id = o.id WHERE o.source = '{SOURCE}'"""
        found = {row[0]: row[1:] for row in rows(database, asked)}
        for name, outcome in self.told.items():
            is_there = found.get(name) == ("CONFIRMED", *self.stays[name])
            if outcome in HERE and not is_there:
                yield f"reservation {name} came in, and is {found.get(name)}"
            if outcome in REFUSED and name in found:
                yield f"reservation {name} was in conflict, and is {found[name]}"

    def _slug(self) -> str:
        database = self.product.database()
        [[slug]] = rows(database, OF_PLACE.format(decode("room", self.room)))
        database.close()
        return str(slug)

    def _written(self) -> Path:
        """Three rows; what was in a file before comes in no second time."""
        file = Path(self.product.path) / "elsewhere.csv"
        with file.open("w", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(COLUMNS)
            for _ in range(3):
                writer.writerow(self._row())
        return file

    def _row(self) -> list[object]:
        name, nights = f"S-{len(self.stays)}", self.chance.randint(1, 3)
        first = self.first + dt.timedelta(days=self.chance.randint(0, self.nights - nights))
        stay = first.isoformat(), (first + dt.timedelta(days=nights)).isoformat()
        self.stays[name] = stay
        paid = self.chance.choice((0, 50, 300))
        return [name, self.room, *stay, 1, f"Guest {name}", f"{name.lower()}@example.com", 300, paid]

    def _bring(self, file: Path, slug: str) -> None:
        words = ("bookings", "import", str(file), "--property", slug, "--source", SOURCE, "--json")
        said = self.terminal.insist(*words)
        if said is None:
            return
        try:
            found = json.loads(said.text)
        except ValueError:
            self.terminal.odd.append(f"flask {' '.join(words)}: {said}")
            return
        for one in found:
            if one["outcome"] not in HERE | REFUSED:
                self.terminal.odd.append(f"{one['sourceId']} came to {one}")
            self.told[one["sourceId"]] = one["outcome"]
            self.did[f"reservations {one['outcome']}"] += 1
