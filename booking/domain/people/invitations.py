"""Asking somebody by email to work at a house. Opening the link does nothing: its owner signs in and presses a button.

The role goes to the account that has the invited address, and to no other, for as long as whoever invited may give it.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator
from sqlalchemy import ColumnElement, or_, select, update

from booking.domain import messages
from booking.domain.actors import Actor, Role
from booking.domain.errors import Forbidden, Invalid, InvitationOver, InvitedAnother, NotFound
from booking.domain.inputs import Input, one_of
from booking.domain.notices import Notice
from booking.domain.people import audit_log, email_verification, mailed_links, memberships, permissions, staff, users
from booking.domain.people.inputs import Email
from booking.domain.people.invitation_models import Invitation
from booking.domain.people.mailed_links import LinkKind, Secrets
from booking.domain.people.models import StaffMembership, User
from booking.domain.people.permissions import Action
from booking.domain.people.team import ROLES
from booking.domain.people.users import email_key
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import encode, new_id

GOOD_FOR = dt.timedelta(days=7)
INVITED = "staff.invited"  # the event


class InvitationOrder(Input):
    """Whom to ask, and for what; `property` is an id, none means all."""

    email: Email
    role: Annotated[str, AfterValidator(one_of(ROLES))]
    property: str | None = None


@dataclass(frozen=True, slots=True)
class ShownInvitation:
    """What an invitation says. `inviter` is the name of whoever sent it."""

    id: uuid.UUID
    email: str
    role: Role
    property_id: uuid.UUID | None
    inviter: str
    created_at: dt.datetime
    expires_at: dt.datetime


@transaction(isolation=READ_COMMITTED)
def invite(
    actor: Actor, email: str, role: Role, property_id: uuid.UUID | None, *, by: uuid.UUID | None = None
) -> uuid.UUID:
    """Have an email sent; what was open for the same address and property ends. Its id.

    Raises Forbidden; Invalid where they have that role already, or are invited for it. A command, which has no account,
    does it in the name of one that may give the role: `by`. The same once more within a minute is the first one: a
    button that was pressed twice sends one email.
    """
    permissions.require(actor, Action.GIVE_ROLES, at=property_id, otherwise=Forbidden)
    inviter = actor.account if by is None else _may_invite(by, property_id)
    same = Invitation.email_key == email_key(email), Invitation.property_id.is_not_distinct_from(property_id), *_OPEN
    users.lock(inviter)  # of two at once, the second finds the first
    recent = select(Invitation.id).where(*same, Invitation.role == role, Invitation.created_at > sql_now() - PAUSE)
    if found := db.session.scalar(recent.limit(1)):
        return found
    _refuse_needless(email_key(email), role, property_id, db.session.scalar(select(Invitation.role).where(*same)))
    db.session.execute(update(Invitation).where(*same).values(withdrawn_at=sql_now()))
    made = Invitation(id=new_id(), email=email, email_key=email_key(email), role=role, property_id=property_id)
    made.invited_by, made.created_at, made.expires_at = inviter, sql_now(), sql_now() + GOOD_FOR
    db.session.add(made)
    shown = encode("invitation", made.id)
    # The address stands in the invitation alone, which is deleted in time.
    audit_log.record(actor, INVITED, shown, after={"role": role, "property": _written(property_id)})
    messages.record(actor, INVITED, {"invitationId": shown})
    return made.id


PAUSE = mailed_links.PAUSE
_OPEN = Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None), Invitation.expires_at > sql_now()


@reading
def pending(actor: Actor) -> list[ShownInvitation]:
    """Those that may still be accepted, where the actor may give roles; the newest first. Raises NotFound."""
    reach = permissions.reach(actor, Action.GIVE_ROLES)
    if not reach:
        raise NotFound
    within = () if reach.properties is None else (Invitation.property_id.in_(reach.properties),)
    return _shown(*_OPEN, *within)


@reading
def notice(invitation_id: uuid.UUID) -> ShownInvitation | None:
    """For its email: None where it is over by now."""
    return next(iter(_shown(Invitation.id == invitation_id, *_OPEN)), None)


@reading
def shown(link: str, secrets: Secrets) -> ShownInvitation:
    """What the link is about, for whoever has it. Raises InvitationOver."""
    found = _shown(Invitation.id == _proven(link, secrets), *_OPEN)
    if not found:
        raise InvitationOver
    return found[0]


@transaction(isolation=READ_COMMITTED)
def accept(actor: Actor, link: str, secrets: Secrets) -> None:
    """Take the role, in the account that the actor has signed in to; its sign-ins end, as with every new role.

    Raises InvitationOver, also where whoever invited may not give it any more; InvitedAnother where the account has
    another address.
    """
    row = select(Invitation).where(Invitation.id == _proven(link, secrets), *_OPEN).with_for_update()
    invitation = db.session.scalars(row).one_or_none()
    if invitation is None:
        raise InvitationOver
    user = users.lock(actor.account)
    if user.email_key != invitation.email_key:
        raise InvitedAnother(email=invitation.email)
    inviter = db.session.get_one(User, invitation.invited_by)
    by = Actor.signed_in(inviter.id, memberships.all_of(inviter.id), None)
    if inviter.disabled_at or not permissions.may(by, Action.GIVE_ROLES, at=invitation.property_id):
        raise InvitationOver
    invitation.accepted_at = sql_now()
    email_verification.verified(user.id)  # the link was in its mailbox
    staff.give(by, user.id, Role(invitation.role), invitation.property_id)


@transaction(isolation=READ_COMMITTED)
def withdraw(actor: Actor, invitation_id: uuid.UUID) -> None:
    """It opens nothing any more. Twice is once. Raises InvitationOver, also where the actor may not."""
    found = db.session.get(Invitation, invitation_id, with_for_update=True)
    at = found.property_id if found else None
    permissions.require(actor, Action.GIVE_ROLES, at=at, otherwise=InvitationOver)
    if found is None or found.accepted_at:
        raise InvitationOver
    if found.withdrawn_at is None:
        found.withdrawn_at = sql_now()
        facts = {"role": found.role, "property": _written(found.property_id)}
        audit_log.record(actor, "invitation.withdrawn", encode("invitation", found.id), before=facts)


def _refuse_needless(key: str, role: Role, property_id: uuid.UUID | None, invited_as: str | None) -> None:
    """What somebody is everywhere they are at a property, too."""
    there = or_(StaffMembership.property_id == property_id, StaffMembership.property_id.is_(None))
    theirs = select(StaffMembership.id).join(User, User.id == StaffMembership.user_id).where(User.email_key == key)
    if db.session.scalar(theirs.where(StaffMembership.role == role, there).limit(1)):
        raise Invalid(details={"email": Notice("has_this_role")})
    if invited_as == role:
        raise Invalid(details={"email": Notice("invited_for_this_role")})


def _may_invite(account: uuid.UUID, property_id: uuid.UUID | None) -> uuid.UUID:
    named = Actor.signed_in(account, memberships.all_of(account), None)
    permissions.require(named, Action.GIVE_ROLES, at=property_id, otherwise=Forbidden)
    return account


def _shown(*conditions: ColumnElement[bool]) -> list[ShownInvitation]:
    rows = select(Invitation, User.full_name).join(User, User.id == Invitation.invited_by).where(*conditions)
    return [
        ShownInvitation(one.id, one.email, Role(one.role), one.property_id, inviter, one.created_at, one.expires_at)
        for one, inviter in db.session.execute(rows.order_by(Invitation.id.desc()))
    ]


def _proven(link: str, secrets: Secrets) -> uuid.UUID:
    found = mailed_links.proven(LinkKind.INVITE, link, secrets)
    if found is None:
        raise InvitationOver
    return found


def _written(property_id: uuid.UUID | None) -> str:
    return encode("property", property_id) if property_id else "all"
