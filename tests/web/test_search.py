"""What a search makes of an address, and which days it offers."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask

from booking.domain.tables import Room
from booking.infra import clock
from tests.cast import in_days, later
from tests.web.visitor import Visitor

STAY = in_days(30, 2)
DATES = f"checkIn={STAY.check_in}&checkOut={STAY.check_out}"


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


@pytest.mark.parametrize("wrong", ["sort=evil", "page=0", "page=x", "sort=name&sort=price", "page=1&page=2"])
def test_an_order_or_a_page_that_is_none_is_left_out(visitor: Visitor, room: Room, wrong: str) -> None:
    visitor.go(f"/rooms?location=antwerp&{DATES}&{wrong}")
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
    visitor.go(f"/rooms?location=antwerp&{DATES}&q=veiw")
    assert "Nothing matches “veiw”. These rooms match “view”." in visitor.text
    assert room.name in visitor.text


def test_a_destination_that_is_none_is_told_with_the_names_of_those_there_are(visitor: Visitor, room: Room) -> None:
    stay = in_days(20)
    visitor.go(f"/rooms?location=Nowhere!&checkIn={stay.check_in}&checkOut={stay.check_out}&guests=2")
    assert "We don’t know that destination. Choose one of: Antwerp" in visitor.text
    assert "choose one of antwerp" not in visitor.text
