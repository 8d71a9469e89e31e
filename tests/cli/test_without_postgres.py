"""Commands while Postgres cannot work: one sentence each, and never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pkgutil import resolve_name

import click
import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from booking.cli.commands import OURS
from booking.cli.operator import Group, unavailable
from booking.domain.reservations import holds
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Room, User
from booking.infra import watchdog
from booking.infra.db import AUTOCOMMIT, OutcomeUnknown, Unavailable, db
from booking.infra.ids import encode
from tests.cases import each
from tests.cast import acting, in_days, order, reload
from tests.infra.migrating import HOME
from tests.infra.test_postgres_in_trouble import drop_connections, read_only  # noqa: F401 a fixture
from tests.room_files import Files, ours

NAMES = ("DATABASE_URL", "MIGRATION_DATABASE_URL")
OURS_WITH_PLACE = {"property_name": "Pier House", "location": "oslo", "time_zone": "Europe/Oslo", "currency": "EUR"}


def test_every_command_that_meets_a_read_only_postgres_says_one_sentence(
    app: Flask,
    alice: User,
    room: Room,
    desk: BookingContext,
    files: Files,
    read_only: Callable[[bool], None],  # noqa: F811 the fixture
) -> None:
    held, owed = (holds.reserve(acting(alice), order(alice, room, in_days(n)), desk) for n in (30, 40))
    runner = app.test_cli_runner()
    assert runner.invoke(args=["bookings", "guarantee", owed.reference, "--how", "desk"]).exit_code == 0
    read_only(True)
    drop_connections(app)
    night = [day.isoformat() for day in (in_days(50).check_in, in_days(50).check_out)]
    for words in (
        ["bookings", "guarantee", held.reference, "--how", "later"],
        ["bookings", "cancel", held.reference, "--yes"],
        ["payments", "received", owed.reference, "10", "--by", "desk", "--reference", "receipt 1"],
        ["users", "disable", alice.email, "--yes"],
        ["users", "give-role", alice.email, "desk"],
        ["rooms", "block", encode("room", room.id), *night],
        ["events", "retry"],
        ["demo", "load"],
    ):
        told = runner.invoke(args=words)
        assert told.exit_code == 1, (words, told.output)
        assert isinstance(told.exception, SystemExit), (words, told.exception)
        sentence = told.output.splitlines()[-1]
        assert sentence.startswith("Error: Postgres takes no writes now; the step that failed changed nothing ("), words
        assert sentence.endswith("See `flask doctor`."), words
    imported = files.import_(ours(OURS_WITH_PLACE))
    assert imported.exit_code == 1
    assert "Error: Postgres takes no writes now; " in imported.output
    assert imported.output.rstrip().endswith("Import again to bring in the rest.")
    assert runner.invoke(args=["payments", "due"]).exit_code == 0  # what only reads goes on
    assert {reload(one).status for one in (held, owed)} == {"PENDING", "CONFIRMED"}


def test_all_commands_of_ours_are_in_groups_that_say_so() -> None:
    found = {name: resolve_name(where) for name, where in OURS.items()}
    assert {name for name, one in found.items() if not isinstance(one, Group)} == {"doctor"}  # which looks by itself
    for name, one in found.items():
        nested = one.commands.values() if isinstance(one, Group) else ()
        assert not [command for command in nested if isinstance(command, click.Group)], name


def test_what_is_not_known_to_be_done_is_not_called_undone() -> None:
    lost = OperationalError("COMMIT", {}, Exception("server closed the connection"))
    unknown = OutcomeUnknown("the connection was lost inside COMMIT")
    unknown.__cause__ = lost
    away = Unavailable("fetch: gave up after 6 attempts")
    away.__cause__ = lost
    assert "may be done or not (server closed the connection)" in unavailable(unknown)
    assert unavailable(away).startswith("Postgres cannot do this now; the step that failed changed nothing (server")
    assert "(Postgres does not answer)" in unavailable(Unavailable("Postgres does not answer"))


def test_a_command_does_not_wait_for_a_postgres_that_has_fallen_silent(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    primary = watchdog.of(db.engines[AUTOCOMMIT])
    monkeypatch.setattr(primary, "_answers", lambda: False, raising=False)
    monkeypatch.setattr(primary, "silent", True)
    told = app.test_cli_runner().invoke(args=["payments", "due"])
    assert told.exit_code == 1
    assert told.output.splitlines()[-1].endswith("(Postgres does not answer). See `flask doctor`.")
    monkeypatch.setattr(primary, "silent", False)
    assert app.test_cli_runner().invoke(args=["payments", "due"]).exit_code == 0


@pytest.mark.slow
@each("words", [["upgrade"], ["current"], ["check"]])
def test_migrations_say_in_one_line_that_postgres_is_away(environ: dict[str, str], words: list[str]) -> None:
    away = dict.fromkeys(NAMES, "postgresql+psycopg2://nobody:x@127.0.0.1:1/nowhere")
    told = {**os.environ, **environ, **away, "FLASK_APP": "wsgi.py"}
    command = [sys.executable, "-m", "flask", "db", *words]
    done = subprocess.run(command, cwd=HOME, env=told, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    [sentence] = [line for line in done.stderr.splitlines() if not line.startswith("{")]  # but for the log
    assert sentence.startswith("Error: Postgres cannot do this now (connection to server at")
    assert sentence.endswith("See `flask doctor`.")
