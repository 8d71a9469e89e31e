"""Statements handed to psycopg2 as they are: compiled once by SQLAlchemy, rows as named tuples.

For the statements of every request. Each costs half of what it does through SQLAlchemy's own execution, which prepares
for much that these do not need: psycopg2 reads and writes their types by itself. (JSON goes in as text.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import psycopg2
from psycopg2.extras import NamedTupleCursor
from sqlalchemy import ClauseElement, Compiled, Connection, Dialect, Engine, PoolProxiedConnection
from sqlalchemy.exc import DBAPIError

from booking.infra import prepared
from booking.infra.redaction import empty


@dataclass(frozen=True, slots=True)
class Result:
    """What a statement did: how many rows it touched, and those that it returned."""

    count: int
    rows: Sequence[Any]

    @property
    def column(self) -> list[Any]:
        """The first value of every row."""
        return [row[0] for row in self.rows]


def rows(engine: Engine, statement: ClauseElement, values: Mapping[str, Any]) -> Sequence[Any]:
    """All rows of a SELECT, on a connection of the engine's pool. Raises DBAPIError as SQLAlchemy would."""
    connection = _checked_out(engine)
    try:
        return _run(engine, connection, statement, values).rows
    finally:
        connection.close()


def run(connection: Connection, statement: ClauseElement, values: Mapping[str, Any]) -> Result:
    """The statement, in the connection's transaction. Raises DBAPIError as SQLAlchemy would."""
    return _run(connection.engine, connection.connection, statement, values)


def _run(
    engine: Engine, connection: PoolProxiedConnection, statement: ClauseElement, values: Mapping[str, Any]
) -> Result:
    compiled = _compiled(engine.dialect, statement)
    given = compiled.construct_params(values)
    with _as_sqlalchemy_would(engine, connection, compiled.string, given):
        cursor = connection.cursor(cursor_factory=NamedTupleCursor)
        cursor.execute(prepared.text_to_run(engine, connection, cursor, compiled), given)
        result = Result(cursor.rowcount, cursor.fetchall() if cursor.description else ())
        cursor.close()
    return result


def _checked_out(engine: Engine) -> PoolProxiedConnection:
    try:
        return engine.raw_connection()
    except psycopg2.Error as error:
        raise DBAPIError.instance("(connecting)", (), error, psycopg2.Error, dialect=engine.dialect) from error


@contextmanager
def _as_sqlalchemy_would(engine: Engine, connection: PoolProxiedConnection, text: str, given: Any) -> Iterator[None]:
    try:
        yield
    except psycopg2.Error as error:
        lost = engine.dialect.is_disconnect(cast(Any, error), cast(Any, connection.dbapi_connection), None)
        if lost:
            # All that the pool holds: after a restart of Postgres its other connections are dead, too.
            engine.pool._invalidate(connection, error)
        wrapped = DBAPIError.instance(
            text,
            given,
            empty(error),
            psycopg2.Error,
            hide_parameters=True,
            connection_invalidated=lost,
            dialect=engine.dialect,
        )
        if not lost and prepared.is_outdated(wrapped):
            prepared.forget(connection)
        raise wrapped from error


@lru_cache(maxsize=1024)
def _compiled(dialect: Dialect, statement: ClauseElement) -> Compiled:
    # Kept by dialect: by engine, one that nobody uses any more would stay here with all of its connections.
    return statement.compile(dialect=dialect)
