"""SQLAlchemy's events for statements that do not go through its execution: one listener hears all that is sent.

`before_cursor_execute` (which may change statement and values), `after_cursor_execute` and `handle_error`, as
SQLAlchemy documents them, of listeners to an engine or to all. They hear a statement as it was written, also where a
prepared one is executed; PREPARE itself they do not hear, as little as BEGIN and COMMIT. What a listener hangs on
`context` (a span, when it began) is there until the last event.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import psycopg2
from sqlalchemy import Compiled, Connection, Engine
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.interfaces import ExecutionContext
from sqlalchemy.exc import DBAPIError

Values = dict[str, Any]


class Execution(ExecutionContext):
    """A statement that somebody listens to."""

    executemany = False

    def __init__(self, connection: Connection, cursor: Any, compiled: Compiled, values: Values) -> None:
        self.engine, self.dialect = connection.engine, connection.dialect
        self.connection = self.root_connection = connection
        self.cursor, self.compiled, self.statement = cursor, compiled, compiled.string
        self.parameters = [values]
        self.execution_options = compiled.execution_options

    def run(self, execute: Callable[[str, Values], None]) -> None:
        """`execute` gets the statement and its values, as the listeners want them."""
        listeners, text, values = self.engine.dispatch, self.statement, cast(Values, self.parameters[0])
        for listener in listeners.before_cursor_execute:
            text, values = listener(self.connection, self.cursor, text, values, self, False)
        execute(text, values)
        listeners.after_cursor_execute(self.connection, self.cursor, text, values, self, False)


class Failure(ExceptionContext):
    """What psycopg2 raised, and what is raised in its place."""

    cursor, chained_exception, is_pre_ping = None, None, False
    invalidate_pool_on_disconnect = True

    def __init__(
        self,
        engine: Engine,
        error: psycopg2.Error,
        connection: Any,
        *,
        statement: str | None = None,
        values: Values | None = None,
        execution: Execution | None = None,
    ) -> None:
        self.engine, self.dialect, self.original_exception = engine, engine.dialect, error
        self.connection = execution.connection if execution else None
        self.statement, self.parameters, self.execution_context = statement, values, execution
        self.is_disconnect = engine.dialect.is_disconnect(cast(Any, error), connection, None)
        self.error = self.sqlalchemy_exception = self._wrapped(error)

    def _wrapped(self, error: psycopg2.Error) -> DBAPIError:
        wrapped = DBAPIError.instance(
            self.statement,
            self.parameters,
            error,
            psycopg2.Error,
            hide_parameters=True,
            connection_invalidated=self.is_disconnect,
            dialect=self.dialect,
        )
        return cast(DBAPIError, wrapped)

    def told(self) -> BaseException:
        """What to raise, once all who listen to errors have heard of it: what they return, or as SQLAlchemy would."""
        for listener in self.dialect.dispatch.handle_error:
            self.chained_exception = listener(self) or self.chained_exception
        self.error.connection_invalidated = self.is_disconnect
        return self.chained_exception or self.error
