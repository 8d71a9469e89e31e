"""Passkeys: keys that a person's devices keep. One signs in without a password, or makes the second step after it.

A challenge is good for five minutes and for one sign-in: whoever brings an answer twice is refused, because a passkey
takes no challenge that was made before the one that it answered last.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from booking.domain import messages
from booking.domain.actors import Actor
from booking.domain.people import audit_log, passkey_ceremonies, second_factor, security_log, sessions, users
from booking.domain.people.audit_log import Personal
from booking.domain.people.models import User
from booking.domain.people.passkey_ceremonies import Challenge, Kept, Known, NewKey, Site
from booking.domain.people.passkey_errors import (
    ChallengeOver,
    LastFactor,
    PasskeyNotFound,
    PasskeyTaken,
    TooManyPasskeys,
    WrongPasskey,
)
from booking.domain.people.second_factor_models import Passkey, RecoveryCode
from booking.domain.people.security_log import SecurityEventKind
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import encode, new_id

MOST = 20  # of an account
# The events for the account's owner; the first passkey and the last one turn two-step sign-in on and off instead.
ADDED, REMOVED = "passkey.added", "passkey.removed"


@dataclass(frozen=True, slots=True)
class OwnPasskey:
    """As its owner sees it."""

    id: uuid.UUID
    name: str
    added: dt.datetime
    used: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a browser is asked (options, as JSON knows them), and the challenge in it, to bring back with its answer."""

    options: Any
    challenge: Challenge


# --- one's own


@reading
def mine(actor: Actor) -> list[OwnPasskey]:
    """One's passkeys, the oldest first."""
    rows = db.session.scalars(select(Passkey).where(Passkey.user_id == actor.account).order_by(Passkey.id))
    return [_shown(row) for row in rows]


@reading
def get(actor: Actor, passkey_id: uuid.UUID) -> OwnPasskey:
    """One of one's own; raises PasskeyNotFound."""
    return _shown(_own(actor, passkey_id))


@reading
def begin(actor: Actor, site: Site) -> Asked:
    """Ask for a new one, on a device that has none for this account. Raises SignInTooOld, TooManyPasskeys."""
    sessions.refuse_unless_recent(actor)
    known, challenge = _known(actor.account), passkey_ceremonies.new_challenge()
    if len(known) >= MOST:
        raise TooManyPasskeys(most=MOST)
    user = db.session.get_one(User, actor.account)
    names = user.email, user.full_name
    return Asked(passkey_ceremonies.to_create(site, challenge, user.id.bytes, names, known), challenge)


def add(actor: Actor, answer: str, name: str, challenge: Challenge | None, site: Site) -> list[str]:
    """Keep what a device has made. Returns the recovery codes where this turned two-step sign-in on, else none.

    Raises SignInTooOld, ChallengeOver, WrongPasskey; PasskeyTaken where it is somebody's already; TooManyPasskeys.
    """
    sessions.require_recent(actor)
    new = passkey_ceremonies.created(answer, _in_time(challenge), site)
    codes = second_factor.new_codes()
    return codes if _added(actor, new, name, second_factor.hashed(codes)) else []


@transaction(isolation=READ_COMMITTED)
def _added(actor: Actor, new: NewKey, name: str, codes: Sequence[RecoveryCode]) -> bool:
    sessions.refuse_unless_recent(actor)
    user = users.lock(actor.account)
    was_on = second_factor.is_on_within(user.id)
    if (db.session.scalar(select(func.count()).where(Passkey.user_id == user.id)) or 0) >= MOST:
        raise TooManyPasskeys(most=MOST)
    _keep(user.id, new, name)
    _note(actor, SecurityEventKind.PASSKEY_ADDED, ADDED, Personal(user.id, after={"passkey": name}))
    if was_on:
        messages.record(actor, ADDED, {"userId": encode("user", user.id)})
    else:
        second_factor.begun_by(actor, "passkey", codes)
    return not was_on


def _keep(user_id: uuid.UUID, new: NewKey, name: str) -> None:
    values = {
        "id": new_id(),
        "user_id": user_id,
        "credential_id": new.credential_id,
        "public_key": new.public_key,
        "sign_count": new.sign_count,
        "transports": new.transports,
        "name": name,
        "created_at": sql_now(),
    }
    row = insert(Passkey).values(values).on_conflict_do_nothing(index_elements=["credential_id"])
    if db.session.scalar(row.returning(Passkey.id)) is None:
        raise PasskeyTaken


@transaction(isolation=READ_COMMITTED)
def rename(actor: Actor, passkey_id: uuid.UUID, name: str) -> None:
    """Call it something else. Raises PasskeyNotFound."""
    users.lock(actor.account)
    _own(actor, passkey_id).name = name


