"""Statements handed to psycopg2 as they are: compiled once by SQLAlchemy, rows as named tuples.

For the statements of every request. Each costs half of what it does through SQLAlchemy's own execution, which prepares
for much that these do not need: psycopg2 reads and writes their types by itself. (JSON goes in as text.)
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import psycopg2
from psycopg2.extras import NamedTupleCursor
from sqlalchemy import ClauseElement, Connection, Dialect, Engine, PoolProxiedConnection, Uuid
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

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


@dataclass(slots=True)
class _Ready:
    """A compiled statement, and what is the same each time it runs."""

    compiled: SQLCompiler
    needed: frozenset[str]  # what the caller has to give
    fixed: dict[str, Any]  # what the statement gives by itself
    asked: tuple[tuple[str, Callable[[], Any]], ...]  # what it asks for each time (clock.sql_now)
    ids: tuple[str, ...]
    row: Callable[[Sequence[Any]], Any] | None = None  # makes a named tuple of one, once a row was seen


def _run(
    engine: Engine, connection: PoolProxiedConnection, statement: ClauseElement, values: Mapping[str, Any]
) -> Result:
    ready = _ready(engine.dialect, statement)
    given = _given(ready, values)
    with _as_sqlalchemy_would(engine, connection, ready.compiled.string, given):
        cursor = connection.cursor() if ready.row else connection.cursor(cursor_factory=NamedTupleCursor)
        cursor.execute(prepared.text_to_run(engine, connection, cursor, ready.compiled), given)
        found = cursor.fetchall() if cursor.description else ()
        result = Result(cursor.rowcount, _named(ready, found))
        cursor.close()
    return result


def _given(ready: _Ready, values: Mapping[str, Any]) -> dict[str, Any]:
    if not ready.needed <= values.keys():
        ready.compiled.construct_params(dict(values))  # raises, and names what is missing
    given = {**ready.fixed, **values}
    for name, ask in ready.asked:
        given[name] = ask()
    for name in ready.ids:
        if isinstance(one := given[name], uuid.UUID):
            given[name] = one.hex  # psycopg2 takes ten times as long to write one
    return given


def _named(ready: _Ready, found: Sequence[Any]) -> Sequence[Any]:
    if ready.row:
        return [ready.row(row) for row in found]
    if found:
        ready.row = type(found[0])._make
    return found


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
def _ready(dialect: Dialect, statement: ClauseElement) -> _Ready:
    # Kept by dialect: by engine, one that nobody uses any more would stay here with all of its connections.
    compiled = cast(SQLCompiler, statement.compile(dialect=dialect))
    binds = compiled.bind_names.items()
    return _Ready(
        compiled,
        needed=frozenset(name for bind, name in binds if bind.required),
        fixed={name: bind.value for bind, name in binds if not bind.required},
        asked=tuple((name, bind.callable) for bind, name in binds if bind.callable),
        ids=tuple(name for bind, name in binds if isinstance(bind.type, Uuid)),
    )
