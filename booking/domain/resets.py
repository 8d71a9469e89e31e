"""A forgotten password: a link by mail, good for an hour and for one use. A newer one replaces an older.

The link's secret is stored nowhere. It is a keyed hash (HMAC-SHA256, 256 bits) of the row's id, made again by whoever
writes the mail and by whoever checks the link: neither the table nor the outbox nor a copy of them opens an account.
"""

from __future__ import annotations

import datetime as dt
import hmac
import uuid
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.dialects.postgresql import insert

from booking.domain import events, passwords, sessions, users
from booking.domain.errors import ResetLinkOver
from booking.domain.models import PasswordReset, User
from booking.domain.users import email_key
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import decode, encode, new_id

GOOD_FOR = dt.timedelta(minutes=60)
PAUSE = dt.timedelta(minutes=1)  # between two mails to the same account, whoever asks


@dataclass(frozen=True, slots=True)
class ResetNotice:
    """Whom the mail goes to: the address stored with the account, never the one that was typed."""

    reset_id: uuid.UUID
    email: str
    full_name: str


@transaction(isolation=READ_COMMITTED)
def request(email: str) -> None:
    """Ask for a link. Address known or not: the same answer after the same work, and an event for the worker."""
    user_id = db.session.scalar(select(User.id).where(User.email_key == email_key(email)))
    reset_id = _begin(user_id) if user_id else None
    events.record("password.requested", {"resetId": encode("reset", reset_id) if reset_id else None})


@reading
def notice(reset_id: uuid.UUID) -> ResetNotice | None:
    """What the mail needs to know, None where the link would not work (any more)."""
    row = db.session.execute(
        select(PasswordReset.id, User.email, User.full_name)
        .join(User, User.id == PasswordReset.user_id)
        .where(PasswordReset.id == reset_id, *_open())
    ).one_or_none()
    return ResetNotice(*row) if row else None


def token(reset_id: uuid.UUID, secret_key: str) -> str:
    """What stands in the link: the row's id and the proof that we wrote it."""
    return f"{encode('reset', reset_id)}.{_proof(reset_id, secret_key)}"


@reading
def refuse_unless_open(link: str, secret_key: str) -> None:
    """For showing the form; raises ResetLinkOver."""
    reset_id = _proven(link, secret_key)
    if db.session.scalar(select(PasswordReset.id).where(PasswordReset.id == reset_id, *_open())) is None:
        raise ResetLinkOver


def reset(link: str, new_password: str, secret_key: str) -> None:
    """Set the password and end every sign-in of the account; nobody is signed in by it. Raises ResetLinkOver."""
    refuse_unless_open(link, secret_key)  # before the slow hash
    _use(_proven(link, secret_key), passwords.hashed(new_password))


def withdraw(user_id: uuid.UUID) -> None:
    """Inside the caller's transaction: a link on its way opens nothing any more."""
    db.session.execute(delete(PasswordReset).where(PasswordReset.user_id == user_id))


@transaction(isolation=READ_COMMITTED)
def _use(reset_id: uuid.UUID, password_hash: str) -> None:
    open_row = select(PasswordReset).where(PasswordReset.id == reset_id, *_open()).with_for_update()
    row = db.session.scalars(open_row).one_or_none()
    if row is None:
        raise ResetLinkOver
    row.used_at = sql_now()
    users.set_password(row.user_id, password_hash)
    sessions.end_all(row.user_id)


def _begin(user_id: uuid.UUID) -> uuid.UUID | None:
    """A new link in the place of the account's older one; None so soon after it that its mail is still on its way."""
    fresh = {"id": new_id(), "created_at": sql_now(), "expires_at": sql_now() + GOOD_FOR, "used_at": None}
    row = (
        insert(PasswordReset)
        .values(user_id=user_id, **fresh)
        .on_conflict_do_update(
            index_elements=["user_id"], set_=fresh, where=PasswordReset.created_at <= sql_now() - PAUSE
        )
        .returning(PasswordReset.id)
    )
    return db.session.scalars(row).one_or_none()


def _open() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return PasswordReset.used_at.is_(None), PasswordReset.expires_at > sql_now()


def _proven(link: str, secret_key: str) -> uuid.UUID:
    name, _, proof = link.partition(".")
    reset_id = decode("reset", name)
    if reset_id is None or not hmac.compare_digest(_proof(reset_id, secret_key).encode(), proof.encode()):
        raise ResetLinkOver
    return reset_id


def _proof(reset_id: uuid.UUID, secret_key: str) -> str:
    return hmac.digest(secret_key.encode(), b"password-reset:" + reset_id.bytes, "sha256").hex()
