"""Beside a long history, whatever runs in the background uses an index and touches few pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine

from bench import plans_in_background
from booking.domain.errors import PaymentUnknown
from booking.domain.reservations import bookings, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Room, User
from booking.infra import telemetry
from booking.jobs import ticker
from tests.cast import VISA, a_room, acting, all_at_once, in_days, interrupted, later, order, person, silent

pytestmark = pytest.mark.programme

BOOKINGS = 200_000


def test_no_background_statement_reads_history(
    app: Flask, environ: dict[str, str], alice: User, room: Room, desk: BookingContext
) -> None:
    plans_in_background.fill(environ["MIGRATION_DATABASE_URL"], BOOKINGS)
    holds.reserve(acting(alice), order(alice, room), desk)
    with pytest.raises(PaymentUnknown):
        bookings.book(acting(alice), order(alice, a_room(), in_days(40)), VISA, interrupted(desk, silent))
    later(desk.hold_for + dt.timedelta(minutes=2))
    found = plans_in_background.costs(app)
    assert [one for one in found if one.is_too_much] == []
    asked = {one.chore for one in found}
    chores = {chore.name for chore in ticker.chores(app.extensions["services"].settings)}
    chores -= {"photo_files"}  # it asks Postgres only about files that it finds, one by one by their keys
    assert (
        chores
        | {"arrivals", "system page"}
        | {"outbox", "gauges", "doctor: holds", "doctor: payments", "doctor: outbox"}
        <= asked
    )
    _without_the_indexes_it_would(app, environ)


def test_beside_a_long_history_guests_do_not_make_each_other_try_again(
    app: Flask, environ: dict[str, str], desk: BookingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With statistics the planner chooses among all indexes: what a payment reads must stay its own nights."""
    plans_in_background.fill(environ["MIGRATION_DATABASE_URL"], 20_000)
    again: list[str] = []
    monkeypatch.setattr(telemetry, "count_retry", again.append)
    guests = [person(f"guest-{number}") for number in range(8)]
    for _ in range(5):
        acts: list[Callable[[], Any]] = [
            partial(bookings.book, acting(guest), order(guest, a_room()), VISA, desk) for guest in guests
        ]
        assert {getattr(done, "status", done) for done in all_at_once(app, acts)} == {"CONFIRMED"}
    assert len(again) <= 4, again


def _without_the_indexes_it_would(app: Flask, environ: dict[str, str]) -> None:
    """The check can fail: one index less, and a sweeper reads a whole table."""
    owner = create_engine(environ["MIGRATION_DATABASE_URL"], isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        made = connection.exec_driver_sql("SELECT pg_get_indexdef('ix_bookings_pending'::regclass)").scalar_one()
        connection.exec_driver_sql("DROP INDEX ix_bookings_pending")
        try:
            assert [one.chore for one in plans_in_background.costs(app) if "bookings" in one.whole_tables]
        finally:
            connection.exec_driver_sql(made)
    owner.dispose()
