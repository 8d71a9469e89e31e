"""Guests go from a card to the checkout while the house changes its rules: what is paid is what was shown.

    python -m tests.faults.changing_rates --pairs 10000 --guests 8

Each guest searches, takes a card, holds its room, and compares: the checkout costs what the card said, or it shows
another price, and then nobody can be charged the old one. Meanwhile somebody changes rules all the time, and the worker
rebuilds what searches read. Exits with 1 where a sum was charged that was not shown, or more than one price in a
hundred changed on the way.
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask

from booking import create_app
from booking.config import Settings
from booking.domain import messages, search
from booking.domain.actors import Actor
from booking.domain.errors import PriceChanged, RoomLocked, RoomNotAvailable
from booking.domain.payments import Payment
from booking.domain.pricing import rate_editing
from booking.domain.pricing.rate_inputs import RateInput
from booking.domain.reservations import bookings, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.requests import BookingRequest
from booking.domain.search import FoundRoom, RoomSearch
from booking.domain.stays import Stay
from booking.domain.tables import User
from booking.infra.db import db, reading
from booking.infra.embedded import Servers
from booking.infra.ids import decode
from booking.jobs import rates
from tests import databases
from tests.cast import VISA, a_room, acting, beside, person, today
from tests.programme import positive

STAFF = Actor.system("tests")
ROOMS, PAID_OF = 12, 10  # of each house; one pair of so many is paid
MOST_CHANGED = Decimal("0.01")
TOLD_AFTER = 1.0  # seconds between turns of the ticker


@dataclass
class Outcome:
    """`changed`: the checkout showed another price than the card."""

    pairs: int = 0
    changed: int = 0
    paid: int = 0
    changes: int = 0  # of rules
    slowest: float = 0.0  # seconds from a change until searches read it
    findings: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        share = 100 * self.changed / self.pairs if self.pairs else 0
        return [
            f"{self.pairs} from card to checkout, {self.paid} of them paid, during {self.changes} changes of rules:"
            f" {self.changed} ({share:.2f} %) showed a new price first; searches knew a change after"
            f" {self.slowest:.1f} s at most",
            *(f"WRONG {finding}" for finding in self.findings),
        ]


class House:
    """Rooms, and rules that change."""

    def __init__(self, number: int) -> None:
        first = a_room(location="antwerp", name=f"House {number}, room 1", price_per_night=Decimal(90 + number))
        self.rooms = [first, *(beside(first, f"House {number}, room {n}", 90 + 7 * n) for n in range(2, ROOMS + 1))]
        self._add("price", {"amount": 150}, today() + dt.timedelta(days=20), days=1)
        self._add("adjust", {"percent": 15}, weekdays=[5, 6])
        self._add("guests", {"included": 1, "extra": "12.5"})
        self._add("length", {"steps": [{"nights": 3, "percent": 7}]})
        self._add("early_bird", {"days": 30, "percent": 10})

    def _add(self, kind: str, terms: dict[str, Any], first: dt.date | None = None, days: int = 0, **said: Any) -> Any:
        when = {"from": first, "to": first + dt.timedelta(days=days - 1)} if first else {}
        asked = RateInput.model_validate({"kind": kind, "name": f"A {kind}", "terms": terms, **when, **said})
        return rate_editing.add(STAFF, self.rooms[0].property_id, asked)

    def change(self, chance: random.Random) -> None:
        """Another price for one night, as most changes are."""
        first = today() + dt.timedelta(days=chance.randint(5, 60))
        self._add("price", {"amount": chance.randint(70, 200)}, first, days=1)


class Play:
    """All of it in one application, which several threads share."""

    def __init__(self, app: Flask, desk: BookingContext, pairs: int, seed: int, every: float) -> None:
        self.app, self.desk, self.every, self.outcome = app, desk, every, Outcome()
        self._left, self._seed, self._lock, self._over = pairs, seed, threading.Lock(), threading.Event()
        self._waiting: list[float] = []  # when changes were made that searches do not know yet

    def run(self, guests: list[User], houses: list[House]) -> Outcome:
        self._work()
        beside_them = [threading.Thread(target=self._in_app, args=(turn,)) for turn in (self._tick, self._edit(houses))]
        crowd = [threading.Thread(target=self._in_app, args=(self._guest(guest, n),)) for n, guest in enumerate(guests)]
        for one in (*beside_them, *crowd):
            one.start()
        for one in crowd:
            one.join()
        self._over.set()
        for one in beside_them:
            one.join()
        return self.outcome

    def _in_app(self, act: Callable[[], None]) -> None:
        with self.app.app_context():
            try:
                act()
            except Exception as error:  # noqa: BLE001 said at the end
                self._note(f"somebody broke: {error!r}")
                self._over.set()

    def _note(self, finding: str) -> None:
        with self._lock:
            self.outcome.findings.append(finding)

    # --- the house and its worker

    def _edit(self, houses: list[House]) -> Callable[[], None]:
        def edit() -> None:
            chance = random.Random(self._seed)
            while not self._over.wait(self.every):
                chance.choice(houses).change(chance)
                with self._lock:
                    self._waiting.append(time.monotonic())
                    self.outcome.changes += 1

        return edit

    def _tick(self) -> None:
        while not self._over.wait(TOLD_AFTER):
            self._work()

    def _work(self) -> None:
        """What the ticker and the worker do of it."""
        with self._lock:
            told, self._waiting = self._waiting, []
        _, work = messages.relay_events(offered=True)
        rates.refresh([event_id for consumer, event_id in work if consumer == rates.RATES])
        for since in told:
            self.outcome.slowest = max(self.outcome.slowest, time.monotonic() - since)

    # --- guests

    def _guest(self, guest: User, number: int) -> Callable[[], None]:
        def go() -> None:
            chance = random.Random(self._seed * 1000 + number)
            while not self._over.is_set() and self._take():
                self._pair(guest, chance)

        return go

    def _take(self) -> bool:
        with self._lock:
            self._left -= 1
            return self._left >= 0

    def _pair(self, guest: User, chance: random.Random) -> None:
        """One that was counted: a room that somebody else took in between is no pair."""
        while True:
            check_in = today() + dt.timedelta(days=chance.randint(5, 60))
            stay = Stay(check_in, check_in + dt.timedelta(days=chance.choice([1, 2, 3, 5])))
            guests = chance.randint(1, 3)
            card = self._card(stay, guests, chance)
            if card and self._checkout(guest, card, stay, guests, pays=chance.randrange(PAID_OF) == 0):
                return

    def _card(self, stay: Stay, guests: int, chance: random.Random) -> FoundRoom | None:
        asked = {"location": "antwerp", "capacity": guests, "checkIn": stay.check_in, "checkOut": stay.check_out}
        sort = chance.choice([None, "price", "-price"])
        found = search.find_rooms(RoomSearch.model_validate(asked | {"sort": sort}), self.desk.rules, 30)
        return chance.choice(found.rooms) if found.rooms else None

    def _checkout(self, guest: User, card: FoundRoom, stay: Stay, guests: int, *, pays: bool) -> bool:
        room_id = decode("room", card.id)
        assert room_id
        try:
            held = holds.reserve(acting(guest), BookingRequest(guest.id, room_id, stay, guests), self.desk)
        except (RoomNotAvailable, RoomLocked):
            return False
        differs = held.total_price != card.total
        with self._lock:
            self.outcome.pairs += 1
            self.outcome.changed += differs
        if differs:
            self._refused(guest, held.id, card.total)
        if pays:
            bookings.pay(acting(guest), held.id, VISA, held.total_price, self.desk)
            self._charged(held.id, held.total_price)
        bookings.cancel(acting(guest), held.id, self.desk)
        return True

    def _refused(self, guest: User, booking_id: Any, shown: Decimal) -> None:
        try:
            bookings.pay(acting(guest), booking_id, VISA, shown, self.desk)
        except PriceChanged:
            return
        self._note(f"{shown} was taken for {booking_id}, which costs something else")

    def _charged(self, booking_id: Any, shown: Decimal) -> None:
        charges = _charges(booking_id)
        with self._lock:
            self.outcome.paid += 1
        if charges != [shown]:
            self._note(f"{charges} was charged where {shown} was shown")


@reading
def _charges(booking_id: Any) -> list[Decimal]:
    rows = db.session.query(Payment).filter_by(booking_id=booking_id, kind="charge", state="succeeded")
    return [row.amount for row in rows]


def run(app: Flask, desk: BookingContext, pairs: int, guests: int, seed: int, every: float) -> Outcome:
    """The whole story with this application, which has nothing else in it; a rule changes `every` so many seconds."""
    houses = [House(number) for number in range(1, 4)]
    crowd = [person(f"guest{number}") for number in range(guests)]
    outcome = Play(app, desk, pairs, seed, every).run(crowd, houses)
    if outcome.pairs and Decimal(outcome.changed) / outcome.pairs > MOST_CHANGED:
        outcome.findings.append(f"{outcome.changed} of {outcome.pairs} prices changed on the way")
    return outcome


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=positive, default=10_000)
    parser.add_argument("--guests", type=positive, default=8)
    parser.add_argument("--seed", type=positive, default=14)
    parser.add_argument("--every", type=float, default=3.0, help="seconds between changes of a rule")
    asked = parser.parse_args()
    with TemporaryDirectory(prefix="rates-") as folder:
        servers = Servers(Path(folder), settings={"max_connections": "200"})
        servers.join()
        try:
            databases.make(servers, "rates")
            app = create_app(Settings.from_env(databases.environ(servers, "rates", 15)))
            with app.app_context():
                desk = app.extensions["services"].booking_context
                outcome = run(app, desk, asked.pairs, asked.guests, asked.seed, asked.every)
                for engine in db.engines.values():
                    engine.dispose()
        finally:
            servers.leave()
    print("\n".join(outcome.lines()))
    sys.exit(1 if outcome.findings else 0)


if __name__ == "__main__":
    main()
