"""Signing in with a password and, where the account has one, a second factor: counted, compared, written down.

In one call by programs, in two by pages: they get a PasswordProved, to bring back with the code.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from booking.domain.actors import Actor
from booking.domain.errors import (
    Invalid,
    InvalidCredentials,
    SecondFactorNeeded,
    SessionOver,
    TooManyAttempts,
    WrongCode,
)
from booking.domain.notices import Notice
from booking.domain.people import passwords, second_factor, security_log, sign_in_throttle, users
from booking.domain.people.models import User
from booking.domain.people.second_factor import Secrets
from booking.domain.people.security_log import SecurityEventKind
from booking.domain.people.sign_in_throttle import SignInGuard
from booking.infra import callers, clock

CODE_WITHIN = dt.timedelta(minutes=10)  # after the password


@dataclass(frozen=True, slots=True)
class Identified:
    """Who signs in, and whether a second factor has proved it."""

    user: User
    by_second_factor: bool = False


@dataclass(frozen=True, slots=True)
class PasswordProved:
    """The first of two steps: whose password was right, and when. `mark` ends with that password."""

    user_id: uuid.UUID
    mark: str
    at: dt.datetime


def with_password(
    email: str, password: str, guard: SignInGuard, *, device: str = "", code: str | None = None, secrets: Secrets = ()
) -> Identified:
    """Who signs in; raises InvalidCredentials and TooManyAttempts, alike for an address that nobody has.

    `device` names a browser in which this account's owner has signed in before; empty where it is not known. Where the
    account has a second factor, raises SecondFactorNeeded without a code, WrongCode for one that is not good.
    """
    user = _by_password(email, password, guard, device)
    if not second_factor.is_on(user.id):
        return Identified(user)
    if code is None:
        raise SecondFactorNeeded(PasswordProved(user.id, _mark(user), clock.now()))
    return _with_code(user, code, guard, device, secrets)


def finish(
    proved: PasswordProved,
    code: str,
    guard: SignInGuard,
    secrets: Secrets,
    *,
    device_of: Callable[[str], str] = lambda _: "",
) -> Identified:
    """The second step; raises WrongCode, TooManyAttempts; SessionOver where the first is too long ago, or void.

    `device_of` gives an account's `device`, as above.
    """
    user = users.find_by_id(proved.user_id)
    in_time = clock.now() - CODE_WITHIN < proved.at
    if user is None or user.disabled_at or not in_time or not hmac.compare_digest(_mark(user), proved.mark):
        raise SessionOver
    if not second_factor.is_on(user.id):
        return Identified(user)  # turned off in the meantime, by an operator perhaps: the password was right
    return _with_code(user, code, guard, device_of(guard.account(user.email)), secrets)


def _with_code(user: User, code: str, guard: SignInGuard, device: str, secrets: Secrets) -> Identified:
    try:
        with sign_in_throttle.counted_code(guard, guard.account(user.email), device):
            second_factor.accept(user.id, code, secrets)
    except WrongCode:
        security_log.record_now(SecurityEventKind.SECOND_FACTOR_FAILED, user.id)
        raise
    except TooManyAttempts:
        security_log.note(SecurityEventKind.THROTTLED, user.id)
        raise
    return Identified(user, by_second_factor=True)


def _mark(user: User) -> str:
    return hashlib.sha256((user.password_hash or "").encode()).hexdigest()[:32]


def _by_password(email: str, password: str, guard: SignInGuard, device: str) -> User:
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
