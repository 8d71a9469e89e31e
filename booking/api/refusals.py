"""Every error of the API in one envelope: {"error": "CODE", "message": "a sentence", "details": {...}}."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, request
from flask_limiter import RateLimitExceeded
from werkzeug.exceptions import HTTPException

from booking import doors
from booking.api import shapes
from booking.api.endpoint import json_response, to_json
from booking.api.limits import limiter
from booking.domain import errors
from booking.infra import telemetry

# What Flask itself refuses, in our words.
HTTP = {
    400: ("BAD_REQUEST", "The request could not be understood."),
    404: ("NOT_FOUND", "There is nothing here."),
    405: ("METHOD_NOT_ALLOWED", "This method is not allowed here."),
    413: ("PAYLOAD_TOO_LARGE", "The body is too large."),
    415: ("UNSUPPORTED_MEDIA_TYPE", "Send the body as application/json."),
    429: ("RATE_LIMIT_EXCEEDED", "Too many requests. Please try again later."),
}


def install(app: Flask) -> None:
    """One handler for everything that goes wrong."""
    app.register_error_handler(Exception, _handle)


def body_of(error: errors.BookingError) -> bytes:
    """The envelope of a refusal."""
    return to_json(shapes.Refusal(error=error.code, message=error.message, details=error.details or None))


def _handle(error: Exception) -> Response | HTTPException:
    if isinstance(error, HTTPException):
        return _http(error) if doors.is_api(request) else error
    refusal = doors.translated(error)
    if refusal is None or doors.status_of(refusal) == 500:
        telemetry.log.error("unexpected_error", exc_info=error)
        return _unexpected()
    return json_response(body_of(refusal), doors.status_of(refusal), _headers(refusal))


def _headers(refusal: errors.BookingError) -> dict[str, str]:
    if isinstance(refusal, errors.Unauthorized):
        return {"WWW-Authenticate": "Bearer"}
    wait = getattr(refusal, "retry_after", None)
    return {"Retry-After": str(wait)} if wait else {}


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    code, message = HTTP.get(status, ("BAD_REQUEST", "The request could not be understood."))
    headers = _limit_headers() if isinstance(error, RateLimitExceeded) else _kept_headers(error)
    return json_response(to_json(shapes.Refusal(error=code, message=message)), status, headers)


def _kept_headers(error: HTTPException) -> dict[str, str]:
    return {name: value for name, value in error.get_headers() if name == "Allow"}


def _limit_headers() -> dict[str, str]:
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


def _unexpected() -> Response:
    details: dict[str, Any] = {"requestId": doors.request_id()}
    message = "Something went wrong on our side. Please tell us the request id."
    return json_response(to_json(shapes.Refusal(error="INTERNAL_ERROR", message=message, details=details)), 500)
