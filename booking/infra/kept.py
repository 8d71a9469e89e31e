"""One value that every request goes by and that hardly ever changes: each process reads it anew after some seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar, cast

from flask import current_app
from sqlalchemy.exc import DBAPIError

from booking.infra import deadline, telemetry
from booking.infra.db import Unavailable

T = TypeVar("T")

SECONDS = 3.0  # how long a process goes by what it has read: so late it learns what another one has changed
PATIENCE = 0.5  # seconds for the question; without an answer, what was true stays true
PLACE = "booking.kept"  # in an application's extensions


@dataclass(slots=True)
class _State(Generic[T]):
    """What a process has read, and until when (by the monotonic clock) it goes by that; 0: ask."""

    value: T
    until: float = 0.0
    is_known: bool = False
    asking: threading.Lock = field(default_factory=threading.Lock)


class Kept(Generic[T]):
    """The value under this name, `otherwise` where nobody has ever been able to say. `read` is one quick question."""

    def __init__(self, name: str, read: Callable[[], T], otherwise: T) -> None:
        self._name, self._read, self._otherwise = name, read, otherwise

    def get(self) -> T:
        """One request in some seconds reads it; those beside it go by what was read before."""
        state = self._state()
        if time.monotonic() < state.until or not state.asking.acquire(blocking=not state.is_known):
            return state.value
        try:
            if time.monotonic() >= state.until:  # whoever waited may have been told meanwhile
                self._ask(state)
        finally:
            state.asking.release()
        return state.value

    def forget(self) -> None:
        """The next request of this process reads it."""
        self._state().until = 0.0

    def _ask(self, state: _State[T]) -> None:
        try:
            with deadline.limit(PATIENCE):
                state.value = self._read()
        except (Unavailable, DBAPIError) as error:
            telemetry.log.warning("kept_value_unknown", name=self._name, error=str(error.__cause__ or error).strip())
        state.is_known, state.until = True, time.monotonic() + SECONDS

    def _state(self) -> _State[T]:
        # Of every request, so that nothing is made in vain.
        extensions = current_app.extensions
        states = extensions.get(PLACE) or extensions.setdefault(PLACE, {})
        found = states.get(self._name) or states.setdefault(self._name, _State(self._otherwise))
        return cast("_State[T]", found)
