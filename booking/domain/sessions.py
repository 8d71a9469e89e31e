"""Sign-ins. Each is a row; access token and cookie carry its id, so that ending the row ends both at once.

A refresh token is `<session id>.<secret>`; only hashes are kept. A token that was used before ends its whole
session: either the thief or the owner has just shown up, and nobody can tell which.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import time
import uuid
from dataclasses import dataclass
from functools import partial

from sqlalchemy import ColumnElement, Interval, bindparam, select, update

from booking.domain.errors import InvalidToken, SessionNotFound, Unauthorized
from booking.domain.models import Session, User
from booking.domain.users import CurrentUser
from booking.infra import cache, telemetry
from booking.infra.clock import sql_now
from booking.infra.db import AUTOCOMMIT, READ_COMMITTED, after_commit, db, fetch, reading, transaction
from booking.infra.ids import decode, encode, new_id, new_secret

LONGEST_KEPT = 5  # seconds that `current` keeps an answer at most
SEEN_EVERY = dt.timedelta(minutes=5)  # last_seen_at is not written more often than this
FOREVER_DAYS = 36_500  # for programs: their refresh token ends the session instead


@dataclass(frozen=True, slots=True)
class SignIn:
    """One of somebody's sign-ins that is still good."""

    id: uuid.UUID
    kind: str  # web | api
    client: str  # as the browser or program calls itself
    since: dt.datetime
    last_seen: dt.datetime
    is_this: bool


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


@transaction(isolation=READ_COMMITTED)
def start_web(user_id: uuid.UUID, client: str = "") -> CurrentUser:
    """Sign in for browsers."""
    session_id, user = new_id(), db.session.get_one(User, user_id)
    db.session.add(Session(id=session_id, user_id=user_id, kind="web", client=client[:255], last_seen_at=sql_now()))
    return _current(user, session_id)


def refresh(refresh_token: str, idle_days: int) -> SignedIn:
    """Exchange a refresh token for the next one; raises InvalidToken. A used one ends its session first."""
    session_id, secret = _parts(refresh_token)
    renewed = _rotate(session_id, secret, dt.timedelta(days=idle_days))
    if renewed is None:
        end(session_id)
        raise InvalidToken
    return renewed


def current(
    session_id: uuid.UUID, user_id: uuid.UUID, *, kept_for: int = 0, idle_days: int = FOREVER_DAYS
) -> CurrentUser:
    """Who is behind a token or cookie; raises Unauthorized when the session is over. Asked at every request.

    The answer is kept for so many seconds, and dropped as soon as something about the user or a session changes.
    With `idle_days` (cookies, which nothing renews) a session that was not used for so long is over, too.
    """
    read = partial(_read, session_id, user_id, idle_days)
    key, seconds = f"session:{session_id}:{user_id}", min(kept_for, LONGEST_KEPT)
    found = cache.remembered_about(f"user:{user_id}", "session", key, seconds, read)
    if found is None:
        raise Unauthorized("This session is over. Please sign in again.")
    email, full_name, role, region = json.loads(found)
    return CurrentUser(user_id, email, full_name, role, region, session_id)


def changed(user_id: uuid.UUID) -> bool:
    """Inside the caller's transaction: something about the user is no longer what `current` may have kept.

    False where nobody could be told; it counts as before for LONGEST_KEPT seconds then.
    """
    return cache.changing(f"user:{user_id}")


def _read(session_id: uuid.UUID, user_id: uuid.UUID, idle_days: int) -> str | None:
    rows = fetch(_CURRENT, session_id=session_id, user_id=user_id, idle=dt.timedelta(days=idle_days))
    if not rows:
        return None
    [row] = rows
    if row.long_ago:
        _seen(session_id)
    return json.dumps([row.email, row.full_name, row.role, row.region])


_LONG_AGO = (Session.last_seen_at < sql_now() - SEEN_EVERY).label("long_ago")
_CURRENT = (
    select(User.email, User.full_name, User.role, User.region, _LONG_AGO)
    .join(Session, Session.user_id == User.id)
    .where(
        Session.id == bindparam("session_id"),
        User.id == bindparam("user_id"),
        Session.ended_at.is_(None),
        Session.last_seen_at > sql_now() - bindparam("idle", type_=Interval),
    )
)


@transaction(isolation=AUTOCOMMIT)
def _seen(session_id: uuid.UUID) -> None:
    db.session.execute(update(Session).where(Session.id == session_id).values(last_seen_at=sql_now()))


@transaction(isolation=READ_COMMITTED)
def end(session_id: uuid.UUID) -> None:
    """Sign out: refresh and access tokens of this session stop working at once."""
    _end(Session.id == session_id, Session.ended_at.is_(None))


@reading
def mine(who: CurrentUser, idle_days: int) -> list[SignIn]:
    """Where the user is signed in, the latest seen first. What was not used for `idle_days` is over."""
    live = Session.user_id == who.id, Session.ended_at.is_(None), Session.last_seen_at > _idle_limit(idle_days)
    rows = db.session.scalars(select(Session).where(*live).order_by(Session.last_seen_at.desc(), Session.id.desc()))
    return [
        SignIn(row.id, row.kind, row.client, row.created_at, row.last_seen_at, row.id == who.session_id) for row in rows
    ]


@transaction(isolation=READ_COMMITTED)
def end_mine(user_id: uuid.UUID, session_id: uuid.UUID) -> None:
    """End one of the user's own sign-ins; raises SessionNotFound for a stranger's and for one that is over."""
    own = Session.id == session_id, Session.user_id == user_id, Session.ended_at.is_(None)
    if not _end(*own):
        raise SessionNotFound


@transaction(isolation=READ_COMMITTED)
def end_others(who: CurrentUser) -> int:
    """End every sign-in of the user but the one that asks. Returns how many."""
    return end_all(who.id, but=who.session_id)


def end_all(user_id: uuid.UUID, *, but: uuid.UUID | None = None) -> int:
    """Inside the caller's transaction: end the user's sign-ins, all or all but one. Returns how many."""
    return _end(Session.user_id == user_id, Session.ended_at.is_(None), *([Session.id != but] if but else []))


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


def _end(*which: ColumnElement[bool]) -> int:
    ended = update(Session).where(*which).values(ended_at=sql_now()).returning(Session.user_id)
    owners = db.session.scalars(ended.execution_options(synchronize_session=False)).all()
    told = [changed(user_id) for user_id in set(owners)]
    if not all(told):
        # Others may hear Redis and believe what they kept: the answer comes when they no longer do.
        after_commit(partial(time.sleep, LONGEST_KEPT))
    return len(owners)


def _idle_limit(days: int) -> ColumnElement[dt.datetime]:
    return sql_now() - dt.timedelta(days=days)


def _hash(secret: str) -> bytes:
    # 256 random bits need no slow hash.
    return hashlib.sha256(secret.encode()).digest()
