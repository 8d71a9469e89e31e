"""The end of an account: disabled for a while, or deleted for good.

A deleted account keeps its row, because bookings and payments stay for the books and refer to it; nothing in it tells
who it was, and its address can be registered anew. Whether it may be deleted yet, reservations decide.
"""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import delete, select, update

from booking.domain import messages
from booking.domain.actors import VISITOR, Actor
from booking.domain.errors import AccountNotFound
from booking.domain.people import (
    audit_log,
    email_verification,
    memberships,
    password_resets,
    permissions,
    second_factor,
    security_log,
    sessions,
    users,
)
from booking.domain.people.alert_choice_models import AlertChoice, FiguresReader
from booking.domain.people.email_verification import Addressee
from booking.domain.people.invitation_models import Invitation
from booking.domain.people.link_models import EmailChange, Farewell
from booking.domain.people.models import SecurityEvent, Session, StaffMembership, User
from booking.domain.people.permissions import Action
from booking.domain.people.saved_view_models import SavedView
from booking.domain.people.security_log import SecurityEventKind
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import encode, new_id

NOBODY = "Deleted account"
FAREWELL = "farewellId"  # in the payload of every event whose email goes to the address that is kept
TOLD_WITHIN = dt.timedelta(days=1)  # then the last mail is given up, and its address deleted


# --- disabled


def disable_mine(actor: Actor) -> None:
    """The owner wants no sign-in any more for now. Raises SignInTooOld, LastOwner."""
    sessions.require_recent(actor)
    disable(actor, actor.account)


@transaction(isolation=READ_COMMITTED)
def disable(actor: Actor, user_id: uuid.UUID) -> None:
    """End every sign-in and refuse new ones; bookings stand. Twice is once. Raises AccountNotFound, LastOwner."""
    permissions.require(actor, Action.DISABLE_ACCOUNT, own=user_id, otherwise=AccountNotFound)
    user, shown = users.lock(user_id), encode("user", user_id)
    if user.disabled_at is not None:
        return
    _refuse_last_owner(user)
    _shut(user)
    security_log.record(SecurityEventKind.ACCOUNT_DISABLED, user.id)
    audit_log.record(actor, "account.disabled", shown)
    messages.record(actor, "account.disabled", {"userId": shown})


@transaction(isolation=READ_COMMITTED)
def enable(actor: Actor, user_id: uuid.UUID) -> None:
    """Sign-ins work again, with the same password. Raises AccountNotFound, also for a deleted one."""
    permissions.require(actor, Action.ENABLE_ACCOUNT, own=user_id, otherwise=AccountNotFound)
    user = users.lock(user_id)
    if user.disabled_at is not None:
        user.disabled_at = None
        security_log.record(SecurityEventKind.ACCOUNT_ENABLED, user.id)
        audit_log.record(actor, "account.enabled", encode("user", user.id))


# --- deleted


def erase(actor: Actor, user: User) -> str:
    """Delete everything personal of a locked account, inside the caller's transaction.

    Nobody can read any more what the audit log says about them. Returns the farewell's id, by which emails that are
    owed already find the address until the last one is sent. Raises AccountNotFound, LastOwner.
    """
    require_deletion(actor, user)
    _refuse_last_owner(user)
    _shut(user)
    security_log.record(SecurityEventKind.ACCOUNT_DELETED, user.id)
    farewell = Farewell(id=new_id(), email=user.email, created_at=sql_now())
    db.session.add(farewell)
    _forget(user)
    user.deleted_at = sql_now()
    audit_log.record(actor, "account.deleted", encode("user", user.id))
    # The last email does not name the account that its address belonged to.
    told_by, shown = VISITOR if actor.user_id == user.id else actor, encode("farewell", farewell.id)
    messages.record(told_by, "account.deleted", {FAREWELL: shown})
    return shown


def require_deletion(actor: Actor, user: User) -> None:
    """One's own; a guest's who has asked for it also by whoever erases guests at all properties. AccountNotFound."""
    if permissions.may(actor, Action.DELETE_ACCOUNT, own=user.id):
        return
    if user.role != memberships.GUEST or not permissions.may(actor, Action.ERASE_GUESTS):
        raise AccountNotFound


def _forget(user: User) -> None:
    known_as = user.email_key
    messages.forget_emails((), {known_as, *_former_addresses(user.id)})
    user.email = user.email_key = f"{encode('user', user.id)}@deleted.invalid"
    user.full_name, user.role, user.locale, user.password_hash = NOBODY, "guest", "en", None
    user.email_verified_at = user.email_undeliverable_at = user.email_undeliverable_code = None
    second_factor.forget(user.id)
    for table in (Session, EmailChange, SavedView, AlertChoice, FiguresReader, StaffMembership):
        db.session.execute(delete(table).where(table.user_id == user.id))
    db.session.execute(delete(Invitation).where(Invitation.email_key == known_as))
    # That something happened is kept as long as for anybody, not from where.
    seen = update(SecurityEvent).where(SecurityEvent.user_id == user.id)
    db.session.execute(seen.values(account="", address="", network="", client=""))
    audit_log.forget(user.id)


def _former_addresses(user_id: uuid.UUID) -> set[str]:
    """Those of changes that are known still, at either end."""
    known = select(EmailChange.old_email, EmailChange.new_email).where(EmailChange.user_id == user_id)
    return {users.email_key(address) for row in db.session.execute(known) for address in row}


def _shut(user: User) -> None:
    user.disabled_at = user.disabled_at or sql_now()
    sessions.end_all(user.id)
    sessions.changed(user.id)
    password_resets.withdraw(user.id)
    email_verification.withdraw(user.id)


def _refuse_last_owner(user: User) -> None:
    if user.role == memberships.OWNER:
        memberships.refuse_last_owner(user.id)


# --- the last mail


@reading
def farewell(farewell_id: uuid.UUID) -> Addressee | None:
    """Whom to tell that the account is deleted; None where that was done, or took too long."""
    email = db.session.scalar(select(Farewell.email).where(Farewell.id == farewell_id))
    return Addressee(email, "") if email else None


@transaction(isolation=READ_COMMITTED)
def told(farewell_id: uuid.UUID) -> None:
    """They know: nobody needs the address any more."""
    db.session.execute(delete(Farewell).where(Farewell.id == farewell_id))


@transaction(isolation=READ_COMMITTED)
def prune(limit: int) -> int:
    """Delete addresses whose mail could not be sent for a day. Returns how many."""
    old = select(Farewell.id).where(Farewell.created_at < sql_now() - TOLD_WITHIN).limit(limit)
    gone = delete(Farewell).where(Farewell.id.in_(old.scalar_subquery())).returning(Farewell.id)
    return len(db.session.scalars(gone.execution_options(synchronize_session=False)).all())
