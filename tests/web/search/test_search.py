"""What a search makes of an address, and which days it offers."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

import pytest
from flask import Flask

from booking.domain.stays import Stay
from booking.domain.tables import Room
from booking.infra import clock
from tests.cases import each
from tests.cast import a_room, in_days, later
from tests.web.visitor import Visitor

PART = {"HX-Request": "true", "HX-Request-Type": "partial"}


def the_stay() -> Stay:
    return in_days(30, 2)


def the_dates() -> str:
    stay = the_stay()
    return f"checkIn={stay.check_in}&checkOut={stay.check_out}"


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


@each("wrong", ["sort=evil", "page=0", "page=x", "sort=name&sort=price", "page=1&page=2"])
def test_an_order_or_a_page_that_is_none_is_left_out(visitor: Visitor, room: Room, wrong: str) -> None:
    visitor.go(f"/rooms?location=antwerp&{the_dates()}&{wrong}")
    assert (visitor.status, visitor.problems) == (200, [])
    assert "1 room available" in visitor.text


def test_a_search_lets_one_choose_the_day_that_it_still_is_in_the_last_place_on_earth(
    visitor: Visitor, room: Room
) -> None:
    later(dt.datetime.combine(clock.now().date() + dt.timedelta(days=1), dt.time(3, 25), dt.UTC) - clock.now())
    for path in ("/", "/rooms"):
        first = visitor.go(path).page.select_one("input[name=checkIn]")["min"]
        assert first == str(clock.now().date() - dt.timedelta(days=1))


def test_a_slip_in_a_word_is_forgiven_and_the_page_says_so(visitor: Visitor, room: Room) -> None:
    visitor.go(f"/rooms?location=antwerp&{the_dates()}&q=veiw")
    assert "Nothing matches “veiw”. These rooms match “view”." in visitor.text
    assert room.name in visitor.text


@each("asked", ["nowhere-land", "Nowhere!", "---", "?!", "<b>x</b>", "x" * 120])
@each("headers", [{}, PART], ids=["page", "part"])
def test_a_destination_that_is_none_is_shown_as_it_was_asked_with_a_way_out(
    visitor: Visitor, room: Room, asked: str, headers: dict[str, str]
) -> None:
    visitor.go(f"/rooms?{urlencode({'location': asked, 'capacity': 3})}&{the_dates()}&q=view&minPrice=5", **headers)
    assert visitor.status == 400
    assert visitor.problems == [f"We don’t know a destination called “{asked}”. Choose one from the list."]
    assert visitor.page.select_one("#count").get_text() == "Destination not found"
    there, anywhere = (str(link["href"]) for link in visitor.page.select("#results .ways a"))
    assert visitor.go(there).page.select_one("#count").get_text() == "1 room available in Antwerp"
    assert visitor.go(anywhere).page.select_one("#count").get_text() == "1 room available"
    for kept in ("capacity=3", "q=view", f"checkIn={the_stay().check_in}"):
        assert kept in there
        assert kept in anywhere


@each(
    ("query", "field", "shown"),
    [
        ("location=nowhere-land", "location", "nowhere-land"),
        ("location=Nowhere!", "location", "Nowhere!"),
        ("capacity=5000", "capacity", "5000"),
        ("capacity=many", "capacity", "many"),
        ("kind=castle", "kind", "castle"),
    ],
)
def test_a_choice_that_is_none_is_shown_as_it_was_asked(
    visitor: Visitor, room: Room, query: str, field: str, shown: str
) -> None:
    visitor.go(f"/rooms?{query}&{the_dates()}")
    assert visitor.status == 400
    assert visitor.page.select_one(f"select[name={field}] option[selected]").get_text() == shown
    if field == "location":
        assert visitor.page.select_one(".search-fold summary strong").get_text() == shown


@each("asked", ["antwrep", "Antwerpia"])
def test_a_misspelt_destination_is_offered_as_it_is_written_first_of_all(
    visitor: Visitor, room: Room, asked: str
) -> None:
    a_room(location="aachen", address={"city": "Aachen", "country": "Germany"})
    a_room(location="ghent", address={"city": "Ghent", "country": "Belgium"})
    visitor.go(f"/rooms?location={asked}&{the_dates()}")
    assert visitor.problems == [f"We don’t know a destination called “{asked}”. Did you mean Antwerp?"]
    assert [link.get_text() for link in visitor.page.select("#results .ways a")] == [
        "Antwerp",
        "Aachen",
        "Ghent",
        "Search all destinations",
    ]


@each(("asked", "told"), [("wiffi", " Did you mean Wifi?"), ("jacuzzi", "")])
def test_an_amenity_that_no_room_has_is_told(visitor: Visitor, room: Room, asked: str, told: str) -> None:
    visitor.go(f"/rooms?location=antwerp&amenities={asked}&{the_dates()}")
    assert f"We don’t know an amenity called “{asked}”.{told}" in visitor.text


@each(
    ("query", "problem"),
    [
        ("maxPrice=abc", "Maximum price must be a number."),
        ("minPrice=abc", "Minimum price must be a number."),
        ("minPrice=-5", "Minimum price must be at least 0."),
        ("minPrice=90&maxPrice=10", "Maximum price must not be below minimum price."),
        ("maxPrice=1&maxPrice=2", "Maximum price must be given once."),
        ("maxPrice=abc&currency=EUR", "Maximum price must be a number."),
        ("kind=castle", "Type of place must be one of entire-place, private-room, shared-room."),
        ("capacity=0", "Guests must be at least 1."),
        ("q=%01", "Keyword must not contain control characters."),
        ("amenities=%01", "Amenities must not contain control characters."),
    ],
)
@each("place", ["", "location=antwerp&", "location=antwrep&"])
def test_what_is_wrong_is_told_with_a_destination_and_without(
    visitor: Visitor, room: Room, place: str, query: str, problem: str
) -> None:
    visitor.go(f"/rooms?{place}{query}&{the_dates()}")
    assert (visitor.status, visitor.problems) == (400, [problem])
    named = visitor.page.select_one(".errors a")["href"].removeprefix("#")
    assert visitor.page.find(id=named) is not None


def test_a_limit_of_another_destination_is_left_out(visitor: Visitor, room: Room) -> None:
    for place in ("", "location=antwerp&"):
        visitor.go(f"/rooms?{place}minPrice=5&maxPrice=500000&currency=JPY&{the_dates()}")
        assert (visitor.status, visitor.problems) == (200, [])


@pytest.mark.parametrize("written", ["Antwerp", "ANTWERP (Belgium)"])
def test_a_destination_may_be_written_as_people_do(visitor: Visitor, room: Room, written: str) -> None:
    visitor.go(f"/rooms?{urlencode({'location': written})}&{the_dates()}")
    assert (visitor.status, "location=antwerp" in visitor.url) == (200, True)


@each("typed", ["?!", "---", "…", "'", "?! - &", "+"])
def test_a_keyword_of_punctuation_is_left_out_and_the_page_says_so(visitor: Visitor, room: Room, typed: str) -> None:
    visitor.go(f"/rooms?{urlencode({'q': typed})}&location=antwerp&{the_dates()}")
    assert visitor.page.select_one("#count").get_text() == "1 room available in Antwerp"
    assert f"“{typed}” has no letters or numbers to look for, so we searched without it." in visitor.text
    assert visitor.page.select_one("input[name=q]")["value"] == typed


def test_punctuation_beside_a_keyword_changes_nothing(visitor: Visitor, room: Room) -> None:
    visitor.go(f"/rooms?{urlencode({'q': 'room & view ?!'})}&location=antwerp&{the_dates()}")
    assert room.name in visitor.text
    assert "searched without it" not in visitor.text
    visitor.go(f"/rooms?{urlencode({'q': '🌊'})}&location=antwerp&{the_dates()}")
    assert "No rooms available in Antwerp" in visitor.text


def test_the_field_for_the_destination_is_called_as_every_text_calls_it(visitor: Visitor, room: Room) -> None:
    for path in ("/", f"/rooms?{the_dates()}"):
        assert visitor.go(path).page.select_one("label[for=f-location]").get_text() == "Destination"
    visitor.go(f"/rooms?{the_dates()}&location={'x' * 130}")
    assert visitor.problems == ["Destination must have at most 120 characters."]
