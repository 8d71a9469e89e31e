"""Every door asks the same place for a price: a rule that is put there is seen everywhere. Other guests ask again."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from booking.domain import pricing
from booking.domain.pricing import Line, quotes
from booking.domain.stays import Stay
from booking.domain.tables import Booking, Room, User
from booking.infra.ids import encode
from tests.api.program import an_order, dates, program_of
from tests.cast import in_days, reload
from tests.web.catalogue.test_room_page import PART
from tests.web.reservations.test_checkout import reserve, reserve_url, room_url, the_booking
from tests.web.visitor import Visitor

PER_NIGHT, FOR_TWO, FOR_THREE = 777, 3 * 140, 3 * 150


def the_stay() -> Stay:
    return in_days(30)


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


@pytest.fixture
def guest(app: Flask, alice: User) -> Visitor:
    return Visitor(app).sign_in("alice")


@pytest.fixture(autouse=True)
def ten_more_for_each_guest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another rule than the product's: 120 a night, and 10 for each guest."""

    def nights(room: Any, days: Iterable[dt.date], guests: int, at: dt.datetime) -> list[Line]:
        amount = room.price_per_night + 10 * guests
        return [Line("night", day, amount, "base", 1) for day in days]

    def totals(rooms: Iterable[Any], stay: Any, guests: int, at: dt.datetime) -> list[Decimal]:
        return [
            sum((line.amount for line in nights(_Row(room), stay.dates(), guests, at)), Decimal(0)) for room in rooms
        ]

    monkeypatch.setattr(quotes, "nights", nights)
    monkeypatch.setattr(pricing, "totals", totals)
    monkeypatch.setattr(pricing, "per_night", lambda price, currency: Decimal(PER_NIGHT))  # noqa: ARG005


class _Row:
    def __init__(self, row: Any) -> None:
        self.price_per_night = row.price_per_night


def test_a_search_shows_it(visitor: Visitor, room: Room) -> None:
    search = f"/rooms?location=antwerp&checkIn={the_stay().check_in}&checkOut={the_stay().check_out}&capacity="
    assert f"€{FOR_TWO} for 3 nights" in visitor.go(search + "2").text
    assert f"€{FOR_THREE} for 3 nights" in visitor.go(search + "3").text
    assert f"€{FOR_TWO} for 3 nights" in visitor.go(search + "2").text  # which is kept by now


def test_a_program_is_told_it(app: Flask, alice: User, room: Room) -> None:
    api, here = program_of(app, alice), f"/rooms/{encode('room', room.id)}"
    found = api.get("/rooms", location="antwerp", capacity=3, **dates()).json
    assert [item["totalPrice"] for item in found["items"]] == [FOR_THREE]
    shown = api.get(here, guests=3, **dates()).json
    assert (shown["pricePerNight"], shown["quote"]["totalPrice"]) == (PER_NIGHT, FOR_THREE)
    assert {night["price"] for night in api.get(f"{here}/availability").json["items"]} == {130}
    assert api.post("/bookings", an_order(room, guests=3)).json["totalPrice"] == FOR_THREE


@pytest.mark.parametrize("headers", [{}, PART], ids=["whole page", "what htmx swaps"])
def test_a_room_page_shows_it_and_asks_again_for_other_guests_and_dates(
    visitor: Visitor,
    room: Room,
    headers: dict[str, str],
) -> None:
    assert f"Total €{FOR_TWO}" in visitor.go(room_url(room), **headers).text
    assert f"3 nights at €150 €{FOR_THREE}" in visitor.go(room_url(room, guests=3), **headers).text
    assert "2 nights at €140 €280" in visitor.go(room_url(room, in_days(30, 2)), **headers).text
    [bar] = visitor.go(room_url(room, guests=3), **headers).page.select("#reserve-bar strong")
    assert bar.get_text() == f"€{FOR_THREE}"


def test_search_engines_and_whoever_gave_no_dates_are_told_it(visitor: Visitor, room: Room) -> None:
    visitor.go(f"/rooms/{encode('room', room.id)}")
    assert f"€{PER_NIGHT} per night" in visitor.text
    told = json.loads(str(visitor.page.select_one('script[type="application/ld+json"]').string))
    assert told["offers"]["price"] == f"{PER_NIGHT}.00"


def test_it_is_asked_before_reserving_held_and_asked_again_for_other_guests(guest: Visitor, room: Room) -> None:
    query = f"checkIn={the_stay().check_in}&checkOut={the_stay().check_out}&guests="
    assert f"Total €{FOR_TWO}" in guest.go(f"{reserve_url(room)}?{query}2").text
    reserve(guest, room)
    assert the_booking().total_price == FOR_TWO
    assert f"Pay €{FOR_TWO}" in guest.text
    assert f"Total €{FOR_THREE}" in guest.go(f"{reserve_url(room)}?{query}3").text
    guest.send(reserve_url(room))
    held: Booking = reload(the_booking())
    assert (held.guests, int(held.total_price)) == (3, FOR_THREE)
    assert f"Pay €{FOR_THREE}" in guest.text
