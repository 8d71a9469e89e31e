"""Prices by day in a file, as staff bring it in: each wrong line is named, then what it would change, then it is so."""

from __future__ import annotations

import io

import pytest
from flask import Flask

from booking.domain import pricing
from booking.domain.actors import Role
from booking.domain.tables import Room, User
from booking.infra.ids import encode
from tests.admin.staff import at_work
from tests.cast import SYSTEM
from tests.domain.pricing.test_days_by_sheet import day, free, shown
from tests.domain.pricing.test_rate_effects import said
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow


@pytest.fixture
def boss(app: Flask, bob: User, room: Room) -> Visitor:
    return at_work(app, bob, Role.MANAGER, room)


def upload(visitor: Visitor, room: Room, text: str, **typed: str) -> Visitor:
    visitor.go(f"/admin/rates/days?property={encode('property', room.property_id)}")
    return visitor.press("Look at the file", file=(io.BytesIO(text.encode()), "days.csv"), **typed)


def test_a_file_is_looked_at_then_saved_and_twice_is_once(boss: Visitor, room: Room) -> None:
    text = f"room;date;price;closed\n{room.name};{day(20)};150,50;no\n{room.name};{day(21)};150,50;yes\n"
    upload(boss, room, text, name="Price list")
    assert "2 nights of 1 room" in boss.text
    assert "1 night is closed." in boss.text
    assert [price for price, *_ in shown(room, 20, 2)] == [120, 120]
    looked_at = boss.response
    boss.press("Save", save="1")
    assert "Saved: 1 rule. 1 night is closed." in " ".join(boss.text.split())
    assert [float(price) for price, *_ in shown(room, 20, 2)] == [150.5, 150.5]
    assert [rule.name for rule in pricing.rates_of_property(SYSTEM, room.property_id)] == ["Price list"]
    assert free(room, 20, 2) == [True, False]
    boss.response = looked_at
    boss.press("Save", save="1")
    assert "It was so already." in boss.text


def test_each_wrong_line_is_named_and_nothing_is_saved(boss: Visitor, room: Room) -> None:
    upload(boss, room, f"room,date,price\n{room.name},{day(20)},150\nAttic,{day(20)},150\n{room.name},soon,150\n")
    assert boss.status == 400
    assert "2 lines can’t be taken over" in boss.text
    assert "room: this property has no room “Attic”" in boss.text
    assert "Line 4" in boss.text
    assert pricing.rates_of_property(SYSTEM, room.property_id) == []


@pytest.mark.parametrize("text", ["", "room,date,prize\n", "kind,name\nprice,x\n", "room,date,price\n"])
def test_another_file_is_refused(boss: Visitor, room: Room, text: str) -> None:
    upload(boss, room, text)
    assert boss.status == 400


def test_what_changed_since_it_was_shown_is_shown_anew(boss: Visitor, room: Room) -> None:
    upload(boss, room, f"room,date,price\n{room.name},{day(20)},150\n")
    pricing.add_rate(SYSTEM, room.property_id, said("adjust", "Fair", percent=10))
    boss.press("Save", save="1")
    assert boss.status == 409
    boss.press("Save", save="1")
    assert "Saved: 1 rule." in boss.text


def test_the_days_are_downloaded_and_change_nothing_as_they_are(boss: Visitor, room: Room) -> None:
    house = encode("property", room.property_id)
    boss.go(f"/admin/rates/days.csv?property={house}&from={day(5)}&to={day(6)}")
    text = boss.response.get_data(as_text=True)
    assert text.count(encode("room", room.id)) == 2
    upload(boss, room, text)
    assert "Nothing: it is so already." in boss.text
