"""What is said to Postgres meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event, text

from booking.infra.db import db, transaction


@contextmanager
def statements() -> Iterator[list[str]]:
    """Every statement, in its order."""
    said: list[str] = []

    def heard(*args: Any) -> None:
        said.append(str(args[2]))

    event.listen(Engine, "before_cursor_execute", heard)
    try:
        yield said
    finally:
        event.remove(Engine, "before_cursor_execute", heard)


@transaction
def plan(statement: Any) -> str:
    """How Postgres would read what it has an index for, in a table that is worth it."""
    db.session.execute(text("SET LOCAL enable_seqscan = off"))
    written = str(statement.compile(db.engine, compile_kwargs={"literal_binds": True})).replace("%%", "%")
    return "\n".join(row[0] for row in db.session.execute(text("EXPLAIN " + written.replace(":", "\\:"))))
