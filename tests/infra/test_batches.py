"""What need not be answered at once goes to Postgres with what must be; what it must find is demanded there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import bindparam, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from booking.domain.tables import Room
from booking.infra import db as database
from booking.infra import prepared, raw_sql
from booking.infra.batches import required
from booking.infra.db import OutcomeUnknown, db, defer, execute, fetch, reading, require, transaction
from booking.infra.prepared import AFTER, often
from booking.infra.sql_errors import constraint_name
from tests.databases import end_other_connections, forget_connections

NAME: Any = often(select(Room.name).where(Room.id == bindparam("room")))
RENAME = required(update(Room).where(Room.id == bindparam("room")).values(name=bindparam("new_name")))
DOUBLE = text("INSERT INTO rooms SELECT * FROM rooms WHERE id = :room")
BUSY = text(
    "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND datname = current_database()"
)


class Refused(Exception):
    """What the caller makes of it."""


class Twice(Exception):
    """Another one."""


def rename(room: Room, name: str, rows: int = 1, otherwise: type[Exception] = Refused) -> None:
    require(RENAME, {"room": room.id, "new_name": name}, rows=rows, otherwise=otherwise())


def name_of(room: Room) -> str:
    return str(fetch(NAME, room=room.id)[0].name)


@contextmanager
def messages(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[list[str]]]:
    """The first words of what each message holds."""
    sent: list[list[str]] = []

    def titles(said: str) -> list[str]:
        return [part.split(maxsplit=1)[0] for part in said.split(";\n")]

    def spied(cursor: Any, said: str, values: Any, before: bytes) -> None:
        sent.append(titles((before.decode() + ";\n" if before else "") + said))
        run(cursor, said, values, before)

    def spied_send(connection: Any, message: bytes) -> Any:
        sent.append(titles(message.decode()))
        return send(connection, message)

    run, send = raw_sql._execute, raw_sql.send
    with monkeypatch.context() as patched:
        patched.setattr(raw_sql, "_execute", spied)
        patched.setattr(raw_sql, "send", spied_send)
        yield sent


def test_begin_and_what_is_deferred_go_with_what_is_read_and_commit_with_the_rest(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    @transaction
    def step() -> str:
        rename(room, "First")
        seen = str(execute(NAME, {"room": room.id}).rows[0].name)
        rename(room, "Second")
        return seen

    with messages(monkeypatch) as sent:
        assert step() == "First"  # in the order in which it was said
    assert sent == [["BEGIN", "WITH", "SELECT"], ["WITH", "COMMIT"]]
    assert name_of(room) == "Second"


def test_a_transaction_in_which_nothing_is_said_sends_nothing(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with messages(monkeypatch) as sent:
        transaction(lambda: None)()
        reading(lambda: None)()
    assert sent == []


def test_objects_of_the_session_see_what_was_deferred_before_them(room: Room) -> None:
    @transaction
    def step() -> str:
        rename(room, "Deferred")
        return str(db.session.get_one(Room, room.id).name)

    assert step() == "Deferred"


@pytest.mark.parametrize("rows", [0, 2])
def test_another_number_of_rows_is_what_the_caller_says_and_changes_nothing(room: Room, rows: int) -> None:
    before = name_of(room)

    @transaction
    def step() -> None:
        rename(room, "Other")
        rename(room, "Another", rows=rows, otherwise=Twice)
        rename(room, "Last")

    with pytest.raises(Twice):
        step()
    assert name_of(room) == before


def test_an_error_of_postgres_means_what_its_own_statement_says(room: Room) -> None:
    @transaction
    def step(*, known: str) -> None:
        rename(room, "Other")
        defer(DOUBLE, {"room": room.id}, lambda error: Refused() if constraint_name(error) == known else None)

    with pytest.raises(Refused):
        step(known="pk_rooms")
    with pytest.raises(IntegrityError, match="pk_rooms"):
        step(known="another")


@pytest.mark.parametrize("how", ["refused", "raised", "interrupted"])
def test_no_transaction_stays_open_whatever_ends_it(room: Room, how: str) -> None:
    class Ended(BaseException):
        pass

    @transaction
    def step() -> None:
        execute(NAME, {"room": room.id})
        if how == "refused":
            rename(room, "Other", rows=5)
            execute(NAME, {"room": room.id})
        raise ValueError if how == "raised" else Ended

    for _ in range(3):
        with pytest.raises((Refused, ValueError, Ended)):
            step()
    assert fetch(BUSY)[0][0] == 0
    assert transaction(lambda: execute(NAME, {"room": room.id}).rows[0].name)() == name_of(room)


def test_a_serialization_failure_in_a_message_with_commit_is_tried_again(room: Room) -> None:
    attempts: list[int] = []
    failing = text("DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '40001'; END $$")

    @transaction
    def step() -> None:
        attempts.append(1)
        rename(room, f"Attempt {len(attempts)}")
        if len(attempts) == 1:
            defer(failing, {})

    step()
    assert (len(attempts), name_of(room)) == (2, "Attempt 2")


def test_a_connection_lost_with_commit_leaves_the_outcome_unknown(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    cut = text("SELECT pg_terminate_backend(pg_backend_pid())")
    attempts: list[int] = []

    @transaction
    def step() -> None:
        attempts.append(1)
        defer(cut, {})

    with pytest.raises(OutcomeUnknown):
        step()
    assert len(attempts) == 1
    assert transaction(lambda: execute(NAME, {"room": room.id}).count)() == 1


def test_what_waits_is_not_forgotten_when_its_time_is_over(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    attempts: list[int] = []

    @transaction
    def step() -> None:
        attempts.append(1)
        rename(room, "First")
        if attempts == [1] * (AFTER + 2):
            monkeypatch.setattr(prepared, "time", SimpleNamespace(monotonic=lambda: time.monotonic() + 3600))
        rename(room, "Second")
        execute(NAME, {"room": room.id})

    for _ in range(AFTER + 4):
        step()
    assert len(attempts) == AFTER + 4  # none was tried again


def test_a_connection_that_died_in_the_pool_is_no_lost_commit(room: Room) -> None:
    attempts: list[int] = []

    @transaction
    def step() -> None:
        attempts.append(1)
        rename(room, "Again")

    step()
    end_other_connections()
    step()
    assert name_of(room) == "Again"
    assert len(attempts) == 3
    forget_connections()


def test_deferring_belongs_into_a_transaction(room: Room) -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        rename(room, "Other")
    assert database._running.get() is None


def test_a_statement_for_itself_is_deferred_as_well(room: Room) -> None:
    reading(rename)(room, "By itself")
    assert name_of(room) == "By itself"
    with pytest.raises(DBAPIError):
        reading(lambda: defer(DOUBLE, {"room": room.id}))()
