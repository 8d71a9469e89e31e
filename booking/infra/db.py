"""Postgres: engine, session, and the one place where a transaction begins, is tried again, and commits.

Connections are in AUTOCOMMIT; the BEGIN of a `@transaction` names its isolation: SERIALIZABLE, unless it asks for
another. Setting that on the server, the database or the role would break every standby ("cannot use serializable mode
in a hot standby").
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, overload

from flask import current_app
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from sqlalchemy import ClauseElement, Connection, Engine, MetaData, Select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase

from booking.config import Settings
from booking.infra import deadline, prepared, raw_sql, redaction, telemetry, watchdog
from booking.infra.batches import Batch, Refusal
from booking.infra.deadline import Unavailable
from booking.infra.sql_errors import (
    RETRYABLE,
    TOO_LONG,
    UNIQUE_VIOLATION,
    cannot_work,
    constraint_name,
    lost_connection,
    sqlstate,
)

__all__ = ["Unavailable"]  # where everybody looks for it

P = ParamSpec("P")
R = TypeVar("R")

SERIALIZABLE, READ_COMMITTED, AUTOCOMMIT = "SERIALIZABLE", "READ COMMITTED", "AUTOCOMMIT"
ATTEMPTS = 8

CONNECT_ARGS = {
    # A host that vanished without a word counts as gone after some seconds, at nobody's expense.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 5000,
}


class OutcomeUnknown(Unavailable):
    """The connection was lost inside COMMIT: the work is either done or not. An idempotency key settles it."""


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        }
    )


class TransactionSession(Session):
    """Inside of a @transaction, rows become objects on its own connection, beside what execute() does there."""

    def get_bind(self, *args: Any, **kwargs: Any) -> Engine | Connection:
        running = _running.get()
        if running is not None and kwargs.get("bind") is None:
            running.batch.send()
            return running.batch.connection.wrapped
        return super().get_bind(*args, **kwargs)


redaction.install()
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False, "class_": TransactionSession})

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model


# For transactions. SERIALIZABLE guards a table as a whole where it is read from end to end, which Postgres prefers as
# soon as autovacuum has counted few rows: all who pay in a young house would be in each other’s way.
BY_INDEX = " -c enable_seqscan=off"


def engine_options(settings: Settings, *, transactions: bool = False) -> dict[str, Any]:
    """Pool and connection: quick to fail; a stopped process cannot block others for long by its open transaction."""
    return {
        "hide_parameters": True,
        "isolation_level": AUTOCOMMIT,  # a transaction's BEGIN goes out with its first statement (batches.py)
        "pool_size": settings.db_pool_size,
        "max_overflow": 2,
        "pool_timeout": 3,
        "pool_use_lifo": True,
        "execution_options": {prepared.OPTION: settings.prepared_statements},
        "connect_args": {
            **CONNECT_ARGS,
            "connect_timeout": watchdog.CONNECTING,
            "application_name": "room-booking",
            # Neither compiling nor parallel workers pay for statements of milliseconds from many clients. A lock is
            # waited for a little less long than a request lasts; what a request gave up, Postgres notices in 2 s.
            "options": "-c jit=off -c max_parallel_workers_per_gather=0 -c statement_timeout=15s -c lock_timeout=4s"
            " -c idle_in_transaction_session_timeout=5s -c client_connection_check_interval=2s"
            + (prepared.PLANNED_ONCE + (BY_INDEX if transactions else "")),
        },
    }


def bind_options(settings: Settings) -> dict[str, dict[str, Any]]:
    """The second pool, for single statements: they may read a table from end to end, transactions not (BY_INDEX)."""
    return {AUTOCOMMIT: {"url": settings.database_url, **engine_options(settings)}}


def watch_engines(settings: Settings) -> None:
    """Inside of the application's context: its connections are cut where Postgres hangs."""
    for engine in (db.engine, db.engines[AUTOCOMMIT]):
        current_app.extensions[_PRIMARY] = watchdog.watch(engine, settings.database_url)


_PRIMARY = "postgres"


def _primary() -> watchdog.Server:
    primary: watchdog.Server = current_app.extensions[_PRIMARY]
    return primary


@contextmanager
def asking() -> Iterator[None]:
    """One action on the primary, in the time that its caller has left. Raises Unavailable where there is none."""
    with deadline.spent():
        _primary().refuse_if_silent()
        yield


