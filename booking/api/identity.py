"""Who asks: the bearer token, and the session behind it."""

from __future__ import annotations

from flask import request

from booking.domain import people
from booking.domain.errors import Unauthorized
from booking.domain.people import CurrentUser
from booking.http.services import current_services
from booking.infra.ids import decode
from booking.infra.tokens import BadToken


class TokenMissing(Unauthorized):
    reason = "TOKEN_MISSING"


class TokenUnusable(Unauthorized):
    reason = "TOKEN_UNUSABLE"


def of_request() -> CurrentUser:
    """The user of the bearer token; raises Unauthorized: missing, forged, expired, or its session ended."""
    services = current_services()
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise TokenMissing
    try:
        claims = services.keys.read(token.strip())
    except BadToken:
        raise TokenUnusable from None
    session_id, user_id = decode("session", str(claims["sid"])), decode("user", str(claims["sub"]))
    if session_id is None or user_id is None:
        raise TokenUnusable
    kept_for = services.settings.session_cache_seconds
    return people.current_session(session_id, user_id, kept_for=kept_for, ends=services.ends)
