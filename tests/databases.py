"""The databases of the tests: each process makes its own, empty or as a copy of one that has all tables."""

from __future__ import annotations

import datetime as dt
import functools
import os
import time
from contextlib import closing
from typing import Any

import redis as redis_client
from flask import Flask
from sqlalchemy import Engine, create_engine, event, text

from booking.infra import cache, clock, redis
from booking.infra.db import db, fetch
from booking.infra.embedded import Servers

SMALL = 2_000_000  # bytes of a table
LOG = "audit_log"


def template() -> str | None:
    """The migrated database that is copied in place of running the migrations again, if somebody has made one."""
    return os.environ.get("TEST_TEMPLATE")


def make(servers: Servers, name: str) -> None:
    """A new database of this name, in place of what it was."""
    # Files are copied as they are: for one as small as this, that takes a third of the time of writing it to the log.
    like = f" TEMPLATE {template()} STRATEGY file_copy" if template() else ""
    with closing(servers.postgres.connect()) as superuser:
        superuser.autocommit = True
        with superuser.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            cursor.execute(f"CREATE DATABASE {name} OWNER booking_owner{like}")


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
    }


def migrate(app: Flask) -> None:
    """Make the tables."""
    assert app.test_cli_runner().invoke(args=["db", "upgrade"]).exit_code == 0


def sweep(environ: dict[str, str]) -> None:
    """Nothing in Postgres, nothing in Redis, the clock as it is."""
    clock.shift(dt.timedelta(0))
    with _owner(environ["MIGRATION_DATABASE_URL"]).begin() as connection:
        connection.exec_driver_sql("SELECT pg_temp.sweep()")
    _valkey(environ["REDIS_URL"]).flushdb()


def forget_trouble(app: Flask) -> None:
    """What a test without Redis leaves in this process: that it was away, and the places that it could not be told of.

    The next search of this process would tell Redis first, and then read again what it had read before.
    """
    with app.app_context():
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
    engine = create_engine(url, pool_size=1, pool_pre_ping=True)  # some tests take connections away
    event.listen(engine, "connect", _learn_to_sweep)
    return engine


def _learn_to_sweep(connection: Any, _: Any) -> None:
    """As a function: its statements are planned once for each connection, not after each test."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE FUNCTION pg_temp.sweep() RETURNS void LANGUAGE plpgsql AS $$ {_sweeping()} $$")
    connection.commit()


@functools.cache
def _sweeping() -> str:
    """PL/pgSQL: of small tables a DELETE takes less than a TRUNCATE. Its lock waits for whoever still writes, too.

    The audit log refuses both, to everybody: only who owns it may switch that off.
    """
    # Not by a foreign key, but a trigger keeps rooms that have bookings.
    db.metadata.tables["bookings"].add_is_dependent_on(db.metadata.tables["rooms"])
    tables = [table.name for table in reversed(db.metadata.sorted_tables) if table.name != LOG]
    return f"""BEGIN
        LOCK TABLE {", ".join(tables)} IN ACCESS EXCLUSIVE MODE;
        IF EXISTS (SELECT FROM {LOG}) THEN
            ALTER TABLE {LOG} DISABLE TRIGGER append_only;
            DELETE FROM {LOG};
            ALTER TABLE {LOG} ENABLE TRIGGER append_only;
        END IF;
        IF (SELECT max(pg_relation_size(name)) FROM unnest('{{{",".join(tables)}}}'::regclass[]) name) > {SMALL}
        THEN TRUNCATE {", ".join(tables)};
        ELSE {"; ".join(f"DELETE FROM {name}" for name in tables)};
        END IF;
    END"""
