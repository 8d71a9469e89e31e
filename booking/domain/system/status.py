"""The state of the system at a glance: by what indexes, catalogues and servers know, no large table is counted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text

from booking.config import Settings
from booking.domain import messages, people
from booking.domain.actors import Actor
from booking.domain.people import Action
from booking.domain.system import causes, noted
from booking.domain.system.noted import Noted
from booking.infra import leader, queue
from booking.infra.db import db, reading
from booking.infra.queue import QueueState
from booking.infra.redis import servers

SHOWN = 20  # deliveries that were given up
MOST_COUNTED = 10_000  # bookings: of more, Postgres' estimate is near enough


@dataclass(frozen=True, slots=True)
class ConsumerState:
    """Deliveries of one consumer: those that wait, run and were given up."""

    name: str
    waiting: int
    running: int
    given_up: int


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A delivery that is tried no more, and why."""

    event_id: Any
    consumer: str
    type: str
    at: dt.datetime
    error: str


@dataclass(frozen=True, slots=True)
class Database:
    """What Postgres says of itself; of `bookings` it counts so many (`MOST_COUNTED`), and estimates more."""

    version: str
    size: int  # bytes
    connections: int
    most_connections: int
    started_at: dt.datetime
    migration: str
    bookings: int
    is_led: bool  # a worker keeps the house

    @property
    def is_estimate(self) -> bool:
        """Whether `bookings` is near enough, and no count."""
        return self.bookings >= MOST_COUNTED


@dataclass(frozen=True, slots=True)
class RedisState:
    """What a server of ours says of itself; `most` is 0 without a limit."""

    name: str
    version: str
    used: int  # bytes
    most: int
    clients: int
    seconds_up: int


@dataclass(frozen=True, slots=True)
class SystemStatus:
    """`queue` is None while Redis is away; `redis` has those servers that answer."""

    unseen_events: int
    seconds_late: float
    consumers: tuple[ConsumerState, ...]
    given_up: tuple[GivenUp, ...]
    queue: QueueState | None
    database: Database
    redis: tuple[RedisState, ...]
    noted: Mapping[str, Noted]


def get(actor: Actor, settings: Settings) -> SystemStatus:
    """Raises NotFound for who may not see it."""
    people.require(actor, Action.SEE_SYSTEM)
    figures = messages.outbox_figures()
    consumers = tuple(
        ConsumerState(one.name, *(figures[f"{one.name}_{state}"] for state in ("waiting", "running", "failed")))
        for one in messages.registered_consumers()
    )
    unseen, late = figures["unsent"], causes.seconds_late()
    return SystemStatus(
        unseen, late, consumers, _given_up(), queue.state(settings.redis_url), _database(), _redis(settings), _noted()
    )


@reading
def _noted() -> dict[str, Noted]:
    return noted.all_of_it()


@reading
def _given_up() -> tuple[GivenUp, ...]:
    event, delivery = messages.Event, messages.Delivery
    rows = db.session.execute(
        select(delivery.event_id, delivery.consumer, event.type, delivery.next_at, delivery.error)
        .join(event, event.id == delivery.event_id)
        .where(delivery.state == messages.DELIVERY_GIVEN_UP)
        .order_by(delivery.next_at.desc())
        .limit(SHOWN)
    )
    return tuple(GivenUp(*row[:4], row[4] or "") for row in rows)


_DATABASE = text(
    "SELECT split_part(version(), ' ', 2) AS version, pg_database_size(current_database()) AS size,"
    " (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,"
    " current_setting('max_connections')::int AS most, pg_postmaster_start_time() AS started,"
    " (SELECT max(version_num) FROM alembic_version) AS migration,"
    " (SELECT greatest(count(*), (SELECT reltuples::bigint FROM pg_class WHERE oid = 'bookings'::regclass"
    " AND reltuples >= :most)) FROM (SELECT FROM bookings LIMIT :most) counted) AS bookings"
)


@reading
def _database() -> Database:
    row = db.session.execute(_DATABASE, {"most": MOST_COUNTED}).one()
    is_led = leader.is_there(db.session.connection())
    return Database(row.version, row.size, row.connections, row.most, row.started, row.migration, row.bookings, is_led)


def _redis(settings: Settings) -> tuple[RedisState, ...]:
    asked = {"REDIS_URL": servers.main}
    if settings.cache_redis_url != settings.redis_url:
        asked["CACHE_REDIS_URL"] = servers.cache
    found = []
    for name, server in asked.items():
        facts: dict[str, Any] = server.call(lambda client: dict(client.info()), away={})
        if facts:
            version = facts.get("valkey_version") or facts["redis_version"]
            product = "Valkey" if "valkey_version" in facts else "Redis"
            found.append(
                RedisState(
                    name,
                    f"{product} {version}",
                    facts["used_memory"],
                    facts.get("maxmemory", 0),
                    facts["connected_clients"],
                    facts["uptime_in_seconds"],
                )
            )
    return tuple(found)
