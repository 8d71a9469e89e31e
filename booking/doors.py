"""What all doors share: settings and services of the application, the status of each error family, the request's id.

Knows no rule, and neither pages nor JSON: each door shows an error in its own way.
"""

from __future__ import annotations

import datetime as dt
import re
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import structlog
from flask import Flask, Request, Response, current_app, g, request
from flask_limiter import RateLimitExceeded
from werkzeug import Response as WsgiResponse
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.exceptions import Forbidden as HTTPForbidden

from booking import bodies
from booking.addresses import ProxiesTrusted, client_address, client_key
from booking.config import Settings
from booking.domain import errors, security_log
from booking.domain.attempts import Guard
from booking.domain.desk import Desk, patience
from booking.domain.security_log import Kind
from booking.domain.sessions import Ends
from booking.domain.stays import StayRules
from booking.infra import callers, deadline, provider, secret_keys, telemetry
from booking.infra.callers import Caller
from booking.infra.db import Unavailable
from booking.infra.tokens import KeyRing

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

# HTTP status by family, decided here and nowhere else; the first family that fits.
STATUS: dict[type[errors.BookingError], int] = {
    errors.Invalid: 400,
    errors.Unauthorized: 401,
    errors.PaymentFailed: 402,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.KeyReused: 422,
    errors.TooManyAttempts: 429,
    errors.PaymentUnknown: 503,
    errors.Unavailable: 503,
}


@dataclass(frozen=True, slots=True)
class Services:
    """One application's parts, as the doors use them."""

    settings: Settings
    desk: Desk
    keys: KeyRing
    ends: Ends
    guard: Guard
    started: float


def install(app: Flask, settings: Settings) -> None:
    """Give the application its services, and every request an id, a log line and its metrics."""
    app.extensions["services"] = Services(
        settings, _desk(settings), _key_ring(settings), _ends(settings), _guard(settings), time.monotonic()
    )
    if settings.trusted_proxies:
        app.wsgi_app = ProxiesTrusted(app.wsgi_app, settings.trusted_proxies)  # type: ignore[method-assign]
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_forget)


def _desk(settings: Settings) -> Desk:
    providers = provider.configured(settings)
    return Desk(
        provider=providers[settings.payments],
        providers=providers,
        patience=patience(settings.payment_timeout_seconds),
        rules=StayRules(
            settings.booking_horizon_days,
            settings.longest_stay_nights,
            dt.time.fromisoformat(settings.day_begins_at),
        ),
        hold_for=dt.timedelta(minutes=settings.hold_minutes),
        holds_per_guest=settings.holds_per_guest,
        lock_rooms=settings.redis_lock_enabled,
    )


def _key_ring(settings: Settings) -> KeyRing:
    return KeyRing(settings.jwt_keys, settings.jwt_issuer, settings.jwt_audience, settings.access_token_seconds)


def _ends(settings: Settings) -> Ends:
    return Ends(
        idle=dt.timedelta(days=settings.refresh_token_days),
        longest=dt.timedelta(days=settings.session_days),
        staff_idle=dt.timedelta(hours=settings.staff_session_idle_hours),
        staff_longest=dt.timedelta(days=settings.staff_session_days),
    )


def _guard(settings: Settings) -> Guard:
    key, *_ = secret_keys.ring(settings.secret_keys, secret_keys.ACCOUNTS)
    return Guard(key, enabled=settings.ratelimit_enabled)


def services() -> Services:
    """The running application's."""
    return cast(Services, current_app.extensions["services"])


@dataclass(frozen=True, slots=True)
class Face:
    """How a door shows what went wrong: a refusal of ours, one of HTTP's, a fault."""

    refusal: Callable[[errors.BookingError], Response]
    http: Callable[[HTTPException], WsgiResponse]
    unexpected: Callable[[], Response]


