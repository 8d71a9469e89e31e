"""Who asks: the bearer token, and the session behind it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from flask import request

from booking.domain.errors import Unauthorized
from booking.domain.people import CurrentUser
from booking.http.services import current_services
from booking.http.sign_ins import who_is
from booking.infra.ids import decode
from booking.infra.tokens import BadToken


class TokenMissing(Unauthorized):
    reason = "TOKEN_MISSING"


class TokenUnusable(Unauthorized):
    reason = "TOKEN_UNUSABLE"


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who a token that we have signed is about; whether its session goes on is not said yet."""

    session_id: uuid.UUID
    user_id: uuid.UUID


def of_request() -> Bearer:
    """What the bearer token says; raises Unauthorized: missing, forged, expired."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise TokenMissing
    try:
        claims = current_services().keys.read(token.strip())
    except BadToken:
        raise TokenUnusable from None
    session_id, user_id = decode("session", str(claims["sid"])), decode("user", str(claims["sub"]))
    if session_id is None or user_id is None:
        raise TokenUnusable
    return Bearer(session_id, user_id)


def user_of(bearer: Bearer) -> CurrentUser:
    """The user behind it; raises Unauthorized where the session has ended."""
    return who_is(bearer.session_id, bearer.user_id)
