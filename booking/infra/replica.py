"""A streaming replica for searches. It serves only what it has replayed; everything else asks the primary."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from flask import Flask
from sqlalchemy import Engine, Select, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from booking.config import Settings
from booking.infra import deadline, raw_sql, telemetry, watchdog
from booking.infra.db import Unavailable, engine_options, fetch
from booking.infra.of_app import OfApp

PATIENCE = 1.5  # seconds for one question

Fetch = Callable[[Select[Any], dict[str, Any]], Sequence[Any]]

_HAS_REPLAYED = text("SELECT coalesce(pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0') >= :lsn, false)")


_engines: OfApp[Engine | None] = OfApp("replica")


def connect(app: Flask, settings: Settings) -> None:
    """Set the application's replica up, where READ_DATABASE_URL names one; nothing is contacted yet."""
    options = engine_options(settings)
    engine = create_engine(settings.read_database_url, **options) if settings.read_database_url else None
    _engines.set(app, engine)
    if engine:
        watchdog.watch(engine, settings.read_database_url)


def reader(needed_lsn: int | None) -> Fetch:
    """From the replica once it has replayed `needed_lsn`; else, or where nobody knows that, from the primary."""
    engine = _engines.get()
    if engine is None or needed_lsn is None or not _has_replayed(engine, needed_lsn):
        return primary
    return partial(_from_replica, engine)


def primary(statement: Select[Any], values: dict[str, Any]) -> Sequence[Any]:
    """Rows from the primary."""
    return fetch(statement, **values)


def _has_replayed(engine: Engine, lsn: int) -> bool:
    try:
        with _asking(engine), engine.connect() as connection:
            return bool(connection.execute(_HAS_REPLAYED, {"lsn": lsn}).scalar())
    except (DBAPIError, PoolTimeout, Unavailable) as error:
        telemetry.log.warning("replica_unavailable", error=str(error))
        return False


def _from_replica(engine: Engine, statement: Select[Any], values: dict[str, Any]) -> Sequence[Any]:
    try:
        with _asking(engine):
            return raw_sql.rows(engine, statement, values)
    except (DBAPIError, PoolTimeout, Unavailable) as error:
        telemetry.log.warning("replica_unavailable", error=str(error))
        return primary(statement, values)


@contextmanager
def _asking(engine: Engine) -> Iterator[None]:
    """A replica that hangs must leave time to ask the primary."""
    with deadline.limit(PATIENCE), deadline.spent():
        watchdog.of(engine).refuse_if_silent()
        yield
