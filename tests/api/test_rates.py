"""Rates over the API: quotes and bookings name their rules, calendars say what a stay is held to, refusals say why."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask import Flask

from booking.domain import pricing
from booking.domain.tables import Room
from booking.infra.ids import encode
from tests.api.program import Program, dates
from tests.cast import VISA, today
from tests.domain.pricing.test_projection import RULES, add

pytestmark = pytest.mark.slow


def coming(weekday: int) -> dt.date:
    """The first such day (1 is Monday) that is three weeks ahead."""
    start = today() + dt.timedelta(days=21)
    return start + dt.timedelta(days=(weekday - start.isoweekday()) % 7)


def nights(start: dt.date, number: int) -> Any:
    return pricing.RoomView.model_validate({"checkIn": start, "checkOut": start + dt.timedelta(days=number)}).stay()


@pytest.fixture
def rated(app: Flask, room: Room) -> Room:
    """120 a night; weekends 20 % more, three nights or more 10 % less; nobody arrives on Sundays."""
    add(room, "adjust", percent=20, weekdays=[5, 6])
    add(room, "length", steps=[{"nights": 3, "percent": 10}])
    add(room, "closed_to_arrival", weekdays=[7])
    add(room, "min_nights", nights=2, weekdays=[6])
    pricing.rebuild_rates(room.property_id, RULES)
    return room


def test_search_quote_booking_and_charge_are_one_price_with_named_lines(api: Program, rated: Room) -> None:
    stay, room_id = nights(coming(5), 3), encode("room", rated.id)
    [card] = api.get("/rooms", location="antwerp", capacity=2, **dates(stay)).json["items"]
    quote = api.get(f"/rooms/{room_id}", guests=2, **dates(stay)).json["quote"]
    days = [night.isoformat() for night in stay.dates()]
    assert [(line["kind"], line["date"], line["amount"], line["label"]) for line in quote["lines"]] == [
        ("night", days[0], 144, "A adjust"),
        ("night", days[1], 144, "A adjust"),
        ("night", days[2], 120, "The room’s own price"),
        ("discount", None, -40.8, "A length"),
    ]
    assert quote["lines"][0]["reasons"][1]["text"] == "A adjust: 20% more"
    assert quote["totalPrice"] == card["totalPrice"] == 367.2
    booked = api.post("/bookings", {"roomId": room_id, "guests": 2, "paymentMethodId": VISA, **dates(stay)})
    assert (booked.status_code, booked.json["totalPrice"], booked.json["lines"]) == (201, 367.2, quote["lines"])


def test_a_calendar_says_what_a_stay_from_a_day_is_held_to_and_why_nobody_can_arrive(api: Program, rated: Room) -> None:
    first, sun = today() - dt.timedelta(days=1), coming(7)
    asked = {"from": first.isoformat(), "to": (sun + dt.timedelta(days=1)).isoformat(), "guests": 2}
    answer = api.get(f"/rooms/{encode('room', rated.id)}/calendar", **asked).json
    assert answer["currency"] == "EUR"
    told = {item["date"]: item for item in answer["items"]}
    assert told[first.isoformat()]["reason"]["code"] == "night_is_over"
    saturday, sunday = told[(sun - dt.timedelta(days=1)).isoformat()], told[sun.isoformat()]
    assert (saturday["price"], saturday["minNights"], saturday["reason"]) == (144, 2, None)
    assert (sunday["price"], sunday["minNights"], sunday["closedToArrival"]) == (120, 1, True)
    assert sunday["reason"] == {
        "code": "closed_to_arrival",
        "message": "nobody can arrive on this day (“A closed_to_arrival”)",
    }


def test_what_a_rule_refuses_is_refused_everywhere_by_its_name(api: Program, rated: Room) -> None:
    sunday = nights(coming(7), 2)
    wanted = {"roomId": encode("room", rated.id), "guests": 2, "paymentMethodId": VISA, **dates(sunday)}
    assert api.get("/rooms", location="antwerp", **dates(sunday)).json["items"] == []
    for refusal in (api.post("/bookings", wanted), api.get(f"/rooms/{wanted['roomId']}", **dates(sunday))):
        assert (refusal.status_code, refusal.json["details"]) == (
            400,
            {"checkIn": "nobody can arrive on this day (“A closed_to_arrival”)"},
        )


def test_a_stay_that_is_cut_short_loses_the_discount_of_its_length(api: Program, rated: Room) -> None:
    stay, room_id = nights(coming(1), 4), encode("room", rated.id)
    made = api.post("/bookings", {"roomId": room_id, "guests": 2, "paymentMethodId": VISA, **dates(stay)}).json
    assert made["totalPrice"] == 432
    asked = f"/bookings/{made['id']}/changes/quote"
    shorter, longer = ({"checkOut": (stay.check_in + dt.timedelta(days=length)).isoformat()} for length in (2, 5))
    quoted = api.post(asked, shorter).json
    assert (quoted["totalPrice"], quoted["difference"]) == (240, -192)
    quoted = api.post(asked, longer).json
    assert (quoted["totalPrice"], quoted["difference"]) == (561.6, 129.6)
