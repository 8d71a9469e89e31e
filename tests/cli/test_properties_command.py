"""`flask properties list`: the slugs that other commands ask for."""

from __future__ import annotations

import json

from flask.testing import FlaskCliRunner

from booking.domain.tables import Property, Room
from booking.infra.db import db, reading
from booking.infra.ids import encode


def test_each_property_is_listed_with_its_slug_and_rooms(runner: FlaskCliRunner, room: Room) -> None:
    house = reading(lambda: db.session.get_one(Property, room.property_id))()
    said = runner.invoke(args=["properties", "list"])
    assert said.stdout.startswith(f"{house.slug}: {house.name}, ")
    assert (said.stdout.endswith(", EUR, 1 room\n"), said.stderr) == (True, "1 property.\n")
    [told] = json.loads(runner.invoke(args=["properties", "list", "--json"]).stdout)
    assert (told["slug"], told["propertyId"], told["rooms"]) == (house.slug, encode("property", house.id), 1)
    assert (told["timeZone"], told["city"]) == (house.time_zone, house.address["city"])
