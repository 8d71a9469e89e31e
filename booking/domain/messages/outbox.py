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
from typing import Any

from sqlalchemy import ARRAY, Uuid, and_, any_, bindparam, delete, func, insert, or_, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import JSONB

from booking.domain.actors import Actor
from booking.domain.messages import consumers
from booking.domain.messages.models import DONE, GIVEN_UP, RUNNING, WAITING, Delivery, Event
from booking.infra import clock
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, buffer_until_commit, db, defer, reading, transaction
from booking.infra.ids import first_id_at, new_id
from booking.infra.prepared import often
from booking.infra.telemetry import request_id

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


@transaction(isolation=READ_COMMITTED)
def relay(limit: int = 500) -> int:
    """Write the deliveries of events not yet sent, oldest first, and mark them sent. Returns how many events."""
    fresh = db.session.execute(
        select(Event.id, Event.type)
        .where(Event.sent_at.is_(None))
        .order_by(Event.occurred_at, Event.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    if not fresh:
        return 0
    rows = [
        {"event_id": event.id, "consumer": consumer, "next_at": sql_now()}
        for event in fresh
        for consumer in consumers.subscribed_to(event.type)
    ]
    if rows:
        db.session.execute(insert(Delivery).values(rows))
    db.session.execute(
        update(Event)
        .where(Event.id.in_([event.id for event in fresh]))
        .values(sent_at=sql_now())
        .execution_options(synchronize_session=False)
    )
    return len(fresh)


@transaction(isolation=READ_COMMITTED)
def due(limit: int = 500) -> list[tuple[str, uuid.UUID]]:
    """(consumer, event id) of work to hand to the queue now; the same work is not offered again for 30 s.

    A claim whose lease ran out (its worker died) is open again. Work of consumers that only another version of the
    program knows is left to that one.
    """
    chosen = (
        select(Delivery.event_id, Delivery.consumer)
        .where(Delivery.state.in_((WAITING, RUNNING)), Delivery.next_at <= sql_now())
        .where(Delivery.consumer.in_(consumers.names()))
        .order_by(Delivery.next_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte()  # run once; a subquery may be run again for each row, and then chooses others
    )
    rows = db.session.execute(
        update(Delivery)
        .where(Delivery.event_id == chosen.c.event_id, Delivery.consumer == chosen.c.consumer)
        .values(state=WAITING, next_at=sql_now() + OFFERED_AGAIN_AFTER)
        .returning(Delivery.consumer, Delivery.event_id)
        .execution_options(synchronize_session=False)
    )
    return sorted((row.consumer, row.event_id) for row in rows)


@transaction(isolation=READ_COMMITTED)
def claim(consumer: str, event_ids: Sequence[uuid.UUID]) -> list[Task]:
    """Take those deliveries that wait, so that only one worker does each."""
    rows = db.session.execute(
        update(Delivery)
        .where(
            Delivery.consumer == consumer,
            Delivery.event_id.in_(event_ids),
            Delivery.event_id == Event.id,
            Delivery.state == WAITING,
        )
        .values(state=RUNNING, attempts=Delivery.attempts + 1, next_at=sql_now() + CLAIM_LEASE)
        .returning(Event.id, Event.type, Event.payload, Event.occurred_at, Delivery.attempts)
        .execution_options(synchronize_session=False)
    )
    return [Task(row.id, consumer, row.type, row.payload, row.occurred_at, row.attempts) for row in rows]


@transaction(isolation=READ_COMMITTED)
def finish(tasks: Sequence[Task]) -> None:
    """The work is done."""
    _settle(tasks, state=DONE, error=None)


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
