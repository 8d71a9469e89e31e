"""Alerts: one for each cause, from when it was first seen until it has been gone for a while.

Whoever wants to know is told when it begins, once a day while it lasts, and when it is over; never for every look. What
they are told goes out by the outbox, in the transaction that opens, reminds or closes.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.exc import DBAPIError

from booking.config import Settings
from booking.domain import messages, people
from booking.domain.actors import Actor
from booking.domain.errors import BookingError, NotFound
from booking.domain.people import Action, AlertReader
from booking.domain.system import alert_texts, causes
from booking.domain.system.alert_models import Alert
from booking.domain.system.causes import Cause, Facts, Look
from booking.infra import clock, leader, telemetry
from booking.infra.backup import BackupError
from booking.infra.db import READ_COMMITTED, Unavailable, db, reading, transaction
from booking.infra.ids import encode, new_id

OVER_AFTER = dt.timedelta(minutes=10)  # a cause that comes and goes is one
REMIND_AFTER = dt.timedelta(days=1)
KEPT = dt.timedelta(days=90)  # when it is over
OPENED, REMINDED, CLOSED = ALERT_EVENTS = ("alert.opened", "alert.reminded", "alert.closed")
# Of these nobody is told that they are over: they are so by time, not because somebody mended something.
ENDS_UNTOLD = frozenset({"emails_given_up", "texts_given_up"})
LOCK = 0x616C65727473  # "alerts"


@dataclass(frozen=True, slots=True)
class ShownAlert:
    """An alert as it is told: `code` and `facts` are put into words by whoever tells."""

    id: uuid.UUID
    kind: str
    code: str
    facts: Facts
    property_id: uuid.UUID | None
    opened_at: dt.datetime
    closed_at: dt.datetime | None


def look(actor: Actor, settings: Settings, *, seldom: bool = False) -> int:
    """Ask for causes, and open, remind and close what follows from the answers. How many are open.

    What cannot be asked opens and closes nothing.
    """
    people.require(actor, Action.CHECK_BOOKS)
    asked = causes.seldom(settings) if seldom else causes.frequent(settings)
    answered = [(one.codes, found) for one in asked if (found := _answer(one)) is not None]
    codes = frozenset().union(*(codes for codes, _ in answered))
    return _settle(actor, codes, [cause for _, found in answered for cause in found])


def _answer(asked: Look) -> list[Cause] | None:
    try:
        return asked.find()
    except (BackupError, BookingError, DBAPIError, OSError, Unavailable) as error:
        telemetry.log.warning("causes_unknown", codes=sorted(asked.codes), error=f"{type(error).__name__}: {error}")
        return None


@transaction(isolation=READ_COMMITTED)
def _settle(actor: Actor, codes: frozenset[str], found: Sequence[Cause]) -> int:
    db.session.execute(select(func.pg_advisory_xact_lock(LOCK)))  # two who look at once tell once
    now, there = clock.now(), {cause.key: cause for cause in found}
    running = {alert.cause: alert for alert in db.session.scalars(select(Alert).where(Alert.closed_at.is_(None)))}
    happened: list[tuple[str, Alert]] = []
    for key, cause in there.items():
        if (alert := running.get(key)) is None:
            alert = running[key] = _opened(cause, now)
            happened.append((OPENED, alert))
        else:
            alert.facts, alert.seen_at = dict(cause.facts), now
            if now - alert.told_at >= REMIND_AFTER:
                alert.told_at = now
                happened.append((REMINDED, alert))
    for key in [key for key in running if key not in there]:
        if running[key].code in codes and now - running[key].seen_at >= OVER_AFTER:
            over = running.pop(key)
            over.closed_at = now
            happened.append((CLOSED, over))
    _tell(actor, happened)
    return len(running)


def _opened(cause: Cause, now: dt.datetime) -> Alert:
    instants = {"opened_at": now, "seen_at": now, "told_at": now}
    about = {"kind": cause.kind, "cause": cause.key, "property_id": cause.property_id, "facts": dict(cause.facts)}
    alert = Alert(id=new_id(), **about, **instants)
    db.session.add(alert)
    return alert


def _tell(actor: Actor, happened: Iterable[tuple[str, Alert]]) -> None:
    told = [(what, alert) for what, alert in happened if not (what == CLOSED and alert.code in ENDS_UNTOLD)]
    readers = people.alert_readers_within() if told else []
    phones = alert_texts.wanted_by(readers)
    for reader in readers:
        for what, alert in told:
            if reader.way(alert.kind) == people.ALERT_AT_ONCE and reader.hears_of(alert.kind, alert.property_id):
                facts = {"userId": encode("user", reader.user_id)} | as_told(alert)
                messages.record(actor, what, facts)
                if what != REMINDED:
                    alert_texts.record(actor, reader, phones, facts | {"tells": what})


def as_told(alert: Alert) -> dict[str, object]:
    """What an event says of it: what it was at that moment."""
    return {
        "alertId": encode("alert", alert.id),
        "kind": alert.kind,
        "code": alert.code,
        "facts": alert.facts,
        "propertyId": encode("property", alert.property_id) if alert.property_id else None,
        "openedAt": people.as_utc_text(alert.opened_at),
    }


# --- looking


@reading
def is_open(alert_id: uuid.UUID) -> bool:
    """Whether it is not over yet."""
    found = select(Alert.id).where(Alert.id == alert_id, Alert.closed_at.is_(None))
    return db.session.scalar(found) is not None


@reading
def for_actor(actor: Actor, *, closed: bool = False, limit: int = 100) -> list[ShownAlert]:
    """Those that the actor may be told of, the newest first; those that are over too, where asked.

    Raises NotFound for who may be told of nothing.
    """
    _require_reader(actor)
    newest = select(Alert).order_by(Alert.opened_at.desc(), Alert.id.desc()).limit(limit)
    rows = db.session.scalars(newest if closed else newest.where(Alert.closed_at.is_(None)))
    return [_shown(row) for row in rows if _may_see(actor, row)]


@reading
def is_attended(actor: Actor) -> bool:
    """Whether a worker runs, without which nobody is told of anything. Raises NotFound for who is told of nothing."""
    _require_reader(actor)
    return leader.is_there(db.session.connection())


def open_for(reader: AlertReader, kinds: Sequence[str]) -> list[Alert]:
    """Of these kinds, the oldest first, inside the caller's transaction."""
    there = select(Alert).where(Alert.closed_at.is_(None), Alert.kind.in_(kinds)).order_by(Alert.opened_at, Alert.id)
    return [row for row in db.session.scalars(there) if reader.hears_of(row.kind, row.property_id)]


def _require_reader(actor: Actor) -> None:
    if not any(people.reach(actor, action) for action in people.ALERT_NEEDS.values()):
        raise NotFound


def _may_see(actor: Actor, alert: Alert) -> bool:
    return people.may(actor, people.ALERT_NEEDS[alert.kind], at=alert.property_id)


def _shown(row: Alert) -> ShownAlert:
    return ShownAlert(row.id, row.kind, row.code, row.facts, row.property_id, row.opened_at, row.closed_at)


@transaction(isolation=READ_COMMITTED)
def prune(actor: Actor, limit: int = 500) -> int:
    """Delete those that have been over for 90 days. Returns how many."""
    people.require(actor, Action.PRUNE)
    old = select(Alert.id).where(Alert.closed_at < clock.now() - KEPT).limit(limit)
    gone = delete(Alert).where(Alert.id.in_(old.scalar_subquery())).returning(Alert.id)
    return len(db.session.scalars(gone.execution_options(synchronize_session=False)).all())
