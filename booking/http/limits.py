"""How much one address or one user may ask, of pages and API together.

Sliding windows in Redis; per process while Redis is away, never open.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import redis
from flask import Flask, current_app, g, request
from flask_limiter import Limiter
from limits.storage import RedisStorage

from booking.config import Settings
from booking.domain.errors import TooManyAttempts
from booking.http.client_address import client_address, client_key
from booking.http.requests import wall_clock
from booking.infra.redis import FAIL_FAST


class _InRedis(RedisStorage):
    """By Redis' client alone: the library would import Valkey's too where that is installed, a tenth of a start."""

    STORAGE_SCHEME = ["redis", "rediss", "redis+unix"]  # noqa: RUF012 as its parent has them
    DEPENDENCIES = {"redis": None}  # noqa: RUF012


def _address() -> str:
    return f"ip:{client_key(client_address(request))}"


def _user() -> str:
    return f"user:{g.user.id}"


class _Counters:
    """One application's counters: each call is one more request; raises RateLimitExceeded."""

    def __init__(self, settings: Settings) -> None:
        self.limiter = Limiter(key_func=_address)
        self.public = self._counter("public", settings.limit_public, _address)
        self.user = self._counter("user", settings.limit_user, _user)
        self.booking = self._counter("bookings", settings.limit_bookings, _user)
        self.reservation = self._counter("reservations", settings.limit_reservations, _address)
        self.mail = self._counter("mails", settings.limit_mails, _address)

    def _counter(self, scope: str, limit: str, key: Callable[[], str]) -> Callable[[], None]:
        def counted() -> None:
            """Nothing but being counted."""

        # Limits are found again by the name of the function that they stand around.
        counted.__qualname__ = f"counted_{scope}"
        return self.limiter.shared_limit(limit, scope=scope, key_func=key)(counted)


def install(app: Flask, settings: Settings) -> None:
    """Choose where requests are counted."""
    app.config.update(
        RATELIMIT_ENABLED=settings.ratelimit_enabled,
        RATELIMIT_STORAGE_URI=settings.redis_url,
        RATELIMIT_STORAGE_OPTIONS=FAIL_FAST,
        RATELIMIT_STRATEGY="sliding-window-counter",
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
        RATELIMIT_HEADERS_ENABLED=False,  # one more trip to Redis per request; a refusal carries them
        RATELIMIT_KEY_PREFIX="limit",
    )
    counters = app.extensions["limits"] = _Counters(settings)
    counters.limiter.init_app(app)
    # It would look before every request for limits of the whole application, of which there are none: a tenth of what
    # a kept search costs.
    hooks = app.before_request_funcs[None]
    hooks[:] = [hook for hook in hooks if getattr(hook, "__self__", None) is not counters.limiter]


def _counters() -> _Counters:
    return cast(_Counters, current_app.extensions["limits"])


def count_public() -> None:
    """One more request from this address to a public endpoint; raises RateLimitExceeded."""
    _counted(_counters().public)


def count_reservation() -> None:
    """One more press of "Reserve" from this address, by whatever account; raises RateLimitExceeded."""
    _counted(_counters().reservation)


def count_mail() -> None:
    """One more link that this address has mailed to somebody; raises RateLimitExceeded."""
    _counted(_counters().mail)


def count(*, public: bool, books: bool) -> None:
    """Count this request where it belongs; raises RateLimitExceeded."""
    counters = _counters()
    for counter in (counters.public,) if public else (counters.user, counters.booking) if books else (counters.user,):
        _counted(counter)


def _counted(counter: Callable[[], None]) -> None:
    if not _counters().limiter.enabled:
        return
    try:
        counter()
    except redis.RedisError:
        # When Redis dies, flask-limiter lets only the first thread fall back to memory and hands the error of those
        # beside it on; asked again, they count in memory too.
        counter()


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
