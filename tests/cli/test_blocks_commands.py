"""`flask blocks`: the same as `flask rooms block` and the calendar, in one form."""

from __future__ import annotations

import json

from click.testing import Result
from flask.testing import FlaskCliRunner

from booking.domain.inventory import Block
from booking.domain.tables import Property, Room
from booking.infra.db import db, reading
from booking.infra.ids import encode
from tests.cast import a_room, blocked, count, in_days, nights_of


def run(runner: FlaskCliRunner, *words: str) -> Result:
    return runner.invoke(args=["blocks", *words])


@reading
def slug_of(room: Room) -> str:
    return db.session.get_one(Property, room.property_id).slug


def test_nights_are_blocked_listed_shown_and_put_on_sale_again(runner: FlaskCliRunner, room: Room) -> None:
    blocked(a_room(), in_days(20, 1), reason="elsewhere")
    key, stay = encode("room", room.id), in_days(30)
    words = [key, stay.check_in.isoformat(), stay.check_out.isoformat()]
    [made] = json.loads(run(runner, "add", *words, "--reason", "painting", "--json").stdout)
    assert (made["roomId"], made["reason"], made["checkOut"]) == (key, "painting", str(stay.check_out))
    assert json.loads(run(runner, "add", *words, "--json").stdout) == [made]  # twice is once
    assert len(json.loads(run(runner, "list", "--json").stdout)) == 2
    for narrowed in (["--room", key], ["--property", slug_of(room)]):
        assert json.loads(run(runner, "list", *narrowed, "--json").stdout) == [made]
    assert "staff: painting (Room with a view)" in run(runner, "show", made["blockId"]).output
    taken = run(runner, "add", key, str(stay.check_in), str(in_days(30, 4).check_out))
    assert (taken.exit_code, "These nights are taken" in taken.output) == (1, True)
    assert json.loads(run(runner, "remove", made["blockId"], "--json").stdout) == [made]
    assert nights_of(room) == {}
    again = run(runner, "remove", made["blockId"], "--json")
    assert (again.exit_code, json.loads(again.stdout), count(Block)) == (1, [], 1)


def test_the_names_of_before_do_the_same(runner: FlaskCliRunner, room: Room) -> None:
    block = blocked(room, in_days(30), reason="painting")
    assert run(runner, "remove", encode("block", block.id)).output.endswith(": 3 nights put back on sale.\n")
    assert run(runner, "show", encode("block", block.id)).exit_code == 1


def test_what_was_done_to_a_block_is_found_by_its_id(runner: FlaskCliRunner, room: Room) -> None:
    block, _ = blocked(room, in_days(30), reason="paint"), blocked(a_room(), in_days(30), reason="elsewhere")
    asked = ["audit", "list", "--json", "--subject", encode("block", block.id)]
    [told] = json.loads(runner.invoke(args=asked).stdout)
    assert (told["action"], told["subject"]) == ("nights.blocked", encode("room", room.id))
