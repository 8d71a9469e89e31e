"""Another address for an account: nothing changes before the new mailbox confirms, and the old one can stop or undo it.

Whoever has somebody's password could otherwise take the account for good. So the old address is told at once and again
when it is done, and its link restores everything for KEPT_FOR: the address (which nobody else gets until then), and an
account without sign-ins or a known password, whose owner sets a new one by mail.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from booking.domain import messages
from booking.domain.actors import Actor
from booking.domain.errors import ChangeLinkOver, EmailTaken, Invalid
from booking.domain.notices import Notice
from booking.domain.people import (
    audit_log,
    email_verification,
    mailed_links,
    memberships,
    password_resets,
    permissions,
    security_log,
    sessions,
    users,
)
from booking.domain.people.audit_log import Personal
from booking.domain.people.link_models import EmailChange
from booking.domain.people.mailed_links import LinkKind, Secrets
from booking.domain.people.models import User
from booking.domain.people.permissions import Action
from booking.domain.people.users import email_key
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import encode
from booking.infra.sql_errors import constraint_name

GOOD_FOR = dt.timedelta(days=1)
KEPT_FOR = dt.timedelta(days=7)
MOST_A_DAY = 5
TAKEN = "uq_users_email_key"


@dataclass(frozen=True, slots=True)
class Change:
    """A change as mails and pages tell of it."""

    id: uuid.UUID
    old_email: str
    new_email: str
    is_confirmed: bool


def request(actor: Actor, new_email: str) -> None:
    """Ask both mailboxes; takes the place of a change that is still open. Raises SignInTooOld, EmailTaken, Invalid.

    AccountNotFound where it is deleted at this moment.
    """
    permissions.require(actor, Action.CHANGE_ACCOUNT, own=actor.account)
    sessions.require_recent(actor)
    _begin(actor, new_email)


@transaction(isolation=READ_COMMITTED)
def _begin(actor: Actor, new_email: str) -> None:
    user = users.lock(actor.account)
    if new_email == user.email:
        raise Invalid(details={"newEmail": Notice("own_address")})
    _refuse_taken(user, new_email)
    today = EmailChange.user_id == user.id, EmailChange.created_at > sql_now() - dt.timedelta(days=1)
    if (db.session.scalar(select(func.count()).select_from(EmailChange).where(*today)) or 0) >= MOST_A_DAY:
        raise Invalid(details={"newEmail": Notice("changed_too_often")})
    _stop_open(user.id)
    change = EmailChange(
        user_id=user.id,
        session_id=actor.session_id,
        old_email=user.email,
        old_email_key=user.email_key,
        new_email=new_email,
        created_at=sql_now(),
        expires_at=sql_now() + GOOD_FOR,
    )
    db.session.add(change)
    db.session.flush()
    personal = Personal(user.id, {"email": user.email}, {"email": new_email})
    audit_log.record(actor, "email.requested", encode("user", user.id), personal=personal)
    for kind in ("email.requested", "email.announced"):
        messages.record(actor, kind, {"changeId": encode("change", change.id)})


def _refuse_taken(user: User, new_email: str) -> None:
    key = email_key(new_email)
    taken = db.session.scalar(select(User.id).where(User.email_key == key, User.id != user.id))
    if taken or email_verification.is_kept(key, but_for=user.id):
        raise EmailTaken(details={"newEmail": Notice("email_taken")})


def _stop_open(user_id: uuid.UUID) -> None:
    still_open = update(EmailChange).where(EmailChange.user_id == user_id, *_OPEN)
    db.session.execute(still_open.values(stopped_at=sql_now()).execution_options(synchronize_session=False))


@transaction(isolation=READ_COMMITTED)
def give_up(actor: Actor) -> None:
    """The account's owner does not want it any more; the link in the new mailbox does nothing."""
    _stop_open(actor.account)
    audit_log.record(actor, "email.kept", encode("user", actor.account))


@reading
def pending(actor: Actor) -> str | None:
    """The new address that has still to confirm."""
    running = EmailChange.user_id == actor.account, *_OPEN, EmailChange.expires_at > sql_now()
    return db.session.scalar(select(EmailChange.new_email).where(*running))


@reading
def find(change_id: uuid.UUID) -> Change | None:
    """For mails; None where the change was stopped or undone, is too old, or its account is gone."""
    return _shown(change_id)


@reading
def shown(kind: LinkKind, link: str, secrets: Secrets) -> Change:
    """What the link is about; raises ChangeLinkOver. Looking changes nothing."""
    change = _shown(_proven(kind, link, secrets))
    if change is None:
        raise ChangeLinkOver
    return change


