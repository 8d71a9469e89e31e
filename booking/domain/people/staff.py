"""What is done to other people's accounts: what they are in a house, and a password for somebody who cannot set one."""

from __future__ import annotations

import uuid

from booking.domain.actors import Actor, ActorKind, Role
from booking.domain.errors import Forbidden, LastOwner
from booking.domain.people import (
    audit_log,
    memberships,
    password_resets,
    passwords,
    permissions,
    security_log,
    sessions,
    users,
)
from booking.domain.people.models import StaffMembership, User
from booking.domain.people.permissions import Action
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, db, transaction
from booking.infra.ids import encode


@transaction(isolation=READ_COMMITTED)
def give_role(
    actor: Actor, user_id: uuid.UUID, role: Role, property_id: uuid.UUID | None = None, *, even_last: bool = False
) -> bool:
    """Make somebody this at a property, or at all (None), in place of what they were there. Whether that changed it.

    Their sign-ins end: they were made for the old role. Raises Forbidden, AccountNotFound; LastOwner, but for an
    operator, who can make another one, where `even_last`.
    """
    permissions.require(actor, Action.GIVE_ROLES, at=property_id, otherwise=Forbidden)
    return give(actor, user_id, role, property_id, even_last=even_last)


def give(
    actor: Actor, user_id: uuid.UUID, role: Role, property_id: uuid.UUID | None, *, even_last: bool = False
) -> bool:
    """The same, inside the caller's transaction, which has asked whether the actor may."""
    user, held = users.lock(user_id), memberships.at(user_id, property_id)
    before, was_last = held.role if held else None, False
    if held is None:
        db.session.add(StaffMembership(user_id=user_id, property_id=property_id, role=role, created_at=sql_now()))
    elif held.role == role:
        return False
    else:
        was_last = _refuse_last_owner(actor, held, even_last=even_last)
        held.role = role
    _changed(actor, user, property_id, before, role, was_last=was_last)
    return True


@transaction(isolation=READ_COMMITTED)
def take_role(
    actor: Actor, user_id: uuid.UUID, property_id: uuid.UUID | None = None, *, even_last: bool = False
) -> bool:
    """End what somebody is at a property, or at all (None). Whether they were anything there.

    Raises Forbidden, AccountNotFound; LastOwner, but for an operator, who can make another one, where `even_last`.
    """
    permissions.require(actor, Action.GIVE_ROLES, at=property_id, otherwise=Forbidden)
    user, held = users.lock(user_id), memberships.at(user_id, property_id)
    if held is None:
        return False
    end(actor, user, held, even_last=even_last)
    return True


def end(actor: Actor, user: User, held: StaffMembership, *, even_last: bool = False) -> None:
    """Inside the caller's transaction, which has asked whether the actor may and has locked the account."""
    was_last = _refuse_last_owner(actor, held, even_last=even_last)
    db.session.delete(held)
    _changed(actor, user, held.property_id, held.role, None, was_last=was_last)


def _refuse_last_owner(actor: Actor, held: StaffMembership, *, even_last: bool) -> bool:
    """Whether it is the last owner's role all the same."""
    is_last = (held.role, held.property_id) == (Role.OWNER, None) and memberships.is_last_owner(held.user_id)
    if is_last and not (even_last and actor.kind is ActorKind.SYSTEM):
        raise LastOwner
    return is_last


def _changed(
    actor: Actor, user: User, property_id: uuid.UUID | None, before: str | None, after: str | None, *, was_last: bool
) -> None:
    db.session.flush()
    user.role = memberships.summed_up(memberships.all_of(user.id))
    where = {"property": encode("property", property_id) if property_id else "all"}
    subject, told = encode("user", user.id), {"lastOwner": True} if was_last else {}
    now = where | {"role": after} | told
    audit_log.record(actor, "role.changed", subject, before=where | {"role": before}, after=now)
    security_log.record(security_log.SecurityEventKind.ROLE_CHANGED, user.id)
    sessions.end_all(user.id)


def set_password(actor: Actor, user: User, new: str, *, site: str = "") -> None:
    """Another password; every sign-in and every link on its way ends, and a mail tells the account's owner.

    Raises Forbidden, and Invalid where it is guessed soon.
    """
    permissions.require(actor, Action.SET_PASSWORD_OF_OTHERS, otherwise=Forbidden)
    passwords.refuse_weak(new, "password", (user.email, user.full_name, site))
    _exchange(actor, user.id, passwords.hashed(new))


@transaction(isolation=READ_COMMITTED)
def _exchange(actor: Actor, user_id: uuid.UUID, password_hash: str) -> None:
    password_resets.withdraw(user_id)
    users.set_password(actor, user_id, password_hash)
    sessions.end_all(user_id)
