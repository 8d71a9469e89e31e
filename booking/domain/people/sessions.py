"""Sign-ins. Each is a row; access token and cookie carry its id, so that ending the row ends both at once.

A session ends when it is ended, when nobody used it for a while, and some time after its sign-in whatever happens:
sooner for people who run the house (OWASP ASVS 7.3). A refresh token that was exchanged before ends its whole session:
either the thief or the owner has just shown up, and nobody can tell which. But for GRACE after the exchange: then an
answer was lost, or two tabs asked at once.
"""

from __future__ import annotations

import datetime as dt
import hmac
import json
import uuid
from dataclasses import dataclass, replace
from functools import partial

from sqlalchemy import ColumnElement, Interval, bindparam, case, func, select, update

from booking.domain.actors import Actor
from booking.domain.errors import InvalidToken, SessionNotFound, SessionOver, SignInTooOld
from booking.domain.people import memberships, refresh_tokens, security_log
from booking.domain.people.models import Session, User
from booking.domain.people.security_log import SecurityEventKind
from booking.domain.people.users import CurrentUser
from booking.infra import cache
from booking.infra.clock import sql_now
from booking.infra.db import AUTOCOMMIT, READ_COMMITTED, after_commit, db, fetch, reading, transaction
from booking.infra.ids import new_id
from booking.infra.prepared import often

LONGEST_KEPT = 5  # seconds that `current` keeps an answer at most
SESSION = cache.Kind("session", 3)
SEEN_EVERY = dt.timedelta(minutes=5)  # last_seen_at is not written more often than this
GRACE = dt.timedelta(seconds=10)  # the very last refresh token is good for so much longer (api.md, /auth/refresh)
FRESH_FOR = dt.timedelta(minutes=15)  # after that, what is sensitive asks for the password again


@dataclass(frozen=True, slots=True)
class SessionEnds:
    """When sign-ins end by themselves: not used for `idle`, or `longest` after they began."""

    idle: dt.timedelta = dt.timedelta(days=30)
    longest: dt.timedelta = dt.timedelta(days=90)
    staff_idle: dt.timedelta = dt.timedelta(hours=12)
    staff_longest: dt.timedelta = dt.timedelta(days=7)

    def parameters(self) -> dict[str, dt.timedelta]:
        """For statements that ask `_LIVE`."""
        return {
            "idle": self.idle,
            "longest": self.longest,
            "staff_idle": self.staff_idle,
            "staff_longest": self.staff_longest,
        }


DEFAULT_ENDS = SessionEnds()


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
def start_api(user_id: uuid.UUID, client: str = "", *, by_second_factor: bool = False) -> SignedIn:
    """Sign in for programs."""
    session_id, seed = new_id(), refresh_tokens.new_seed()
    secret, user = refresh_tokens.first(seed), db.session.get_one(User, user_id)
    db.session.add(
        Session(
            id=session_id,
            user_id=user_id,
            kind="api",
            client=client[:255],
            refresh_hash=refresh_tokens.hashed(secret),
            refresh_seed=seed,
            **_began(by_second_factor),
        )
    )
    security_log.record(SecurityEventKind.SIGN_IN, user_id)
    return SignedIn(_current(user, session_id), refresh_tokens.written(session_id, secret))


@transaction(isolation=READ_COMMITTED)
def start_web(user_id: uuid.UUID, client: str = "", *, by_second_factor: bool = False) -> CurrentUser:
    """Sign in for browsers."""
    session_id, user = new_id(), db.session.get_one(User, user_id)
    began = _began(by_second_factor)
    db.session.add(Session(id=session_id, user_id=user_id, kind="web", client=client[:255], **began))
    security_log.record(SecurityEventKind.SIGN_IN, user_id)
    return _current(user, session_id)


def _began(by_second_factor: bool) -> dict[str, ColumnElement[dt.datetime]]:
    proved = {"second_factor_at": sql_now()} if by_second_factor else {}
    return {"last_seen_at": sql_now(), "authenticated_at": sql_now(), **proved}


def refresh(refresh_token: str, ends: SessionEnds = DEFAULT_ENDS) -> SignedIn:
    """Exchange a refresh token for the next one; raises InvalidToken. One that was exchanged before ends its session.

    What was never given out by the session is only refused: everybody may know the id of a session.
    """
    session_id, secret = refresh_tokens.parts(refresh_token)
    renewed = _rotate(session_id, secret, ends)
    if renewed is None:
        end(session_id, SecurityEventKind.REFRESH_REUSED)
        raise InvalidToken
    return renewed


