"""What people change about their own account."""

from __future__ import annotations

from booking.domain.actors import Actor
from booking.domain.people import (
    audit_log,
    password_resets,
    passwords,
    permissions,
    security_log,
    sessions,
    signing_in,
    users,
)
from booking.domain.people.audit_log import Personal
from booking.domain.people.permissions import Action
from booking.domain.people.security_log import SecurityEventKind
from booking.domain.people.sign_in_throttle import UNCOUNTED, SignInGuard
from booking.infra.db import READ_COMMITTED, transaction
from booking.infra.ids import encode


@transaction(isolation=READ_COMMITTED)
def rename(actor: Actor, full_name: str) -> None:
    """Give one's account another name. Raises AccountNotFound."""
    permissions.require(actor, Action.CHANGE_ACCOUNT, own=actor.account)
    user = users.lock(actor.account)
    personal = Personal(user.id, {"fullName": user.full_name}, {"fullName": full_name})
    audit_log.record(actor, "account.renamed", encode("user", user.id), personal=personal)
    user.full_name = full_name
    sessions.changed(user.id)


def confirm(actor: Actor, password: str, guard: SignInGuard = UNCOUNTED) -> None:
    """The owner proves once more who they are, before something sensitive.

    Raises Invalid when it is wrong, TooManyAttempts when it was tried too often.
    """
    signing_in.confirm(actor, password, "confirmPassword", guard)
    _confirmed(actor)


@transaction(isolation=READ_COMMITTED)
def _confirmed(actor: Actor) -> None:
    sessions.proved(actor)
    security_log.record(SecurityEventKind.IDENTITY_CONFIRMED, actor.account)


def change_password(actor: Actor, current: str, new: str, *, site: str = "", guard: SignInGuard = UNCOUNTED) -> int:
    """Exchange the password and end every other sign-in. Returns how many those were.

    Raises Invalid when `current` is not the present one, or the new one is guessed soon; TooManyAttempts.
    """
    permissions.require(actor, Action.CHANGE_ACCOUNT, own=actor.account)
    user = users.own(actor)
    passwords.refuse_weak(new, "newPassword", (user.email, user.full_name, site))
    signing_in.confirm(actor, current, "currentPassword", guard)
    return _exchange(actor, passwords.hashed(new))


@transaction(isolation=READ_COMMITTED)
def _exchange(actor: Actor, password_hash: str) -> int:
    password_resets.withdraw(actor.account)
    users.set_password(actor, actor.account, password_hash)
    sessions.proved(actor)
    return sessions.end_all(actor.account, but=actor.session_id)
