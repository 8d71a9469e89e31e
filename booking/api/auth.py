"""Accounts and tokens."""

from __future__ import annotations

from flask import request

from booking.api import schemas
from booking.api.endpoint import endpoint
from booking.domain import people
from booking.domain.actors import VISITOR
from booking.domain.errors import (
    AccountDisabled,
    EmailTaken,
    InvalidCredentials,
    InvalidToken,
    SecondFactorNeeded,
    WrongCode,
)
from booking.domain.people import Credentials, CurrentUser, Refresh, Registration, SignedIn
from booking.http.services import current_services
from booking.infra.ids import encode


@endpoint(
    "POST",
    "/auth/register",
    tag="Accounts",
    body=Registration,
    schema=schemas.RegisteredUser,
    status=201,
    refusals=(EmailTaken,),
    public=True,
)
def register(body: Registration) -> schemas.RegisteredUser:
    """Create an account."""
    settings = current_services().settings
    return schemas.registered(people.register(VISITOR, body, settings.region, site=settings.site_name))


@endpoint(
    "POST",
    "/auth/login",
    tag="Accounts",
    body=Credentials,
    schema=schemas.Tokens,
    refusals=(
        InvalidCredentials,
        SecondFactorNeeded,
        WrongCode,
        AccountDisabled,
    ),
    public=True,
)
def login(body: Credentials) -> schemas.Tokens:
    """Sign in: an access token for an hour, and a refresh token for the next one.

    An account with two-step sign-in also needs `code`: of its authenticator app, or a recovery code.
    """
    services, client = current_services(), request.headers.get("User-Agent", "")
    secrets = services.settings.secret_keys
    found = people.sign_in(body.email, body.password, services.guard, code=body.code, secrets=secrets)
    return _tokens(people.start_api_session(found.user.id, client, by_second_factor=found.by_second_factor))


@endpoint(
    "POST",
    "/auth/refresh",
    tag="Accounts",
    body=Refresh,
    schema=schemas.Tokens,
    refusals=(InvalidToken,),
    public=True,
)
def refresh(body: Refresh) -> schemas.Tokens:
    """Exchange a refresh token for new tokens. For 10 s a repeat gets the same one; after that it ends the session."""
    return _tokens(people.refresh_session(body.refresh_token, current_services().ends))


@endpoint("POST", "/auth/logout", tag="Accounts", status=204)
def logout(user: CurrentUser) -> None:
    """Sign out: refresh and access tokens of this session stop working at once."""
    people.sign_out(user.actor)


@endpoint("GET", "/me", tag="Accounts", schema=schemas.CurrentUser)
def me(user: CurrentUser) -> schemas.CurrentUser:
    """Who is signed in."""
    return schemas.me(user, email_verified=people.is_email_verified(user.actor))


def _tokens(signed_in: SignedIn) -> schemas.Tokens:
    keys, user = current_services().keys, signed_in.user
    return schemas.Tokens(
        access_token=keys.issue(
            sub=encode("user", user.id),
            email=user.email,
            region=user.region,
            sid=encode("session", user.session_id),
        ),
        expires_in=keys.seconds,
        refresh_token=signed_in.refresh_token,
        user=schemas.user(user),
    )
