"""`make bench-background`: what every statement costs that runs in the background, beside years of history.

python -m bench.plans_in_background --bookings 5000000

The chores of the worker, the page "System", the gauges of /metrics and the checks of `flask doctor` are run as they
are; whatever they say to Postgres is noted, explained, and must use an index and stay under 50 ms. So a new statement
joins by itself.
"""

from __future__ import annotations

import argparse
import datetime as dt
import re
import shutil
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg2
from flask import Flask
from sqlalchemy import Engine, create_engine, event

from bench.copy_of_its_own import ROOT, running
from booking import create_app
from booking.config import Settings
from booking.domain import reservations, system
from booking.domain.maintenance import backlog
from booking.domain.messages import outbox
from booking.infra import signals
from booking.infra.provider import Happened, Heard, NotSigned, Provider
from booking.jobs import cache_refresh, ticker

# What a statement must find it has found already when it was noted: said again, it may find nothing.
DEMANDED = re.compile(r"require_rows\(count\(\*\), [^)]*\)")
MOST_MS, MOST_PAGES = 50.0, 500
BIG = ("bookings", "orders", "availability", "payments", "events", "deliveries", "idempotency_keys")
ID = "(lpad(to_hex(({ms})::bigint), 12, '0') || '7000' || '8' || lpad(to_hex(n), 15, '0'))::uuid"
EVENT_ID = ID.format(ms="extract(epoch FROM now() - interval '20 days') * 1000 + n / 100")
BOOKING_ID = ID.format(ms="1500000000000")
READS = re.compile(r"\s*(?:(?:SELECT|DELETE|WITH)\b.*\bFROM\b|UPDATE\b)", re.DOTALL)
FEW_PAGES = 10
LARGE = """SELECT relname FROM pg_class WHERE relname = ANY (%(names)s) AND relnamespace = 'public'::regnamespace
    AND pg_relation_size(oid) > %(pages)s * current_setting('block_size')::int"""
ROOM_ID = "(SELECT array_agg(id ORDER BY id) FROM history_rooms)"

# One night each; the newest are months old, but what is pruned by age is younger than that.
HISTORY = (
    "CREATE TEMP TABLE history_rooms AS SELECT id FROM rooms LIMIT 0",
    """INSERT INTO users (id, email, email_key, full_name, role, region)
    VALUES (gen_random_uuid(), 'history@example.com', 'history@example.com', 'History', 'guest', 'eu')""",
    """INSERT INTO properties (id, name, slug, location, address, time_zone, currency, check_in_time, check_out_time,
    legal_name) VALUES (gen_random_uuid(), 'History', 'history', 'history', '{{}}', 'UTC', 'EUR', '15:00', '11:00',
    'History Ltd')""",
    """WITH made AS (INSERT INTO rooms (id, property_id, name, location, currency, capacity, price_per_night,
    cancellation_policy, published) SELECT gen_random_uuid(), (SELECT id FROM properties WHERE slug = 'history'),
    'Room ' || n, 'history', 'EUR', 2, 100, '{{"name": "flexible", "tiers": []}}', true
    FROM generate_series(1, {rooms}) n RETURNING id) INSERT INTO history_rooms SELECT id FROM made""",
    # Row by row they would give each booking its order and count what was paid.
    "ALTER TABLE bookings DISABLE TRIGGER USER",
    "ALTER TABLE payments DISABLE TRIGGER USER",
    f"""INSERT INTO bookings (id, order_id, user_id, room_id, reference, check_in, check_out, guests, total_price,
    currency, price_lines, policy, location, room_name, property_id, property_name, address, time_zone,
    check_in_time, check_out_time, status, confirmed_at, created_at)
    SELECT {BOOKING_ID}, {BOOKING_ID}, (SELECT id FROM users WHERE email_key = 'history@example.com'),
    r.ids[1 + n % {{rooms}}],
    'H' || n, date '2000-01-01' + n / {{rooms}}, date '2000-01-02' + n / {{rooms}}, 2, 100, 'EUR', '[]', '{{{{}}}}',
    'history', 'Room', p.id, p.name, '{{{{}}}}', 'UTC', '15:00', '11:00',
    'CONFIRMED', now() - interval '90 days', now() - interval '90 days' - make_interval(secs => {{bookings}} - n)
    FROM generate_series(0, {{bookings}} - 1) n, {ROOM_ID} r(ids), properties p WHERE p.slug = 'history'""",
    """INSERT INTO availability (room_id, night, location, state, claim_id)
    SELECT room_id, check_in, 'history', 'booked', id FROM bookings""",
    """INSERT INTO orders (id, reference, user_id, channel, property_id, currency, owed, paid, created_at)
    SELECT id, reference, user_id, 'web', (SELECT id FROM properties WHERE slug = 'history'), currency, 100, 100,
    created_at FROM bookings""",
    """INSERT INTO payments (id, order_id, booking_id, kind, amount, currency, state, method, provider,
    provider_reference, created_at, updated_at) SELECT id, id, id, 'charge', 100, 'EUR', 'succeeded', 'pm_card_visa',
    'simulated', 'h', created_at, created_at FROM bookings""",
    f"""INSERT INTO events (id, type, payload, occurred_at, sent_at)
    SELECT {EVENT_ID}, 'availability.updated', '{{{{"location": "history"}}}}', now() - interval '20 days',
    now() - interval '20 days'
    FROM generate_series(1, {{bookings}}) n""",
    """INSERT INTO deliveries (event_id, consumer, state, next_at) SELECT id, 'cache', 'done', sent_at FROM events
    WHERE sent_at IS NOT NULL""",
    """INSERT INTO idempotency_keys (user_id, endpoint, key, request_hash, lease_until, created_at)
    SELECT (SELECT id FROM users WHERE email_key = 'history@example.com'), 'POST /bookings', 'key-' || n, 'x', now(),
    now() - interval '1 hour' FROM generate_series(1, {bookings}) n""",
    """UPDATE deliveries SET state = 'failed', error = 'no'
    WHERE event_id IN (SELECT id FROM events ORDER BY id LIMIT 2)""",
    "UPDATE events SET sent_at = NULL WHERE id IN (SELECT id FROM events ORDER BY id DESC LIMIT 2)",
    "DELETE FROM deliveries WHERE event_id IN (SELECT id FROM events WHERE sent_at IS NULL)",
)


