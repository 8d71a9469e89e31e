"""Prepared statements: what a connection runs often, Postgres need not read and plan anew each time.

To plan a statement that touches few rows takes longer than to run it. Those of every request are marked by `often()`,
where one plan is right for all values (ADR 0017): after some runs on a connection they are prepared there, planned once
(plan_cache_mode), and from then on executed by name. After a minute they are planned anew: a plan made for a young
table may be wrong for what it has become. PREPARED_STATEMENTS=false leaves all as text, as poolers need it that give
each transaction another connection.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from sqlalchemy import ARRAY, JSON, Compiled, Engine, Executable, PoolProxiedConnection, String
from sqlalchemy.exc import StatementError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import NullType

Statement = TypeVar("Statement", bound=Executable)

AFTER = 5  # runs on one connection
MOST = 80  # on one connection: each takes some 20 kB in the server
KEPT_SECONDS = 60.0
OPTION = "prepared"  # of a statement: it runs often; of an engine: such ones are prepared
PLANNED_ONCE = " -c plan_cache_mode=force_generic_plan"  # for a connection
UNKNOWN_NAME, NOT_SUPPORTED = "26000", "0A000"

_KEY = "prepared statements"  # in what a pool notes about a connection
TEXTUAL = (String, JSON.JSONStrIndexType)  # the key of a JSON object is text
_LENGTH = re.compile(r"\([^)]*\)")
_TITLE = re.compile(r"\s*(?:WITH \w+ AS\s*\()?(INSERT INTO|UPDATE|DELETE FROM|SELECT\b.*?\bFROM)\s+(\w+)", re.DOTALL)


@dataclass(slots=True)
class _OnConnection:
    """How often each statement ran on a connection, and what executes those that are prepared, by their text."""

    runs: dict[str, int] = field(default_factory=dict)
    executed: dict[str, str] = field(default_factory=dict)
    made: int = 0
    until: float = 0.0  # then all are planned anew, by time.monotonic()

    def renew(self, cursor: Any) -> None:
        """Forget those that were planned a while ago."""
        now = time.monotonic()
        if now < self.until:
            return
        if self.executed:
            cursor.execute("DEALLOCATE ALL")
            self.executed.clear()
        self.until = now + KEPT_SECONDS


def often(statement: Statement) -> Statement:
    """The same, to be prepared where it runs often. One plan must be right for all of its values."""
    return statement.execution_options(**{OPTION: True})


def text_to_run(
    engine: Engine, connection: PoolProxiedConnection, cursor: Any, compiled: Compiled, *, others_wait: bool = False
) -> str:
    """The statement's text, or once it has run often enough here, what executes it. Takes the same values.

    Where `others_wait` to be sent with it, they may be executing what is prepared: nothing is forgotten then.
    """
    text = compiled.string
    if not (compiled.execution_options.get(OPTION) and engine.get_execution_options().get(OPTION)):
        return text
    known: _OnConnection = connection.info.get(_KEY) or connection.info.setdefault(_KEY, _OnConnection())
    if not others_wait:
        known.renew(cursor)
    if executed := known.executed.get(text):
        return executed
    known.runs[text] = runs = known.runs.get(text, 0) + 1
    if runs <= AFTER or len(known.executed) >= MOST:
        return text
    known.made += 1
    name = f"{_title(text)}_{known.made}"
    cursor.execute(_prepare(name, cast(SQLCompiler, compiled)))
    known.executed[text] = _execute(name, cast(SQLCompiler, compiled))
    return known.executed[text]


def forget(connection: PoolProxiedConnection) -> None:
    """The server has forgotten them, or would answer otherwise than it said: they are prepared anew."""
    if known := connection.info.get(_KEY):
        known.executed.clear()


def is_outdated(error: StatementError) -> bool:
    """A migration or a pooler came between a statement and its preparation: running it again helps."""
    state = getattr(error.orig, "pgcode", None) or getattr(error.orig, "sqlstate", None)
    return state == UNKNOWN_NAME or (state == NOT_SUPPORTED and "cached plan" in str(error.orig))


def _title(text: str) -> str:
    """What operators see of it in pg_stat_activity: insert_bookings, select_rooms."""
    found = _TITLE.match(text)
    return f"{found[1].split()[0].lower()}_{found[2].lower()}"[:40] if found else "statement"


def _prepare(name: str, compiled: SQLCompiler) -> str:
    names = _names(compiled)
    kinds = ", ".join(_kind(compiled, one) or "unknown" for one in names)
    numbered = compiled.string % {one: f"${place}" for place, one in enumerate(names, 1)}
    return f"PREPARE {name}{f' ({kinds})' if names else ''} AS {numbered}"


def _execute(name: str, compiled: SQLCompiler) -> str:
    given = ", ".join(_given(compiled, one) for one in _names(compiled))
    return f"EXECUTE {name}{f' ({given})' if given else ''}"


def _given(compiled: SQLCompiler, name: str) -> str:
    # PREPARE has said what they are; only what is in an array would be taken for text.
    kind = _kind(compiled, name) if isinstance(compiled.binds[name].type, ARRAY) else None
    return f"CAST(%({name})s AS {kind})" if kind else f"%({name})s"


def _kind(compiled: SQLCompiler, name: str) -> str | None:
    """Its type in SQL, without a length, to which a CAST would cut; None where only the statement says it."""
    kind = compiled.binds[name].type
    if isinstance(kind, NullType):
        return None
    if isinstance(kind, TEXTUAL):
        return "TEXT"
    return _LENGTH.sub("", compiled.dialect.type_compiler_instance.process(kind))


def _names(compiled: SQLCompiler) -> list[str]:
    return list(compiled.bind_names.values())
