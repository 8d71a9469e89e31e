"""Clients that want few rooms for few nights, each in a thread of its own."""

from __future__ import annotations

import datetime as dt
import random
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from tests.faults import order_holders
from tests.faults.detour.house_rules import takes_deposit
from tests.faults.guests import (
    AGAIN,
    DECLINED,
    FICKLE,
    LENT,
    ONCE,
    REFUND_DECLINED,
    REFUND_SLOW,
    SLOW,
    TWICE,
    VISA,
    Guest,
    Log,
    Plan,
    lot,
    registered,
    rooms,
)
from tests.faults.holders import Holder, holder
from tests.oracle import Told

FIRST_DAY, SOON = 100, 2  # days from now
LONGEST_STAY = 4
LENDERS = 8  # accounts that book only with the keys of others

# Out of a hundred attempts; and how many of a hundred steps a guest begins by giving a booking back.
CARDS = {VISA: 78, FICKLE: 6, DECLINED: 5, SLOW: 3, REFUND_DECLINED: 5, REFUND_SLOW: 3}
HABITS = {ONCE: 84, AGAIN: 6, TWICE: 6, LENT: 4}
SEVERAL_ROOMS = 5  # of one property in one order, where others of it are fought for
RESERVED_ON_A_PAGE, CANCELLED_AT_ONCE, CANCELLED_LATER, CHANGED = 4, 3, 12, 6
WITH_CODE, ON_PLAN = 8, 30  # of a promotion; of stays in a property with a rate plan
PAID_EARLY = 10  # what is due later of a stay with a deposit
RECEPTIONS, QUIET_ROOMS = 3, 6  # desks at which staff vouches for guests, and takes their money
HELD_FIRST, HELD_FIRST_OF_SEVERAL = (
    3,
    50,
)  # by programs, which pay for the whole order in a second step, or never come back
EARLY = 3  # stays of the next days, of which not all comes back
REFUND_TRIED = 50  # given back at once by those whose refund will not go smoothly


@dataclass
class Terms:
    """How much of a storm. With the kills grow the other disasters, unless they are given."""

    attempts: int = 5000
    clients: int = 64
    kills: int = 10
    stops: int | None = None  # of a web process, for longer than the lock in front of a room lives
    cuts: int | None = None  # times that a few connections break inside COMMIT
    rooms: int = 20
    nights: int = 30
    seconds: int = 0  # then it ends, all attempts made or not; 0: it ends when they are made
    seed: int = 1
    serves_within: float = 15.0  # seconds after each disaster

    def __post_init__(self) -> None:
        self.stops = self.kills // 5 if self.stops is None else self.stops
        self.cuts = self.kills if self.cuts is None else self.cuts


@dataclass
class Client:
    """One guest, who keeps some bookings for a while."""

    guest: Guest
    holder: Holder
    kept: deque[Told] = field(default_factory=deque)

    def step(self, plan: Plan) -> None:
        """Give an old booking back, or not; then one attempt."""
        chance = self.guest.chance
        if self.kept and lot(chance, PAID_EARLY):
            self.holder.pay_rest(chance.choice(self.kept))
        if self.kept and lot(chance, CANCELLED_LATER):
            self.guest.cancel(self.kept.popleft(), twice=lot(chance, 10))
        told = self._attempted(plan)
        if told.status == 201 and not told.cancelled:
            self.kept.append(told)

    def _attempted(self, plan: Plan) -> Told:
        if plan.hold:
            return order_holders.attempt(self.guest, plan)
        return (self.holder if lot(self.guest.chance, RESERVED_ON_A_PAGE) else self.guest).attempt(plan)


