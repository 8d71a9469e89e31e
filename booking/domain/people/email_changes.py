"""Another address for an account: nothing changes before both mailboxes confirm, and the old one can stop or undo it.

Whoever has somebody's password could otherwise take the account for good. So the old address is asked at once, told
again when it is done, and its link restores everything for KEPT_FOR: the address (which nobody else gets until then),
and an account without sign-ins or a known password, whose owner sets a new one by mail.

Some people change their address because they have lost the mailbox. An old address that was never confirmed, or takes
no mail, is told but not asked; one that says nothing for SILENT_FOR after the new one has confirmed has agreed.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from booking.domain import messages
from booking.domain.actors import Actor
from booking.domain.errors import ChangeLinkOver, EmailTaken, Forbidden, Invalid
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
SILENT_FOR = dt.timedelta(days=7)
MOST_A_DAY = 5
TAKEN = "uq_users_email_key"


@dataclass(frozen=True, slots=True)
class Change:
    """A change as mails and pages tell of it.

    `waits_for_new` and `waits_for_old`: whose mailbox has still to confirm, neither where the address has changed.
    `by_itself_at`: when it happens without a word from the old one, None before the new one has confirmed.
    """

    id: uuid.UUID
    old_email: str
    new_email: str
    is_confirmed: bool
    waits_for_new: bool
    waits_for_old: bool
    by_itself_at: dt.datetime | None


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
        asks_old=user.email_verified_at is not None and user.email_undeliverable_at is None,
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
def pending(actor: Actor) -> Change | None:
    """The one that has still to be confirmed."""
    row = db.session.scalars(select(EmailChange).where(EmailChange.user_id == actor.account, *_OPEN, *_good()))
    return _told(row.one_or_none())


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
    row = db.session.scalars(select(EmailChange).where(EmailChange.id == change_id, *_good()))
    return _told(row.one_or_none())


def _told(row: EmailChange | None) -> Change | None:
    if row is None:
        return None
    is_open = row.confirmed_at is None
    return Change(
        row.id,
        row.old_email,
        row.new_email,
        not is_open,
        waits_for_new=is_open and row.new_confirmed_at is None,
        waits_for_old=is_open and row.asks_old and row.old_confirmed_at is None,
        by_itself_at=row.new_confirmed_at + SILENT_FOR if is_open and row.new_confirmed_at else None,
    )


# --- both ends


def confirm(link: str, secrets: Secrets) -> None:
    """From the new mailbox: it is mine. With the old one's word it is the account's address from now on.

    Every sign-in but the one that asked for it ends then. A second time changes nothing. Raises ChangeLinkOver, and
    EmailTaken where somebody was quicker.
    """
    _take(_proven(LinkKind.CHANGE, link, secrets), _new_confirms)


def agree(link: str, secrets: Secrets) -> None:
    """From the old mailbox: it was me. Like `confirm` where the new one has confirmed, and raises the same."""
    _take(_proven(LinkKind.KEEP, link, secrets), _old_confirms)


def _take(change_id: uuid.UUID, step: Callable[[EmailChange], object]) -> None:
    try:
        _confirm(change_id, step)
    except IntegrityError as error:
        if constraint_name(error) == TAKEN:
            raise EmailTaken from error
        raise


def _new_confirms(change: EmailChange) -> None:
    if change.new_confirmed_at is None:
        change.new_confirmed_at = sql_now()
        if _waits(change):
            by = memberships.actor_of(db.session.get_one(User, change.user_id))
            messages.record(by, "email.awaited", {"changeId": encode("change", change.id)})


def _old_confirms(change: EmailChange) -> None:
    if change.old_confirmed_at is None:
        change.old_confirmed_at = sql_now()


def _waits(change: EmailChange) -> bool:
    return change.new_confirmed_at is None or (change.asks_old and change.old_confirmed_at is None)


@transaction(isolation=READ_COMMITTED)
def _confirm(change_id: uuid.UUID, step: Callable[[EmailChange], object]) -> None:
    change, user = _locked(change_id)
    if change.confirmed_at is not None:
        return
    if user.disabled_at is not None:
        raise ChangeLinkOver
    _refuse_taken(user, change.new_email)
    step(change)
    if not _waits(change):
        _take_effect(change, user)


def _take_effect(change: EmailChange, user: User) -> None:
    change.confirmed_at, change.keeps_until = sql_now(), sql_now() + KEPT_FOR
    by = _move(user, change.new_email, "email.changed")
    sessions.end_all(user.id, but=change.session_id)
    told = {"changeId": encode("change", change.id), "userId": encode("user", user.id)}
    messages.record(by, "email.changed", told)


def finish_silent(actor: Actor, limit: int) -> int:
    """Change addresses whose old mailbox has said nothing for SILENT_FOR. Returns how many there were to change.

    Where the new one has become somebody else's meanwhile, or the account is disabled, the change ends instead.
    """
    permissions.require(actor, Action.FINISH_EMAIL_CHANGES, otherwise=Forbidden)
    found = _silent(limit)
    for change_id in found:
        try:
            _take(change_id, _old_confirms)
        except (ChangeLinkOver, EmailTaken):
            _end(actor, change_id)
    return len(found)


@reading
def _silent(limit: int) -> list[uuid.UUID]:
    silent = EmailChange.new_confirmed_at <= sql_now() - SILENT_FOR
    return list(db.session.scalars(select(EmailChange.id).where(*_OPEN, silent).limit(limit)))


@transaction(isolation=READ_COMMITTED)
def _end(actor: Actor, change_id: uuid.UUID) -> None:
    row = select(EmailChange).where(EmailChange.id == change_id, *_OPEN).with_for_update()
    if change := db.session.scalars(row).one_or_none():
        change.stopped_at = sql_now()
        audit_log.record(actor, "email.kept", encode("user", change.user_id))


# --- undone


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
    return EmailChange.stopped_at.is_(None), or_(until > sql_now(), _awaits_old())


def _awaits_old() -> ColumnElement[bool]:
    """The new mailbox has confirmed: from then on it is over by a word of the old one, or by its silence."""
    return and_(EmailChange.new_confirmed_at.is_not(None), *_OPEN)


def _proven(kind: LinkKind, link: str, secrets: Secrets) -> uuid.UUID:
    change_id = mailed_links.proven(kind, link, secrets)
    if change_id is None:
        raise ChangeLinkOver
    return change_id


@transaction(isolation=READ_COMMITTED)
def prune(limit: int) -> int:
    """Delete changes that neither can be confirmed nor undone any more, with their addresses. Returns how many."""
    over = sql_now() - KEPT_FOR - GOOD_FOR
    old = select(EmailChange.id).where(EmailChange.created_at < over, ~_undoable(), ~_awaits_old()).limit(limit)
    gone = delete(EmailChange).where(EmailChange.id.in_(old.scalar_subquery())).returning(EmailChange.id)
    return len(db.session.scalars(gone.execution_options(synchronize_session=False)).all())


def _undoable() -> ColumnElement[bool]:
    return func.coalesce(EmailChange.keeps_until > sql_now(), False)
