"""A repeated request is answered, not repeated. Keys belong to a user and an endpoint.

The key is claimed by INSERT ... ON CONFLICT with a lease of 30 s; `lease_until` is at the same time the fencing
token: a caller that lost its lease can no longer attach a booking or keep an answer.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, and_, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from booking.domain.errors import IdempotencyConflict, KeyReused
from booking.domain.models import IdempotencyKey
from booking.infra.clock import sql_now
from booking.infra.db import AUTOCOMMIT, READ_COMMITTED, db, transaction

LEASE = dt.timedelta(seconds=30)
KEPT_FOR = dt.timedelta(hours=48)  # at least 24 h are promised
_KEYS = cast(Table, IdempotencyKey.__table__)


@dataclass(frozen=True, slots=True)
class Answer:
    """The final answer to the first request with this key, word for word."""

    status: int
    body: str


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a request. `booking_id` is what an earlier holder of the claim had begun."""

    user_id: uuid.UUID
    endpoint: str
    key: str
    lease_until: dt.datetime
    booking_id: uuid.UUID | None


def fingerprint(request: dict[str, Any]) -> bytes:
    """The same for the same request, however it was spelled."""
    return hashlib.sha256(json.dumps(request, sort_keys=True, default=str).encode()).digest()


def claim(user_id: uuid.UUID, endpoint: str, key: str, request_hash: bytes) -> Claim | Answer:
    """Begin, take over, or replay. Raises KeyReused (another request), IdempotencyConflict (being worked on)."""
    lease_until = _begin(user_id, endpoint, key, request_hash)
    if lease_until:
        return Claim(user_id, endpoint, key, lease_until, None)
    return _known(user_id, endpoint, key, request_hash)


def attach(claim: Claim, booking_id: uuid.UUID) -> None:
    """Inside the transaction that makes the booking: the next holder of the claim will find it."""
    _fenced(claim, booking_id=booking_id)


def keep(claim: Claim, answer: Answer) -> None:
    """Inside the transaction that makes the answer final."""
    _fenced(claim, status=answer.status, body=answer.body)


@transaction(isolation=READ_COMMITTED)
def keep_refusal(claim: Claim, answer: Answer) -> None:
    """A final refusal is an answer too; whoever took the claim over meanwhile decides instead."""
    db.session.execute(update(_KEYS).where(_held_by(claim)).values(status=answer.status, body=answer.body))


@transaction(isolation=READ_COMMITTED)
def let_go(claim: Claim) -> None:
    """Not a final answer: the next call with the key may go on at once. What was begun stays attached; where nothing
    was, the key is as new, and another request may come with it.
    """
    held = _held_by(claim)
    db.session.execute(delete(_KEYS).where(held, _KEYS.c.booking_id.is_(None)))
    db.session.execute(update(_KEYS).where(held).values(lease_until=sql_now()))


@transaction(isolation=AUTOCOMMIT)
def prune() -> int:
    """Forget keys older than 48 h."""
    old = delete(_KEYS).where(_KEYS.c.created_at < sql_now() - KEPT_FOR)
    return int(db.session.execute(old).rowcount)  # type: ignore[attr-defined]  # a CursorResult


@transaction(isolation=AUTOCOMMIT)
def _begin(user_id: uuid.UUID, endpoint: str, key: str, request_hash: bytes) -> dt.datetime | None:
    row = insert(_KEYS).values(
        user_id=user_id, endpoint=endpoint, key=key, request_hash=request_hash, lease_until=sql_now() + LEASE
    )
    fresh = row.on_conflict_do_nothing().returning(_KEYS.c.lease_until)
    return cast("dt.datetime | None", db.session.execute(fresh).scalar_one_or_none())


@transaction(isolation=READ_COMMITTED)
def _known(user_id: uuid.UUID, endpoint: str, key: str, request_hash: bytes) -> Claim | Answer:
    where = and_(_KEYS.c.user_id == user_id, _KEYS.c.endpoint == endpoint, _KEYS.c.key == key)
    lease_over = (_KEYS.c.lease_until <= sql_now()).label("lease_over")
    row = db.session.execute(select(_KEYS, lease_over).where(where).with_for_update()).one_or_none()
    if row is None:
        raise IdempotencyConflict  # pruned in this very moment: the next call begins anew
    if row.request_hash != request_hash:
        raise KeyReused
    if row.status is not None:
        return Answer(row.status, row.body)
    if not row.lease_over:
        raise IdempotencyConflict
    renewed = update(_KEYS).where(where).values(lease_until=sql_now() + LEASE).returning(_KEYS.c.lease_until)
    return Claim(user_id, endpoint, key, db.session.execute(renewed).scalar_one(), row.booking_id)


def _fenced(claim: Claim, **values: Any) -> None:
    changed = db.session.execute(update(_KEYS).where(_held_by(claim)).values(**values).returning(_KEYS.c.key)).all()
    if not changed:
        raise IdempotencyConflict  # somebody took over: this transaction must not commit


def _held_by(claim: Claim) -> ColumnElement[bool]:
    return and_(
        _KEYS.c.user_id == claim.user_id,
        _KEYS.c.endpoint == claim.endpoint,
        _KEYS.c.key == claim.key,
        _KEYS.c.lease_until == claim.lease_until,
    )
