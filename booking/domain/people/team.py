"""Who works at a house: the list, and the end of somebody's access."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator
from sqlalchemy import Result, Select, exists, func, or_, select

from booking.domain.actors import Actor, Role
from booking.domain.errors import AccountNotFound, NotFound
from booking.domain.inputs import Input, one_of
from booking.domain.people import permissions, staff, users
from booking.domain.people.models import Session, StaffMembership, User
from booking.domain.people.permissions import Action, Reach
from booking.domain.people.second_factor_models import Authenticator, Passkey
from booking.infra.db import READ_COMMITTED, db, reading, transaction

ROLES = tuple(role.value for role in Role)


class RoleChoice(Input):
    """A role, at a property by its id, or at all where there is none."""

    role: Annotated[str, AfterValidator(one_of(ROLES))]
    property: str | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A role at a property, or at all (None)."""

    role: Role
    property_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class TeamMember:
    """Somebody, and what they are where the actor may give roles; `seen` is when they last used a sign-in."""

    id: uuid.UUID
    name: str
    email: str
    is_disabled: bool
    has_second_factor: bool
    seen: dt.datetime | None
    held: tuple[Held, ...]


@dataclass(frozen=True, slots=True)
class Team:
    """Everybody, by name; `everywhere`: whether the actor may give roles at all properties, else `properties`."""

    members: list[TeamMember]
    everywhere: bool
    properties: frozenset[uuid.UUID]


@reading
def find(actor: Actor) -> Team:
    """Who works where the actor may give roles; by two statements. Raises NotFound where that is nowhere."""
    reach = permissions.reach(actor, Action.GIVE_ROLES)
    if not reach:
        raise NotFound
    held: dict[uuid.UUID, list[Held]] = {}
    for row in db.session.scalars(_within(reach)):
        held.setdefault(row.user_id, []).append(Held(Role(row.role), row.property_id))
    members = [
        TeamMember(
            one.id, one.full_name, one.email, one.disabled_at is not None, in_two_steps, seen, tuple(held[one.id])
        )
        for one, in_two_steps, seen in _people(list(held))
    ]
    return Team(members, reach.properties is None, reach.properties or frozenset())


@transaction(isolation=READ_COMMITTED)
def end_access(actor: Actor, user_id: uuid.UUID, *, even_last: bool = False) -> int:
    """Take every role of somebody that the actor may give; their sign-ins end at once. How many there were.

    Raises AccountNotFound, also where the actor may give none; LastOwner, but for an operator where `even_last`.
    """
    reach = permissions.reach(actor, Action.GIVE_ROLES)
    if not reach:
        raise AccountNotFound
    user = users.lock(user_id)
    theirs = db.session.scalars(_within(reach).where(StaffMembership.user_id == user_id)).all()
    for held in theirs:
        staff.end(actor, user, held, even_last=even_last)
    return len(theirs)


_IN_TWO_STEPS = or_(
    exists().where(Authenticator.user_id == User.id, Authenticator.confirmed_at.is_not(None)),
    exists().where(Passkey.user_id == User.id),
)


def _within(reach: Reach) -> Select[StaffMembership]:
    roles = select(StaffMembership).order_by(StaffMembership.property_id.is_not(None), StaffMembership.id)
    return roles if reach.properties is None else roles.where(StaffMembership.property_id.in_(reach.properties))


def _people(ids: Sequence[uuid.UUID]) -> Result[User, bool, dt.datetime | None]:
    seen = select(func.max(Session.last_seen_at)).where(Session.user_id == User.id).scalar_subquery()
    return db.session.execute(
        select(User, _IN_TWO_STEPS, seen)
        .where(User.id.in_(ids), User.deleted_at.is_(None))
        .order_by(User.full_name, User.id)
    )
