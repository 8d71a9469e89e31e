"""The databases of the tests: each process makes its own, as a copy of one that the migrations made for all of them."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import os
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis as redis_client
from flask import Flask
from sqlalchemy import Engine, create_engine, event, text

from booking import create_app
from booking.config import Settings
from booking.infra import cache, clock, health, kept, redis
from booking.infra.db import db, fetch
from booking.infra.embedded import Servers

PHOTOS = Path(os.environ.get("TEST_VAR_DIR", Path(__file__).parents[1] / "var" / "test")).absolute() / "photos"
SMALL = 2_000_000  # bytes of a table


def make(servers: Servers, name: str) -> None:
    """A new database of this name with all tables, in place of what it was."""
    with closing(servers.postgres.connect()) as superuser, superuser.cursor() as cursor:
        superuser.autocommit = True
        cursor.execute("SELECT pg_advisory_lock(1)")  # one process makes the template, those beside it wait for it
        cursor.execute("GRANT SET ON PARAMETER session_replication_role TO booking_owner")
        like = _template(servers, cursor)
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        # Files are copied as they are: for so small a one, that takes a third of the time of writing it to the log.
        cursor.execute(f"CREATE DATABASE {name} OWNER booking_owner TEMPLATE {like} STRATEGY file_copy")


def _template(servers: Servers, cursor: Any) -> str:
    """The database that is copied: made by the migrations as they are now, and kept until one of them changes."""
    name = f"template_{_digest()}"
    cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE 'template\\_%'")
    there = {found for (found,) in cursor.fetchall()}
    if name not in there:
        for other in there:
            cursor.execute(f"DROP DATABASE {other} WITH (FORCE)")
        cursor.execute("CREATE DATABASE template_unfinished OWNER booking_owner")
        migrate(create_app(Settings.from_env(environ(servers, "template_unfinished", 0))))
        cursor.execute(f"ALTER DATABASE template_unfinished RENAME TO {name}")
    return name


def _digest() -> str:
    """Of everything that the migrations are."""
    files = sorted((Path(__file__).parents[1] / "migrations").rglob("*.py"))
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:16]


END_OTHERS = text(
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    " AND datname = current_database() AND usename = current_user"
)


def end_other_connections() -> None:
    """All that the application has to its database but the one that says so; they have said that they are dead."""
    fetch(END_OTHERS)
    time.sleep(0.2)


def forget_connections() -> None:
    """Those that are dead are not left to the tests that follow."""
    for engine in db.engines.values():
        engine.dispose()


def environ(servers: Servers, name: str, number: int) -> dict[str, str]:
    """The environment of an application with this database, and Valkey's `number`."""
    return {
        "APP_ENV": "development",
        "DATABASE_URL": servers.database_url("booking_app", name),
        "MIGRATION_DATABASE_URL": servers.database_url("booking_owner", name),
        "REDIS_URL": servers.redis_url(number),
        "SECRET_KEY": "a-secret-for-tests-only-0123456789abcdef",
        "JWT_KEYS": "now:a-key-for-tests-only-0123456789abcdef,before:an-older-key-for-tests-0123456789abc",
        "RATELIMIT_ENABLED": "false",
        "LOG_LEVEL": "WARNING",
        "SITE_URL": "http://localhost:8000",
        "DB_POOL_SIZE": "48",
        "GRANIAN_BLOCKING_THREADS": "48",
        "PHOTOS_URL": (PHOTOS / name).as_uri(),
    }


def migrate(app: Flask) -> None:
    """Make the tables. No connection is left."""
    assert app.test_cli_runner().invoke(args=["db", "upgrade"]).exit_code == 0


def sweep(environ: dict[str, str]) -> None:
    """Nothing in Postgres, nothing in Redis, the clock as it is. Whatever happened was done by somebody."""
    clock.shift(dt.timedelta(0))
    with _owner(environ["MIGRATION_DATABASE_URL"]).connect() as connection:
        by_nobody = connection.exec_driver_sql("SELECT pg_temp.sweep()").scalar_one()
    _valkey(environ["REDIS_URL"]).flushdb()
    assert by_nobody is None, f"nobody did this: {by_nobody}"


_FORGET = """
SELECT pg_clear_relation_stats(schemaname, tablename),
  pg_clear_attribute_stats(schemaname, tablename, attname, inherited)
FROM pg_stats JOIN pg_class ON oid = to_regclass(quote_ident(schemaname) || '.' || quote_ident(tablename))
WHERE schemaname = 'public' AND relkind IN ('r', 'p')"""


def forget_statistics(environ: dict[str, str]) -> None:
    """What a test before has let Postgres find out about tables that are empty again: it plans as on the first day."""
    with _owner(environ["MIGRATION_DATABASE_URL"]).connect() as connection:
        connection.exec_driver_sql(_FORGET)


def redis_elsewhere(patch: pytest.MonkeyPatch, app: Flask, **others: redis.Guarded) -> None:
    """The application talks to others than its own (`main`, `cache`), until `patch` is undone.

    By the application, not by what is running: that ends before a `patch` that was asked for earlier.
    """
    patch.setitem(app.extensions, "booking.redis", replace(app.extensions["booking.redis"], **others))


def forget_trouble(app: Flask) -> None:
    """What a test without Redis leaves in this process: that it was away, and the places that it could not be told of.

    The next search of this process would tell Redis first, and then read again what it had read before.
    """
    with app.app_context():
        app.extensions.pop(kept.PLACE, None)
        health._Worker.missing_since = None
        state = cache._states.get()
        state.unheard.clear()
        state.kept.clear()
        for server in (redis.servers.main, redis.servers.cache):
            server._away_until, server._down_since = 0.0, None


@functools.cache
def _valkey(url: str) -> redis_client.Redis:
    return redis_client.Redis.from_url(url)


@functools.cache
def _owner(url: str) -> Engine:
    # Some tests take connections away.
    engine = create_engine(url, pool_size=1, pool_pre_ping=True, isolation_level="AUTOCOMMIT")
    event.listen(engine, "connect", _learn_to_sweep)
    return engine


def _learn_to_sweep(connection: Any, _: Any) -> None:
    """As a function: its statements are planned once for each connection, not after each test."""
    with connection.cursor() as cursor:
        # No trigger asks who refers to what is going, and the audit log lets itself be deleted from.
        cursor.execute("SET session_replication_role = replica")
        ours = list(db.metadata.tables)
        cursor.execute("SELECT oid FROM pg_class WHERE relkind = 'r' AND relname = ANY (%s)", [ours])
        numbers = [number for (number,) in cursor.fetchall()]
        cursor.execute(f"CREATE FUNCTION pg_temp.sweep() RETURNS text LANGUAGE plpgsql AS $$ {_sweeping(numbers)} $$")
    connection.commit()


def _sweeping(numbers: list[int]) -> str:
    """PL/pgSQL: of small tables a DELETE takes less than a TRUNCATE. Its lock waits for whoever still writes, too."""
    tables = [table.name for table in db.metadata.sorted_tables]
    return f"""DECLARE by_nobody text;
    BEGIN
        LOCK TABLE {", ".join(tables)} IN ACCESS EXCLUSIVE MODE;
        SELECT string_agg(DISTINCT type, ', ') INTO by_nobody FROM events WHERE payload->>'actor' = 'None';
        IF (SELECT max(pg_relation_size(number)) FROM unnest(ARRAY{numbers}) number) > {SMALL}
        THEN TRUNCATE {", ".join(tables)};
        ELSE {"; ".join(f"DELETE FROM {name}" for name in tables)};
        END IF;
        RETURN by_nobody;
    END"""