def show_errors(app: Flask, *, api: Face, web: Face) -> None:
    """One handler for everything that goes wrong; who asked decides how it looks."""

    def handle(error: Exception) -> WsgiResponse:
        face = api if is_api(request) else web
        _note(error)
        if isinstance(error, HTTPException):
            return face.http(error)
        refusal = translated(error)
        if refusal is None or status_of(refusal) == 500:
            telemetry.log.error("unexpected_error", exc_info=error)
            return face.unexpected()
        return face.refusal(refusal)

    app.register_error_handler(Exception, handle)


def _note(error: Exception) -> None:
    """What was refused for who asked, or for how often: written down, with the user where they are known."""
    who = g.get("user")
    if isinstance(error, RateLimitExceeded):
        security_log.note(Kind.LIMIT_HIT, who and who.id, limit=str(error.limit.limit))
    elif isinstance(error, errors.Forbidden | HTTPForbidden):
        security_log.note(Kind.FORBIDDEN, who and who.id, path=request.path)


def status_of(error: errors.BookingError) -> int:
    """The HTTP status of an error's family."""
    return next((status for family, status in STATUS.items() if isinstance(error, family)), 500)


def wait_headers(refusal: errors.BookingError) -> dict[str, str]:
    """Retry-After in seconds, where waiting helps."""
    wait = getattr(refusal, "retry_after", None)
    return {"Retry-After": str(wait)} if wait else {}


def translated(error: Exception) -> errors.BookingError | None:
    """The refusal behind an error of the ground floor, None where it is a fault of ours."""
    if isinstance(error, errors.BookingError):
        return error
    return errors.Unavailable() if isinstance(error, Unavailable) else None


def request_id() -> str:
    """The id of this request, as in its log lines and in X-Request-Id."""
    return cast(str, g.get("request_id", ""))


def add_missing(response: Response, headers: Sequence[tuple[str, str]]) -> None:
    """Give the answer those of the headers that it does not have yet, in one pass."""
    there = {name.lower() for name, _ in response.headers}
    response.headers.extend([header for header in headers if header[0].lower() not in there])


def wall_clock() -> float:
    """Seconds since 1970 by this machine's clock, which is the one that limits are counted by."""
    return time.time()


def is_api(asked: Request) -> bool:
    """True for programs, whose errors are JSON."""
    return asked.path.startswith("/api/")


def _forget(_: BaseException | None) -> None:
    # What this thread does next has nothing to do with the request.
    deadline.end_request()
    callers.forget()
    structlog.contextvars.clear_contextvars()


def _begin() -> None:
    # The request itself instead of its proxy, which looks it up anew at every word.
    asked: Request = request._get_current_object()  # type: ignore[attr-defined]  # its own method
    given = asked.headers.get("X-Request-Id", "")
    deadline.begin_request()
    this_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
    g.request_id, g.began = this_id, time.perf_counter()
    structlog.contextvars.bind_contextvars(request_id=this_id)
    callers.bind(lambda: _caller(asked))
    if not asked.host and asked.environ.get("SERVER_PROTOCOL") != "HTTP/1.0":  # before 1.1 nobody had to name it
        raise BadRequest
    # Also because a body that nobody read makes the server hang up after a refusal (one in 200 requests).
    bodies.take(asked)


def _caller(asked: Request) -> Caller:
    address = client_address(asked)
    return Caller(address, client_key(address), asked.headers.get("User-Agent", ""))


def _end(response: Response) -> Response:
    rule = request.url_rule
    route = rule.rule if rule else "(none)"
    began = g.get("began")
    seconds = time.perf_counter() - began if began else 0.0
    telemetry.count_request(request.method, route, response.status_code, seconds)
    add_missing(response, [("X-Request-Id", request_id()), ("X-Content-Type-Options", "nosniff")])
    if not route.startswith(("/api/v1/health", "/metrics")):
        telemetry.log.info(
            "request",
            method=telemetry.method_label(request.method),
            route=route,
            status=response.status_code,
            ms=round(seconds * 1000, 1),
        )
    return response