def _shown(change_id: uuid.UUID) -> Change | None:
    row = db.session.scalars(select(EmailChange).where(EmailChange.id == change_id, *_good())).one_or_none()
    return Change(row.id, row.old_email, row.new_email, row.confirmed_at is not None) if row else None


def confirm(link: str, secrets: Secrets) -> None:
    """From now on it is the account's address; every sign-in but the one that asked for it ends.

    A second time changes nothing. Raises ChangeLinkOver, and EmailTaken where somebody was quicker.
    """
    try:
        _confirm(_proven(LinkKind.CHANGE, link, secrets))
    except IntegrityError as error:
        if constraint_name(error) == TAKEN:
            raise EmailTaken from error
        raise


@transaction(isolation=READ_COMMITTED)
def _confirm(change_id: uuid.UUID) -> None:
    change, user = _locked(change_id)
    if change.confirmed_at is not None:
        return
    if user.disabled_at is not None:
        raise ChangeLinkOver
    _refuse_taken(user, change.new_email)
    change.confirmed_at, change.keeps_until = sql_now(), sql_now() + KEPT_FOR
    by = _move(user, change.new_email, "email.changed")
    sessions.end_all(user.id, but=change.session_id)
    told = {"changeId": encode("change", change.id), "userId": encode("user", user.id)}
    messages.record(by, "email.changed", told)


@transaction(isolation=READ_COMMITTED)
def _undo(change_id: uuid.UUID) -> None:
    change, user = _locked(change_id)
    later = update(EmailChange).where(
        EmailChange.user_id == user.id, EmailChange.created_at >= change.created_at, EmailChange.stopped_at.is_(None)
    )
    db.session.execute(later.values(stopped_at=sql_now()).execution_options(synchronize_session=False))
    _move(user, change.old_email, "email.restored")
    user.password_hash = None
    sessions.end_all(user.id)
    if user.disabled_at is None:
        password_resets.begin(user.id)


def undo(link: str, secrets: Secrets) -> None:
    """From the old mailbox: it was not me. The address stays or comes back, also after further changes.

    Every sign-in ends, the password opens nothing any more, and a link for a new one goes to the old mailbox.
    Raises ChangeLinkOver.
    """
    _undo(_proven(LinkKind.KEEP, link, secrets))


def _move(user: User, email: str, action: str) -> Actor:
    """Returns whose change it is: that of whoever has the link."""
    by = memberships.actor_of(user)
    personal = Personal(user.id, {"email": user.email}, {"email": email})
    audit_log.record(by, action, encode("user", user.id), personal=personal)
    user.email, user.email_key, user.email_verified_at = email, email_key(email), sql_now()
    user.email_undeliverable_at = user.email_undeliverable_code = None
    security_log.record(security_log.SecurityEventKind.EMAIL_CHANGED, user.id)
    db.session.flush()
    password_resets.withdraw(user.id)
    email_verification.withdraw(user.id)
    sessions.changed(user.id)
    return by


def _locked(change_id: uuid.UUID) -> tuple[EmailChange, User]:
    """The account first, as everybody who changes one does."""
    owner = select(User).join(EmailChange, EmailChange.user_id == User.id).where(EmailChange.id == change_id)
    user = db.session.scalars(owner.with_for_update(of=User)).one_or_none()
    row = select(EmailChange).where(EmailChange.id == change_id, *_good()).with_for_update()
    change = db.session.scalars(row).one_or_none()
    if user is None or change is None:
        raise ChangeLinkOver
    return change, user


_OPEN = EmailChange.confirmed_at.is_(None), EmailChange.stopped_at.is_(None)


def _good() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    until = func.coalesce(EmailChange.keeps_until, EmailChange.expires_at)
    return EmailChange.stopped_at.is_(None), until > sql_now()


def _proven(kind: LinkKind, link: str, secrets: Secrets) -> uuid.UUID:
    change_id = mailed_links.proven(kind, link, secrets)
    if change_id is None:
        raise ChangeLinkOver
    return change_id


@transaction(isolation=READ_COMMITTED)
def prune(limit: int) -> int:
    """Delete changes that neither can be confirmed nor undone any more, with their addresses. Returns how many."""
    over = sql_now() - KEPT_FOR - GOOD_FOR
    old = select(EmailChange.id).where(EmailChange.created_at < over, ~_undoable()).limit(limit)
    gone = delete(EmailChange).where(EmailChange.id.in_(old.scalar_subquery())).returning(EmailChange.id)
    return len(db.session.scalars(gone.execution_options(synchronize_session=False)).all())


def _undoable() -> ColumnElement[bool]:
    return func.coalesce(EmailChange.keeps_until > sql_now(), False)
