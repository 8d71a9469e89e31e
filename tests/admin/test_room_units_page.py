"""Of a room's page: units of one kind made in one go, and the rooms that it contains. Without a script."""

from __future__ import annotations

import pytest
from flask import Flask

from booking.domain import catalogue, inventory
from booking.domain.actors import Role
from booking.domain.tables import Room, User
from booking.infra.ids import encode
from tests.admin.staff import at_work
from tests.cast import SYSTEM, beside
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow


@pytest.fixture
def manager(app: Flask, bob: User, room: Room) -> Visitor:
    return at_work(app, bob, Role.MANAGER, room)


def test_units_are_made_from_the_room_s_page_and_one_of_them_is_taken_out_again(manager: Visitor, room: Room) -> None:
    page = f"/admin/rooms/{encode('room', room.id)}"
    asked = {"title": "Double", "first": "101", "count": "3"}
    manager.go(page).send(f"{page}/units", asked)
    assert "The units are here" in manager.text
    found = catalogue.units_beside(SYSTEM, room.id)
    assert found
    assert (found.name, [one.name for one in found.units]) == ("Double", ["Double 101", "Double 102", "Double 103"])
    assert {f"/admin/rooms/{encode('room', one.id)}" for one in found.units[1:]} <= set(manager.links())
    house = f"/admin/properties/{encode('property', room.property_id)}"
    catalogue.make_units(SYSTEM, room.id, [found.units[0].name], title="With a balcony")
    assert [manager.go(there).text.count("With a balcony") for there in (house, "/admin/rooms")] == [3, 3]
    manager.go(page).send(f"{page}/units", asked)  # twice
    again = catalogue.units_beside(SYSTEM, room.id)
    assert again
    assert len(again.units) == 3
    for count in ("many", "9" * 5000):
        manager.send(f"{page}/units", asked | {"count": count})
        assert "How many must be a whole number." in manager.text
    manager.send(f"{page}/units/leave", {})
    assert "booked by itself" in manager.text
    assert catalogue.units_beside(SYSTEM, room.id) is None


def test_rooms_are_put_into_a_room_and_out_of_it(manager: Visitor, room: Room) -> None:
    page = f"/admin/rooms/{encode('room', room.id)}"
    bed, _ = beside(room, "Bed 1", 40), beside(room, "Bed 2", 40)
    part = {"part": encode("room", bed.id)}
    manager.go(page).send(f"{page}/parts", part)
    assert [one.name for one in inventory.linked_rooms(SYSTEM, room.id).parts] == ["Bed 1"]
    assert "It is part of" in manager.go(f"/admin/rooms/{part['part']}").text
    manager.go(page).send(f"{page}/parts", {"part": encode("room", room.id)})
    assert "contains the whole, or is it" in manager.text
    manager.send(f"{page}/parts/remove", part)
    assert inventory.linked_rooms(SYSTEM, room.id).parts == []
