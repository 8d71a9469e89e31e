"""A forgotten password: a link by mail, good for an hour and for one use."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from sqlalchemy import delete, select

from booking.domain import messages
from booking.domain.actors import VISITOR
from booking.domain.errors import ResetLinkOver
from booking.domain.people import email_verification, mailed_links, memberships, passwords, sessions, users
from booking.domain.people.email_verification import Addressee
from booking.domain.people.link_models import PasswordReset
from booking.domain.people.mailed_links import LinkKind, Secrets
from booking.domain.people.models import User
from booking.domain.people.users import email_key
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import encode

GOOD_FOR = dt.timedelta(minutes=60)


@dataclass(frozen=True, slots=True)
class ResetNotice:
    """Whom the mail goes to: the address stored with the account, never the one that was typed."""

    reset_id: uuid.UUID
    to: Addressee


@transaction(isolation=READ_COMMITTED)
def request(email: str, onward: str = "") -> None:
    """Ask for a link. Address known or not: the same answer after the same work, and an event for the worker.

    `onward`: the page of ours that was wanted, which the link then leads on to.
    """
    known = select(User.id).where(User.email_key == email_key(email), User.disabled_at.is_(None))
    user_id = db.session.scalar(known)
    begin(user_id, onward) if user_id else _record(None, onward)


def begin(user_id: uuid.UUID, onward: str = "") -> None:
    """Inside the caller's transaction: have a link mailed to the account's address."""
    _record(mailed_links.ask(PasswordReset, user_id, GOOD_FOR), onward)


def _record(reset_id: uuid.UUID | None, onward: str) -> None:
    told = {"resetId": encode("reset", reset_id) if reset_id else None, "onward": onward}
    messages.record(VISITOR, "password.requested", told)


@reading
def notice(reset_id: uuid.UUID) -> ResetNotice | None:
    """What the mail needs to know, None where the link would not work (any more)."""
    user = db.session.scalars(
        select(User)
        .join(PasswordReset, PasswordReset.user_id == User.id)
        .where(PasswordReset.id == reset_id, *mailed_links.is_open(PasswordReset))
    ).one_or_none()
    return ResetNotice(reset_id, email_verification.addressee(user)) if user else None


def token(reset_id: uuid.UUID, secrets: Secrets) -> str:
    """What stands in the link: the row's id and the proof that we wrote it."""
    return mailed_links.written(LinkKind.RESET, reset_id, secrets)


@reading
def email_of(link: str, secrets: Secrets) -> str:
    """The account that the link is for, told to whoever reads its mail; raises ResetLinkOver."""
    email = db.session.scalar(
        select(User.email)
        .join(PasswordReset, PasswordReset.user_id == User.id)
        .where(PasswordReset.id == _proven(link, secrets), *mailed_links.is_open(PasswordReset))
    )
    if email is None:
        raise ResetLinkOver
    return email


def reset(link: str, new_password: str, secrets: Secrets, *, site: str = "") -> str:
    """Set the password and end every sign-in of the account; nobody is signed in by it. Returns the account's address.

    Raises ResetLinkOver, and Invalid where the password is guessed soon.
    """
    email = email_of(link, secrets)  # before the slow hash
    owner = users.find(email)
    passwords.refuse_weak(new_password, "newPassword", (email, owner.full_name if owner else "", site))
    _use(_proven(link, secrets), passwords.hashed(new_password))
    return email


def withdraw(user_id: uuid.UUID) -> None:
    """Inside the caller's transaction: a link on its way opens nothing any more."""
    db.session.execute(delete(PasswordReset).where(PasswordReset.user_id == user_id))


@transaction(isolation=READ_COMMITTED)
def _use(reset_id: uuid.UUID, password_hash: str) -> None:
    open_row = select(PasswordReset).where(PasswordReset.id == reset_id, *mailed_links.is_open(PasswordReset))
    row = db.session.scalars(open_row.with_for_update()).one_or_none()
    if row is None:
        raise ResetLinkOver
    row.used_at = sql_now()
    users.set_password(memberships.actor_of(users.lock(row.user_id)), row.user_id, password_hash)
    email_verification.verified(row.user_id)  # the link was in its mailbox
    sessions.end_all(row.user_id)


def _proven(link: str, secrets: Secrets) -> uuid.UUID:
    reset_id = mailed_links.proven(LinkKind.RESET, link, secrets)
    if reset_id is None:
        raise ResetLinkOver
    return reset_id
