"""Statements handed to psycopg2 as they are: compiled once by SQLAlchemy, rows as named tuples.

For the look-ups of every request. Each costs half of what it does through SQLAlchemy's own execution, which prepares
for much that a SELECT of plain columns does not need: psycopg2 reads and writes these types by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, cast

import psycopg2
from psycopg2.extras import NamedTupleCursor
from sqlalchemy import ClauseElement, Compiled, Engine
from sqlalchemy.exc import DBAPIError


def rows(engine: Engine, statement: ClauseElement, values: dict[str, Any]) -> Sequence[Any]:
    """All rows of a SELECT, on a connection of the engine's pool. Raises DBAPIError as SQLAlchemy would."""
    compiled = _compiled(engine, statement)
    given = compiled.construct_params(values)
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor(cursor_factory=NamedTupleCursor)
        cursor.execute(compiled.string, given)
        found: Sequence[Any] = cursor.fetchall()
        cursor.close()
        return found
    except psycopg2.Error as error:
        lost = engine.dialect.is_disconnect(cast(Any, error), connection.dbapi_connection, None)
        if lost:
            connection.invalidate(error)
        raise DBAPIError.instance(
            compiled.string, given, error, psycopg2.Error, connection_invalidated=lost, dialect=engine.dialect
        ) from error
    finally:
        connection.close()


@lru_cache(maxsize=1024)
def _compiled(engine: Engine, statement: ClauseElement) -> Compiled:
    return statement.compile(dialect=engine.dialect)