@transaction(isolation=READ_COMMITTED)
def remove(actor: Actor, passkey_id: uuid.UUID, *, turning_off: bool = False) -> None:
    """It signs nobody in any more.

    Raises SignInTooOld, PasskeyNotFound; LastFactor where two-step sign-in would be off without it, unless
    `turning_off` says that it shall be.
    """
    sessions.refuse_unless_recent(actor)
    users.lock(actor.account)
    passkey = _own(actor, passkey_id)
    is_last = not second_factor.ways_within(actor.account).app and len(_known(actor.account)) == 1
    if is_last and not turning_off:
        raise LastFactor
    personal = Personal(actor.account, before={"passkey": passkey.name})
    _note(actor, SecurityEventKind.PASSKEY_REMOVED, REMOVED, personal)
    if is_last:
        second_factor.take_away(actor, actor.account)
        return
    db.session.delete(passkey)
    messages.record(actor, REMOVED, {"userId": encode("user", actor.account)})


def _note(actor: Actor, kind: SecurityEventKind, told: str, personal: Personal) -> None:
    security_log.record(kind, actor.account)
    audit_log.record(actor, told, encode("user", actor.account), personal=personal)


# --- signing in


def ask_anybody(site: Site) -> Asked:
    """Ask whoever it is for a passkey of theirs."""
    challenge = passkey_ceremonies.new_challenge()
    return Asked(passkey_ceremonies.to_sign(site, challenge), challenge)


@reading
def ask(user_id: uuid.UUID, site: Site) -> Asked:
    """Ask for one of this account's, after its password. Raises PasskeyNotFound where it has none."""
    known, challenge = _known(user_id), passkey_ceremonies.new_challenge()
    if not known:
        raise PasskeyNotFound
    return Asked(passkey_ceremonies.to_sign(site, challenge, known), challenge)


@reading
def find_owner(answer: str) -> User | None:
    """Whose passkey an answer says that it is of: nothing is proved yet. Raises WrongPasskey for what is no answer."""
    this = Passkey.credential_id == passkey_ceremonies.id_in(answer)
    return db.session.scalars(select(User).join(Passkey, Passkey.user_id == User.id).where(this)).one_or_none()


def accept(user_id: uuid.UUID, answer: str, challenge: Challenge | None, site: Site) -> None:
    """Use up an answer with which somebody signs in.

    Raises ChallengeOver where there is no challenge, it is too old, or it or a later one was answered before;
    WrongPasskey for another account's, for an answer to something else, for a device that counts backwards.
    """
    asked, passkey = _in_time(challenge), _find(user_id, passkey_ceremonies.id_in(answer))
    if passkey is None:
        raise WrongPasskey
    key = Kept(user_id.bytes, passkey.public_key, passkey.sign_count)
    count = passkey_ceremonies.signed(answer, asked, site, key)
    if not _used(passkey.id, count, asked.at):
        raise ChallengeOver


@transaction(isolation=READ_COMMITTED)
def _used(passkey_id: uuid.UUID, count: int, asked: dt.datetime) -> bool:
    newer = or_(Passkey.last_challenge_at.is_(None), Passkey.last_challenge_at < asked)
    # Looked at once more, in one statement: another request may have used it since it was read.
    counts = Passkey.sign_count < count if count else Passkey.sign_count == 0
    used = update(Passkey).where(Passkey.id == passkey_id, newer, counts)
    used = used.values(sign_count=count, last_used_at=sql_now(), last_challenge_at=asked)
    return db.session.scalar(used.returning(Passkey.id).execution_options(synchronize_session=False)) is not None


@reading
def _find(user_id: uuid.UUID, credential_id: bytes) -> Passkey | None:
    this = Passkey.user_id == user_id, Passkey.credential_id == credential_id
    return db.session.scalars(select(Passkey).where(*this)).one_or_none()


def _in_time(challenge: Challenge | None) -> Challenge:
    if challenge is None or not passkey_ceremonies.is_in_time(challenge):
        raise ChallengeOver
    return challenge


def _known(user_id: uuid.UUID) -> list[Known]:
    rows = select(Passkey.credential_id, Passkey.transports).where(Passkey.user_id == user_id).order_by(Passkey.id)
    return [Known(*row) for row in db.session.execute(rows)]


def _own(actor: Actor, passkey_id: uuid.UUID) -> Passkey:
    passkey = db.session.get(Passkey, passkey_id)
    if passkey is None or passkey.user_id != actor.account:
        raise PasskeyNotFound
    return passkey


def _shown(row: Passkey) -> OwnPasskey:
    return OwnPasskey(row.id, row.name, row.created_at, row.last_used_at)
