"""The outbox: what happened is recorded in the transaction that made it happen, and every consumer's work is a row.

record() is called inside a transaction; relay() turns new events into deliveries; consumers claim theirs by UPDATE,
do the work, and finish it. A queue only carries them: losing it loses nothing, because a delivery past its `next_at`
is offered again.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import (
    ARRAY,
    Integer,
    Interval,
    Table,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    column,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from booking.domain.actors import Actor
from booking.domain.messages import consumers
from booking.domain.messages.models import DONE, DROPPED, GIVEN_UP, RUNNING, WAITING, Delivery, Event
from booking.infra import clock
from booking.infra.clock import sql_now
from booking.infra.db import (
    AUTOCOMMIT,
    READ_COMMITTED,
    buffer_until_commit,
    db,
    defer,
    execute,
    fetch,
    reading,
    transaction,
)
from booking.infra.ids import first_id_at, new_id
from booking.infra.prepared import often
from booking.infra.telemetry import request_id

_EVENTS, _DELIVERIES = cast(Table, Event.__table__), cast(Table, Delivery.__table__)

OFFERED_AGAIN_AFTER = dt.timedelta(seconds=30)  # a delivery that was handed to the queue and not taken up
CLAIM_LEASE = dt.timedelta(seconds=45)  # longer than any consumer works
LONGEST_PAUSE = dt.timedelta(minutes=15)  # after an outage of the mail server, nobody waits longer than this
GIVE_UP_AFTER = dt.timedelta(days=1)
KEPT = dt.timedelta(days=30)  # how long finished events are kept
GIVEN_UP_KEPT = dt.timedelta(days=90)  # and those with work that was given up, for an operator to see and retry


@dataclass(frozen=True, slots=True)
class Task:
    """A claimed delivery, with all a consumer needs. `attempts` counts this one, and says whose claim it is."""

    event_id: uuid.UUID
    consumer: str
    type: str
    payload: dict[str, Any]
    occurred_at: dt.datetime
    attempts: int


def record(actor: Actor, kind: str, payload: dict[str, Any]) -> uuid.UUID:
    """Record what happened as part of the running transaction, by whom, and the request that caused it.

    Returns the event's id.
    """
    cause = {"actor": str(actor)} | ({"requestId": request_id()} if request_id() else {})
    event_id = new_id()
    buffer_until_commit("events", [{"id": event_id, "type": kind, "payload": json.dumps({**payload, **cause})}], _write)
    return event_id


def _write(rows: list[dict[str, Any]]) -> None:
    names = ("id", "type", "payload")
    defer(_ADD, {f"{name}s": [row[name] for row in rows] for name in names})


_ADD = often(
    text(
        "INSERT INTO events (id, type, payload)"
        " SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:types AS text[]), CAST(:payloads AS jsonb[]))"
    ).bindparams(bindparam("ids", type_=ARRAY(Uuid)), bindparam("payloads", type_=ARRAY(JSONB)))
)


def relay(limit: int = 500, *, offered: bool = False) -> tuple[int, list[tuple[str, uuid.UUID]]]:
    """Write the deliveries of events not yet sent, oldest first, and mark them sent. Returns how many events these are.

    And, where the work is to be `offered` at once, what due() would return of it.
    """
    fresh = [(row.id, row.type) for row in fetch(_FRESH, limit=limit)]
    if not fresh:
        return 0, []
    pause = OFFERED_AGAIN_AFTER if offered else dt.timedelta(0)
    written = _relayed([event_id for event_id, _ in fresh], consumers.to_be_told(fresh), pause)
    return len(fresh), sorted(written) if offered else []


@transaction(isolation=AUTOCOMMIT)
def _relayed(
    fresh: list[uuid.UUID], work: list[tuple[uuid.UUID, str]], pause: dt.timedelta
) -> list[tuple[str, uuid.UUID]]:
    told = {"event_ids": [event_id for event_id, _ in work], "consumers": [consumer for _, consumer in work]}
    rows = execute(_RELAY, {"fresh": fresh, **told, "pause": pause}).rows
    return [(row.consumer, row.event_id) for row in rows]


@transaction(isolation=AUTOCOMMIT)
def due(limit: int = 500) -> list[tuple[str, uuid.UUID]]:
    """(consumer, event id) of work to hand to the queue now; the same work is not offered again for 30 s.

    A claim whose lease ran out (its worker died) is open again. Work of consumers that only another version of the
    program knows is left to that one.
    """
    rows = execute(_OFFER, {"consumers": consumers.names(), "limit": limit}).rows
    return sorted((row.consumer, row.event_id) for row in rows)


@transaction(isolation=AUTOCOMMIT)
def claim(consumer: str, event_ids: Sequence[uuid.UUID]) -> list[Task]:
    """Take those deliveries that wait, so that only one worker does each; the oldest event comes first."""
    rows = execute(_CLAIM, {"consumer": consumer, "wanted": list(event_ids)}).rows
    tasks = (Task(row.id, consumer, row.type, row.payload, row.occurred_at, row.attempts) for row in rows)
    return sorted(tasks, key=lambda task: task.event_id)


@transaction(isolation=AUTOCOMMIT)
def finish(tasks: Sequence[Task], nothing_sent: str | None = None) -> None:
    """The work is done; `nothing_sent`, one of NOTHING_SENT, says why there was none to do."""
    execute(_FINISH, _claims(tasks) | {"nothing_sent": nothing_sent})


@transaction(isolation=AUTOCOMMIT)
def put_back(tasks: Sequence[Task]) -> None:
    """Nobody has begun with it: it waits as if it had just been offered."""
    execute(_PUT_BACK, _claims(tasks))


@transaction(isolation=READ_COMMITTED)
def postpone(task: Task, until: dt.datetime) -> None:
    """It is not to be done before then; nobody has begun with it."""
    _settle([task], state=WAITING, attempts=task.attempts - 1, next_at=until)


@transaction(isolation=READ_COMMITTED)
def fail(task: Task, error: str) -> None:
    """Try again after a growing pause; a day after the event, give up, keep the reason, and show it."""
    pause = min(dt.timedelta(seconds=2 ** min(task.attempts, 20)), LONGEST_PAUSE)
    too_old = db.session.scalar(select(sql_now() > task.occurred_at + GIVE_UP_AFTER))
    state = GIVEN_UP if too_old else WAITING
    _settle([task], state=state, error=_storable(error), next_at=sql_now() + pause)


@transaction(isolation=READ_COMMITTED)
def give_up(task: Task, error: str) -> None:
    """It can never succeed: keep the reason, show it, and try no more."""
    _settle([task], state=GIVEN_UP, error=_storable(error), next_at=sql_now())


def _storable(error: str) -> str:
    # Postgres' text holds everything but NUL, and a mail server may answer anything.
    return error.replace("\0", "")[:2000]


@reading
def status() -> dict[str, int]:
    """For operators and gauges: events not yet sent, deliveries by state and consumer."""
    unsent = db.session.scalar(select(func.count()).select_from(Event).where(Event.sent_at.is_(None)))
    # One statement for each index: "not done" has none.
    by_state = [
        row
        for states in ((WAITING, RUNNING), (GIVEN_UP,))
        for row in db.session.execute(
            select(Delivery.consumer, Delivery.state, func.count())
            .where(Delivery.state.in_(states) if len(states) > 1 else Delivery.state == states[0])
            .group_by(Delivery.consumer, Delivery.state)
        )
    ]
    figures = {f"{consumer}_{state}": 0 for consumer in consumers.names() for state in (WAITING, RUNNING, GIVEN_UP)}
    return {"unsent": unsent or 0, **figures, **{f"{row[0]}_{row[1]}": row[2] for row in by_state}}


@reading
def given_up(limit: int = 20) -> list[tuple[uuid.UUID, str, str]]:
    """(event id, consumer, error) of work that was given up, newest first."""
    rows = db.session.execute(
        select(Delivery.event_id, Delivery.consumer, Delivery.error)
        .where(Delivery.state == GIVEN_UP)
        .order_by(Delivery.next_at.desc())
        .limit(limit)
    )
    return [(row.event_id, row.consumer, row.error or "") for row in rows]


def retry_given_up() -> int:
    """Offer everything that was given up once more, inside the caller's transaction. Returns how many."""
    result = db.session.execute(
        update(Delivery)
        .where(Delivery.state == GIVEN_UP)
        .values(state=WAITING, attempts=0, next_at=sql_now())
        .execution_options(synchronize_session=False)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]  # a CursorResult, as for every UPDATE


