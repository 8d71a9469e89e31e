"""How much one address or one user may ask, of pages and API together.

Sliding windows in Redis; per process while Redis is away, never open.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TypeVar, cast

import redis
from flask import Flask, current_app, g, request
from flask_limiter import Limiter
from limits import RateLimitItem, parse_many
from limits.storage import RedisStorage

from booking.config import Settings
from booking.domain.errors import TooManyAttempts
from booking.http.client_address import client_address, client_key
from booking.http.requests import wall_clock
from booking.infra import windows
from booking.infra.redis import FAIL_FAST
from booking.infra.windows import Window

T = TypeVar("T")

PREFIX = "limit"


class _InRedis(RedisStorage):
    """By Redis' client alone: the library would import Valkey's too where that is installed, a tenth of a start.

    What one request is counted in takes one round trip, where the library would take one for each.
    """

    STORAGE_SCHEME = ["redis", "rediss", "redis+unix"]  # noqa: RUF012 as its parent has them
    DEPENDENCIES = {"redis": None}  # noqa: RUF012

    def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        return windows.take(self.window(key, limit, expiry, amount), cast(redis.Redis, self.get_connection()))

    def window(self, key: str, limit: int, expiry: int, amount: int = 1) -> Window:
        """The window of a limit's key, by the names that the library gives it."""
        before, now = self._previous_window_key(key), self._current_window_key(key)
        return Window(self.prefixed_key(before), self.prefixed_key(now), limit, expiry, amount)


def _address() -> str:
    return f"ip:{client_key(client_address(request))}"


def _user() -> str:
    return _name(g.user.id)


def _name(user_id: uuid.UUID) -> str:
    return f"user:{user_id}"


@dataclass(frozen=True, slots=True)
class _Counter:
    """What is counted under one name. `hit` counts one more request; it raises RateLimitExceeded."""

    scope: str
    limits: Sequence[RateLimitItem]  # as flask-limiter asks for them: the shortest first
    key: Callable[[], str]
    hit: Callable[[], None]

    def windows(self, storage: _InRedis, who: str | None = None) -> list[Window]:
        """What `hit` will ask the storage for, about `who` is asking or somebody else."""
        by = who or self.key()
        return [
            storage.window(limit.key_for(PREFIX, by, self.scope), limit.amount, limit.get_expiry())
            for limit in self.limits
        ]


class _Counters:
    """One application's."""

    def __init__(self, settings: Settings) -> None:
        self.limiter = Limiter(key_func=_address)
        self.public = self._counter("public", settings.limit_public, _address)
        self.user = self._counter("user", settings.limit_user, _user)
        self.booking = self._counter("bookings", settings.limit_bookings, _user)
        self.reservation = self._counter("reservations", settings.limit_reservations, _address)
        self.code = self._counter("codes", settings.limit_codes, _user)
        self.mail = self._counter("mails", settings.limit_mails, _address)

    def _counter(self, scope: str, limit: str, key: Callable[[], str]) -> _Counter:
        def counted() -> None:
            """Nothing but being counted."""

        # Limits are found again by the name of the function that they stand around.
        counted.__qualname__ = f"counted_{scope}"
        hit = self.limiter.shared_limit(limit, scope=scope, key_func=key)(counted)
        return _Counter(scope, sorted(parse_many(limit)), key, hit)

    def of_user(self, *, books: bool) -> tuple[_Counter, ...]:
        return (self.user, self.booking) if books else (self.user,)

    def storage(self) -> _InRedis | None:
        """Where requests are counted; None while that is in the memory of this process, or nowhere."""
        if not self.limiter.enabled:
            return None
        present = self.limiter.limiter.storage
        return present if isinstance(present, _InRedis) else None


