"""What the rules of test_all_verbs.py have in common: whom they are about, what they choose from, how a verb ends."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any, cast
from unittest.mock import patch

from hypothesis import strategies as st
from hypothesis.stateful import initialize

from booking.domain.actors import Actor
from booking.domain.errors import BookingError, Invalid, PaymentFailed, PaymentUnknown
from booking.domain.pricing import DepositPlan
from booking.domain.reservations.requests import BookingRequest, OrderItem, OrderRequest
from booking.domain.stays import Stay
from booking.infra import clock, telemetry
from booking.infra.provider import NoAnswer
from tests.cast import DECLINED, SYSTEM, VISA, acting
from tests.domain.reservations.dying_here import Deaths, Killed, Mortal
from tests.domain.reservations.home import FEW, ONCE, Home
from tests.domain.reservations.house import FicklePages, dates
from tests.domain.reservations.machines import KILLED, REFUSED, UNKNOWN, Machine
from tests.domain.reservations.model import ANSWERS, REFUNDS, START, WAYS
from tests.domain.reservations.worlds import CANCELLED, CONFIRMED, PENDING, Line, Memory, World

guests, rooms, people = st.integers(0, 2), st.integers(0, 4), st.integers(1, 4)
stays = st.builds(lambda first, nights: (first, first + nights), st.integers(2, 24), st.integers(1, 4))
cards, ways = st.sampled_from([VISA, VISA, VISA, DECLINED]), st.sampled_from([ANSWERS, ANSWERS, *WAYS])
shifts = st.sampled_from([0, 0, 1, -1, 2, -2, 6])
any_one, refunding = st.integers(0, 50), st.sampled_from(REFUNDS)
Item = tuple[int, tuple[int, int], int]  # a room, its days, how many guests
parties = st.lists(st.tuples(rooms, stays, people), min_size=2, max_size=3).filter(
    lambda items: (
        not any(
            one[0] == other[0] and one[1][0] < other[1][1] and other[1][0] < one[1][1]
            for number, one in enumerate(items)
            for other in items[:number]
        )
    )
)
UNLESS_PAID = DepositPlan(3, Decimal(30), cancel_after=1)
deposits = st.sampled_from([None, DepositPlan(1, Decimal(30)), DepositPlan(1, amount=Decimal(50)), UNLESS_PAID])
codes = st.sampled_from([None, None, None, FEW, ONCE])
on_plan = st.sampled_from([False, False, True])  # or by the room's own policy
# Mostly the process lives on.
death = st.sampled_from([0] * 30 + list(range(1, 13)))

LOST = "lost"  # nobody was told anything


def problem_of_code(told: Any) -> str:
    """Why a code was refused: what was held for it in the same call is given back then. Empty where none was."""
    problem = told.details.get("code") if isinstance(told, Invalid) else None
    return problem.code if problem else ""


class Loud:
    """A log in which nothing that broke is passed over: sweepers note it and go on."""

    def __init__(self, log: Any) -> None:
        self.log = log

    def error(self, event: str, **facts: Any) -> None:
        assert not event.endswith("_broke"), f"{event}: {sys.exception()!r}"
        self.log.error(event, **facts)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.log, name)


class Story(Machine):
    """Three guests, a house with two rooms, two identical units and a dorm with a bed, a provider over a bad line, and
    a process that may die.
    """

    def __init__(self, house: Home) -> None:
        super().__init__()
        self.house, self.memory, self.deaths = house, Memory(), Deaths()
        self.line = self._provider()
        self.desk = replace(house.desk, provider=cast(Any, Mortal(self.line, self.deaths)))
        self.passed = dt.timedelta(0)
        self.brought: set[Any] = set()  # orders that came from elsewhere
        self.guaranteed: set[Any] = set()  # orders that staff has, or may have, vouched for
        self.given_back: set[Any] = set()  # orders of which money was refunded at the provider
        self.sold_on: dict[Any, Any] = {}  # bookings, and the terms that they were sold on

    def _provider(self) -> FicklePages:
        return FicklePages(self.house.desk.provider)

    @initialize()
    def begin(self) -> None:
        self.house.empty()
        clock.shift(START - dt.datetime.now(dt.UTC))
        self.began = dt.datetime.now(dt.UTC)
        self.has_stepped()

    def has_stepped(self) -> None:
        self.house.look_anew()

    def _do(self, dies: int, act: Callable[[], Any]) -> Any:
        """What came back, the refusal, or LOST."""
        try:
            with self.deaths.at(dies), patch.object(telemetry, "log", Loud(telemetry.log)):
                return act()
        except Killed:
            self.tally.ended(KILLED)
            return LOST
        except (PaymentUnknown, NoAnswer):
            self.tally.ended(UNKNOWN)
            return LOST
        except BookingError as refusal:
            self.tally.ended(REFUSED)
            return refusal

    def _is_told(self, guest: int, stays: list[World], told: Any) -> None:
        """What becomes of bookings that were to be held and paid in one call."""
        if isinstance(told, PaymentFailed) or problem_of_code(told):
            self.memory.promise(guest, stays, CANCELLED)
        elif isinstance(told, BookingError):
            self.memory.promised = []
        elif told != LOST:
            self.memory.promise(guest, stays, CONFIRMED)

    def _confirmed(self, which: int, *, beside: bool) -> tuple[Any, Line]:
        """A booking; `beside` what somebody pays for in the same order, if there is such a one."""
        confirmed, paying = self.memory.confirmed(), self.house.under_way()
        if beside:
            confirmed = [one for one in confirmed if one[1].order in paying] or confirmed
        return confirmed[which % len(confirmed)]

    def _one(self, which: int) -> tuple[Any, Line]:
        return list(self.memory.lines.items())[which % len(self.memory.lines)]

    def _actor(self, line: Line) -> Any:
        """The guest; where they have no account, staff in their place."""
        return SYSTEM if line.order in self.brought else acting(self.house.guests[line.guest].id)

    def _wanted(
        self, guest: int, room: int, days: tuple[int, int], number: int, code: str | None, planned: bool
    ) -> BookingRequest:
        plan = self.house.plan if planned else None
        who, where = self.house.guests[guest].id, self.house.rooms[room].id
        return BookingRequest(who, where, Stay(*dates(days)), number, plan=plan, code=code)

    def _guest(self, guest: int) -> Actor:
        return Actor.guest(self.house.guests[guest].id)

    def _order(self, guest: int, wanted: list[Item], code: str | None) -> OrderRequest:
        items = [OrderItem(self.house.rooms[room].id, Stay(*dates(days)), number) for room, days, number in wanted]
        return OrderRequest(self.house.guests[guest].id, tuple(items), code=code)

    def _as_world(self, room: int, days: tuple[int, int], number: int) -> World:
        return World(PENDING, room, *dates(days), number)