def settle_given_up(event_id: uuid.UUID, consumer: str, *, again: bool) -> bool:
    """Offer one that was given up once more, or drop it for good, inside the caller's transaction. Whether it was."""
    once_more = {"state": WAITING, "attempts": 0, "next_at": sql_now()}
    settled = (
        update(Delivery)
        .where(Delivery.event_id == event_id, Delivery.consumer == consumer, Delivery.state == GIVEN_UP)
        .values(once_more if again else {"state": DONE, "error": DROPPED})
        .returning(Delivery.event_id)
    )
    return db.session.scalar(settled.execution_options(synchronize_session=False)) is not None


@transaction(isolation=READ_COMMITTED)
def prune(limit: int = 500) -> int:
    """Delete events that are finished and 30 days old (90 where work was given up), oldest first. Returns how many."""
    still_shown = Event.id >= first_id_at(clock.now() - GIVEN_UP_KEPT)
    open_work = or_(Delivery.state.in_((WAITING, RUNNING)), and_(Delivery.state == GIVEN_UP, still_shown))
    # OFFSET 0: looked up by the key for each event, never joined with all deliveries.
    unfinished = select(Delivery.event_id).where(Delivery.event_id == Event.id, open_work).offset(0).exists()
    old = (
        select(Event.id)
        .where(Event.id < first_id_at(clock.now() - KEPT), Event.sent_at.is_not(None), ~unfinished)
        .order_by(Event.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    chosen_once = any_(func.array(old.scalar_subquery()))
    result = db.session.execute(
        delete(Event).where(Event.id == chosen_once).execution_options(synchronize_session=False)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]  # a CursorResult, as for every DELETE


def _settle(tasks: Sequence[Task], **values: Any) -> None:
    # A claim that ran out may be somebody else's by now; the number of attempts tells them apart.
    claims = [(task.event_id, task.consumer, task.attempts) for task in tasks]
    db.session.execute(
        update(Delivery)
        .where(
            tuple_(Delivery.event_id, Delivery.consumer, Delivery.attempts).in_(claims),
            Delivery.state == RUNNING,
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _claims(tasks: Sequence[Task]) -> dict[str, Any]:
    return {
        "event_ids": [task.event_id for task in tasks],
        "consumers": [task.consumer for task in tasks],
        "attempts": [task.attempts for task in tasks],
    }


# --- the statements of every event, built once: each is a transaction of its own, in one message

_IDS, _TEXTS = ARRAY(Uuid), ARRAY(Text)
_WANTED = (
    func.unnest(bindparam("event_ids", type_=_IDS), bindparam("consumers", type_=_TEXTS))
    .table_valued(column("event_id", Uuid), column("consumer", Text))
    .render_derived(name="wanted")
)
_FRESH = often(
    select(Event.id, Event.type)
    .where(Event.sent_at.is_(None))
    .order_by(Event.occurred_at, Event.id)
    .limit(bindparam("limit"))
)
_STILL_FRESH = (
    select(Event.id)
    .where(Event.id == any_(bindparam("fresh", type_=_IDS)), Event.sent_at.is_(None))
    .with_for_update(skip_locked=True)
    .cte("fresh")
)
_RELAY = often(
    insert(_DELIVERIES)
    .from_select(
        ["event_id", "consumer", "next_at"],
        select(_WANTED.c.event_id, _WANTED.c.consumer, sql_now() + bindparam("pause", type_=Interval)).join_from(
            _WANTED, _STILL_FRESH, _STILL_FRESH.c.id == _WANTED.c.event_id
        ),
        include_defaults=False,  # of Postgres are the same
    )
    .add_cte(update(_EVENTS).where(_EVENTS.c.id == _STILL_FRESH.c.id).values(sent_at=sql_now()).cte("sent"))
    .returning(_DELIVERIES.c.event_id, _DELIVERIES.c.consumer)
)
_CHOSEN = (
    select(Delivery.event_id, Delivery.consumer)
    .where(Delivery.state.in_((literal_column("'waiting'"), literal_column("'running'"))))
    .where(Delivery.next_at <= sql_now(), Delivery.consumer == any_(bindparam("consumers", type_=_TEXTS)))
    .order_by(Delivery.next_at)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
    .cte("chosen")  # run once; a subquery may be run again for each row, and then chooses others
)
_OFFER = often(
    update(_DELIVERIES)
    .where(_DELIVERIES.c.event_id == _CHOSEN.c.event_id, _DELIVERIES.c.consumer == _CHOSEN.c.consumer)
    .values(state=WAITING, next_at=sql_now() + OFFERED_AGAIN_AFTER)
    .returning(_DELIVERIES.c.consumer, _DELIVERIES.c.event_id)
)
# A claim that ran out may be somebody else's by now; the number of attempts tells them apart.
_MINE = (
    func.unnest(
        bindparam("event_ids", type_=_IDS),
        bindparam("consumers", type_=_TEXTS),
        bindparam("attempts", type_=ARRAY(Integer)),
    )
    .table_valued(column("event_id", Uuid), column("consumer", Text), column("attempts", Integer))
    .render_derived(name="mine")
)
_OF_MINE = update(_DELIVERIES).where(
    _DELIVERIES.c.event_id == _MINE.c.event_id,
    _DELIVERIES.c.consumer == _MINE.c.consumer,
    _DELIVERIES.c.attempts == _MINE.c.attempts,
    _DELIVERIES.c.state == RUNNING,
)
_FINISH = often(_OF_MINE.values(state=DONE, error=bindparam("nothing_sent", type_=Text)))
_PUT_BACK = _OF_MINE.values(state=WAITING, attempts=_DELIVERIES.c.attempts - 1, next_at=sql_now() + OFFERED_AGAIN_AFTER)
_CLAIM = often(
    update(_DELIVERIES)
    .where(
        _DELIVERIES.c.consumer == bindparam("consumer"),
        _DELIVERIES.c.event_id == any_(bindparam("wanted", type_=_IDS)),
        _DELIVERIES.c.event_id == _EVENTS.c.id,
        _DELIVERIES.c.state == WAITING,
    )
    .values(state=RUNNING, attempts=_DELIVERIES.c.attempts + 1, next_at=sql_now() + CLAIM_LEASE)
    .returning(_EVENTS.c.id, _EVENTS.c.type, _EVENTS.c.payload, _EVENTS.c.occurred_at, _DELIVERIES.c.attempts)
)