def current(
    session_id: uuid.UUID,
    user_id: uuid.UUID,
    *,
    kept_for: int = 0,
    ends: SessionEnds = DEFAULT_ENDS,
    second_factor_required: bool = False,
) -> CurrentUser:
    """Who is behind a token or cookie; raises Unauthorized when the session is over. Asked at every request.

    The answer is kept for so many seconds, and dropped as soon as something about the user or a session changes.
    Where a second factor is required, owners and managers have their roles only in sign-ins that one has proved.
    """
    read = partial(_read, session_id, user_id, ends)
    which, seconds = f"{session_id}:{user_id}", min(kept_for, LONGEST_KEPT)
    found = cache.remembered_about(f"user:{user_id}", SESSION, which, seconds, read)
    if found is None:
        raise SessionOver
    email, full_name, role, region, proved, pairs = json.loads(found)
    held = memberships.from_json(pairs)
    counting = memberships.counting(held, strong=proved or not second_factor_required)
    who = CurrentUser(user_id, email, full_name, role, region, session_id, counting)
    return replace(who, lacks_second_factor=True) if counting != held else who


def changed(user_id: uuid.UUID) -> bool:
    """Inside the caller's transaction: something about the user is no longer what `current` may have kept.

    False where nobody could be told; it counts as before for LONGEST_KEPT seconds then.
    """
    return cache.changing(f"user:{user_id}")


def _read(session_id: uuid.UUID, user_id: uuid.UUID, ends: SessionEnds) -> str | None:
    rows = fetch(_CURRENT, session_id=session_id, user_id=user_id, **ends.parameters())
    if not rows:
        return None
    [row] = rows
    if row.long_ago:
        _seen(session_id)
    return json.dumps([row.email, row.full_name, row.role, row.region, row.by_second_factor, row.memberships])


def _by_role(guests: str, staff: str) -> ColumnElement[dt.timedelta]:
    return case((User.role == "guest", bindparam(guests, type_=Interval)), else_=bindparam(staff, type_=Interval))


# Of sessions and users together, with the parameters of Ends.
_LIVE = (
    Session.ended_at.is_(None),
    User.disabled_at.is_(None),  # also a sign-in that began while the account was being disabled
    Session.last_seen_at > sql_now() - _by_role("idle", "staff_idle"),
    Session.created_at > sql_now() - _by_role("longest", "staff_longest"),
)
_LONG_AGO = (Session.last_seen_at < sql_now() - SEEN_EVERY).label("long_ago")
_BY_SECOND_FACTOR = Session.second_factor_at.is_not(None).label("by_second_factor")
_CURRENT = often(
    select(User.email, User.full_name, User.role, User.region, _BY_SECOND_FACTOR, memberships.AS_JSON, _LONG_AGO)
    .join(Session, Session.user_id == User.id)
    .where(Session.id == bindparam("session_id"), User.id == bindparam("user_id"), *_LIVE)
)
_MINE = (
    select(Session)
    .join(User, User.id == Session.user_id)
    .where(Session.user_id == bindparam("user_id"), *_LIVE)
    .order_by(Session.last_seen_at.desc(), Session.id.desc())
)
_OWNER = select(User).join(Session, Session.user_id == User.id).where(Session.id == bindparam("session_id"), *_LIVE)


@transaction(isolation=AUTOCOMMIT)
def _seen(session_id: uuid.UUID) -> None:
    db.session.execute(update(Session).where(Session.id == session_id).values(last_seen_at=sql_now()))


def sign_out(actor: Actor) -> None:
    """End the sign-in by which the actor acts: its refresh and access tokens stop working at once."""
    if actor.session_id:
        end(actor.session_id)


@transaction(isolation=READ_COMMITTED)
def end(session_id: uuid.UUID, kind: SecurityEventKind = SecurityEventKind.SIGNED_OUT) -> None:
    """The same for any session."""
    if _end(Session.id == session_id, Session.ended_at.is_(None)):
        security_log.record(kind, db.session.scalar(select(Session.user_id).where(Session.id == session_id)))


@reading
def mine(actor: Actor, ends: SessionEnds = DEFAULT_ENDS) -> list[SignIn]:
    """Where the user is signed in, the latest seen first."""
    rows = db.session.scalars(_MINE, {"user_id": actor.account, **ends.parameters()})
    return [
        SignIn(row.id, row.kind, row.client, row.created_at, row.last_seen_at, row.id == actor.session_id)
        for row in rows
    ]


