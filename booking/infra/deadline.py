"""How long a caller may wait for Postgres, in all, and how many callers may wait at the same time.

A request has so many seconds for everything that it asks Postgres; waiting for anybody else (a payment provider) does
not count. A command may take long, but does not wait for a Postgres that has fallen silent. What has no deadline
(migrations) waits as long as it takes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from queue import Empty, SimpleQueue

REQUEST = 4.5  # seconds; the answer is to come within 5 (design §1)
COMMAND = 6 * 3600.0  # seconds for all that a command asks: silence is noticed within seconds however much is left
WORKER = 20.0  # seconds for one action of a background process: longer than Postgres lets a statement run
SLOT_WAIT = 0.2  # seconds that a request waits for its turn, as long as turns end
STUCK = 0.5  # seconds after which a turn is no longer expected to end soon


class Unavailable(Exception):
    """Postgres cannot do the work now; nothing was changed. Ask again later."""


@dataclass(slots=True)
class _Budget:
    left: float  # seconds
    request: bool  # does it take turns with others?
    until: float = 0.0  # while an action runs: when it has to be over, by time.monotonic()
    depth: int = 0


_budget: ContextVar[_Budget | None] = ContextVar("database_budget", default=None)


class _Process:
    each: float | None = None  # seconds for every action outside of any budget; None: no end
    threads = 8


class _Turns:
    """Some threads are left for who needs no database: /health must answer while all others wait."""

    def __init__(self, number: int) -> None:
        self._free: SimpleQueue[int] = SimpleQueue()
        self._since = [0.0] * number
        for turn in range(number):
            self._free.put(turn)

    def take(self) -> int:
        try:
            turn = self._free.get_nowait()
        except Empty:
            turn = self._wait()
        self._since[turn] = time.monotonic()
        return turn

    def give_back(self, turn: int) -> None:
        self._free.put(turn)

    def _wait(self) -> int:
        patience = 0.0 if time.monotonic() - max(self._since) > STUCK else SLOT_WAIT
        try:
            return self._free.get(timeout=patience)
        except Empty:
            raise Unavailable("too many requests wait for Postgres") from None


class _Shared:
    turns = _Turns(_Process.threads - 1)


def configure(threads: int) -> None:
    """How many threads of this process serve requests; all but one may wait for Postgres."""
    _Shared.turns = _Turns(max(1, threads - 1))


def limit_every_action(seconds: float) -> None:
    """For a background process: nothing that it asks Postgres may take longer."""
    _Process.each = seconds


def begin_request() -> None:
    """The thread's request starts with its whole time."""
    _budget.set(_Budget(REQUEST, request=True))


def end_request() -> None:
    """What the thread does next has its own time."""
    _budget.set(None)


@contextmanager
def limit(seconds: float) -> Iterator[None]:
    """What is asked inside of the block takes `seconds` at most, together, and no more than the caller has left; who
    has less by as much afterwards.
    """
    outer = _budget.get()
    inner = _Budget(seconds, request=False) if outer is None else _within(outer, seconds)
    given, token = inner.left, _budget.set(inner)
    try:
        yield
    finally:
        _budget.reset(token)
        if outer is not None and not outer.depth:  # where an action runs, its own end counts
            outer.left -= given - inner.left


class spent:  # noqa: N801 used as a function; a generator would cost every statement twice as much
    """One action on the database: it takes its time from what is left. Raises Unavailable where nothing is."""

    __slots__ = ("_began", "_budget", "_turn", "_turns")

    def __enter__(self) -> None:
        budget = _budget.get()
        if budget is None or budget.depth:
            self._budget = None
            return
        if budget.left <= 0:
            raise Unavailable("the time for this request is over")
        self._turns = _Shared.turns if budget.request else None
        self._turn = self._turns.take() if self._turns else 0
        self._budget, self._began = budget, time.monotonic()
        budget.until, budget.depth = self._began + budget.left, 1

    def __exit__(self, *_: object) -> None:
        budget = self._budget
        if budget is None:
            return
        budget.left -= time.monotonic() - self._began
        budget.until, budget.depth = 0.0, 0
        if self._turns:
            self._turns.give_back(self._turn)


def until() -> float | None:
    """When the running action has to be over, by time.monotonic(); None: never."""
    budget = _budget.get()
    if budget is None:
        return time.monotonic() + _Process.each if _Process.each else None
    return budget.until or time.monotonic() + max(0.0, budget.left)


def worth_waiting(seconds: float) -> bool:
    """Is there so much time left?"""
    end = until()
    return end is None or end - time.monotonic() >= seconds


def _within(outer: _Budget, seconds: float) -> _Budget:
    now = time.monotonic()
    left = min(seconds, outer.until - now if outer.depth else outer.left)
    return _Budget(left, outer.request, until=now + left if outer.depth else 0.0, depth=outer.depth)
