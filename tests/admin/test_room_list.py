"""All rooms with their states, as housekeeping uses them in the corridor: without a script."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask
from sqlalchemy import text

from booking.domain import inventory
from booking.domain.actors import Role
from booking.domain.stays import Stay, StayRules
from booking.domain.tables import Room, User
from booking.infra.db import db, transaction
from tests.admin.staff import at_work
from tests.admin.test_today import press, sent
from tests.cast import SYSTEM, a_room, beside, later, nights_of
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow
ROOMS = "/admin/rooms"


@pytest.fixture
def maid(app: Flask, bob: User, room: Room) -> Visitor:
    """Bob, who cleans where the room is."""
    return at_work(app, bob, Role.HOUSEKEEPING, room)


def status(room: Room) -> str:
    return inventory.get_room_state(SYSTEM, room.id, StayRules()).status


def names(visitor: Visitor) -> list[str]:
    return [name.get_text() for name in visitor.page.select("tbody th")]


def test_a_clean_room_is_marked_and_taken_off_sale_from_the_list_of_all(maid: Visitor, room: Room) -> None:
    assert ROOMS in maid.go("/admin/").links()
    maid.go(ROOMS)
    for pressed, status_then in (("Mark for cleaning", "dirty"), ("Undo", "clean"), ("Mark as inspected", "inspected")):
        press(maid, room, pressed)
        assert (maid.url, status(room)) == (ROOMS, status_then)
        assert [button.get_text() for button in maid.page.select("button")].count("Undo") == (pressed != "Undo")
    today = StayRules().today("Europe/Brussels")
    for days in (2, 3):  # and then other days
        off = Stay(today, today + dt.timedelta(days=days))
        press(maid, room, "off sale", reason="no hot water", to=off.check_out.isoformat())
        assert inventory.get_room_state(SYSTEM, room.id, StayRules()).out_of_order == off
    press(maid, room, "Back on sale, to be cleaned")
    assert (status(room), nights_of(room)) == ("dirty", {})


def test_what_is_refused_is_said_where_it_was_asked_for(maid: Visitor, room: Room) -> None:
    press(maid.go(ROOMS), room, "Take it off sale", reason="")
    assert (maid.url, "Reason is missing." in maid.text, status(room)) == (ROOMS, True, "clean")
    sent(maid, ROOMS, status="dirty")
    assert maid.status == 405


def test_the_list_is_narrowed_and_comes_page_by_page(
    maid: Visitor, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("booking.admin.room_list.AT_ONCE", 2)
    dirty = [beside(room, f"Room {number}", 90) for number in (10, 9)]
    for one in dirty:
        inventory.set_room_status(SYSTEM, one.id, "dirty", StayRules())
    later(dt.timedelta(minutes=2))
    assert names(maid.go(ROOMS)) == ["Room 9", "Room 10"]
    [more] = [link for link in maid.links() if "offset" in link]
    assert names(maid.go(more)) == [room.name]
    assert names(maid.go(f"{ROOMS}?state=dirty&q=room+1&offset=2")) == ["Room 10"]
    assert "No room matches" in maid.go(f"{ROOMS}?q=nonsense").text


def test_a_room_that_guests_do_not_see_says_so(maid: Visitor, room: Room) -> None:
    assert "Not published" not in maid.go("/admin/rooms").text
    transaction(lambda: db.session.execute(text("UPDATE rooms SET published = false")))()
    assert "Not published" in maid.go("/admin/rooms").text


def test_rooms_of_another_house_are_not_listed(maid: Visitor, room: Room) -> None:
    a_room(name="Elsewhere")
    assert names(maid.go(ROOMS)) == [room.name]