class Crowd:
    """All of them. `begun` counts their attempts."""

    def __init__(self, terms: Terms, clients: list[Client], lenders: list[Guest], wanted: list[str]) -> None:
        self.terms, self.clients, self.begun = terms, clients, 0
        self.at_reception: list[Client] = []  # who books only there
        self.quiet: list[str] = []  # rooms that only these want, and whoever books others beside them
        self.kept_up = False  # they go on beyond the terms: not all disasters have happened
        self.given_up = False  # nobody serves them any more
        self.wanted = wanted  # rooms
        self.neighbours: dict[str, list[str]] = {}  # of the same property
        self.codes: list[str] = []  # of promotions
        self.rates: dict[str, str] = {}  # by room, a rate plan beside its own price
        self._lenders, self._turn = lenders, threading.Lock()
        self._threads: list[threading.Thread] = []
        self._began = time.monotonic()

    @contextmanager
    def booking(self) -> Iterator[None]:
        """They go on until the terms are met."""
        self._began = time.monotonic()
        self._threads = [threading.Thread(target=self._live, args=(one,), daemon=True) for one in self.clients]
        for thread in self._threads:
            thread.start()
        yield
        for thread in self._threads:
            thread.join()

    def passed(self) -> float:
        """Which share of the storm is over."""
        of_time = (time.monotonic() - self._began) / self.terms.seconds if self.terms.seconds else 0.0
        return max(self.begun / self.terms.attempts, of_time)

    def gone(self) -> bool:
        return not any(thread.is_alive() for thread in self._threads)

    def joined_by(self, units: list[str]) -> None:
        """These are fought for, too: by whoever names them, and by all who name one that is like them."""
        self.wanted += units
        self.neighbours = _neighbours(self.clients[0].guest, [*self.neighbours, *units])

    def logs(self) -> list[Log]:
        everybody = [client.guest for client in (*self.clients, *self.at_reception)]
        return [guest.log for guest in [*everybody, *self._lenders]]

    def plan_at_reception(self, chance: random.Random) -> Plan:
        """What somebody wants whom staff vouches for: cancelled in time, it costs nothing."""
        return self._plan(chance, self.quiet if lot(chance, 80) else self.wanted, is_early=False)

    def _live(self, client: Client) -> None:
        while self._one_more():
            chance = client.guest.chance
            client.step(self._plan(chance, self.wanted, is_early=lot(chance, EARLY)))

    def _one_more(self) -> bool:
        with self._turn:
            goes_on = not self.given_up and (self.kept_up or self.passed() < 1)
            self.begun += goes_on
        return goes_on

    def _plan(self, chance: random.Random, wanted: list[str], *, is_early: bool) -> Plan:
        first, last = self._nights(chance, is_early)
        card, room = drawn(chance, CARDS), chance.choice(wanted)
        beside, habit = self._beside(chance, room), drawn(chance, HABITS)
        with_code = lot(chance, WITH_CODE) and habit == ONCE  # a refused one is not kept under the key
        return Plan(
            room,
            first.isoformat(),
            last.isoformat(),
            card,
            cancel=lot(chance, REFUND_TRIED if card in {REFUND_DECLINED, REFUND_SLOW} else CANCELLED_AT_ONCE),
            habit=habit,
            change=lot(chance, 50 if is_early else CHANGED) and not beside,
            beside=beside,
            deposit=not is_early and takes_deposit(first),
            hold=lot(chance, HELD_FIRST_OF_SEVERAL if beside else HELD_FIRST),
            code=chance.choice(self.codes) if with_code and self.codes else None,
            rate=self.rates.get(room) if lot(chance, ON_PLAN) else None,
        )

    def _nights(self, chance: random.Random, is_early: bool) -> tuple[dt.date, dt.date]:
        """Check-in and check-out."""
        nights = chance.randint(1, LONGEST_STAY)
        away = chance.randint(SOON, SOON + 4) if is_early else FIRST_DAY + chance.randint(0, self.terms.nights - nights)
        first = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=away)
        return first, first + dt.timedelta(days=nights)

    def _beside(self, chance: random.Random, room: str) -> tuple[str, ...]:
        others = self.neighbours.get(room, []) if lot(chance, SEVERAL_ROOMS) else []
        return tuple(chance.sample(others, min(len(others), chance.randint(1, 2))))


def arrived(port: int, terms: Terms, *, with_pages: bool = False) -> Crowd:
    """Accounts for all, signed in, and which rooms they will fight for. `with_pages`: the provider has its own."""
    clients = partial(_client, port, terms.seed)
    with ThreadPoolExecutor(8) as pool:
        lenders = list(pool.map(lambda number: registered(port, f"lender-{number}", terms.seed), range(LENDERS)))
        guests = list(pool.map(clients, [f"guest-{number}" for number in range(terms.clients)]))
        walk_ins = list(pool.map(clients, [f"walk-in-{number}" for number in range(RECEPTIONS)]))
    for number, client in enumerate(guests):
        client.guest.friend = lenders[number % LENDERS]
        client.guest.pays_at_pages = with_pages
    first = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=FIRST_DAY)
    last = first + dt.timedelta(days=terms.nights)
    found = rooms(guests[0].guest, first.isoformat(), last.isoformat(), terms.rooms + QUIET_ROOMS)
    crowd = Crowd(terms, guests, lenders, found[: terms.rooms])
    crowd.quiet, crowd.at_reception = found[terms.rooms :], walk_ins
    crowd.neighbours = _neighbours(guests[0].guest, found)
    return crowd


def _neighbours(guest: Guest, wanted: list[str]) -> dict[str, list[str]]:
    """By room, the others that are of the same property."""
    houses: dict[str, list[str]] = {}
    for room in wanted:
        shown = guest.until_final("GET", f"/rooms/{room}")
        assert shown is not None
        houses.setdefault(str(shown.body["property"]), []).append(room)
    return {room: [one for one in house if one != room] for house in houses.values() for room in house}


def _client(port: int, seed: int, name: str) -> Client:
    guest = registered(port, name, seed)
    return Client(guest, holder(guest, name))


def drawn(chance: random.Random, weights: dict[str, int]) -> str:
    return chance.choices(list(weights), list(weights.values()))[0]