@dataclass(frozen=True)
class Cost:
    """What a statement cost: `pages` of 8 kB that it touched, and the big tables that it read from end to end."""

    chore: str
    statement: str
    milliseconds: float
    pages: int
    whole_tables: tuple[str, ...]

    @property
    def is_too_much(self) -> bool:
        return bool(self.whole_tables) or self.pages > MOST_PAGES


def fill(owner_url: str, bookings: int) -> None:
    """Years of bookings, all done with, for an empty database; statistics are fresh."""
    with closing(psycopg2.connect(owner_url.replace("+psycopg2", ""))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            try:
                for statement in HISTORY:
                    cursor.execute(statement.format(bookings=bookings, rooms=max(1, bookings // 5000)))
            finally:  # without them every later booking of this database would be wrong
                for name in ("bookings", "payments"):
                    cursor.execute(f"ALTER TABLE {name} ENABLE TRIGGER USER")
            for name in BIG:
                cursor.execute(f"VACUUM ANALYZE {name}")


class _NoQueue:
    """Takes everything and does nothing with it."""

    def waiting(self) -> int:
        return 0

    def put(self, *_: Any) -> None: ...


def chores(app: Flask) -> dict[str, Callable[[], object]]:
    """Everything that runs without anybody waiting for it: found where it is registered."""
    settings: Settings = app.extensions["services"].settings
    found: dict[str, Callable[[], object]] = {"outbox": lambda: ticker.hand_over(_NoQueue())}  # type: ignore[arg-type]
    found |= {chore.name: chore.work for chore in ticker.chores(settings)}
    found["provider"] = lambda: _look_at_one_that_tells(app)
    found["arrivals"] = ticker.tell_arrivals  # also where no text messages are sent
    found["system page"] = lambda: system.get_status(ticker.WORKER, settings)
    found |= {"gauges": outbox.status, "given up": outbox.given_up, "cache deliveries": _deliver_to_the_cache}
    checks = [look for name, look in vars(backlog).items() if name[0] != "_" and _is_own(look)]
    return found | {f"doctor: {look.__name__}": lambda look=look: _look(look, settings) for look in checks}  # type: ignore[misc]


def _is_own(look: Any) -> bool:
    return callable(look) and getattr(look, "__module__", "") == backlog.__name__ and not isinstance(look, type)


def _look(look: Callable[..., Iterator[object]], settings: Settings) -> None:
    engine = create_engine(settings.database_url)
    with engine.connect() as opened:
        list(look(opened, settings))
    engine.dispose()


class _Telling:
    """A provider that sends messages, and lists a refund and a dispute that are none of ours."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    def heard(self, *_: object) -> Heard:
        raise NotSigned

    def dispute(self, _: str) -> None: ...

    def returns(self, _: str) -> None: ...

    def refunds_made(self, *_: dt.datetime) -> list[Happened]:
        return [Happened("re_1", "succeeded", uuid.uuid4(), Heard("refund", uuid.uuid4()))]

    def disputes_made(self, *_: dt.datetime) -> list[Happened]:
        return [Happened("dp_1", "open", uuid.uuid4(), Heard("dispute", None, "dp_1"))]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._provider, name)


def _look_at_one_that_tells(app: Flask) -> None:
    context = app.extensions["services"].booking_context
    telling: Any = _Telling(context.provider)
    reservations.look_at_providers(ticker.WORKER, replace(context, provider=telling), at_once=True)


def _deliver_to_the_cache() -> None:
    outbox.relay()
    cache_refresh.refresh([event_id for consumer, event_id in outbox.due() if consumer == cache_refresh.CACHE])


@contextmanager
def _noted() -> Iterator[list[str]]:
    """Every statement that is sent meanwhile, with its values in it."""
    said: list[str] = []

    def note(_: Any, cursor: Any, statement: str, parameters: Any, *__: Any) -> None:
        said.append(cursor.mogrify(statement, parameters or None).decode())

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def costs(app: Flask) -> list[Cost]:
    """Of every different statement of every chore."""
    url = app.extensions["services"].settings.database_url.replace("+psycopg2", "")
    found = []
    for name, work in chores(app).items():
        with _noted() as said, app.app_context():
            work()
        with closing(psycopg2.connect(url)) as connection:
            found += [_explained(connection, name, statement) for statement in _different(said)]
    return found


def _different(said: list[str]) -> list[str]:
    kinds = {re.sub(r"'[^']*'", "?", statement): statement for statement in said}
    return [statement for statement in kinds.values() if READS.match(statement)]


def _explained(connection: Any, chore: str, statement: str) -> Cost:
    with connection.cursor() as cursor:
        if not statement.lstrip().startswith("SELECT"):  # what changes something runs in a transaction, which reads so
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {DEMANDED.sub('count(*)', statement)}")
        [[[plan]]] = cursor.fetchall()
        top = plan["Plan"]
        scanned = {node["Relation Name"] for node in _nodes(top) if node["Node Type"] == "Seq Scan"} & set(BIG)
        # Where pruning has emptied a table, and autovacuum has been there, to read it whole is right.
        cursor.execute(LARGE, {"names": list(scanned), "pages": FEW_PAGES})
        whole = [name for (name,) in cursor.fetchall()]
    connection.rollback()
    pages = top["Shared Hit Blocks"] + top["Shared Read Blocks"]
    return Cost(chore, " ".join(statement.split())[:110], plan["Execution Time"], pages, tuple(sorted(whole)))


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


def table(found: list[Cost]) -> list[str]:
    """For people: a row for each statement."""
    return ["| chore | ms | pages | whole tables | statement |", "|---|---|---|---|---|", *map(_row, found)]


def _row(one: Cost) -> str:
    whole, statement = ", ".join(one.whole_tables), one.statement.replace("|", "/")
    return f"| {one.chore} | {one.milliseconds:.2f} | {one.pages:,} | {whole} | `{statement}` |"


def main() -> int:
    """Fill a copy of its own, run every chore, print what its statements cost."""
    signals.end_by_exception()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bookings", type=int, default=5_000_000)
    parser.add_argument("--home", type=Path, default=ROOT / "var" / "bench-background")
    arguments = parser.parse_args()
    if shutil.disk_usage(ROOT).free < arguments.bookings * 2500:
        print(f"about {arguments.bookings * 2500 / 1e9:.0f} GB of disk are needed")
        return 2
    with running(arguments.home, keep=False) as copy:
        began = time.monotonic()
        fill(copy.environ["MIGRATION_DATABASE_URL"], arguments.bookings)
        print(f"{arguments.bookings:,} bookings of history made in {time.monotonic() - began:.0f} s", flush=True)
        found = costs(create_app(Settings.from_env(copy.environ | {"PREPARED_STATEMENTS": "false"})))
    print("\n".join(table(found)))
    slow = [one for one in found if one.is_too_much or one.milliseconds >= MOST_MS]
    print(f"{len(found)} statements, {len(slow)} of them too slow or without an index")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
