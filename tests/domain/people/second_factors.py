"""Somebody with an authenticator app."""

from __future__ import annotations

import pyotp
from sqlalchemy import select

from booking.domain.actors import Actor
from booking.domain.people import second_factor
from booking.domain.tables import Authenticator
from booking.infra import clock
from booking.infra.db import db, reading

SECRETS = ("a secret for tests", "the one before")


@reading
def app_of(actor: Actor, secrets: tuple[str, ...] = SECRETS) -> pyotp.TOTP:
    """The app, as if it had scanned the QR code of the account."""
    [app] = db.session.scalars(select(Authenticator).where(Authenticator.user_id == actor.account)).all()
    return pyotp.TOTP(second_factor._opened(app, secrets))


def turned_on(actor: Actor, secrets: tuple[str, ...] = SECRETS) -> list[str]:
    """Two-step sign-in with an app; the recovery codes."""
    second_factor.begin(actor, secrets)
    return second_factor.turn_on(actor, app_of(actor, secrets).at(clock.now()), secrets)
