"""What people change about their own account."""

from __future__ import annotations

import uuid

from booking.domain import passwords, resets, sessions, users
from booking.domain.errors import Invalid
from booking.domain.models import User
from booking.domain.users import CurrentUser
from booking.infra.db import READ_COMMITTED, db, reading, transaction


@transaction(isolation=READ_COMMITTED)
def rename(user_id: uuid.UUID, full_name: str) -> None:
    """Give the account another name."""
    db.session.get_one(User, user_id).full_name = full_name
    sessions.changed(user_id)


def confirm(who: CurrentUser, password: str) -> None:
    """The owner proves once more who they are, before something sensitive; raises Invalid when it is wrong."""
    if not passwords.matches(_stored_hash(who.id), password):
        raise Invalid(details={"confirmPassword": "is wrong"})
    _confirmed(who)


@transaction(isolation=READ_COMMITTED)
def _confirmed(who: CurrentUser) -> None:
    sessions.proved(who)


def change_password(who: CurrentUser, current: str, new: str, *, site: str = "") -> int:
    """Exchange the password and end every other sign-in. Returns how many those were.

    Raises Invalid when `current` is not the present one, or the new one is guessed soon.
    """
    passwords.refuse_weak(new, "newPassword", (who.email, who.full_name, site))
    if not passwords.matches(_stored_hash(who.id), current):
        raise Invalid(details={"currentPassword": "is wrong"})
    return _exchange(who, passwords.hashed(new))


@transaction(isolation=READ_COMMITTED)
def _exchange(who: CurrentUser, password_hash: str) -> int:
    resets.withdraw(who.id)
    users.set_password(who.id, password_hash)
    sessions.proved(who)
    return sessions.end_all(who.id, but=who.session_id)


@reading
def _stored_hash(user_id: uuid.UUID) -> str | None:
    return db.session.get_one(User, user_id).password_hash
