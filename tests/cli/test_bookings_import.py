"""`flask bookings import`: what an operator and a program read, and what happens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask.testing import FlaskCliRunner

from booking.domain.tables import Booking, Order, Property, Room
from booking.infra.db import db, reading
from tests.cast import count
from tests.domain.reservations.test_importing import HEADER, row


@reading
def slug_of(room: Room) -> str:
    return db.session.get_one(Property, room.property_id).slug


def brought(runner: FlaskCliRunner, tmp_path: Path, room: Room, *words: str, rows: list[str]) -> Result:
    file = tmp_path / "old.csv"
    file.write_text("\n".join([HEADER, *rows]))
    return runner.invoke(args=["bookings", "import", str(file), "--property", slug_of(room), *words])


def test_rows_come_in_and_the_others_are_named(app: Any, runner: FlaskCliRunner, room: Room, tmp_path: Path) -> None:
    rows = [row("R-1", room.name), row("R-2", room.name), row("R-3", room.name, 50, total="x")]
    looked = brought(runner, tmp_path, room, "--dry-run", rows=rows)
    assert (looked.exit_code, count(Booking)) == (0, 0)
    assert "1 would come in, 1 in conflict, 1 cannot come in" in looked.output
    said = brought(runner, tmp_path, room, rows=rows)
    assert said.stdout == "3 rows: 1 came in, 1 in conflict, 1 cannot come in.\n"
    assert "line 3: room: the night of" in said.stderr
    assert "line 4: total: must be a number (R-3)" in said.stderr
    assert count(Order, source="import", source_id="R-1") == 1


def test_a_dry_run_says_what_would_come_in_and_what_of_it_is_past(
    app: Any, runner: FlaskCliRunner, room: Room, tmp_path: Path
) -> None:
    rows = [row("R-1", room.name, -30, 2, paid=""), row("R-2", room.name)]
    told = brought(runner, tmp_path, room, "--dry-run", rows=rows).stdout.splitlines()
    assert told[0].startswith(f"line 2: Carol Calls, {room.name}, ")
    assert told[0].endswith(", in the past, 2 guests, 300.00 EUR, 0.00 EUR paid (R-1)")
    assert told[1].endswith(", 2 guests, 300.00 EUR, 100.00 EUR paid (R-2)")
    assert told[2] == "2 rows: 2 would come in (1 of them in the past)."
    known = json.loads(brought(runner, tmp_path, room, "--dry-run", "--json", rows=rows).stdout)
    assert [(one["row"]["name"], one["row"]["inThePast"]) for one in known] == [
        ("Carol Calls", True),
        ("Carol Calls", False),
    ]


def test_programs_read_one_array(app: Any, runner: FlaskCliRunner, room: Room, tmp_path: Path) -> None:
    rows = [row("R-1", room.name), row("R-2", "99", 50)]
    said = brought(runner, tmp_path, room, "--json", "--strict", "--source", "pms", rows=rows)
    first, second = json.loads(said.stdout)
    assert (said.exit_code, first["outcome"], first["sourceId"], first["line"]) == (1, "imported", "R-1", 2)
    assert (second["outcome"], list(second["problems"])) == ("bad", ["room"])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [([], "lacks these columns"), (["--property", "nowhere"], "nowhere"), (["--source", " "], "missing")],
)
def test_what_cannot_be_is_said(
    app: Any, runner: FlaskCliRunner, room: Room, tmp_path: Path, words: list[str], sentence: str
) -> None:
    file = tmp_path / "old.csv"
    file.write_text(HEADER if words else "name\n")
    said = runner.invoke(args=["bookings", "import", str(file), "--property", slug_of(room), *words])
    assert said.exit_code != 0
    assert sentence in said.output
