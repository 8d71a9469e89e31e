"""A repeated request is answered, not repeated. Keys belong to a user and an endpoint.

A new key is written by the transaction that holds the nights (first_claim, attach): both are there, or neither is. Only
where that finds the key known is it claimed by itself, by INSERT ... ON CONFLICT (claim). The lease lasts 30 s;
`lease_until` is at the same time the fencing token: a caller that lost its lease can no longer attach a booking or keep
an answer.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

from sqlalchemy import Select, Table, and_, bindparam, delete, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from booking.domain.actors import Actor
from booking.domain.errors import IdempotencyConflict, KeyReused
from booking.domain.reservations.models import IdempotencyKey, Lines
from booking.infra.batches import required
from booking.infra.clock import sql_now
from booking.infra.db import AUTOCOMMIT, READ_COMMITTED, after_commit, defer, execute, require, transaction
from booking.infra.prepared import often

LEASE = dt.timedelta(seconds=30)
KEPT_FOR = dt.timedelta(hours=48)  # at least 24 h are promised
_KEYS = cast(Table, IdempotencyKey.__table__)


@dataclass(frozen=True, slots=True)
class Answer:
    """The final answer to the first request with this key, word for word."""

    status: int
    body: str


@dataclass(slots=True)
class Claim:
    """The right to work on a request. `booking_id` is what an earlier holder of the claim had begun.

    A first claim (`is_first`) has no key and no lease before attach() writes them.
    """

    user_id: uuid.UUID
    endpoint: str
    key: str
    request_hash: bytes
    lease_until: dt.datetime | None = None
    booking_id: uuid.UUID | None = None
    is_first: bool = False


class KeyKnown(Exception):
    """A first claim came second: what there is under the key has to be looked at."""


def fingerprint(request: dict[str, Any]) -> bytes:
    """The same for the same request, however it was spelled."""
    return hashlib.sha256(json.dumps(request, sort_keys=True, default=str).encode()).digest()


def mark(claim: Claim) -> str:
    """The same for all calls with one key, in a few letters that do not tell it."""
    named = "\n".join((str(claim.user_id), claim.endpoint, claim.key))
    return hashlib.sha256(named.encode()).hexdigest()[:24]


def first_claim(actor: Actor, endpoint: str, key: str, request_hash: bytes) -> Claim:
    """What most requests need: nothing is written before attach()."""
    return Claim(actor.account, endpoint, key, request_hash, is_first=True)


def claim(actor: Actor, endpoint: str, key: str, request_hash: bytes) -> Claim | Answer:
    """Begin, take over, or replay. Raises KeyReused (another request), IdempotencyConflict (being worked on)."""
    return claim_again(first_claim(actor, endpoint, key, request_hash))


def claim_again(first: Claim) -> Claim | Answer:
    """The same for a first claim that came second."""
    if lease_until := _begin(first):
        return replace(first, lease_until=lease_until, is_first=False)
    known = find(first)
    if known is None:
        raise IdempotencyConflict  # pruned in this very moment: the next call begins anew
    return known


def attach(claim: Claim, booking_id: uuid.UUID) -> None:
    """First of all in the transaction that makes the booking: the next holder of the claim will find it.

    Where a first claim finds its key written, whatever sends this raises KeyKnown.
    """
    if claim.is_first:
        require(_BEGIN_WITH, _new(claim) | {"new_booking": booking_id}, otherwise=KeyKnown())
    else:
        _fenced(_ATTACH, claim, {"new_booking": booking_id})


def begun(claim: Claim, now: dt.datetime) -> None:
    """Inside the transaction in which a claim was attached, and for which it is `now` (sql_now): a first one has its
    lease. Where all is rolled back no row has it, so nothing can be done with it.
    """
    if claim.is_first:
        claim.lease_until = now + LEASE
        after_commit(partial(setattr, claim, "is_first", False))


def keep(claim: Claim, answer: Answer) -> None:
    """Inside the transaction that makes the answer final."""
    _fenced(_KEEP_OWN, claim, {"new_status": answer.status, "new_body": answer.body})


Render = Callable[[Lines], Answer]


def keeper(claim: Claim | None, render: Render | None) -> Callable[[Lines], None] | None:
    """What keeps the answer under the key, in the transaction that makes it final; None without a key."""
    if claim is None or render is None:
        return None
    return lambda bookings: keep(claim, render(bookings))


@transaction(isolation=AUTOCOMMIT)
def keep_refusal(claim: Claim, answer: Answer) -> bool:
    """A final refusal is an answer too; a first claim whose key is not there, since all was rolled back, writes it.

    False where somebody else has the key by now, who decides instead.
    """
    final = {"new_status": answer.status, "new_body": answer.body}
    if claim.is_first and execute(_BEGIN_ANSWERED, _new(claim) | final).count:
        return True
    return bool(claim.lease_until and execute(_KEEP, _held(claim) | final).count)


def let_go(claim: Claim) -> None:
    """Not a final answer: the next call with the key may go on at once. What was begun stays attached; where nothing
    was, the key is as new, and another request may come with it.
    """
    if claim.lease_until:
        _let_go(claim)


@transaction(isolation=AUTOCOMMIT)
def prune(limit: int = 500) -> int:
    """Forget keys older than 48 h, oldest first, so many at a time. Returns how many."""
    return execute(_PRUNE, {"limit": limit}).count


@transaction(isolation=AUTOCOMMIT)
def _begin(first: Claim) -> dt.datetime | None:
    return next(iter(execute(_BEGIN, _new(first)).column), None)


@transaction(isolation=READ_COMMITTED)
def find(first: Claim) -> Claim | Answer | None:
    """Take over or replay what there is under the key. Raises KeyReused, IdempotencyConflict."""
    row = next(iter(execute(_LOOK, _named(first)).rows), None)
    if row is None:
        return None
    if bytes(row.request_hash) != first.request_hash:
        raise KeyReused
    if row.status is not None:
        return Answer(row.status, row.body)
    if not row.lease_over:
        raise IdempotencyConflict
    [lease_until] = execute(_TAKE_OVER, _named(first)).column
    return replace(first, lease_until=lease_until, booking_id=row.booking_id, is_first=False)


@transaction(isolation=READ_COMMITTED)
def _let_go(claim: Claim) -> None:
    defer(_FORGET, _held(claim))
    defer(_LET_GO, _held(claim))


def _fenced(change: Select[Any], claim: Claim, values: dict[str, Any]) -> None:
    # Where somebody took over, this transaction must not commit.
    require(change, _held(claim) | values, otherwise=IdempotencyConflict())


def _named(claim: Claim) -> dict[str, Any]:
    return {"owner": claim.user_id, "of": claim.endpoint, "name": claim.key}


def _new(claim: Claim) -> dict[str, Any]:
    return _named(claim) | {"hash": claim.request_hash}


def _held(claim: Claim) -> dict[str, Any]:
    return _named(claim) | {"lease": claim.lease_until}


_NAMED = and_(
    _KEYS.c.user_id == bindparam("owner"), _KEYS.c.endpoint == bindparam("of"), _KEYS.c.key == bindparam("name")
)
_HELD = and_(_NAMED, _KEYS.c.lease_until == bindparam("lease"))
_NEW = {
    "user_id": bindparam("owner"),
    "endpoint": bindparam("of"),
    "key": bindparam("name"),
    "request_hash": bindparam("hash"),
    "lease_until": sql_now() + LEASE,
}
_BEGIN = often(insert(_KEYS).values(_NEW).on_conflict_do_nothing().returning(_KEYS.c.lease_until))
_BEGIN_WITH = required(insert(_KEYS).values(_NEW | {"booking_id": bindparam("new_booking")}).on_conflict_do_nothing())
_LOOK = often(select(_KEYS, (_KEYS.c.lease_until <= sql_now()).label("lease_over")).where(_NAMED).with_for_update())
_TAKE_OVER = update(_KEYS).where(_NAMED).values(lease_until=sql_now() + LEASE).returning(_KEYS.c.lease_until)
_ATTACH = required(update(_KEYS).where(_HELD).values(booking_id=bindparam("new_booking")))
_ANSWER: dict[str, Any] = {"status": bindparam("new_status"), "body": bindparam("new_body")}
_BEGIN_ANSWERED = insert(_KEYS).values(_NEW | _ANSWER).on_conflict_do_nothing()
_KEEP = update(_KEYS).where(_HELD).values(_ANSWER)
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
