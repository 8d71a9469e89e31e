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

from sqlalchemy import Select, Table, and_, bindparam, delete, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from booking.domain.actors import Actor
from booking.domain.errors import IdempotencyConflict, KeyReused
from booking.domain.reservations.models import IdempotencyKey
from booking.infra.batches import required
from booking.infra.clock import sql_now
from booking.infra.db import AUTOCOMMIT, READ_COMMITTED, execute, require, transaction
from booking.infra.prepared import often

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


def claim(actor: Actor, endpoint: str, key: str, request_hash: bytes) -> Claim | Answer:
    """Begin, take over, or replay. Raises KeyReused (another request), IdempotencyConflict (being worked on)."""
    user_id = actor.account
    lease_until = _begin(user_id, endpoint, key, request_hash)
    if lease_until:
        return Claim(user_id, endpoint, key, lease_until, None)
    return _known(user_id, endpoint, key, request_hash)


def attach(claim: Claim, booking_id: uuid.UUID) -> None:
    """Inside the transaction that makes the booking: the next holder of the claim will find it."""
    _fenced(_ATTACH, claim, {"new_booking": booking_id})


def keep(claim: Claim, answer: Answer) -> None:
    """Inside the transaction that makes the answer final."""
    _fenced(_KEEP_OWN, claim, {"new_status": answer.status, "new_body": answer.body})


@transaction(isolation=READ_COMMITTED)
def keep_refusal(claim: Claim, answer: Answer) -> None:
    """A final refusal is an answer too; whoever took the claim over meanwhile decides instead."""
    execute(_KEEP, _held(claim) | {"new_status": answer.status, "new_body": answer.body})


@transaction(isolation=READ_COMMITTED)
def let_go(claim: Claim) -> None:
    """Not a final answer: the next call with the key may go on at once. What was begun stays attached; where nothing
    was, the key is as new, and another request may come with it.
    """
    execute(_FORGET, _held(claim))
    execute(_LET_GO, _held(claim))


@transaction(isolation=AUTOCOMMIT)
def prune(limit: int = 500) -> int:
    """Forget keys older than 48 h, oldest first, so many at a time. Returns how many."""
    return execute(_PRUNE, {"limit": limit}).count


@transaction(isolation=AUTOCOMMIT)
def _begin(user_id: uuid.UUID, endpoint: str, key: str, request_hash: bytes) -> dt.datetime | None:
    mine = _named(user_id, endpoint, key) | {"hash": request_hash}
    return next(iter(execute(_BEGIN, mine).column), None)


@transaction(isolation=READ_COMMITTED)
def _known(user_id: uuid.UUID, endpoint: str, key: str, request_hash: bytes) -> Claim | Answer:
    mine = _named(user_id, endpoint, key)
    row = next(iter(execute(_LOOK, mine).rows), None)
    if row is None:
        raise IdempotencyConflict  # pruned in this very moment: the next call begins anew
    if bytes(row.request_hash) != request_hash:
        raise KeyReused
    if row.status is not None:
        return Answer(row.status, row.body)
    if not row.lease_over:
        raise IdempotencyConflict
    return Claim(user_id, endpoint, key, execute(_TAKE_OVER, mine).rows[0].lease_until, row.booking_id)


def _fenced(change: Select[Any], claim: Claim, values: dict[str, Any]) -> None:
    # Where somebody took over, this transaction must not commit.
    require(change, _held(claim) | values, otherwise=IdempotencyConflict())


def _named(user_id: uuid.UUID, endpoint: str, key: str) -> dict[str, Any]:
    return {"owner": user_id, "of": endpoint, "name": key}


def _held(claim: Claim) -> dict[str, Any]:
    return _named(claim.user_id, claim.endpoint, claim.key) | {"lease": claim.lease_until}


_NAMED = and_(
    _KEYS.c.user_id == bindparam("owner"), _KEYS.c.endpoint == bindparam("of"), _KEYS.c.key == bindparam("name")
)
_HELD = and_(_NAMED, _KEYS.c.lease_until == bindparam("lease"))
_BEGIN = often(
    insert(_KEYS)
    .values(
        user_id=bindparam("owner"),
        endpoint=bindparam("of"),
        key=bindparam("name"),
        request_hash=bindparam("hash"),
        lease_until=sql_now() + LEASE,
    )
    .on_conflict_do_nothing()
    .returning(_KEYS.c.lease_until)
)
_LOOK = often(select(_KEYS, (_KEYS.c.lease_until <= sql_now()).label("lease_over")).where(_NAMED).with_for_update())
_TAKE_OVER = update(_KEYS).where(_NAMED).values(lease_until=sql_now() + LEASE).returning(_KEYS.c.lease_until)
_ATTACH = required(update(_KEYS).where(_HELD).values(booking_id=bindparam("new_booking")))
_KEEP = often(update(_KEYS).where(_HELD).values(status=bindparam("new_status"), body=bindparam("new_body")))
_KEEP_OWN = required(_KEEP)
_FORGET = delete(_KEYS).where(_HELD, _KEYS.c.booking_id.is_(None))
_LET_GO = update(_KEYS).where(_HELD).values(lease_until=sql_now())
_OLD = (
    select(_KEYS.c.user_id, _KEYS.c.endpoint, _KEYS.c.key)
    .where(_KEYS.c.created_at < sql_now() - KEPT_FOR)
    .order_by(_KEYS.c.created_at)
    .limit(bindparam("limit"))
)
_PRUNE = delete(_KEYS).where(tuple_(_KEYS.c.user_id, _KEYS.c.endpoint, _KEYS.c.key).in_(_OLD))
