"""Every error of the API in one envelope: {"error": "CODE", "message": "a sentence", "details": {...}}."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_limiter import RateLimitExceeded
from werkzeug.exceptions import HTTPException

from booking.api import refusal_schemas
from booking.api.endpoint import json_response, to_json
from booking.api.refusal_schemas import Alternative, Refusal
from booking.domain import errors
from booking.http import limits, words
from booking.http.error_rendering import ErrorRenderer, status_of, wait_headers
from booking.http.requests import request_id


def body_of(error: errors.BookingError) -> bytes:
    """The envelope of a refusal."""
    details = {field: words.problem(field, notice) for field, notice in error.details.items()} | error.named
    message, instead = words.message(error), _instead(error)
    return to_json(Refusal(error=error.code, message=message, details=details or None, alternatives=instead))


def _instead(error: errors.BookingError) -> list[Alternative] | None:
    """Of a room that is gone, not of a hold whose time is over."""
    if not isinstance(error, errors.RoomNotAvailable) or error.code != errors.RoomNotAvailable.code:
        return None
    return refusal_schemas.alternatives(error.alternatives)


def _refusal(refusal: errors.BookingError) -> Response:
    return json_response(body_of(refusal), status_of(refusal), _headers(refusal))


def _headers(refusal: errors.BookingError) -> dict[str, str]:
    if isinstance(refusal, errors.Unauthorized):
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(refusal, errors.TooManyAttempts):
        return limits.attempt_headers(refusal)
    return wait_headers(refusal)


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    code, message = words.of_status(status)
    headers = limits.refusal_headers() if isinstance(error, RateLimitExceeded) else _kept_headers(error)
    return json_response(to_json(Refusal(error=code, message=message)), status, headers)


def _kept_headers(error: HTTPException) -> dict[str, str]:
    return {name: value for name, value in error.get_headers() if name == "Allow"}


def _unexpected() -> Response:
    details: dict[str, Any] = {"requestId": request_id()}
    code, message = words.of_status(500)
    return json_response(to_json(Refusal(error=code, message=message, details=details)), 500)


RENDERER = ErrorRenderer(refusal=_refusal, http=_http, unexpected=_unexpected)
