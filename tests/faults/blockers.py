"""Staff in a storm: nights are taken off sale and put back by the operator's command, whatever happens meanwhile."""

from __future__ import annotations

import datetime as dt
import random
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from booking.infra.ids import encode
from tests import oracle
from tests.faults import beside
from tests.faults.load import FIRST_DAY, Terms
from tests.faults.product import Product

EVERY = 1.0  # seconds between two commands
LONGEST_BLOCK = 2  # nights
KEPT = 6  # blocks that stand at a time


class Staff:
    """Remembers what it was told: which blocks stand, and which are gone."""

    def __init__(self, product: Product, rooms: list[str], terms: Terms) -> None:
        self.kept: list[str] = []
        self.gone: set[str] = set()
        self.refused = 0
        self._product, self._rooms, self._terms = product, rooms, terms
        self._chance = random.Random(terms.seed)

    @contextmanager
    def working(self) -> Iterator[None]:
        """One command after the other, until the block ends."""
        with beside.working(self._live):
            yield

    def findings(self, database: Any) -> Iterator[str]:
        """Blocks that were acknowledged and are not there, and those that were given back and are."""
        found = {encode("block", row[0]) for row in oracle.rows(database, "SELECT id::text FROM blocks")}
        yield from (f"{block} was acknowledged, and is not there" for block in self.kept if block not in found)
        yield from (f"{block} was given back, and is still there" for block in self.gone & found)

    def _live(self, over: threading.Event) -> None:
        while not over.wait(EVERY):
            if len(self.kept) >= KEPT or (self.kept and self._chance.random() < 0.4):
                self._unblock()
            else:
                self._block()

    def _block(self) -> None:
        nights = self._chance.randint(1, LONGEST_BLOCK)
        away = FIRST_DAY + self._chance.randint(0, self._terms.nights - nights)
        first = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=away)
        dates = first.isoformat(), (first + dt.timedelta(days=nights)).isoformat()
        said = self._say("block", self._chance.choice(self._rooms), *dates, "--reason", "storm")
        if said:
            self.kept.append(said.split()[0])
        else:
            self.refused += 1

    def _unblock(self) -> None:
        block = self.kept.pop(0)
        # Where nobody answers it may be gone or not: nothing is known of it any more.
        if self._say("unblock", block):
            self.gone.add(block)

    def _say(self, *words: str) -> str:
        """What came of `flask rooms ...`; nothing where it was refused, or died."""
        try:
            done = self._product.flask("rooms", *words)
        except subprocess.TimeoutExpired:
            return ""
        return done.stdout if done.returncode == 0 else ""
