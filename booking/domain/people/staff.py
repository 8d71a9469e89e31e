"""What an operator does to accounts: who is an owner, and a password for somebody who cannot set one."""

from __future__ import annotations

import uuid

from sqlalchemy import func, select

from booking.domain.people import password_resets, passwords, security_log, sessions, users
from booking.domain.people.models import User
from booking.infra.db import READ_COMMITTED, db, reading, transaction

GUEST, OWNER = "guest", "owner"


@transaction(isolation=READ_COMMITTED)
def set_role(user_id: uuid.UUID, role: str) -> bool:
    """Give the account another role and end its sign-ins, which were made for the old one. Whether it was another."""
    user = db.session.get_one(User, user_id, with_for_update=True)
    if user.role == role:
        return False
    user.role = role
    security_log.record(security_log.SecurityEventKind.ROLE_CHANGED, user_id)
    sessions.end_all(user_id)
    return True


def set_password(user: User, new: str, *, site: str = "") -> None:
    """Another password; every sign-in and every link on its way ends, and a mail tells the account's owner.

    Raises Invalid where it is guessed soon.
    """
    passwords.refuse_weak(new, "password", (user.email, user.full_name, site))
    _exchange(user.id, passwords.hashed(new))


@transaction(isolation=READ_COMMITTED)
def _exchange(user_id: uuid.UUID, password_hash: str) -> None:
    password_resets.withdraw(user_id)
    users.set_password(user_id, password_hash)
    sessions.end_all(user_id)


@reading
def owners() -> int:
    """How many accounts may do everything, and may sign in."""
    return db.session.scalar(select(func.count()).where(User.role == OWNER, User.disabled_at.is_(None))) or 0
