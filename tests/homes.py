"""Every statement that the product runs in this test process: who writes nights, and who needs two homes.

Heard by SQLAlchemy's event, and laid at the door of the innermost function of the product outside of its ground. What a
test says to Postgres by itself is its own affair.

Rooms and nights are global, guests and their bookings regional: a statement that joins them, or a transaction that
changes both, cannot stay as it is once a region has a database of its own. These are all that there are.
"""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from types import FrameType
from typing import Any

import pytest
from sqlalchemy import Engine, event

from booking.domain import tables
from booking.infra import db, provider

WRITES_NIGHTS = "booking.domain.inventory.availability"
GROUND = "booking.infra."

# Statements that join what is global with what is regional.
JOINED = {
    "booking.domain.maintenance.verification": "compares both on purpose: each home is to check its own, and a third"
    " check what both say about a claim",
    "booking.domain.maintenance.retention": "an expired booking stays while it has nights: to be asked of inventory",
}
# Transactions that read or change both. The hold comes first: a region claims nights by their id, and keeps its booking
# whether the claim is there yet or not (a claim whose booking never comes ends with its hold).
TOGETHER = {
    "booking.domain.reservations.bookings._begin": "the hold in one call: claim, then booking",
    "booking.domain.reservations.bookings._hold_one_more": "the same from a page",
    "booking.domain.reservations.holds._reserve": "the same, where own holds make way",
    "booking.domain.reservations.bookings._begin_payment_of": "the pin: nights first, then the payment",
    "booking.domain.reservations.hosted._begin": "the same for a payment at the provider's own page",
    "booking.domain.reservations.charging._confirm": "pinned to booked, then CONFIRMED",
    "booking.domain.reservations.charging._confirm_as_begun": "the same, where nothing has changed since",
    "booking.domain.reservations.charging._confirm_unpaid": "nothing is owed: pinned to booked, then CONFIRMED",
    "booking.domain.reservations.guarantees._guarantee": "staff vouches: held to booked, then CONFIRMED",
    "booking.domain.reservations.charging.give_up": "unpin or release, then the booking",
    "booking.domain.reservations.importing.store._put": "sold elsewhere: nights first, then the bookings",
    "booking.domain.reservations.bookings._cancel": "the booking first, then its nights",
    "booking.domain.reservations.unpaid_stays._cancel": "the same of a stay whose rest was not paid",
    "booking.domain.reservations.bookings._release": "the same for a hold",
    "booking.domain.reservations.stay_changes._begin": "a change of stay: claim its new nights, then write it down",
    "booking.domain.reservations.change_charging.begin": "the pin: nights first, then the payment",
    "booking.domain.reservations.change_charging.begin_page": "the same for a payment at the provider's own page",
    "booking.domain.reservations.stay_changes._confirm_unpaid": "nothing more is owed: pinned to booked, then the stay",
    "booking.domain.reservations.stay_changes._change_at_once": "nights given back, then the stay",
    "booking.domain.reservations.goodwill._give": "a change under way and its nights make way",
    "booking.domain.reservations.front_desk.presence._check_out": "stay and nights given back, then the room is dirty",
    "booking.domain.reservations.front_desk.presence._mark_no_show": "nights given back, then the stay",
    "booking.domain.reservations.front_desk.undoing.undo": "freed nights taken back, then the stay; the room as it was",
    "booking.domain.reservations.change_outcomes._confirm": "pinned to booked, then the stay",
    "booking.domain.reservations.change_outcomes._give_up": "the change first, then its nights",
    "booking.domain.reservations.change_outcomes.give_back": "the same",
    "booking.domain.reservations.change_outcomes._expire": "the same for one that nobody pays for",
    "booking.domain.reservations.change_quotes.quote_by_reference": "the same for staff",
    "booking.domain.reservations.change_quotes.quote": "looks at the booking, and at the nights that it wants",
    "booking.domain.reservations.promotion_codes._give_back": "the same for an order whose code is not to be had",
    "booking.domain.reservations.orders._release": "the same for all that an order holds",
    "booking.domain.reservations.hold_limits.expire": "the booking first, then its nights; claims without booking",
    "booking.domain.maintenance.verification.verify": "compares both on purpose",
    "booking.domain.maintenance.retention._apply": "an expired booking stays while it has nights",
    "booking.demo.living._fill": "fills a house as the days go on",
    "booking.demo.living._clean": "rooms are dirty after those who have left",
    "booking.demo.occupancy.load": "fills a house that nobody has seen yet",
}