@dataclass(slots=True)
class _Running:
    """What belongs to the attempt that runs now, and goes with it."""

    batch: Batch
    before_commit: list[Callable[[], None]] = field(default_factory=list)
    after_commit: list[Callable[[], object]] = field(default_factory=list)
    notes: dict[str, list[Any]] = field(default_factory=dict)


_running: ContextVar[_Running | None] = ContextVar("running", default=None)


def _attempt_now() -> _Running:
    running = _running.get()
    if running is None:
        raise RuntimeError("This belongs inside a @transaction.")
    return running


def after_commit(action: Callable[[], object]) -> None:
    """Do `action` once the running transaction has committed, before its caller goes on; never if it rolls back."""
    _attempt_now().after_commit.append(action)


def act_after_commit(name: str, found: Any, action: Callable[[list[Any]], object]) -> None:
    """Collect over the running transaction, and do `action` once with everything after its commit."""
    running = _attempt_now()
    if name not in running.notes:
        running.notes[name] = []
        running.after_commit.append(lambda: action(running.notes[name]))
    running.notes[name].append(found)


def buffer_until_commit(name: str, rows: list[Any], write: Callable[[list[Any]], None]) -> None:
    """Collect rows over the running transaction and `write` them all at once just before its commit."""
    running = _attempt_now()
    if name not in running.notes:
        running.notes[name] = []
        running.before_commit.append(lambda: write(running.notes[name]))
    running.notes[name].extend(rows)


