"""Who is told what of the house by email: each person's own choice, within what they may see.

Whoever owns all of it is told of trouble at once unless they choose otherwise; everybody else of nothing.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from booking.domain.actors import Actor, Membership, Role
from booking.domain.errors import AccountNotFound, Invalid, NotFound
from booking.domain.notices import Notice
from booking.domain.people import permissions
from booking.domain.people.alert_choice_models import (
    ALERT_KINDS,
    ALERT_WAYS,
    AT_ONCE,
    BACKUPS,
    BOOKINGS,
    EMAILS,
    MESSAGES,
    MONEY,
    OFF,
    SYSTEM,
    AlertChoice,
    FiguresReader,
)
from booking.domain.people.models import StaffMembership, User
from booking.domain.people.permissions import Action, Reach
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import new_id

# What somebody has to be allowed to see, to be told of it.
NEEDS = {
    MONEY: Action.SEE_PAYMENTS,
    EMAILS: Action.SEE_SYSTEM,
    SYSTEM: Action.SEE_SYSTEM,
    BACKUPS: Action.SEE_SYSTEM,
    BOOKINGS: Action.SEE_BOOKING,
    MESSAGES: Action.SEE_BOOKING,
}
TROUBLE = (MONEY, EMAILS, SYSTEM, BACKUPS)
NEWS = (BOOKINGS, MESSAGES)


@dataclass(frozen=True, slots=True)
class AlertReader:
    """Somebody who works here: what they may be told of (by kind, None: nothing) and how they want it.

    `told_until` and `told_at` are of the kinds that they have chosen themselves.
    """

    user_id: uuid.UUID
    actor: Actor
    ways: Mapping[str, str]
    told_until: Mapping[str, uuid.UUID]
    told_at: Mapping[str, dt.datetime | None]

    def way(self, kind: str) -> str:
        """Off where they may not see it."""
        return self.ways[kind] if self.reach(kind) else OFF

    def reach(self, kind: str) -> Reach:
        """At which properties they may be told of it."""
        return permissions.reach(self.actor, NEEDS[kind])

    def hears_of(self, kind: str, property_id: uuid.UUID | None) -> bool:
        """Whether they may be told of something there; of what belongs to no property, those who see all of them."""
        within = self.reach(kind).properties
        return within is None or (property_id is not None and property_id in within)


@reading
def mine(actor: Actor) -> dict[str, str]:
    """How the actor is told of each kind that they may see. Raises NotFound where there is none."""
    found = {kind: one.way(kind) for one in _readers(actor.account) for kind in ALERT_KINDS if one.reach(kind)}
    if not found:
        raise NotFound
    return found


@reading
def readers() -> list[AlertReader]:
    """Everybody who works here and may sign in."""
    return _readers()


def readers_within() -> list[AlertReader]:
    """The same, inside the caller's transaction."""
    return _readers()


@reading
def with_emails(actor: Actor) -> list[tuple[AlertReader, str]]:
    """The same with their addresses, by these. Raises NotFound for who gives no roles at all properties."""
    permissions.require(actor, Action.GIVE_ROLES)
    known = {reader.user_id: reader for reader in _readers()}
    rows = db.session.execute(select(User.id, User.email).where(User.id.in_(known)).order_by(User.email_key))
    return [(known[user_id], email) for user_id, email in rows]


@transaction(isolation=READ_COMMITTED)
def choose(actor: Actor, ways: Mapping[str, str], *, whose: uuid.UUID | None = None) -> None:
    """Be told of these kinds in these ways from now on; a command may say so for somebody else (`whose`).

    Raises Invalid for an unknown kind or way, NotFound for what they may not see, AccountNotFound.
    """
    user_id = whose or actor.account
    if user_id != actor.user_id:
        permissions.require(actor, Action.GIVE_ROLES, otherwise=AccountNotFound)
    if wrong := {kind: Notice("not_one_of", choices=ALERT_WAYS) for kind, how in ways.items() if how not in ALERT_WAYS}:
        raise Invalid(details=wrong)
    if unknown := {kind: Notice("not_accepted") for kind in ways if kind not in ALERT_KINDS}:
        raise Invalid(details=unknown)
    if not any(all(reader.reach(kind) for kind in ways) for reader in _readers(user_id)):
        raise NotFound
    for kind, how in ways.items():
        _put(user_id, kind, how)


def _put(user_id: uuid.UUID, kind: str, how: str) -> None:
    """What happened before they chose it is not told."""
    fresh = {"how": how, "told_until": new_id(), "told_at": None}
    put = insert(AlertChoice).values(user_id=user_id, kind=kind, **fresh)
    db.session.execute(
        put.on_conflict_do_update(index_elements=["user_id", "kind"], set_=fresh, where=AlertChoice.how != how)
    )


def note_told(user_id: uuid.UUID, kinds: Sequence[str], until: uuid.UUID, *, told: bool) -> bool:
    """Inside the caller's transaction: everything up to that event is told. False where somebody else has done it."""
    step = {"told_until": until} | ({"told_at": sql_now()} if told else {})
    behind = AlertChoice.user_id == user_id, AlertChoice.kind.in_(kinds), AlertChoice.told_until < until
    moved = update(AlertChoice).where(*behind).values(**step).returning(AlertChoice.kind)
    return bool(db.session.scalars(moved.execution_options(synchronize_session=False)).all())


def _readers(user_id: uuid.UUID | None = None) -> list[AlertReader]:
    held: dict[uuid.UUID, list[Membership]] = {}
    found = (
        select(StaffMembership.user_id, StaffMembership.role, StaffMembership.property_id)
        .join(User, User.id == StaffMembership.user_id)
        .where(User.disabled_at.is_(None))
        .order_by(StaffMembership.user_id)
    )
    if user_id:
        found = found.where(User.id == user_id)
    for who, role, place in db.session.execute(found):
        held.setdefault(who, []).append(Membership(Role(role), place))
    chosen: dict[uuid.UUID, list[AlertChoice]] = {}
    for choice in db.session.scalars(select(AlertChoice).where(AlertChoice.user_id.in_(held))):
        chosen.setdefault(choice.user_id, []).append(choice)
    return [_reader(who, tuple(roles), chosen.get(who, [])) for who, roles in held.items()]


def _reader(who: uuid.UUID, held: tuple[Membership, ...], choices: Sequence[AlertChoice]) -> AlertReader:
    usual = AT_ONCE if Membership(Role.OWNER) in held else OFF
    ways = {kind: usual if kind in TROUBLE else OFF for kind in ALERT_KINDS}
    return AlertReader(
        who,
        Actor.signed_in(who, held, None),
        ways | {one.kind: one.how for one in choices},
        {one.kind: one.told_until for one in choices},
        {one.kind: one.told_at for one in choices},
    )


def of_person(user_id: uuid.UUID) -> list[dict[str, str]]:
    """What somebody has chosen, for themselves, inside the caller's transaction."""
    own = select(AlertChoice).where(AlertChoice.user_id == user_id).order_by(AlertChoice.kind)
    return [{"kind": one.kind, "how": one.how} for one in db.session.scalars(own)]


def gets_figures(user_id: uuid.UUID) -> bool:
    """Whether somebody has chosen the figures of each week, inside the caller's transaction."""
    return db.session.get(FiguresReader, user_id) is not None