KNOWN = (tables, provider)  # imported, so that all tables are there
TABLES = {table.name: table.info.get("home") for table in db.db.metadata.sorted_tables}
_QUOTED = re.compile(r"'(?:[^']|'')*'|%\(\w+\)s|:\w+|\bAS \"?\w+\"?", re.IGNORECASE)
_VERBS = r"INSERT INTO|UPDATE|DELETE FROM|MERGE INTO|TRUNCATE(?: TABLE)?"
_WRITING = re.compile(rf"\b(?:{_VERBS})\s+(?:ONLY\s+)?\"?availability\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a statement touches."""

    homes: frozenset[str]
    writes_nights: bool


@cache
def facts_of(statement: str) -> Facts:
    """By the names of tables in its text."""
    bare = _QUOTED.sub(" ", statement)
    named = _names().findall(bare)
    homes = {TABLES[name] for name in named} - {"each", None}
    return Facts(frozenset(str(home) for home in homes), bool(_WRITING.search(bare)))


@lru_cache(maxsize=1)
def _names() -> re.Pattern[str]:
    return re.compile(rf"\b({'|'.join(TABLES)})\b(?!\s*\()")


class Watch:
    """What was heard, and whatever of it should not be."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.heard: set[str] = set()  # who joins or changes both homes
        self._here = threading.local()

    def note(self, statement: str) -> None:
        facts = facts_of(statement)
        if facts.writes_nights or len(facts.homes) > 1:
            self._judge(facts, statement)
        if facts.homes:
            self._follow(facts)

    def _judge(self, facts: Facts, statement: str) -> None:
        who = asker(sys._getframe())
        if who is None:
            return
        text = " ".join(statement.split())[:200]
        if facts.writes_nights and not who.startswith(f"{WRITES_NIGHTS}."):
            self.wrong.append(f"{who} writes nights, which is {WRITES_NIGHTS}'s to do: {text}")
        if len(facts.homes) > 1:
            self.heard.add(who)
            if not _listed(who, JOINED):
                self.wrong.append(f"{who} joins what is global with what is regional: {text}")

    def _follow(self, facts: Facts) -> None:
        """Both homes in one transaction, statement after statement."""
        running = db._running.get()
        if running is None:
            return
        if getattr(self._here, "running", None) is not running:
            self._here.running, self._here.homes = running, set()
        before = len(self._here.homes)
        self._here.homes |= facts.homes
        if before < 2 == len(self._here.homes):
            self._judge_transaction(transaction_of(sys._getframe()))

    def _judge_transaction(self, name: str | None) -> None:
        if name is None:
            return
        self.heard.add(name)
        if not _listed(name, TOGETHER):
            self.wrong.append(f"{name} needs what is global and what is regional in one transaction")


def _listed(who: str, reasons: dict[str, str]) -> bool:
    return any(who == one or who.startswith(f"{one}.") for one in reasons)


def asker(frame: FrameType | None) -> str | None:
    """The innermost function of the product outside of its ground: module and name; None where a test comes first."""
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.split(".")[0] in {"tests", "bench"} and module != __name__:
            return None
        if module.startswith("booking.") and not module.startswith(GROUND):
            return f"{module}.{frame.f_code.co_qualname}"
        frame = frame.f_back
    return None


def transaction_of(frame: FrameType | None) -> str | None:
    """The function that a @transaction runs; None for a test's own, and for single statements."""
    while frame is not None:
        if frame.f_globals.get("__name__") == db.__name__ and frame.f_code.co_name == "run":
            function: Any = frame.f_locals["function"]
            own = function.__module__.startswith("booking.")
            return f"{function.__module__}.{function.__qualname__}" if own and not _is_single(frame) else None
        frame = frame.f_back
    return None


def _is_single(frame: FrameType) -> bool:
    return bool(frame.f_locals["isolation"] == db.AUTOCOMMIT)


@contextmanager
def watching(watch: Watch) -> Iterator[None]:
    """Hear every statement meanwhile."""

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        watch.note(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.fixture(scope="session", autouse=True)
def statements() -> Iterator[Watch]:
    """In place for the whole run."""
    watch = Watch()
    with watching(watch):
        yield watch


@pytest.fixture(autouse=True)
def every_statement_is_at_home(statements: Watch) -> Iterator[None]:
    """Whatever a test makes the product say is held against the lists above."""
    statements.wrong.clear()
    yield
    assert sorted(set(statements.wrong)) == []
