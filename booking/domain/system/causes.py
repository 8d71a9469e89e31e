"""What may be wrong in the house, found by what an index knows or the machine says: cheap enough for every minute.

Each look answers with the causes that are there; one that cannot answer raises, and says nothing about its causes.
"""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from sqlalchemy import and_, func, or_, select

from booking.config import Settings
from booking.domain import messages, payments, people, reservations, texting
from booking.domain.actors import Actor
from booking.domain.people import as_utc_text
from booking.domain.system import maintenance_mode, noted
from booking.infra import clock, queue, storage
from booking.infra.backup import Archive, catalogue
from booking.infra.clock import sql_now
from booking.infra.db import db, reading
from booking.infra.ids import encode
from booking.infra.redis import servers

IN_DOUBT_AFTER = dt.timedelta(minutes=10)  # recovery asks the provider every some seconds
LATE_AFTER = dt.timedelta(minutes=15)  # longer than an email waits after a mail server's hiccup
GIVEN_UP_WITHIN = dt.timedelta(days=1)
OFFERED = dt.timedelta(minutes=1)
CROWDED = 1000  # deliveries that wait for their first try, or jobs
FULL = 0.9  # of a disk, or of Redis’ memory
SLACK = dt.timedelta(hours=1)  # a base backup takes its time
WAL_LATE = dt.timedelta(minutes=15)
ARCHIVE_PATIENCE = dt.timedelta(seconds=10)

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that is wrong: its code, where (None: everywhere), and what words name of it."""

    kind: str
    code: str
    facts: Facts
    property_id: uuid.UUID | None = None
    at: str = ""  # what tells it from others of its code

    @property
    def key(self) -> str:
        """By which it is known again."""
        return f"{self.code}:{self.at}" if self.at else self.code


@dataclass(frozen=True, slots=True)
class Look:
    """One question, and the codes of all causes that it can find."""

    codes: frozenset[str]
    find: Callable[[], list[Cause]]


def frequent(settings: Settings) -> list[Look]:
    """Asked every minute."""
    return [
        Look(frozenset({"payments_in_doubt"}), _payments),
        Look(frozenset({"refunds_not_made"}), _refunds),
        Look(frozenset({"emails_late", "work_late"}), _late),
        Look(frozenset({"emails_given_up", "texts_given_up"}), _given_up),
        Look(frozenset({"queue_filling", "redis_filling"}), _redis),
        Look(frozenset({"disk_filling"}), partial(_disks, settings)),
        Look(frozenset({"maintenance_overdue"}), _maintenance),
    ]


def seldom(settings: Settings) -> list[Look]:
    """Asked every quarter of an hour: the archive may be far away."""
    return [Look(frozenset({"backup_missing", "backup_late", "wal_late"}), partial(_backups, settings))]


# --- money


@reading
def _payments() -> list[Cause]:
    payment, booking = payments.Payment, reservations.Booking
    still_awaited = and_(payment.state == payments.AWAITING_GUEST, payment.next_at > sql_now())
    in_doubt = payment.state.in_(payments.OPEN), ~still_awaited, payment.created_at < sql_now() - IN_DOUBT_AFTER
    found = (
        select(booking.property_id, func.count(), func.min(payment.created_at))
        .join(booking, booking.id == payment.booking_id)
        .where(*in_doubt)
        .group_by(booking.property_id)
    )
    return [_at("payments_in_doubt", place, count, since) for place, count, since in db.session.execute(found)]


@reading
def _refunds() -> list[Cause]:
    payment, booking = payments.Payment, reservations.Booking
    found = (
        select(booking.property_id, func.count(payment.booking_id.distinct()), func.min(payment.created_at))
        .join(booking, booking.id == payment.booking_id)
        .where(payments.REFUND_IS_OWED)
        .group_by(booking.property_id)
    )
    return [_at("refunds_not_made", place, count, since) for place, count, since in db.session.execute(found)]


def _at(code: str, place: uuid.UUID, count: int, since: dt.datetime) -> Cause:
    facts = {"count": count, "since": as_utc_text(since)}
    return Cause(people.ALERT_MONEY, code, facts, place, encode("property", place))


# --- emails and other work

# A text message waits for the morning; what the queue was offered waits for some seconds at most.
_IS_NOT_PUT_OFF = or_(messages.Delivery.attempts > 0, messages.Delivery.next_at <= sql_now() + OFFERED)


@reading
def _late() -> list[Cause]:
    """Of deliveries that are not done, by consumer: how many are late, and for how long."""
    event, delivery = messages.Event, messages.Delivery
    waiting = and_(delivery.state.in_((messages.DELIVERY_WAITING, messages.DELIVERY_RUNNING)), _IS_NOT_PUT_OFF)
    found = (
        select(delivery.consumer, func.count(), func.min(event.occurred_at))
        .join(event, event.id == delivery.event_id)
        .where(waiting, event.occurred_at < sql_now() - LATE_AFTER)
        .group_by(delivery.consumer)
    )
    causes = []
    for consumer, count, since in db.session.execute(found):
        is_mail = consumer == messages.MAIL
        kind = people.ALERT_EMAILS if is_mail else people.ALERT_SYSTEM
        facts = {"count": count, "since": as_utc_text(since)} | ({} if is_mail else {"consumer": consumer})
        causes.append(Cause(kind, "emails_late" if is_mail else "work_late", facts, at="" if is_mail else consumer))
    return causes


@reading
def seconds_late() -> float:
    """For how long the oldest work that is due has waited, deliveries that are tried again later not counted."""
    event, delivery = messages.Event, messages.Delivery
    unseen = select(func.min(event.occurred_at)).where(event.sent_at.is_(None))
    waiting = and_(delivery.state.in_((messages.DELIVERY_WAITING, messages.DELIVERY_RUNNING)), _IS_NOT_PUT_OFF)
    untried = waiting, delivery.attempts == 0
    undone = select(func.min(event.occurred_at)).join(delivery, delivery.event_id == event.id).where(*untried)
    oldest = func.least(unseen.scalar_subquery(), undone.scalar_subquery())
    late = db.session.scalar(select(func.extract("epoch", sql_now() - oldest)))
    return max(0.0, float(late or 0))


@reading
def _given_up() -> list[Cause]:
    delivery = messages.Delivery
    is_text = delivery.consumer == texting.TEXT
    lately = delivery.state == messages.DELIVERY_GIVEN_UP, delivery.next_at > sql_now() - GIVEN_UP_WITHIN
    counted = select(is_text, func.count()).select_from(delivery).where(*lately).group_by(is_text)
    codes = {False: "emails_given_up", True: "texts_given_up"}
    return [
        Cause(people.ALERT_EMAILS, codes[is_text], {"count": count}) for is_text, count in db.session.execute(counted)
    ]


def _redis() -> list[Cause]:
    causes = []
    jobs = queue.depth()
    if jobs > CROWDED:
        causes.append(Cause(people.ALERT_SYSTEM, "queue_filling", {"count": jobs}))
    for name, server in {"REDIS_URL": servers.main, "CACHE_REDIS_URL": servers.cache}.items():
        memory: dict[str, Any] = server.call(lambda client: dict(client.info("memory")), away={})
        most, used = memory.get("maxmemory", 0), memory.get("used_memory", 0)
        # A cache that evicts is meant to be full.
        if most and used > most * FULL and memory.get("maxmemory_policy") == "noeviction":
            causes.append(Cause(people.ALERT_SYSTEM, "redis_filling", {"percent": round(100 * used / most)}, at=name))
    return causes


def _disks(settings: Settings) -> list[Cause]:
    """Of the machine that the worker runs on, each disk once."""
    causes, seen = [], set()
    for folder in filter(None, (settings.mail_dir, settings.backup_work_dir, *_local(settings), tempfile.gettempdir())):
        there = next(part for part in (Path(folder), *Path(folder).absolute().parents) if part.exists())
        disk, usage = there.stat().st_dev, shutil.disk_usage(there)
        if disk not in seen and usage.used > FULL * (usage.used + usage.free):
            percent = round(100 * usage.used / (usage.used + usage.free))
            causes.append(
                Cause(people.ALERT_SYSTEM, "disk_filling", {"folder": str(there), "percent": percent}, at=str(there))
            )
        seen.add(disk)
    return causes


def _local(settings: Settings) -> Iterator[str]:
    """Where photos and backups are kept, as far as that is on this machine."""
    for place in map(urlsplit, (storage.place_of(settings), settings.backup_url)):
        if place.scheme == "file":
            yield unquote(place.path)


def _maintenance() -> list[Cause]:
    mode = maintenance_mode.now()
    if mode is None or not mode.is_on or not mode.is_overdue:
        return []
    return [Cause(people.ALERT_SYSTEM, "maintenance_overdue", {"since": as_utc_text(mode.until)})]


# --- backups


def _backups(settings: Settings) -> list[Cause]:
    """Raises BackupError where the archive cannot be asked."""
    if not settings.backup_url:
        return []
    place = Archive(settings.backup_url, patience=ARCHIVE_PATIENCE, only_reads=True)
    backups, received = catalogue.backups(place), catalogue.received(place)
    noted.note(_ARCHIVIST, noted.BACKUPS, _archive_facts(backups, received))
    if not backups:
        return [Cause(people.ALERT_BACKUPS, "backup_missing", {})]
    causes, newest = [], backups[-1].finished
    if clock.now() - newest > dt.timedelta(hours=settings.backup_hours) + SLACK:
        causes.append(Cause(people.ALERT_BACKUPS, "backup_late", {"since": as_utc_text(newest)}))
    if received and clock.now() - received.at > WAL_LATE:
        causes.append(Cause(people.ALERT_BACKUPS, "wal_late", {"since": as_utc_text(received.at)}))
    return causes


_ARCHIVIST = Actor.system("backups")


def _archive_facts(backups: Sequence[catalogue.Backup], received: catalogue.Received | None) -> dict[str, Any]:
    """For the page about the system: how many, the newest, and how far it can be brought forward."""
    newest = backups[-1] if backups else None
    return {
        "count": len(backups),
        "newest": as_utc_text(newest.finished) if newest else None,
        "bytes": newest.size if newest else None,
        "walUpTo": as_utc_text(received.at) if received else None,
    }
