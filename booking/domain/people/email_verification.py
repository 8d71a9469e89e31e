"""Is the account's address its owner's? A link by mail shows it. Nobody needs that to book.

Names and addresses come from whoever made the account: before the owner of the mailbox has confirmed it, a mail that
goes there says nothing that somebody else may have written.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, select, update

from booking.domain import messages, names
from booking.domain.actors import Actor
from booking.domain.errors import VerificationLinkOver
from booking.domain.people import mailed_links
from booking.domain.people.link_models import EmailChange, EmailVerification
from booking.domain.people.mailed_links import LinkKind, Secrets
from booking.domain.people.models import User
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import encode

GOOD_FOR = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Addressee:
    """The address that a mail goes to, and how it greets: empty where nobody has confirmed the address."""

    email: str
    name: str


@dataclass(frozen=True, slots=True)
class VerificationNotice:
    verification_id: uuid.UUID
    email: str


def addressee(user: User) -> Addressee:
    """Of a mail to the account's address."""
    return Addressee(user.email, names.for_greeting(user.full_name) if user.email_verified_at else "")


def begin(actor: Actor, user: User) -> bool:
    """Inside the caller's transaction: have a link mailed. False so soon after another that none is sent."""
    verification_id = mailed_links.ask(EmailVerification, user.id, GOOD_FOR, email_key=user.email_key)
    if verification_id:
        messages.record(actor, "verification.requested", {"verificationId": encode("verify", verification_id)})
    return verification_id is not None


@transaction(isolation=READ_COMMITTED)
def ask_again(actor: Actor) -> bool:
    """Mail the link once more. False where there were enough mails already, or nothing is left to confirm."""
    user = db.session.get_one(User, actor.account)
    return user.email_verified_at is None and begin(actor, user)


@reading
def is_verified(actor: Actor) -> bool:
    """Whether the address of one's account was confirmed from its mailbox."""
    return db.session.scalar(select(User.email_verified_at).where(User.id == actor.account)) is not None


@reading
def notice(verification_id: uuid.UUID) -> VerificationNotice | None:
    """What the mail needs to know, None where the link would not work (any more)."""
    found = db.session.execute(
        select(EmailVerification.id, User.email)
        .join(User, User.id == EmailVerification.user_id)
        .where(EmailVerification.id == verification_id, *mailed_links.is_open(EmailVerification), *_still_theirs())
    ).one_or_none()
    return VerificationNotice(*found) if found else None


@reading
def shown(link: str, secrets: Secrets) -> tuple[str, bool]:
    """The address that the link is about, and whether it is confirmed already; raises VerificationLinkOver.

    Looking changes nothing: mail scanners open every link.
    """
    found = db.session.execute(
        select(User.email, EmailVerification.used_at)
        .join(EmailVerification, EmailVerification.user_id == User.id)
        .where(
            EmailVerification.id == _proven(link, secrets),
            EmailVerification.expires_at > sql_now(),
            *_still_theirs(),
        )
    ).one_or_none()
    if found is None:
        raise VerificationLinkOver
    return found.email, found.used_at is not None


@transaction(isolation=READ_COMMITTED)
def confirm(link: str, secrets: Secrets) -> None:
    """The address is its owner's from now on. A second time changes nothing. Raises VerificationLinkOver."""
    found = db.session.execute(
        select(EmailVerification, User)
        .join(User, User.id == EmailVerification.user_id)
        .where(
            EmailVerification.id == _proven(link, secrets),
            EmailVerification.expires_at > sql_now(),
            *_still_theirs(),
        )
        .with_for_update()
    ).one_or_none()
    if found is None:
        raise VerificationLinkOver
    verification, user = found
    if verification.used_at is None:
        verification.used_at = sql_now()
    verified(user.id)


def verified(user_id: uuid.UUID) -> None:
    """Inside the caller's transaction: somebody has used a link from the mailbox."""
    unknown = update(User).where(User.id == user_id, User.email_verified_at.is_(None))
    db.session.execute(unknown.values(email_verified_at=sql_now()).execution_options(synchronize_session=False))


def is_kept(key: str, *, but_for: uuid.UUID | None = None) -> bool:
    """Inside the caller's transaction: a change from this address can still be undone, so nobody else gets it."""
    undoable = (
        EmailChange.confirmed_at.is_not(None),
        EmailChange.stopped_at.is_(None),
        EmailChange.keeps_until > sql_now(),
    )
    kept = select(EmailChange.id).where(EmailChange.old_email_key == key, *undoable)
    return db.session.scalar(kept.where(EmailChange.user_id != but_for) if but_for else kept) is not None


def withdraw(user_id: uuid.UUID) -> None:
    """Inside the caller's transaction: a link on its way confirms nothing any more."""
    db.session.execute(delete(EmailVerification).where(EmailVerification.user_id == user_id))


def _still_theirs() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return User.email_key == EmailVerification.email_key, User.disabled_at.is_(None)


def _proven(link: str, secrets: Secrets) -> uuid.UUID:
    verification_id = mailed_links.proven(LinkKind.VERIFY, link, secrets)
    if verification_id is None:
        raise VerificationLinkOver
    return verification_id
