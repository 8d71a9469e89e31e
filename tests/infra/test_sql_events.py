"""Whoever listens to SQLAlchemy's events hears every statement, also those that go straight to psycopg2."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, bindparam, create_engine, event, literal, select, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, IntegrityError

from booking.domain.tables import Room
from booking.infra import raw_sql, telemetry
from booking.infra.db import AUTOCOMMIT, db, execute, fetch, transaction
from booking.infra.prepared import AFTER, often

BY_ID: Any = often(select(Room.id, Room.name).where(Room.id == bindparam("room")))
DOUBLE = text("INSERT INTO rooms SELECT * FROM rooms WHERE id = :room")


@contextmanager
def listening(name: str, listener: Callable[..., Any], **options: Any) -> Iterator[None]:
    event.listen(Engine, name, listener, **options)
    try:
        yield
    finally:
        event.remove(Engine, name, listener)


@transaction
def double(room: Room) -> None:
    execute(DOUBLE, {"room": room.id})


@transaction
def look(room: Room) -> Any:
    return execute(BY_ID, {"room": room.id}).rows


def test_one_listener_hears_what_is_said_in_either_way_and_prepared_or_not(room: Room) -> None:
    heard: list[tuple[str, Any]] = []

    def began(_: Any, __: Any, statement: str, values: Any, context: Any, *___: Any) -> None:
        context.began = statement

    def ended(connection: Any, cursor: Any, statement: str, values: Any, context: Any, *_: Any) -> None:
        assert context.began == statement
        assert cursor.rowcount == 1
        assert connection.engine in {db.engine, db.engines[AUTOCOMMIT]}
        heard.append((statement.split(maxsplit=1)[0], values.get("room")))

    with listening("before_cursor_execute", began), listening("after_cursor_execute", ended):
        for _ in range(AFTER + 2):
            fetch(BY_ID, room=room.id)
        look(room)
        db.session.execute(select(literal(1)))
        db.session.close()
    assert heard == [("SELECT", room.id.hex)] * (AFTER + 3) + [("SELECT", None)]


def test_a_listener_may_change_a_statement_and_its_values(room: Room) -> None:
    def change(_: Any, __: Any, statement: str, values: Any, *___: Any) -> tuple[str, Any]:
        return statement.replace("rooms.name", "%(mark)s AS name") + " /* trace */", {**values, "mark": "heard"}

    for _ in range(AFTER + 2):
        assert fetch(BY_ID, room=room.id)[0].name == room.name
    with listening("before_cursor_execute", change, retval=True):
        assert fetch(BY_ID, room=room.id)[0].name == "heard"
    assert fetch(BY_ID, room=room.id)[0].name == room.name


def test_a_listener_hears_what_failed_and_may_say_it_otherwise(room: Room) -> None:
    heard: list[ExceptionContext] = []

    class Refused(Exception):
        pass

    def began(_: Any, __: Any, ___: Any, ____: Any, context: Any, *_____: Any) -> None:
        context.span = "span"

    def failed(context: ExceptionContext) -> Refused | None:
        heard.append(context)
        return Refused() if len(heard) > 1 else None

    with listening("before_cursor_execute", began), listening("handle_error", failed, retval=True):
        with pytest.raises(IntegrityError) as refused:
            double(room)
        with pytest.raises(Refused):
            double(room)
    context = heard[0]
    assert context.sqlalchemy_exception is refused.value
    assert context.statement is not None
    assert context.statement.startswith("INSERT INTO rooms")
    assert getattr(context.execution_context, "span", None) == "span"
    assert not context.is_disconnect
    assert room.name not in str(refused.value)  # what the product itself listens for


def test_who_cannot_be_reached_is_heard_of(app: Flask) -> None:
    heard: list[ExceptionContext] = []
    nobody = create_engine("postgresql+psycopg2://nobody@127.0.0.1:1/nothing")
    with listening("handle_error", heard.append), pytest.raises(DBAPIError):
        raw_sql.rows(nobody, select(literal(1)), {})
    assert [context.engine for context in heard] == [nobody]


def cut(environ: dict[str, str], which: str = "pid <> pg_backend_pid()") -> None:
    superior = create_engine(environ["DATABASE_URL"])
    with superior.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                f" WHERE usename = user AND datname = current_database() AND {which}"
            )
        )
    superior.dispose()


def test_once_one_connection_is_lost_nobody_gets_one_of_its_age(
    app: Flask, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    retries: list[str] = []
    monkeypatch.setattr(telemetry, "count_retry", retries.append)
    engine = db.engines[AUTOCOMMIT]
    own = select(text("pg_backend_pid()"))
    idle = [engine.raw_connection() for _ in range(5)]
    for connection in idle:
        connection.close()
    cut(environ)
    assert fetch(own)
    several = [engine.raw_connection() for _ in range(5)]
    for connection in several:
        connection.cursor().execute("SELECT 1")
        connection.close()
    assert retries == ["fetch"]
    before = fetch(own)
    assert fetch(own) == before  # those that were made since stay


def test_a_listener_may_say_that_the_others_are_not_lost(app: Flask, environ: dict[str, str]) -> None:
    engine = db.engines[AUTOCOMMIT]
    own = select(text("pg_backend_pid()"))
    kept, taken = engine.raw_connection(), engine.raw_connection()
    pids = [connection.driver_connection.info.backend_pid for connection in (kept, taken)]
    kept.close()
    taken.close()  # the last one in is the next one out
    cut(environ, f"pid = {pids[1]}")

    def alone(context: ExceptionContext) -> None:
        context.invalidate_pool_on_disconnect = False

    with listening("handle_error", alone):
        fetch(own)
    there = [engine.raw_connection() for _ in range(2)]
    assert pids[0] in {connection.driver_connection.info.backend_pid for connection in there}
    for connection in there:
        connection.close()
