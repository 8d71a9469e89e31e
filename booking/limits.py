"""How much one address or one user may ask, of pages and API together.

Sliding windows in Redis; per process while Redis is away, never open.
"""

from __future__ import annotations

from collections.abc import Callable

import redis
from flask import Flask, g, request
from flask_limiter import Limiter

from booking import doors
from booking.addresses import client_address, client_key
from booking.config import Settings
from booking.domain.errors import TooManyAttempts
from booking.infra.redis import FAIL_FAST


def _address() -> str:
    return f"ip:{client_key(client_address(request))}"


def _user() -> str:
    return f"user:{g.user.id}"


limiter = Limiter(key_func=_address)


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
    limiter.init_app(app)


@limiter.shared_limit(lambda: doors.services().settings.limit_public, scope="public", key_func=_address)
def count_public() -> None:
    """One more request from this address to a public endpoint; raises RateLimitExceeded."""


@limiter.shared_limit(lambda: doors.services().settings.limit_user, scope="user", key_func=_user)
def count_user() -> None:
    """One more request of this user."""


@limiter.shared_limit(lambda: doors.services().settings.limit_bookings, scope="bookings", key_func=_user)
def count_booking() -> None:
    """One more booking of this user."""


@limiter.shared_limit(lambda: doors.services().settings.limit_reservations, scope="reservations", key_func=_address)
def _count_reservation() -> None:
    """One more press of "Reserve" from this address, by whatever account."""


def count_reservation() -> None:
    """Count this request as a reservation of its address; raises RateLimitExceeded."""
    _counted(_count_reservation)


@limiter.shared_limit(lambda: doors.services().settings.limit_mails, scope="mails", key_func=_address)
def _count_mail() -> None:
    """One more link that this address has mailed."""


def count_mail() -> None:
    """Count this request, which has a link mailed to somebody; raises RateLimitExceeded."""
    _counted(_count_mail)


def count(*, public: bool, books: bool) -> None:
    """Count this request where it belongs; raises RateLimitExceeded."""
    for counter in (count_public,) if public else (count_user, count_booking) if books else (count_user,):
        _counted(counter)


def _counted(counter: Callable[[], None]) -> None:
    if not limiter.enabled:
        return
    try:
        counter()
    except redis.RedisError:
        # When Redis dies, flask-limiter lets only the first thread fall back to memory and hands the error of those
        # beside it on; asked again, they count in memory too.
        counter()


def refusal_headers() -> dict[str, str]:
    """What a refused request is told: how much it may ask, and when again."""
    limit = limiter.current_limit
    if limit is None:
        return {}
    wait = max(1, round(limit.reset_at - doors.wall_clock()))
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
