"""`flask rooms units | link | unlink`."""

from __future__ import annotations

import json

from flask.testing import FlaskCliRunner

from booking.domain.tables import Room
from booking.infra.ids import encode
from tests.cast import beside


def test_units_are_made_by_numbers_and_shown(runner: FlaskCliRunner, room: Room) -> None:
    key = encode("room", room.id)
    made = runner.invoke(args=["rooms", "units", key, "--count", "3", "--first", "101", "--title", "Double"])
    assert made.exit_code == 0, made.output
    named = [line.partition(" ")[2] for line in made.output.splitlines()]
    assert named == ["Double 101", "Double 102", "Double 103", "units."]
    assert runner.invoke(args=["rooms", "units", key]).output == made.output
    refused = runner.invoke(args=["rooms", "units", key, "Double 104", "Double 104"])
    assert (refused.exit_code, "each unit needs a name of its own" in refused.output) == (2, True)


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
