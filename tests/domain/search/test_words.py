"""Words of a search find rooms by name, property and place, however they are written, and forgive one slip."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from booking.domain.search import finder
from booking.domain.search.inputs import RoomSearch
from booking.domain.search.words import is_one_slip_apart
from booking.domain.stays import StayRules
from booking.domain.tables import Property, Room
from booking.infra.db import db, transaction
from booking.infra.ids import encode
from tests.cases import each
from tests.cast import a_room, in_days

RULES = StayRules(540, 365)


def found(q: str, **more: Any) -> finder.Found:
    stay = in_days(30)
    asked = {"checkIn": stay.check_in, "checkOut": stay.check_out, "q": q, **more}
    return finder.search(RoomSearch.model_validate(asked), RULES, 0)


def ids(q: str, **more: Any) -> list[str]:
    return [room.id for room in found(q, **more).rooms]


def a_house(city: str, name: str = "Attic", district: str = "", location: str = "antwerp") -> Room:
    return a_room(name=name, location=location, address={"city": city, "district": district})


@pytest.mark.parametrize(
    ("q", "name"),
    [
        ("cafe", "Café by the Canal"),
        ("CAFÉ", "cafe by the canal"),
        ("café", "Cafe\u0301 by the Canal"),
        ("cafe\u0301", "Café by the Canal"),
        ("o’hara", "O'Hara's Loft"),
        ("ohara", "O’Hara’s Loft"),
        ("strasse", "Zimmer an der Straße"),
        ("STRAẞE", "Zimmer an der Strasse"),
        ("lodz", "Łódź centre"),
        ("da nang", "Đà Nẵng bay"),
        ("istanbul", "İstanbul view"),
        ("ﬁne", "Fine rooms"),
        ("ｗｉｆｉ", "Wifi room"),
        ("bed-and-breakfast", "Bed and Breakfast"),
        ("bed and breakfast", "Bed‑and‑Breakfast"),
        ("ירושלים", "יְרוּשָׁלַיִם"),
        ("ΟΔΟΣ", "οδος"),
        ("soft\u00adhyphen", "softhyphen"),
    ],
)
def test_case_accents_and_forms_of_unicode_make_no_difference(app: Flask, q: str, name: str) -> None:
    right = a_room(name=name)
    a_room(name="Another one")
    assert ids(q) == [encode("room", right.id)]


def test_property_and_place_are_looked_into_too(app: Flask) -> None:
    lisbon = a_house("Lisbon", district="Príncipe Real", location="lisbon")
    a_house("Antwerp")
    for q in ("Lisbon", "principe", "real attic", "lisbon attic"):
        assert ids(q) == [encode("room", lisbon.id)], q
    name = property_name(lisbon)
    assert ids(f"“{name}”".strip("“”")) == [encode("room", lisbon.id)]


@transaction
def property_name(room: Room) -> str:
    return db.session.get_one(Property, room.property_id).name


def test_a_renamed_room_and_a_renamed_property_are_found_by_their_new_names(app: Flask) -> None:
    room = a_house("Antwerp", name="Old name")
    rename(room, "New name", "Villa Aurora")
    assert ids("new aurora") == [encode("room", room.id)]
    assert ids("old") == []


@transaction
def rename(room: Room, name: str, house: str) -> None:
    db.session.execute(update(Room).where(Room.id == room.id).values(name=name))
    db.session.execute(update(Property).where(Property.id == room.property_id).values(name=house))


@pytest.mark.parametrize("slip", ["anwterp", "antwrp", "antwwerp", "antwerb", "Äntwrp"])
def test_one_slip_in_a_word_is_forgiven_and_said(app: Flask, slip: str) -> None:
    room = a_house("Antwerp", name="Studio")
    answer = found(f"studio {slip}")
    assert [one.id for one in answer.rooms] == [encode("room", room.id)]
    assert answer.corrected == "studio antwerp"


def test_two_letters_swapped_in_a_short_word_are_forgiven(app: Flask) -> None:
    right = a_room(name="Room with a view")
    assert ids("veiw") == [encode("room", right.id)]


def test_what_is_found_as_asked_is_not_corrected(app: Flask) -> None:
    a_room(name="Loft with a boat")
    a_room(name="Loft with a coat")
    assert found("boat").corrected is None
    assert found("boat").total == 1


def test_two_slips_and_short_words_find_nothing(app: Flask) -> None:
    a_house("Antwerp", name="Loft at sea")
    assert [found(q).total for q in ("anwtreb", "sae", "zzzzzz")] == [0, 0, 0]


def test_a_right_word_is_not_corrected_where_another_thing_is_missing(app: Flask) -> None:
    a_room(name="Garden house", capacity=2)
    a_room(name="Warden house", capacity=2)
    answer = found("garden", capacity=4)
    assert (answer.total, answer.corrected) == (0, None)


def test_the_correction_looks_at_the_place_that_is_searched(app: Flask) -> None:
    a_house("Ghent", name="Belfry", location="ghent")
    assert found("belfri", location="antwerp").total == 0
    assert found("belfri", location="ghent").corrected == "belfry"


def test_the_order_by_name_is_that_of_a_dictionary(app: Flask) -> None:
    for name in ("Zebra", "apple", "Äpfel", "  Mango", "éclair"):
        a_room(name=name)
    stay = in_days(30)
    asked = RoomSearch.model_validate({"checkIn": stay.check_in, "checkOut": stay.check_out, "sort": "name"})
    names = [room.name for room in finder.search(asked, RULES, 0).rooms]
    assert names == ["Äpfel", "apple", "éclair", "  Mango", "Zebra"]


@each(
    ("one", "other", "apart"),
    [
        ("abc", "abcd", True),
        ("abcd", "acd", True),
        ("abcd", "abxd", True),
        ("abcd", "bacd", True),
        ("abcd", "abdc", True),
        ("ab", "ba", True),
        ("abcd", "badc", False),
        ("abcd", "cbad", False),
        ("abcd", "ab", False),
        ("abcd", "wxyz", False),
        ("abcd", "bcda", False),
    ],
)
def test_what_one_slip_is(one: str, other: str, apart: bool) -> None:
    assert is_one_slip_apart(one, other) == is_one_slip_apart(other, one) == apart
