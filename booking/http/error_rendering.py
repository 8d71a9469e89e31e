"""Errors become answers: the status of each family, and one handler for pages and programs.

Knows neither pages nor JSON: each door brings an ErrorRenderer, which shows an error in its own way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, Response, g, request
from flask_limiter import RateLimitExceeded
from werkzeug import Response as WsgiResponse
from werkzeug.exceptions import Forbidden as HTTPForbidden
from werkzeug.exceptions import HTTPException

from booking.domain import errors, people
from booking.domain.people import SecurityEventKind
from booking.http.requests import is_api
from booking.infra import telemetry
from booking.infra.db import Unavailable

# HTTP status by family, decided here and nowhere else; the first family that fits.
STATUS: dict[type[errors.BookingError], int] = {
    errors.Invalid: 400,
    errors.Unauthorized: 401,
    errors.PaymentFailed: 402,
    errors.PaymentActionRequired: 402,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.KeyReused: 422,
    errors.TooManyAttempts: 429,
    errors.PaymentUnknown: 503,
    errors.Unavailable: 503,
}


@dataclass(frozen=True, slots=True)
class ErrorRenderer:
    """How a door shows what went wrong: a refusal of ours, one of HTTP's, a fault."""

    refusal: Callable[[errors.BookingError], Response]
    http: Callable[[HTTPException], WsgiResponse]
    unexpected: Callable[[], Response]


def show_errors(app: Flask, *, api: ErrorRenderer, web: ErrorRenderer) -> None:
    """One handler for everything that goes wrong; who asked decides how it looks."""

    def handle(error: Exception) -> WsgiResponse:
        renderer = api if is_api(request) else web
        _note(error)
        if isinstance(error, HTTPException):
            return renderer.http(error)
        refusal = translated(error)
        if refusal is None or status_of(refusal) == 500:
            telemetry.log.error("unexpected_error", exc_info=error)
            return renderer.unexpected()
        return renderer.refusal(refusal)

    app.register_error_handler(Exception, handle)


def _note(error: Exception) -> None:
    """What was refused for who asked, or for how often: written down, with the user where they are known."""
    who = g.get("user")
    if isinstance(error, RateLimitExceeded):
        people.note_security_event(SecurityEventKind.LIMIT_HIT, who and who.id, limit=str(error.limit.limit))
    elif isinstance(error, errors.Forbidden | HTTPForbidden):
        people.note_security_event(SecurityEventKind.FORBIDDEN, who and who.id, path=request.path)


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
