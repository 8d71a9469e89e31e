"""`flask rates`: rules go out as a sheet and come back as they were, all of them or none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask.testing import FlaskCliRunner

from booking.domain import pricing
from booking.domain.tables import Property, Room
from booking.infra.db import db, reading
from booking.infra.ids import encode
from tests.cast import SYSTEM, in_days

pytestmark = pytest.mark.slow
SHEET = """kind,name,terms,priority,room,from,to,weekdays
price,Summer,percent=130,,,2031-06-01,2031-08-31,
adjust,Weekend,percent=20,,,,,"fri,sat"
length,3 nights or more,"steps=3:10,7:15",,,,,
guests,Guests,"included=2 extra=20 fewer=0 children=2:0,12:10",,{room},,,
closed_to_arrival,Fair,,5,,2031-09-01,2031-09-02,
"""


def test_a_sheet_comes_back_as_it_went_out_and_twice_is_once(
    runner: FlaskCliRunner, room: Room, tmp_path: Path
) -> None:
    slug, file = _slug(room), tmp_path / "rates.csv"
    file.write_text(SHEET.replace("{room}", encode("room", room.id)))
    assert runner.invoke(args=["rates", "import", slug, str(file)]).stdout == "5 added, 0 changed.\n"
    assert runner.invoke(args=["rates", "import", slug, str(file)]).stdout == "0 added, 0 changed.\n"
    file.write_text(runner.invoke(args=["rates", "export", slug]).stdout.replace("percent=20", "percent=25"))
    said = runner.invoke(args=["rates", "import", slug, str(file), "--json"])
    assert json.loads(said.stdout) == [{"added": 0, "changed": 1}]
    told = runner.invoke(args=["rates", "list", slug]).stdout
    assert "adjust “Weekend” percent=25, all rooms, fri,sat" in told
    assert "price “Summer” percent=130, all rooms, 2031-06-01 to 2031-08-31" in told
    assert "closed=true, all rooms, 2031-09-01 to 2031-09-02, priority 5" in told


def test_one_wrong_line_brings_in_nothing_and_is_named(runner: FlaskCliRunner, room: Room, tmp_path: Path) -> None:
    file = tmp_path / "rates.csv"
    file.write_text(f"{SHEET}igloo,Ice,amount=1,,,,,\nprice,Bad,nights=3,,,,,\n")
    said = runner.invoke(args=["rates", "import", _slug(room), str(file)])
    assert said.exit_code == 1
    assert "line 5: room:" in said.stderr
    assert "line 7: kind:" in said.stderr
    assert "line 8: " in said.stderr
    assert pricing.rates_of_property(SYSTEM, room.property_id) == []


def test_what_is_not_given_stays_and_an_empty_value_takes_away(runner: FlaskCliRunner, room: Room) -> None:
    added = ["rates", "add", _slug(room), "price", "Summer", "amount=150", "--from", "2031-06-01", "--json"]
    [made] = json.loads(runner.invoke(args=added).stdout)
    changed = runner.invoke(args=["rates", "change", made["rateId"], "--from", "", "--weekdays", "sun", "--json"])
    [now] = json.loads(changed.stdout)
    assert (now["version"], now["terms"], now["from"], now["weekdays"]) == (2, {"amount": "150"}, None, [7])
    assert runner.invoke(args=["rates", "end", made["rateId"]]).stdout.rstrip().endswith("ended")
    shown = runner.invoke(args=["rates", "show", made["rateId"]]).stdout
    assert shown.count("version 1") == 2
    assert "ended" in shown


def _slug(room: Room) -> str:
    return reading(lambda: db.session.get_one(Property, room.property_id).slug)()


def test_days_come_in_by_a_file_and_each_wrong_line_is_named(
    runner: FlaskCliRunner, room: Room, tmp_path: Path
) -> None:
    slug, file, first = _slug(room), tmp_path / "days.csv", in_days(20).check_in
    file.write_text(f"room,date,price,closed\n{room.name},{first},150,yes\nAttic,{first},150,no\n")
    refused = runner.invoke(args=["rates", "import-days", slug, str(file)])
    assert (refused.exit_code, "line 3: room: " in refused.stderr) == (1, True)
    file.write_text(f"room,date,price,closed\n{room.name},{first},150,yes\n")
    expected = {"rows": 1, "runs": 2, "rulesAdded": 1, "nightsClosed": 1}
    for options in (["--dry-run"], []):
        told = json.loads(runner.invoke(args=["rates", "import-days", slug, str(file), "--json", *options]).stdout)
        assert expected.items() <= told[0].items()
    again = runner.invoke(args=["rates", "import-days", slug, str(file)])
    assert "0 rules added, 0 changed, 0 ended; 0 nights closed, 0 opened." in again.stdout
    out = runner.invoke(args=["rates", "export-days", slug, "--from", str(first), "--to", str(first)]).stdout
    assert out.splitlines()[1].split(",")[2:] == [str(first), "150", "1", "30", "no", "no", "yes"]
