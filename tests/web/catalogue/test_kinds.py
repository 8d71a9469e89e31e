"""What sort of place a room is: on cards, on its page, and to search by."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask import Flask

from booking.domain.catalogue import kinds
from booking.domain.catalogue.cancellation_policies import FLEXIBLE
from booking.domain.stays import Stay
from booking.domain.tables import Room
from booking.infra.ids import encode
from tests.cases import each
from tests.cast import a_room, in_days
from tests.web.visitor import Visitor


def the_stay() -> Stay:
    return in_days(30, 2)


def the_dates() -> str:
    stay = the_stay()
    return f"checkIn={stay.check_in}&checkOut={stay.check_out}"


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


@pytest.fixture
def three(app: Flask) -> None:
    for name, kind in (
        ("Canal flat", "Entire rental unit"),
        ("Blue room", "Private room in home"),
        ("Bunk 7", "Shared room in hostel"),
    ):
        a_room(name=name, kind=kind)


def names(visitor: Visitor) -> list[str]:
    return sorted(card.get_text() for card in visitor.page.select(".room-card h3"))


@pytest.mark.usefixtures("three")
def test_cards_and_pages_say_what_sort_of_place_it_is(visitor: Visitor) -> None:
    visitor.go(f"/rooms?location=antwerp&{the_dates()}")
    assert "Shared room in hostel" in visitor.text
    link = next(link["href"] for link in visitor.page.select(".room-card a") if link.get_text() == "Bunk 7")
    assert "Type Shared room in hostel" in visitor.go(str(link)).text


@pytest.mark.usefixtures("three")
@each(
    ("kind", "found"),
    [("entire-place", ["Canal flat"]), ("private-room", ["Blue room"]), ("shared-room", ["Bunk 7"])],
)
def test_a_search_can_ask_for_one_sort(visitor: Visitor, kind: str, found: list[str]) -> None:
    visitor.go(f"/rooms?location=antwerp&{the_dates()}&kind={kind}")
    assert names(visitor) == found
    assert visitor.page.select_one("select[name=kind] option[selected]")["value"] == kind
    assert "kind" not in visitor.page.select_one(".chip")["href"]


def test_a_sort_that_is_not_there_is_suggested_to_be_dropped(visitor: Visitor) -> None:
    a_room(kind="Entire home")
    visitor.go(f"/rooms?location=antwerp&{the_dates()}&kind=shared-room")
    assert "No rooms available in Antwerp" in visitor.text
    assert "Any type of place 1 room" in visitor.text


def test_a_sort_that_is_none_is_refused_by_name(visitor: Visitor, room: Room) -> None:
    visitor.go(f"/rooms?location=antwerp&{the_dates()}&kind=castle")
    assert visitor.status == 400
    assert visitor.problems == ["Type of place must be one of entire-place, private-room, shared-room."]


@each(
    ("words", "kind"),
    [
        ("Entire serviced apartment", kinds.ENTIRE_PLACE),
        ("Tiny home", kinds.ENTIRE_PLACE),
        ("Two-bedroom flat", kinds.ENTIRE_PLACE),
        ("Room in hotel", kinds.PRIVATE_ROOM),
        ("Private room", kinds.PRIVATE_ROOM),
        ("Double room", kinds.PRIVATE_ROOM),
        ("Shared room in loft", kinds.SHARED_ROOM),
        ("Bed in 8-bed dorm", kinds.SHARED_ROOM),
        ("Something else", None),
        ("", None),
        (None, None),
    ],
)
def test_words_of_sources_are_understood(words: str | None, kind: str | None) -> None:
    assert kinds.of(words) == kind


@pytest.mark.usefixtures("three")
def test_a_keyword_is_a_field_of_the_page(visitor: Visitor) -> None:
    visitor.go(f"/rooms?location=antwerp&{the_dates()}&q=blue")
    assert names(visitor) == ["Blue room"]
    assert visitor.page.select_one("input[name=q]")["value"] == "blue"


def test_cards_say_where_in_the_city_and_until_when_it_is_free_to_cancel(visitor: Visitor) -> None:
    a_room(address={"city": "Antwerp", "district": "Zurenborg"}, cancellation_policy=FLEXIBLE)
    visitor.go(f"/rooms?location=antwerp&{the_dates()}")
    assert "Zurenborg, Antwerp" in visitor.text
    assert "Free cancellation until" in visitor.page.select_one(".room-card").get_text()


def test_cards_promise_no_free_cancellation_where_there_is_none(visitor: Visitor) -> None:
    a_room(price_per_night=Decimal(80), cancellation_policy={"name": "none", "tiers": []})
    near = in_days(5, 2)
    visitor.go(f"/rooms?location=antwerp&checkIn={near.check_in}&checkOut={near.check_out}")
    assert "Free cancellation" not in visitor.page.select_one(".room-card").get_text()


def test_a_name_that_says_the_kind_is_not_said_twice(visitor: Visitor) -> None:
    room = a_room(name="Double room with a balcony", kind="Double room")
    card = visitor.go(f"/rooms?location=antwerp&{the_dates()}").page.select_one(".room-card")
    assert card.get_text().count("Double room") == 1
    assert "Type Double room" in visitor.go(f"/rooms/{encode('room', room.id)}").text
