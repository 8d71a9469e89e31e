"""Signing in with a password: counted, compared, written down."""

from __future__ import annotations

from booking.domain.actors import Actor
from booking.domain.errors import Invalid, InvalidCredentials, TooManyAttempts
from booking.domain.notices import Notice
from booking.domain.people import passwords, security_log, sign_in_throttle, users
from booking.domain.people.models import User
from booking.domain.people.security_log import SecurityEventKind
from booking.domain.people.sign_in_throttle import SignInGuard
from booking.infra import callers


def with_password(email: str, password: str, guard: SignInGuard, *, device: str = "") -> User:
    """The user who signs in; raises InvalidCredentials and TooManyAttempts, alike for an address that nobody has.

    `device` names a browser in which this account's owner has signed in before; empty where it is not known.
    """
    account, network = guard.account(email), callers.current().network
    try:
        with sign_in_throttle.counted(
            guard, account, device or network, own=bool(device), known=lambda: _has_been_there(email, network)
        ):
            return users.with_password(email, password)
    except InvalidCredentials:
        owner = users.find(email)  # asked for those that nobody has, too: the same work
        security_log.record_now(
            SecurityEventKind.SIGN_IN_FAILED, owner.id if owner else None, account="" if owner else account
        )
        raise
    except TooManyAttempts:
        security_log.note(SecurityEventKind.THROTTLED, account=account)
        raise


def confirm(actor: Actor, password: str, field: str, guard: SignInGuard) -> None:
    """The owner proves once more who they are; raises Invalid naming the field, and TooManyAttempts.

    Counted for this sign-in alone: whoever found an open browser may not try passwords for long.
    """
    user = users.own(actor)
    try:
        with sign_in_throttle.counted(
            guard, guard.account(user.email), str(actor.session_id), own=True, known=lambda: True
        ):
            if not passwords.matches(user.password_hash, password):
                raise InvalidCredentials
    except InvalidCredentials:
        security_log.record_now(SecurityEventKind.IDENTITY_REFUSED, user.id)
        raise Invalid(details={field: Notice("wrong")}) from None
    except TooManyAttempts:
        security_log.note(SecurityEventKind.THROTTLED, user.id)
        raise


def _has_been_there(email: str, network: str) -> bool:
    owner = users.find(email)
    return owner is not None and security_log.has_signed_in_from(owner.id, network)
