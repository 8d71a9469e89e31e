"""`flask rooms units | link | unlink`."""

from __future__ import annotations

import json

from flask.testing import FlaskCliRunner

from booking.domain.tables import Property, Room
from booking.infra.db import db
from booking.infra.ids import encode
from tests.cast import beside, count


def test_units_are_made_by_numbers_and_shown(runner: FlaskCliRunner, room: Room) -> None:
    key = encode("room", room.id)
    made = runner.invoke(args=["rooms", "units", key, "--count", "3", "--first", "101", "--title", "Double"])
    assert made.exit_code == 0, made.output
    named = [line.partition(" ")[2] for line in made.output.splitlines()]
    assert named == ["Double 101", "Double 102", "Double 103", "units."]
    assert runner.invoke(args=["rooms", "units", key]).output == made.output
    refused = runner.invoke(args=["rooms", "units", key, "Double 104", "Double 104"])
    assert (refused.exit_code, "each unit needs a name of its own" in refused.output) == (2, True)


def test_a_new_room_may_be_several_units(runner: FlaskCliRunner, room: Room) -> None:
    house = db.session.get_one(Property, room.property_id)
    words = ["rooms", "create", house.slug, "Double", "--count", "3", "--first", "201", "--price", "90"]
    made = runner.invoke(args=[*words, "--capacity", "2", "--json"])
    assert made.exit_code == 0, made.output
    assert [one["name"] for one in json.loads(made.output)] == ["Double 201", "Double 202", "Double 203"]
    key = json.loads(made.output)[0]["roomId"]
    assert runner.invoke(args=["rooms", "units", key]).output.endswith("3 units.\n")
    before = count(Room)
    twice = runner.invoke(args=[*words, "--capacity", "2"])
    assert (twice.exit_code, count(Room)) == (2, before), twice.output
    too_many = runner.invoke(args=[*words[:5], "201", "--capacity", "2"])
    assert (too_many.exit_code, count(Room)) == (2, before)


def test_rooms_are_linked_and_unlinked(runner: FlaskCliRunner, room: Room) -> None:
    bed = beside(room, "Bed", 40)
    pair = [encode("room", room.id), encode("room", bed.id)]
    linked = runner.invoke(args=["rooms", "link", *pair])
    assert linked.output == f"{pair[1]} Bed\nIt contains 1 room.\n"
    circle = runner.invoke(args=["rooms", "link", *reversed(pair)])
    assert circle.exit_code == 2
    assert runner.invoke(args=["rooms", "unlink", *pair]).output == "It contains 0 rooms.\n"
    for command, parts in (("link", [pair[1]]), ("unlink", [])):
        [told] = json.loads(runner.invoke(args=["rooms", command, *pair, "--json"]).output)
        assert (told["roomId"], [one["roomId"] for one in told["parts"]]) == (pair[0], parts)
