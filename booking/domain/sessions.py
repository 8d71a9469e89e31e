"""Sign-ins. Each is a row; access token and cookie carry its id, so that ending the row ends both at once.

A refresh token is `<session id>.<secret>`; only hashes are kept. A token that was used before ends its whole
session: either the thief or the owner has just shown up, and nobody can tell which.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import uuid
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select, update

from booking.domain.errors import InvalidToken, Unauthorized
from booking.domain.models import Session, User
from booking.domain.users import CurrentUser
from booking.infra import telemetry
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import decode, encode, new_id, new_secret

SEEN_EVERY = dt.timedelta(minutes=5)  # last_seen_at is not written more often than this


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh sign-in or refresh: who, and the only time that the refresh token is known."""

    user: CurrentUser
    refresh_token: str


@transaction(isolation=READ_COMMITTED)
def start_api(user_id: uuid.UUID, client: str = "") -> SignedIn:
    """Sign in for programs."""
    session_id, secret = new_id(), new_secret()
    user = db.session.get_one(User, user_id)
    db.session.add(
        Session(
            id=session_id,
            user_id=user_id,
            kind="api",
            client=client[:255],
            refresh_hash=_hash(secret),
            last_seen_at=sql_now(),
        )
    )
    return SignedIn(_current(user, session_id), f"{encode('session', session_id)}.{secret}")


def refresh(refresh_token: str, idle_days: int) -> SignedIn:
    """Exchange a refresh token for the next one; raises InvalidToken. A used one ends its session first."""
    session_id, secret = _parts(refresh_token)
    renewed = _rotate(session_id, secret, dt.timedelta(days=idle_days))
    if renewed is None:
        end(session_id)
        raise InvalidToken
    return renewed


@reading
def current(session_id: uuid.UUID, user_id: uuid.UUID) -> CurrentUser:
    """Who is behind a token or cookie; raises Unauthorized when the session is over. Asked at every request."""
    row = db.session.execute(
        select(User.id, User.email, User.full_name, User.role, User.region, Session.last_seen_at < _seen_limit())
        .join(Session, Session.user_id == User.id)
        .where(Session.id == session_id, User.id == user_id, Session.ended_at.is_(None))
    ).one_or_none()
    if row is None:
        raise Unauthorized("This session is over. Please sign in again.")
    if row[5]:
        db.session.execute(update(Session).where(Session.id == session_id).values(last_seen_at=sql_now()))
    return CurrentUser(*row[:5], session_id)


@transaction(isolation=READ_COMMITTED)
def end(session_id: uuid.UUID) -> None:
    """Sign out: refresh and access tokens of this session stop working at once."""
    db.session.execute(
        update(Session).where(Session.id == session_id, Session.ended_at.is_(None)).values(ended_at=sql_now())
    )


@transaction(isolation=READ_COMMITTED)
def _rotate(session_id: uuid.UUID, secret: str, idle: dt.timedelta) -> SignedIn | None:
    session = db.session.get(Session, session_id, with_for_update=True)
    if session is None or session.ended_at is not None:
        raise InvalidToken
    if not hmac.compare_digest(session.refresh_hash or b"", _hash(secret)):
        reused = session.previous_refresh_hash == _hash(secret)
        telemetry.log.warning("refresh_token_refused", session=str(session_id), reused=reused)
        return None
    if db.session.scalar(select(sql_now() > session.last_seen_at + idle)):
        return None
    fresh = new_secret()
    session.refresh_hash, session.previous_refresh_hash = _hash(fresh), session.refresh_hash
    session.last_seen_at = sql_now()
    user = db.session.get_one(User, session.user_id)
    return SignedIn(_current(user, session_id), f"{encode('session', session_id)}.{fresh}")


def _parts(refresh_token: str) -> tuple[uuid.UUID, str]:
    name, _, secret = refresh_token.partition(".")
    session_id = decode("session", name)
    if session_id is None or not secret:
        raise InvalidToken
    return session_id, secret


def _current(user: User, session_id: uuid.UUID) -> CurrentUser:
    return CurrentUser(user.id, user.email, user.full_name, user.role, user.region, session_id)


def _seen_limit() -> ColumnElement[dt.datetime]:
    return sql_now() - SEEN_EVERY


def _hash(secret: str) -> bytes:
    # 256 random bits need no slow hash.
    return hashlib.sha256(secret.encode()).digest()
