"""A process that dies between any two steps: before or after a transaction, before or after the provider has acted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from booking.infra import db


class Killed(BaseException):
    """The process ends here: no handler of ours runs."""


class Deaths:
    """Counts steps; at the one that was chosen, everything ends."""

    def __init__(self) -> None:
        self.left = 0

    def step(self) -> None:
        if self.left:
            self.left -= 1
            if not self.left:
                raise Killed

    @contextmanager
    def at(self, step: int) -> Iterator[None]:
        """Die at the so-manieth step inside; 0: never."""
        self.left = step
        attempt = db._attempt

        def between(work: Any, isolation: str) -> Any:
            if isolation == db.AUTOCOMMIT:  # only looks
                return attempt(work, isolation)
            self.step()
            done = attempt(work, isolation)
            self.step()
            return done

        try:
            with patch.object(db, "_attempt", between):
                yield
        finally:
            self.left = 0


class Mortal:
    """A provider whose caller may die just before or after it has acted."""

    def __init__(self, provider: Any, deaths: Deaths) -> None:
        self.provider, self.deaths, self.name = provider, deaths, provider.name
        self.page_origin = provider.page_origin

    def charge(self, *call: Any) -> Any:
        return self._between(self.provider.charge, call)

    def charge_kept(self, *call: Any) -> Any:
        return self._between(self.provider.charge_kept, call)

    def cancel(self, *call: Any) -> Any:
        return self._between(self.provider.cancel, call)

    def refund(self, *call: Any) -> Any:
        return self._between(self.provider.refund, call)

    def page(self, *call: Any) -> Any:
        return self._between(self.provider.page, call)

    def find(self, key: Any) -> Any:
        return self.provider.find(key)

    # --- where it tells by itself what happens there

    def heard(self, *call: Any) -> Any:
        return self.provider.heard(*call)

    def dispute(self, *call: Any) -> Any:
        return self.provider.dispute(*call)

    def returns(self, *call: Any) -> Any:
        return self._between(self.provider.returns, call)

    def refunds_made(self, *call: Any) -> Any:
        return self.provider.refunds_made(*call)

    def disputes_made(self, *call: Any) -> Any:
        return self.provider.disputes_made(*call)

    def _between(self, verb: Any, call: tuple[Any, ...]) -> Any:
        self.deaths.step()
        outcome = verb(*call)
        self.deaths.step()
        return outcome
