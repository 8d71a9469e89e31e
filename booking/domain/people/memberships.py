"""Who is what in which house. Memberships decide; `users.role` only sums them up, for sessions and older versions.

The version before writes `users.role` alone: a trigger of Postgres keeps memberships in step with it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from sqlalchemy import case, func, select

from booking.domain.actors import Actor, Membership, Role
from booking.domain.errors import LastOwner
from booking.domain.people.models import StaffMembership, User
from booking.infra.db import db, reading

GUEST, STAFF, OWNER = "guest", "staff", "owner"  # users.role
NEED_SECOND_FACTOR = frozenset({Role.OWNER, Role.MANAGER})


def summed_up(memberships: Iterable[Membership]) -> str:
    """owner: everywhere; staff: anything else; guest: nothing."""
    held = list(memberships)
    if Membership(Role.OWNER) in held:
        return OWNER
    return STAFF if held else GUEST


def counting(held: tuple[Membership, ...], *, strong: bool) -> tuple[Membership, ...]:
    """What counts in a sign-in: all where it is `strong`, else what a password alone is enough for."""
    return held if strong else tuple(one for one in held if one.role not in NEED_SECOND_FACTOR)


def of(user: User) -> tuple[Membership, ...]:
    """What somebody is, inside the caller's transaction. Guests cost no statement."""
    return () if user.role == GUEST else all_of(user.id)


def all_of(user_id: uuid.UUID) -> tuple[Membership, ...]:
    """The same, whatever the sum says."""
    rows = db.session.scalars(select(StaffMembership).where(StaffMembership.user_id == user_id))
    return tuple(Membership(Role(row.role), row.property_id) for row in rows)


def actor_of(user: User) -> Actor:
    """Whoever has shown by a link that they read the account's mail, inside the caller's transaction."""
    return Actor.signed_in(user.id, of(user), None)


def at(user_id: uuid.UUID, property_id: uuid.UUID | None) -> StaffMembership | None:
    """What somebody is at this property, or at all (None), inside the caller's transaction."""
    there = StaffMembership.user_id == user_id, StaffMembership.property_id.is_not_distinct_from(property_id)
    return db.session.scalars(select(StaffMembership).where(*there)).one_or_none()


# A column of statements over users: pairs of role and property; NULL for guests, for whom it reads nothing.
AS_JSON = case(
    (
        User.role != GUEST,
        select(func.json_agg(func.json_build_array(StaffMembership.role, StaffMembership.property_id)))
        .where(StaffMembership.user_id == User.id)
        .correlate(User)
        .scalar_subquery(),
    )
).label("memberships")


def from_json(pairs: list[tuple[str, Any]] | None) -> tuple[Membership, ...]:
    """What AS_JSON says."""
    return tuple(Membership(Role(role), property_id and uuid.UUID(property_id)) for role, property_id in pairs or ())


@reading
def owners() -> int:
    """How many accounts may do everything, and may sign in."""
    active = select(func.count()).select_from(StaffMembership).join(User, User.id == StaffMembership.user_id)
    return db.session.scalar(active.where(*_OWNS_ALL, User.disabled_at.is_(None))) or 0


def refuse_last_owner(user_id: uuid.UUID) -> None:
    """Inside the caller's transaction: raise LastOwner where nobody else may do everything."""
    if is_last_owner(user_id):
        raise LastOwner


def is_last_owner(user_id: uuid.UUID) -> bool:
    """Inside the caller's transaction, of an owner: whether nobody else may do everything.

    All owners' memberships are locked, in one order: of two who leave at once, the second finds the first gone.
    """
    locked = select(StaffMembership).where(*_OWNS_ALL).order_by(StaffMembership.id).with_for_update()
    others = {row.user_id for row in db.session.scalars(locked)} - {user_id}
    active = select(User.id).where(User.id.in_(others), User.disabled_at.is_(None))
    return db.session.scalar(active.limit(1)) is None


_OWNS_ALL = StaffMembership.role == Role.OWNER, StaffMembership.property_id.is_(None)