def install(app: Flask, settings: Settings) -> None:
    """Choose where requests are counted."""
    app.config.update(
        RATELIMIT_ENABLED=settings.ratelimit_enabled,
        RATELIMIT_STORAGE_URI=settings.redis_url,
        RATELIMIT_STORAGE_OPTIONS=FAIL_FAST,
        RATELIMIT_STRATEGY="sliding-window-counter",
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
        RATELIMIT_HEADERS_ENABLED=False,  # one more trip to Redis per request; a refusal carries them
        RATELIMIT_KEY_PREFIX=PREFIX,
    )
    counters = app.extensions["limits"] = _Counters(settings)
    counters.limiter.init_app(app)
    # It would look before every request for limits of the whole application, and after it for headers and for what is
    # counted by the answer: none of them are asked for, and to look takes more than a tenth of a kept search.
    _take_out(app.before_request_funcs[None], counters.limiter)
    _take_out(app.after_request_funcs[None], counters.limiter)


def _take_out(hooks: list[T], limiter: Limiter) -> None:
    """The limiter's own: a method of it, or one that it is given to."""
    hooks[:] = [one for one in hooks if limiter not in (getattr(one, "__self__", None), *getattr(one, "args", ()))]


def _counters() -> _Counters:
    return cast(_Counters, current_app.extensions["limits"])


def count_public() -> None:
    """One more request from this address to a public endpoint; raises RateLimitExceeded."""
    _counted(_counters().public)


def count_reservation() -> None:
    """One more press of "Reserve" by this user and from this address, whoever they are; raises RateLimitExceeded."""
    counters = _counters()
    _counted(*counters.of_user(books=True), counters.reservation)


def count_code() -> None:
    """One more promotion code that this user tries; raises RateLimitExceeded. So nobody finds one by guessing."""
    _counted(_counters().code)


def count_mail() -> None:
    """One more link that this address has mailed to somebody; raises RateLimitExceeded."""
    _counted(_counters().mail)


def count(*, public: bool, books: bool) -> None:
    """Count this request where it belongs; raises RateLimitExceeded."""
    counters = _counters()
    _counted(*((counters.public,) if public else counters.of_user(books=books)))


@contextmanager
def expected(user_id: uuid.UUID, *, books: bool, reserves: bool = False) -> Iterator[None]:
    """While the block runs, a look-up that finds this user's session counts the request in the same round trip.

    `count` (or `count_reservation`) still decides about it; where no session is found, nothing has been counted.
    """
    counters = _counters()
    if (storage := counters.storage()) is None:
        yield
        return
    of_user = [one for counter in counters.of_user(books=books) for one in counter.windows(storage, _name(user_id))]
    with windows.counted_together([*of_user, *(counters.reservation.windows(storage) if reserves else [])]):
        yield


def _counted(*counters: _Counter) -> None:
    # Counted with the session: what is left to do is to refuse, and there is nobody to be refused.
    if not _counters().limiter.enabled or windows.had_room():
        return
    with _in_one_trip(counters):
        for counter in counters:
            try:
                counter.hit()
            except redis.RedisError:
                # When Redis dies, flask-limiter lets only the first thread fall back to memory and hands the error of
                # those beside it on; asked again, they count in memory too.
                counter.hit()


def _in_one_trip(counters: Sequence[_Counter]) -> AbstractContextManager[None]:
    storage = _counters().storage()
    if len(counters) == 1 or storage is None or windows.are_expected():
        return nullcontext()
    return windows.counted_together([one for counter in counters for one in counter.windows(storage)])


def refusal_headers() -> dict[str, str]:
    """What a refused request is told: how much it may ask, and when again."""
    limit = _counters().limiter.current_limit
    if limit is None:
        return {}
    wait = max(1, round(limit.reset_at - wall_clock()))
    return {
        "Retry-After": str(wait),
        "RateLimit-Limit": str(limit.limit.amount),
        "RateLimit-Remaining": str(max(0, limit.remaining)),
        "RateLimit-Reset": str(wait),
    }


def attempt_headers(refusal: TooManyAttempts) -> dict[str, str]:
    """The same about passwords that were tried too often."""
    wait = str(refusal.retry_after)
    return {"Retry-After": wait, "RateLimit-Limit": "1", "RateLimit-Remaining": "0", "RateLimit-Reset": wait}
