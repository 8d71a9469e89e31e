"""Signing in with a password and, where the account has one, a second factor: counted, compared, written down.

In one call by programs, in two by pages: they get a PasswordProved, to bring back with the code or a passkey. A passkey
alone is as good: it proves a device and its owner's finger, face or PIN.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from booking.domain.actors import Actor
from booking.domain.errors import (
    AccountDisabled,
    Invalid,
    InvalidCredentials,
    SecondFactorNeeded,
    SessionOver,
    TooManyAttempts,
    WrongCode,
)
from booking.domain.notices import Notice
from booking.domain.people import passkeys, passwords, second_factor, security_log, sign_in_throttle, users
from booking.domain.people.models import User
from booking.domain.people.passkey_ceremonies import Challenge, Site
from booking.domain.people.passkey_errors import WrongPasskey
from booking.domain.people.second_factor import Secrets, Ways
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
    """The first of two steps: whose password was right, and when. `mark` ends with that password.

    `ways`: by what the second can be made.
    """

    user_id: uuid.UUID
    mark: str
    at: dt.datetime
    ways: Ways


def with_password(
    email: str, password: str, guard: SignInGuard, *, device: str = "", code: str | None = None, secrets: Secrets = ()
) -> Identified:
    """Who signs in; raises InvalidCredentials and TooManyAttempts, alike for an address that nobody has.

    `device` names a browser in which this account's owner has signed in before; empty where it is not known. Where the
    account has a second factor, raises SecondFactorNeeded without a code, WrongCode for one that is not good.
    """
    user = _by_password(email, password, guard, device)
    ways = second_factor.ways(user.id)
    if not (ways.app or ways.passkey):
        return Identified(user)
    if code is None:
        raise SecondFactorNeeded(PasswordProved(user.id, _mark(user), clock.now(), ways))
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
    user = half_way(proved)
    if not second_factor.is_on(user.id):
        return Identified(user)  # turned off in the meantime, by an operator perhaps: the password was right
    return _with_code(user, code, guard, device_of(guard.account(user.email)), secrets)


def half_way(proved: PasswordProved) -> User:
    """Whose password was right; raises SessionOver where that was too long ago, or is void."""
    user = users.find_by_id(proved.user_id)
    in_time = clock.now() - CODE_WITHIN < proved.at
    if user is None or user.disabled_at or not in_time or not hmac.compare_digest(_mark(user), proved.mark):
        raise SessionOver
    return user


def ask_for_passkey(proved: PasswordProved, site: Site) -> passkeys.Asked:
    """What to ask the browser for in the second step. Raises SessionOver as above; PasskeyNotFound without one."""
    return passkeys.ask(half_way(proved).id, site)


def finish_by_passkey(
    proved: PasswordProved,
    answer: str,
    challenge: Challenge | None,
    site: Site,
    guard: SignInGuard,
    *,
    device_of: Callable[[str], str] = lambda _: "",
) -> Identified:
    """The second step by a passkey; raises WrongPasskey, ChallengeOver, TooManyAttempts; SessionOver as above."""
    user = half_way(proved)
    if not second_factor.is_on(user.id):
        return Identified(user)  # as above
    device = device_of(guard.account(user.email))
    with _second_step(user, guard, device):
        passkeys.accept(user.id, answer, challenge, site)
    return Identified(user, by_second_factor=True)


def by_passkey(
    answer: str,
    challenge: Challenge | None,
    site: Site,
    guard: SignInGuard,
    *,
    device_of: Callable[[str], str] = lambda _: "",
) -> Identified:
    """Who signs in by a passkey alone. Counted as passwords are, together with them.

    Raises WrongPasskey, ChallengeOver, TooManyAttempts; AccountDisabled where the passkey is right.
    """
    user = passkeys.find_owner(answer)
    if user is None:
        security_log.note(SecurityEventKind.PASSKEY_REFUSED)
        raise WrongPasskey
    account, network = guard.account(user.email), callers.current().network
    device = device_of(account)
    try:
        with sign_in_throttle.counted(
            guard, account, device or network, own=bool(device), known=lambda: _has_been_there(user.email, network)
        ):
            passkeys.accept(user.id, answer, challenge, site)
    except WrongPasskey:
        security_log.record_now(SecurityEventKind.PASSKEY_REFUSED, user.id)
        raise
    except TooManyAttempts:
        security_log.note(SecurityEventKind.THROTTLED, account=account)
        raise
    if user.disabled_at is not None:  # said only to whoever has the key
        raise AccountDisabled
    return Identified(user, by_second_factor=True)


def _with_code(user: User, code: str, guard: SignInGuard, device: str, secrets: Secrets) -> Identified:
    with _second_step(user, guard, device):
        second_factor.accept(user.id, code, secrets)
    return Identified(user, by_second_factor=True)


@contextmanager
def _second_step(user: User, guard: SignInGuard, device: str) -> Iterator[None]:
    try:
        with sign_in_throttle.counted_code(guard, guard.account(user.email), device):
            yield
    except WrongCode:
        security_log.record_now(SecurityEventKind.SECOND_FACTOR_FAILED, user.id)
        raise
    except WrongPasskey:
        security_log.record_now(SecurityEventKind.PASSKEY_REFUSED, user.id)
        raise
    except TooManyAttempts:
        security_log.note(SecurityEventKind.THROTTLED, user.id)
        raise


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
