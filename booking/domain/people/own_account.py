"""What people change about their own account."""

from __future__ import annotations

import uuid

from booking.domain.people import password_resets, passwords, security_log, sessions, signing_in, users
from booking.domain.people.models import User
from booking.domain.people.security_log import SecurityEventKind
from booking.domain.people.sign_in_throttle import UNCOUNTED, SignInGuard
from booking.domain.people.users import CurrentUser
from booking.infra.db import READ_COMMITTED, db, transaction


@transaction(isolation=READ_COMMITTED)
def rename(user_id: uuid.UUID, full_name: str) -> None:
    """Give the account another name."""
    db.session.get_one(User, user_id).full_name = full_name
    sessions.changed(user_id)


def confirm(who: CurrentUser, password: str, guard: SignInGuard = UNCOUNTED) -> None:
    """The owner proves once more who they are, before something sensitive.

    Raises Invalid when it is wrong, TooManyAttempts when it was tried too often.
    """
    signing_in.confirm(who, password, "confirmPassword", guard)
    _confirmed(who)


@transaction(isolation=READ_COMMITTED)
def _confirmed(who: CurrentUser) -> None:
    sessions.proved(who)
    security_log.record(SecurityEventKind.IDENTITY_CONFIRMED, who.id)


def change_password(who: CurrentUser, current: str, new: str, *, site: str = "", guard: SignInGuard = UNCOUNTED) -> int:
    """Exchange the password and end every other sign-in. Returns how many those were.

    Raises Invalid when `current` is not the present one, or the new one is guessed soon; TooManyAttempts.
    """
    passwords.refuse_weak(new, "newPassword", (who.email, who.full_name, site))
    signing_in.confirm(who, current, "currentPassword", guard)
    return _exchange(who, passwords.hashed(new))


@transaction(isolation=READ_COMMITTED)
def _exchange(who: CurrentUser, password_hash: str) -> int:
    password_resets.withdraw(who.id)
    users.set_password(who.id, password_hash)
    sessions.proved(who)
    return sessions.end_all(who.id, but=who.session_id)