@overload
def transaction(step: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def transaction(
    *, isolation: str = ..., retry_on: tuple[str, ...] = ...
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def transaction(
    step: Callable[P, R] | None = None, /, *, isolation: str = SERIALIZABLE, retry_on: tuple[str, ...] = ()
) -> Callable[P, R] | Callable[[Callable[P, R]], Callable[P, R]]:
    """Run the function as one transaction: begin, retry, commit. Nobody else commits.

    The whole function may run several times: it must touch nothing but the database, and decide from what it reads
    there. `retry_on` names unique constraints whose violation means "look again". Raises Unavailable after the last
    attempt, OutcomeUnknown when the connection broke inside COMMIT, RuntimeError when nested.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            if _running.get() is not None:
                raise RuntimeError(f"{function.__name__} would run inside another transaction and discard its work.")
            work = partial(function, *args, **kwargs)
            result, actions = _attempts(lambda: _attempt(work, isolation), function.__name__, retry_on)
            # Outside of the attempts: what was committed is not done again because an action fails.
            for action in actions:
                action()
            return result

        return run

    return decorate(step) if step else decorate


def reading(function: Callable[P, R]) -> Callable[P, R]:
    """Run the function's SELECTs without a transaction around them: one round trip each, nothing decided on them."""
    return transaction(isolation=AUTOCOMMIT)(function)


def execute(statement: ClauseElement, values: Mapping[str, Any]) -> raw_sql.Result:
    """Run a statement that was built once, with its values, inside the running transaction.

    Many times quicker than changing objects and flushing them; the session's objects do not hear of it.
    """
    return _attempt_now().batch.run(statement, values)


def defer(statement: ClauseElement, values: Mapping[str, Any], refusal: Refusal | None = None) -> None:
    """The same, where nobody reads what it did: it is sent with the next statement, or with COMMIT.

    `refusal` says which error of the caller's an error of Postgres is, if it is any.
    """
    _attempt_now().batch.defer(statement, values, refusal)


def require(
    statement: Select[Any],
    values: Mapping[str, Any],
    *,
    rows: int = 1,
    otherwise: Exception,
    refusal: Refusal | None = None,
) -> None:
    """Defer a statement made by batches.required(): where it touches another number of rows, `otherwise` is raised.

    By then the transaction is lost, so nobody may go on in it.
    """
    _attempt_now().batch.require(statement, values, rows=rows, otherwise=otherwise, refusal=refusal)


def fetch(statement: ClauseElement, **values: Any) -> Sequence[Any]:
    """Rows (named tuples) of a statement that was built once, with its values: the quickest way to look something up.

    One round trip outside of any transaction, on the pool for single statements; a lost connection is tried again.
    """
    return _attempts(lambda: raw_sql.rows(db.engines[AUTOCOMMIT], statement, values), "fetch", ())


def ask(statement: ClauseElement, **values: Any) -> Sequence[Any]:
    """The same as the running transaction sees it, where there is one."""
    return execute(statement, values).rows if _running.get() is not None else fetch(statement, **values)


def _attempts(once: Callable[[], R], name: str, retry_on: tuple[str, ...]) -> R:
    primary = _primary()
    with deadline.spent():
        primary.refuse_if_silent()
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return once()
            except (DBAPIError, PoolTimeout) as error:
                _refuse_what_cannot_work(error, name)
                if not _worth_another_try(error, retry_on):
                    raise
                primary.refuse_if_silent()
                if attempt == ATTEMPTS or isinstance(error, PoolTimeout) or not deadline.worth_waiting(1.0):
                    raise Unavailable(f"{name}: gave up after {attempt} attempts") from error
                telemetry.count_retry(name)
                _pause(attempt)
    raise AssertionError("unreachable")


def _attempt(work: Callable[[], R], isolation: str) -> tuple[R, list[Callable[[], object]]]:
    # The identity map is not a snapshot: with rollback() alone a stale row confirmed an expired hold in a trial.
    if db.session.registry.has():
        db.session.close()
    connection = raw_sql.take(_engine_for(isolation))
    try:
        batch = Batch(connection, "" if isolation == AUTOCOMMIT else f"BEGIN ISOLATION LEVEL {isolation}")
        running = _Running(batch)
        token = _running.set(running)
        try:
            result = work()
            for write in running.before_commit:
                write()
            _commit(batch)
        except BaseException:
            if db.session.registry.has():
                db.session.close()
            batch.rollback()
            connection.ended(committed=False)
            raise
        finally:
            _running.reset(token)
    finally:
        connection.close()
    return result, running.after_commit


def _engine_for(isolation: str) -> Engine:
    return db.engines[AUTOCOMMIT] if isolation == AUTOCOMMIT else db.engine


def _commit(batch: Batch) -> None:
    if db.session.registry.has():
        db.session.commit()  # flushes; the transaction is not the session's, so this ends only its part in it
    try:
        batch.commit()
    except DBAPIError as error:
        if lost_connection(error) and batch.is_committing:
            raise OutcomeUnknown("the connection was lost inside COMMIT") from error
        raise
    batch.connection.ended(committed=True)


def _worth_another_try(error: DBAPIError | PoolTimeout, retry_on: tuple[str, ...]) -> bool:
    if isinstance(error, PoolTimeout) or lost_connection(error) or prepared.is_outdated(error):
        return True
    state = sqlstate(error)
    return state in RETRYABLE or (state == UNIQUE_VIOLATION and constraint_name(error) in retry_on)


def _refuse_what_cannot_work(error: DBAPIError | PoolTimeout, name: str) -> None:
    if isinstance(error, PoolTimeout):
        return
    state = sqlstate(error)
    if state in TOO_LONG:
        raise Unavailable(f"{name}: waited too long") from error
    if cannot_work(error):
        note_refusal(state)
        raise Unavailable(f"{name}: Postgres cannot work ({state})") from error


class _Refusals:
    """When Postgres last said that it cannot work. Readiness asks; pooled connections are made anew."""

    def __init__(self) -> None:
        self.last: float | None = None
        self._renewed = 0.0

    def note(self, state: str | None) -> None:
        self.last = now = time.monotonic()
        if now - self._renewed < RENEWED_EVERY:
            return
        self._renewed = now
        telemetry.log.warning("postgres_cannot_work", sqlstate=state)
        # Behind the same address another server may work by now: connections to this one would keep us here.
        for engine in (db.engine, db.engines[AUTOCOMMIT]):
            engine.dispose()

    def forget(self) -> None:
        self.last = None


RENEWED_EVERY = 1.0  # seconds
_refusals = _Refusals()


def note_refusal(state: str | None) -> None:
    """Postgres has said that it cannot work."""
    _refusals.note(state)


def refused_lately() -> bool:
    """Has Postgres said that it cannot work, and nobody seen since that it can?"""
    return _refusals.last is not None


def since_refusal() -> float:
    """Seconds since Postgres last said that it cannot work."""
    return time.monotonic() - _refusals.last if _refusals.last is not None else float("inf")


def works_again() -> None:
    """Somebody has seen it work."""
    _refusals.forget()


def _pause(attempt: int) -> None:
    time.sleep(random.uniform(0, min(0.4, 0.004 * 2**attempt)))  # noqa: S311 spreading retries is no secret