@transaction(isolation=READ_COMMITTED)
def end_mine(actor: Actor, session_id: uuid.UUID) -> None:
    """End one of the user's own sign-ins; raises SessionNotFound for a stranger's and for one that is over."""
    own = Session.id == session_id, Session.user_id == actor.account, Session.ended_at.is_(None)
    if not _end(*own):
        raise SessionNotFound
    security_log.record(SecurityEventKind.SESSION_ENDED, actor.account)


@transaction(isolation=READ_COMMITTED)
def end_others(actor: Actor) -> int:
    """End every sign-in of the user but the one that asks. Returns how many."""
    ended = end_all(actor.account, but=actor.session_id)
    if ended:
        security_log.record(SecurityEventKind.SESSION_ENDED, actor.account)
    return ended


def end_all(user_id: uuid.UUID, *, but: uuid.UUID | None = None) -> int:
    """Inside the caller's transaction: end the user's sign-ins, all or all but one. Returns how many."""
    return _end(Session.user_id == user_id, Session.ended_at.is_(None), *([Session.id != but] if but else []))


@reading
def require_recent(actor: Actor) -> None:
    """Before anything sensitive: raises SignInTooOld where the owner has not proved who they are for FRESH_FOR."""
    refuse_unless_recent(actor)


def refuse_unless_recent(actor: Actor) -> None:
    """The same, inside the caller's transaction."""
    proved = func.coalesce(Session.authenticated_at, Session.created_at)
    recent = select(Session.id).where(Session.id == actor.session_id, proved > sql_now() - FRESH_FOR)
    if db.session.scalar(recent) is None:
        raise SignInTooOld


def proved(actor: Actor, *, second_factor: bool = False) -> None:
    """Inside the caller's transaction: the owner has just proved who they are, by their second factor perhaps."""
    also = {"second_factor_at": sql_now()} if second_factor else {}
    this = update(Session).where(Session.id == actor.session_id)
    db.session.execute(this.values(authenticated_at=sql_now(), **also))


def unprove(user_id: uuid.UUID) -> None:
    """Inside the caller's transaction: what these sign-ins were proved by, beside the password, counts no more."""
    proven = Session.user_id == user_id, Session.second_factor_at.is_not(None)
    db.session.execute(update(Session).where(*proven).values(second_factor_at=None))


@transaction(isolation=READ_COMMITTED)
def _rotate(session_id: uuid.UUID, secret: str, ends: SessionEnds) -> SignedIn | None:
    """The next token; None where this one was in force once and is no longer."""
    session = db.session.get(Session, session_id, with_for_update=True)
    if session is None or session.kind != "api":
        raise InvalidToken
    user = db.session.scalars(_OWNER, {"session_id": session_id, **ends.parameters()}).one_or_none()
    if user is None:
        raise InvalidToken
    following = _exchanged(session, secret)
    if following is None:
        return None
    return SignedIn(_current(user, session_id), refresh_tokens.written(session_id, following))


def _exchanged(session: Session, secret: str) -> str | None:
    if hmac.compare_digest(session.refresh_hash or b"", refresh_tokens.hashed(secret)):
        session.refresh_seed = session.refresh_seed or refresh_tokens.new_seed()
        following = refresh_tokens.following(session.refresh_seed, secret)
        session.refresh_hash, session.previous_refresh_hash = refresh_tokens.hashed(following), session.refresh_hash
        session.rotated_at = session.last_seen_at = sql_now()
        return following
    is_last = hmac.compare_digest(session.previous_refresh_hash or b"", refresh_tokens.hashed(secret))
    if not is_last and not refresh_tokens.was_given_out(session.refresh_seed, secret):
        raise InvalidToken
    if is_last and session.refresh_seed and _rotated_just_now(session):
        return refresh_tokens.following(session.refresh_seed, secret)
    return None


def _rotated_just_now(session: Session) -> bool:
    just_now = Session.id == session.id, Session.rotated_at > sql_now() - GRACE
    return db.session.scalar(select(Session.id).where(*just_now)) is not None


def _current(user: User, session_id: uuid.UUID) -> CurrentUser:
    held = memberships.of(user)
    return CurrentUser(user.id, user.email, user.full_name, user.role, user.region, session_id, held)


def _end(*which: ColumnElement[bool]) -> int:
    ended = update(Session).where(*which).values(ended_at=sql_now()).returning(Session.user_id)
    owners = db.session.scalars(ended.execution_options(synchronize_session=False)).all()
    told = [changed(user_id) for user_id in set(owners)]
    if not all(told):
        # Others may hear Redis and believe what they kept: the answer comes when they no longer do.
        after_commit(cache.disbelieve)
    return len(owners)
