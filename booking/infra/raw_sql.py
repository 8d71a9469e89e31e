"""Statements handed to psycopg2 as they are: compiled once by SQLAlchemy, rows as named tuples.

For the statements of every request. Each costs half of what it does through SQLAlchemy's own execution, which prepares
for much that these do not need: psycopg2 reads and writes their types by itself. (JSON goes in as text.) Whoever
listens to SQLAlchemy's events hears them all the same (sql_events.py).
"""

from __future__ import annotations

import select
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import psycopg2
from psycopg2.extensions import TRANSACTION_STATUS_IDLE
from psycopg2.extras import NamedTupleCursor
from sqlalchemy import ClauseElement, Connection, Dialect, Engine, PoolProxiedConnection, Uuid
from sqlalchemy.sql.compiler import SQLCompiler

from booking.infra import lost_connections, prepared
from booking.infra.sql_events import Execution, Failure


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
    pooled = _checked_out(engine)
    try:
        return _run(engine, pooled, statement, values).rows
    finally:
        pooled.close()


@dataclass(slots=True)
class Taken:
    """A connection taken from its engine's pool, for one transaction. SQLAlchemy's own around it costs as much as a
    statement, and is made only for who needs it: the session's objects, and listeners.
    """

    engine: Engine
    pooled: PoolProxiedConnection
    _wrapped: Connection | None = None

    @property
    def wrapped(self) -> Connection:
        """As SQLAlchemy knows it, in a transaction of which it is told here how that ends."""
        if self._wrapped is None:
            self._wrapped = Connection(self.engine, self.pooled)
            self._wrapped.begin()
        return self._wrapped

    def ended(self, *, committed: bool) -> None:
        """Postgres has heard already."""
        begun = self._wrapped and self._wrapped.get_transaction()
        if begun and committed:
            begun.commit()
        elif begun:
            begun.rollback()

    def close(self) -> None:
        """Back into the pool."""
        (self._wrapped or self.pooled).close()


def take(engine: Engine) -> Taken:
    """Raises DBAPIError as SQLAlchemy would, and its TimeoutError where the pool has none left."""
    return Taken(engine, _checked_out(engine))


def run(connection: Taken, statement: ClauseElement, values: Mapping[str, Any], *, before: bytes = b"") -> Result:
    """The statement, in one message with what was `written` before. Raises DBAPIError as SQLAlchemy would."""
    return _run(connection.engine, connection.pooled, statement, values, connection=connection, before=before)


def written(connection: Taken, statement: ClauseElement, values: Mapping[str, Any], *, others_wait: bool) -> bytes:
    """The statement with its values, to be sent in a message with others. Its listeners hear it now."""
    engine, pooled = connection.engine, connection.pooled
    ready = _ready(engine.dialect, statement)
    given = _given(ready, values)
    with _errors_told(engine, pooled, ready.compiled.string, given):
        cursor = pooled.cursor()
        text = prepared.text_to_run(engine, pooled, cursor, ready.compiled, others_wait=others_wait)
        if not _is_heard(engine):
            return cast(bytes, cursor.mogrify(text, given))
        said: list[bytes] = []
        heard = Execution(connection.wrapped, cursor, ready.compiled, given)
        heard.run(lambda told, changed: said.append(cursor.mogrify(_said(heard, told, text), changed)))
        return said[0]


def send(connection: Taken, message: bytes) -> Result:
    """Statements that were written before. Raises DBAPIError as SQLAlchemy would."""
    engine, pooled = connection.engine, connection.pooled
    with _errors_told(engine, pooled, "", {}):
        cursor = pooled.cursor()
        cursor.execute(message)
        result = Result(cursor.rowcount, ())
        cursor.close()
        return result


def may_be_lost(connection: Taken) -> bool:
    """Whether an idle connection has something to say, as one has whose server went away. Costs no round trip."""
    driver = cast("psycopg2.extensions.connection | None", connection.pooled.dbapi_connection)
    if driver is None or driver.closed:
        return True
    waiting = select.poll()
    waiting.register(driver.fileno(), select.POLLIN)
    return bool(waiting.poll(0))


def rollback(connection: Taken) -> None:
    """End the transaction that was begun by a statement, or the connection where that cannot be."""
    driver = cast("psycopg2.extensions.connection | None", connection.pooled.dbapi_connection)
    if driver is None or driver.closed or driver.info.transaction_status == TRANSACTION_STATUS_IDLE:
        return
    try:
        with driver.cursor() as cursor:
            cursor.execute("ROLLBACK")
    except psycopg2.Error as error:
        connection.pooled.invalidate(error)


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
    engine: Engine,
    pooled: PoolProxiedConnection,
    statement: ClauseElement,
    values: Mapping[str, Any],
    *,
    connection: Taken | None = None,
    before: bytes = b"",
) -> Result:
    ready = _ready(engine.dialect, statement)
    given, heard = _given(ready, values), None
    try:
        cursor = pooled.cursor() if ready.row else pooled.cursor(cursor_factory=NamedTupleCursor)
        text = prepared.text_to_run(engine, pooled, cursor, ready.compiled, others_wait=bool(before))
        if _is_heard(engine):
            listened = connection.wrapped if connection else Connection(engine, pooled)
            heard = Execution(listened, cursor, ready.compiled, given)
            heard.run(lambda said, changed: _execute(cursor, _said(heard, said, text), changed, before))
        else:
            _execute(cursor, text, given, before)
        found = cursor.fetchall() if cursor.description else ()
        result = Result(cursor.rowcount, _named(ready, found))
        cursor.close()
    except psycopg2.Error as error:
        text = ready.compiled.string
        failure = Failure(engine, error, pooled.dbapi_connection, statement=text, values=given, execution=heard)
        raise _told(failure, engine, pooled) from error
    return result


def _execute(cursor: Any, text: str, values: dict[str, Any], before: bytes) -> None:
    if before:
        cursor.execute(before + b";\n" + cursor.mogrify(text, values))
    else:
        cursor.execute(text, values)


def _is_heard(engine: Engine) -> bool:
    return bool(engine.dispatch.before_cursor_execute or engine.dispatch.after_cursor_execute)


def _said(heard: Execution | None, told: str, text: str) -> str:
    """What is sent: a prepared statement, unless a listener wants another one."""
    return text if heard and told == heard.statement else told


@contextmanager
def _errors_told(
    engine: Engine, pooled: PoolProxiedConnection, statement: str, values: dict[str, Any]
) -> Iterator[None]:
    try:
        yield
    except psycopg2.Error as error:
        failure = Failure(engine, error, pooled.dbapi_connection, statement=statement, values=values)
        raise _told(failure, engine, pooled) from error


def _told(failure: Failure, engine: Engine, pooled: PoolProxiedConnection) -> BaseException:
    try:
        return failure.told()
    finally:
        if failure.is_disconnect:
            others = failure.invalidate_pool_on_disconnect
            lost_connections.lose(engine, pooled, failure.original_exception, others=others)
        elif prepared.is_outdated(failure.error):
            prepared.forget(pooled)


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
        raise Failure(engine, error, None).told() from error


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
