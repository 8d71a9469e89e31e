"""What @transaction promises, and the traps that a trial of this design fell into."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from psycopg2 import OperationalError
from sqlalchemy import create_engine, literal, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from booking.domain.errors import HoldOver
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Room, User
from booking.infra import db as database
from booking.infra import raw_sql
from booking.infra.db import (
    Unavailable,
    after_commit,
    db,
    execute,
    fetch,
    reading,
    transaction,
)
from booking.infra.flushing import flush_with_next
from booking.infra.sql_errors import constraint_name, lost_connection
from tests.cast import acting, in_days, order, person, reload


def test_it_runs_serializable_and_the_engine_does_not(app: Flask) -> None:
    level = text("SHOW transaction_isolation")
    assert transaction(lambda: db.session.scalar(level))() == "serializable"
    with db.engine.connect() as connection:
        assert connection.execute(level).scalar() == "read committed"


def test_only_a_transaction_that_says_so_leaves_the_disk_to_the_next_one(app: Flask) -> None:
    said = text("SELECT source FROM pg_settings WHERE name = 'synchronous_commit'")
    before = transaction(lambda: execute(said, {}).column)()

    @transaction
    def flushed_later() -> list[str]:
        flush_with_next()
        return execute(text("SHOW synchronous_commit"), {}).column + execute(said, {}).column

    assert flushed_later() == ["off", "session"]
    assert transaction(lambda: execute(said, {}).column)() == before != ["session"]


def test_a_nested_transaction_is_refused(alice: User) -> None:
    @transaction
    def outer() -> None:
        person("carol")

    with pytest.raises(RuntimeError, match="inside another transaction"):
        outer()


def test_an_error_rolls_everything_back_and_does_no_after_commit(app: Flask) -> None:
    done = []

    @transaction
    def fail() -> None:
        db.session.execute(text("INSERT INTO events (id, type, payload) VALUES (gen_random_uuid(), 'a.b', '{}')"))
        after_commit(lambda: done.append(1))
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 any will do
        fail()
    assert transaction(lambda: db.session.scalar(text("SELECT count(*) FROM events")))() == 0
    assert done == []


def test_a_serialization_failure_is_tried_again_with_everything_forgotten(alice: User) -> None:
    seen = []

    @transaction
    def rename() -> None:
        user = db.session.get_one(User, alice.id)
        seen.append(user.full_name)
        if len(seen) == 1:
            with db.engine.begin() as other:
                other.execute(text("UPDATE users SET full_name = 'Somebody else'"))
        user.full_name = "Mine"

    rename()
    assert seen == ["Alice", "Somebody else"]


def test_it_gives_up_after_eight_attempts(app: Flask) -> None:
    attempts = []

    @transaction
    def never() -> None:
        attempts.append(1)
        db.session.execute(text("DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '40001'; END $$"))

    with pytest.raises(Unavailable):
        never()
    assert len(attempts) == database.ATTEMPTS


def test_only_named_constraints_are_tried_again(alice: User) -> None:
    attempts = []

    def duplicate() -> None:
        attempts.append(1)
        copy = {name: getattr(alice, name) for name in ("email", "email_key", "full_name", "region")}
        db.session.add(User(role="guest", **copy))

    with pytest.raises(IntegrityError):
        transaction(duplicate)()
    assert len(attempts) == 1
    with pytest.raises(Unavailable):
        transaction(retry_on=("uq_users_email_key",))(duplicate)()
    assert len(attempts) == 1 + database.ATTEMPTS


def test_a_lost_connection_before_commit_is_tried_again(app: Flask) -> None:
    attempts = []

    @transaction
    def unlucky() -> Any:
        attempts.append(1)
        if len(attempts) == 1:
            own = db.session.scalar(text("SELECT pg_backend_pid()"))
            with db.engine.connect() as other:
                other.execute(text("SELECT pg_terminate_backend(:own)"), {"own": own})
        return db.session.scalar(text("SELECT 1"))

    # Terminating a backend takes the superuser or the same role, which this is.
    assert unlucky() == 1
    assert len(attempts) == 2


def test_reading_takes_one_statement_and_no_transaction(app: Flask) -> None:
    # now() is when the transaction began, so two statements of one transaction agree on it, and of two do not.
    began = text("SELECT now() FROM pg_sleep(0.002)")
    moments = reading(lambda: [db.session.scalar(began) for _ in range(2)])()
    assert moments[0] < moments[1]
    state = text("SELECT state FROM pg_stat_activity WHERE pid = :pid")

    def between_two_statements() -> Any:
        pid = db.session.scalar(text("SELECT pg_backend_pid()"))
        with db.engine.connect() as other:
            return other.execute(state, {"pid": pid}).scalar()

    assert reading(between_two_statements)() == "idle"
    assert transaction(between_two_statements)() == "idle in transaction"


def test_a_stale_row_cannot_confirm_what_somebody_else_expired(alice: User, room: Room, desk: BookingContext) -> None:
    """With rollback() instead of close() at the start of a step, the identity map kept the old row (a trial's trap)."""
    from booking.domain.reservations import bookings, holds

    held = holds.reserve(acting(alice), order(alice, room, in_days(30)), desk)
    stale = db.session.scalars(select(Booking).where(Booking.id == held.id)).one()
    assert stale.status == "PENDING"
    with db.engine.begin() as other:
        other.execute(text("UPDATE bookings SET status = 'EXPIRED', held_until = NULL, version = version + 1"))
        other.execute(text("DELETE FROM availability"))
    with pytest.raises(HoldOver):
        bookings.pay(acting(alice), held.id, "pm_card_visa", held.total_price, desk)
    assert reload(held).status == "EXPIRED"


def test_what_was_committed_is_not_done_again_because_a_later_action_fails(app: Flask) -> None:
    attempts = []

    def fail() -> None:
        raise DBAPIError("", None, OperationalError("server closed the connection unexpectedly"))

    @transaction
    def once() -> None:
        attempts.append(1)
        after_commit(fail)

    with pytest.raises(DBAPIError):
        once()
    assert len(attempts) == 1


# --- statements that go straight to psycopg2 fail as SQLAlchemy's own would


def test_a_server_that_cannot_be_reached_is_a_lost_connection() -> None:
    nobody = create_engine("postgresql+psycopg2://nobody@127.0.0.1:1/nothing")
    with pytest.raises(DBAPIError) as refused:
        raw_sql.rows(nobody, select(literal(1)), {})
    assert lost_connection(refused.value)


def test_a_look_up_survives_that_every_idle_connection_was_cut(app: Flask, environ: dict[str, str]) -> None:
    fetch(select(literal(1)))
    others = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND usename = user AND datname = current_database()"
    )
    mine = create_engine(environ["DATABASE_URL"])
    with mine.connect() as connection:
        connection.execute(others)
    mine.dispose()
    assert fetch(select(literal(7).label("lucky")))[0].lucky == 7


def test_a_broken_constraint_is_an_integrity_error_with_its_name(room: Room) -> None:
    @transaction
    def double() -> None:
        execute(text("INSERT INTO rooms SELECT * FROM rooms WHERE id = :room"), {"room": room.id})

    with pytest.raises(IntegrityError) as refused:
        double()
    assert constraint_name(refused.value) == "pk_rooms"
