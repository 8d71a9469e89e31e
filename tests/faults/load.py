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

from tests.faults.guests import (
    AGAIN,
    DECLINED,
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

FIRST_DAY = 100  # days from now
LONGEST_STAY = 4
LENDERS = 8  # accounts that book only with the keys of others

# Out of a hundred attempts; and how many of a hundred steps a guest begins by giving a booking back.
CARDS = {VISA: 86, DECLINED: 5, SLOW: 1, REFUND_DECLINED: 5, REFUND_SLOW: 3}
HABITS = {ONCE: 84, AGAIN: 6, TWICE: 6, LENT: 4}
SEVERAL_ROOMS = 5  # of one property in one order, where others of it are fought for
RESERVED_ON_A_PAGE, CANCELLED_AT_ONCE, CANCELLED_LATER, CHANGED = 4, 3, 12, 6
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
        if self.kept and lot(chance, CANCELLED_LATER):
            self.guest.cancel(self.kept.popleft(), twice=lot(chance, 10))
        told = (self.holder if lot(chance, RESERVED_ON_A_PAGE) else self.guest).attempt(plan)
        if told.status == 201 and not told.cancelled:
            self.kept.append(told)


class Crowd:
    """All of them. `begun` counts their attempts."""

    def __init__(self, terms: Terms, clients: list[Client], lenders: list[Guest], wanted: list[str]) -> None:
        self.terms, self.clients, self.begun = terms, clients, 0
        self.kept_up = False  # they go on beyond the terms: not all disasters have happened
        self.given_up = False  # nobody serves them any more
        self.wanted = wanted  # rooms
        self.neighbours: dict[str, list[str]] = {}  # of the same property
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

    def logs(self) -> list[Log]:
        return [guest.log for guest in [*(client.guest for client in self.clients), *self._lenders]]

    def _live(self, client: Client) -> None:
        while self._one_more():
            client.step(self._plan(client.guest.chance))

    def _one_more(self) -> bool:
        with self._turn:
            goes_on = not self.given_up and (self.kept_up or self.passed() < 1)
            self.begun += goes_on
        return goes_on

    def _plan(self, chance: random.Random) -> Plan:
        nights = chance.randint(1, LONGEST_STAY)
        first = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=FIRST_DAY)
        check_in = first + dt.timedelta(days=chance.randint(0, self.terms.nights - nights))
        card, room = drawn(chance, CARDS), chance.choice(self.wanted)
        others = self.neighbours.get(room, []) if lot(chance, SEVERAL_ROOMS) else []
        beside = tuple(chance.sample(others, min(len(others), chance.randint(1, 2))))
        return Plan(
            room,
            check_in.isoformat(),
            (check_in + dt.timedelta(days=nights)).isoformat(),
            card,
            cancel=lot(chance, REFUND_TRIED if card in {REFUND_DECLINED, REFUND_SLOW} else CANCELLED_AT_ONCE),
            habit=drawn(chance, HABITS),
            change=lot(chance, CHANGED) and not beside,
            beside=beside,
        )


def arrived(port: int, terms: Terms) -> Crowd:
    """Accounts for all, signed in; and which rooms they will fight for."""
    with ThreadPoolExecutor(8) as pool:
        lenders = list(pool.map(lambda number: registered(port, f"lender-{number}", terms.seed), range(LENDERS)))
        clients = list(pool.map(lambda number: _client(port, f"guest-{number}", terms.seed), range(terms.clients)))
    for number, client in enumerate(clients):
        client.guest.friend = lenders[number % LENDERS]
    first = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=FIRST_DAY)
    last = first + dt.timedelta(days=terms.nights)
    wanted = rooms(clients[0].guest, first.isoformat(), last.isoformat(), terms.rooms)
    crowd = Crowd(terms, clients, lenders, wanted)
    crowd.neighbours = _neighbours(clients[0].guest, wanted)
    return crowd


def _neighbours(guest: Guest, wanted: list[str]) -> dict[str, list[str]]:
    """By room, the others that are of the same property."""
    houses: dict[str, list[str]] = {}
    for room in wanted:
        shown = guest.until_final("GET", f"/rooms/{room}")
        assert shown is not None
        houses.setdefault(str(shown.body["property"]), []).append(room)
    return {room: [one for one in house if one != room] for house in houses.values() for room in house}


def _client(port: int, name: str, seed: int) -> Client:
    guest = registered(port, name, seed)
    return Client(guest, holder(guest, name))


def drawn(chance: random.Random, weights: dict[str, int]) -> str:
    return chance.choices(list(weights), list(weights.values()))[0]
