"""Accounts and tokens."""

from __future__ import annotations

from flask import request

from booking import doors
from booking.api import shapes
from booking.api.endpoint import endpoint
from booking.domain import emails, sessions, signing_in, users
from booking.domain.errors import AccountDisabled, EmailTaken, InvalidCredentials, InvalidToken
from booking.domain.inputs import Credentials, Refresh, Registration
from booking.domain.sessions import SignedIn
from booking.domain.users import CurrentUser
from booking.infra.ids import encode


@endpoint(
    "POST",
    "/auth/register",
    tag="Accounts",
    body=Registration,
    shape=shapes.RegisteredShape,
    status=201,
    refusals=(EmailTaken,),
    public=True,
)
def register(body: Registration) -> shapes.RegisteredShape:
    """Create an account."""
    settings = doors.services().settings
    return shapes.registered(users.register(body, settings.region, site=settings.site_name))


@endpoint(
    "POST",
    "/auth/login",
    tag="Accounts",
    body=Credentials,
    shape=shapes.TokensShape,
    refusals=(
        InvalidCredentials,
        AccountDisabled,
    ),
    public=True,
)
def login(body: Credentials) -> shapes.TokensShape:
    """Sign in: an access token for an hour, and a refresh token for the next one."""
    user = signing_in.with_password(body.email, body.password, doors.services().guard)
    return _tokens(sessions.start_api(user.id, request.headers.get("User-Agent", "")))


@endpoint(
    "POST",
    "/auth/refresh",
    tag="Accounts",
    body=Refresh,
    shape=shapes.TokensShape,
    refusals=(InvalidToken,),
    public=True,
)
def refresh(body: Refresh) -> shapes.TokensShape:
    """Exchange a refresh token for new tokens. For 10 s a repeat gets the same one; after that it ends the session."""
    return _tokens(sessions.refresh(body.refresh_token, doors.services().ends))


@endpoint("POST", "/auth/logout", tag="Accounts", status=204)
def logout(user: CurrentUser) -> None:
    """Sign out: refresh and access tokens of this session stop working at once."""
    sessions.end(user.session_id)


@endpoint("GET", "/me", tag="Accounts", shape=shapes.MeShape)
def me(user: CurrentUser) -> shapes.MeShape:
    """Who is signed in."""
    return shapes.me(user, email_verified=emails.is_verified(user.id))


def _tokens(signed_in: SignedIn) -> shapes.TokensShape:
    keys, user = doors.services().keys, signed_in.user
    return shapes.TokensShape(
        access_token=keys.issue(
            sub=encode("user", user.id),
            email=user.email,
            region=user.region,
            sid=encode("session", user.session_id),
        ),
        expires_in=keys.seconds,
        refresh_token=signed_in.refresh_token,
        user=shapes.user(user),
    )
