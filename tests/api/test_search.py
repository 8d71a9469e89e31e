"""GET /rooms: rooms that can be booked for exactly that stay, with its total, in a stable order."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from booking.api import schemas
from booking.api.endpoint import to_json
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.search import Found
from booking.domain.tables import Room, User
from booking.infra import clock
from booking.infra.ids import encode
from tests.api.program import Program, an_order, dates, fields, program_of
from tests.cases import each
from tests.cast import VISA, a_room, acting, blocked, in_days, later, order
from tests.quick import first_quick

ITEM = {
    "id",
    "name",
    "location",
    "capacity",
    "pricePerNight",
    "currency",
    "amenities",
    "isAvailable",
    "totalPrice",
}


def found(api: Program, **query: Any) -> Any:
    """The ids of a search, in order."""
    answer = api.get("/rooms", **(dates() | query))
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json["items"]]


def ids(*rooms: Any) -> Any:
    return [encode("room", room.id) for room in rooms]


def test_a_found_room_says_what_the_contract_lists(api: Program, room: Room) -> None:
    answer = api.get("/rooms", **dates(), location="antwerp")
    assert answer.json.keys() == {"items", "page", "pageSize", "total"}
    [item] = answer.json["items"]
    assert item == {
        "id": encode("room", room.id),
        "name": "Room with a view",
        "location": "antwerp",
        "capacity": 4,
        "pricePerNight": 120,
        "currency": "EUR",
        "amenities": ["wifi"],
        "isAvailable": True,
        "totalPrice": 360,
        "ratePlan": None,
        "unitsLeft": None,
    }
    assert (answer.json["page"], answer.json["pageSize"], answer.json["total"]) == (1, 20, 1)


def test_money_has_its_currencys_own_decimals(api: Program) -> None:
    a_room(location="tokyo", currency="JPY", price_per_night=Decimal(12000))
    a_room(location="kuwait", currency="KWD", price_per_night=Decimal("33.335"))
    a_room(location="ghent", price_per_night=Decimal("99.95"))
    for location, price, total in (("tokyo", b"12000", b"36000"), ("kuwait", b"33.335", b"100.005")):
        answer = api.get("/rooms", **dates(), location=location)
        assert b'"pricePerNight":' + price + b"," in answer.data
        assert b'"totalPrice":' + total + b"," in answer.data
    assert b'"totalPrice":299.85,' in api.get("/rooms", **dates(), location="ghent").data


def test_only_rooms_that_can_be_booked_for_exactly_that_stay_are_found(
    api: Program, bob: User, desk: BookingContext
) -> None:
    free = a_room()
    a_room(published=False)
    a_room(capacity=1)
    a_room(min_nights=4)
    a_room(max_nights=2)
    taken, before, after, closed = a_room(), a_room(), a_room(), a_room()
    bookings.book(acting(bob), order(bob, taken, in_days(32, 1)), VISA, desk)
    bookings.book(acting(bob), order(bob, before, in_days(28, 2)), VISA, desk)
    bookings.book(acting(bob), order(bob, after, in_days(33, 2)), VISA, desk)
    blocked(closed, in_days(31, 1))
    assert sorted(found(api, capacity=2, location="antwerp")) == sorted(ids(free, before, after))
    assert api.get("/rooms", **dates(), capacity=2, location="antwerp").json["total"] == 3
    assert sorted(found(api, capacity=2)) == sorted(ids(free, before, after))


def test_what_is_found_can_be_booked_at_the_shown_total(api: Program) -> None:
    a_room(price_per_night=Decimal("99.95"))
    [item] = api.get("/rooms", **dates()).json["items"]
    booked = api.post("/bookings", {"roomId": item["id"], "guests": 1, "paymentMethodId": VISA} | dates())
    assert (booked.status_code, booked.json["totalPrice"]) == (201, item["totalPrice"])


@pytest.mark.parametrize("sort", first_quick([None, "name", "capacity", "price", "-price"], quick=2))
def test_pages_do_not_overlap_and_add_up(api: Program, sort: str | None) -> None:
    for number in range(23):
        a_room(price_per_night=Decimal(100 + number % 3), capacity=1 + number % 2, name=f"Room {number % 4}")
    query = {"location": "antwerp", "pageSize": 5} | ({"sort": sort} if sort else {})
    pages = [api.get("/rooms", **dates(), **query, page=page).json for page in range(1, 7)]
    assert [len(page["items"]) for page in pages] == [5, 5, 5, 5, 3, 0]
    assert {page["total"] for page in pages} == {23}
    assert [page["page"] for page in pages] == [1, 2, 3, 4, 5, 6]
    together = [item["id"] for page in pages for item in page["items"]]
    assert len(set(together)) == 23
    assert together == found(api, **query | {"pageSize": 100})


def test_a_total_beyond_a_thousand_says_that_it_is_not_exact() -> None:
    def told(total: int) -> dict[str, Any]:
        page: dict[str, Any] = json.loads(to_json(schemas.room_page(Found([], 1, 20, total))))
        return {name: value for name, value in page.items() if name.startswith("total")}

    assert [told(1000), told(1001)] == [{"total": 1000}, {"total": 1000, "totalExact": False}]


def test_orders_are_what_they_say(api: Program) -> None:
    for price, capacity, name in ((200, 2, "Beta"), (100, 4, "alpha"), (150, 3, "Gamma")):
        a_room(price_per_night=Decimal(price), capacity=capacity, name=name)

    def column(field: Any, **query: Any) -> Any:
        return [item[field] for item in api.get("/rooms", **dates(), **query).json["items"]]

    assert column("pricePerNight", sort="price", location="antwerp") == [100, 150, 200]
    assert column("pricePerNight", sort="-price", location="antwerp") == [200, 150, 100]
    assert column("capacity", sort="capacity") == [2, 3, 4]
    assert set(column("name", sort="name")) == {"Beta", "alpha", "Gamma"}


def test_filters_leave_out_what_does_not_fit(api: Program) -> None:
    cheap = a_room(price_per_night=Decimal(50), capacity=2, amenities=["wifi", "pool"], name="Cheap Garden")
    dear = a_room(price_per_night=Decimal("150.5"), capacity=6, amenities=["wifi", "sauna"], name="Dear Garden")
    a_room(location="ghent", amenities=[])
    assert found(api, location="antwerp", capacity=3) == ids(dear)
    assert found(api, location="antwerp", minPrice="50.01") == ids(dear)
    assert found(api, location="antwerp", maxPrice="50") == ids(cheap)
    assert found(api, location="antwerp", minPrice="50", maxPrice="150.5") == ids(cheap, dear)
    assert found(api, amenities="wifi,pool") == ids(cheap)
    assert found(api, amenities=["wifi", "sauna"]) == ids(dear)
    assert found(api, amenities="wifi, jacuzzi") == []
    assert found(api, q="garden CHEAP") == ids(cheap)
    assert found(api, q="  ") == found(api)


@pytest.mark.parametrize(
    ("q", "name"),
    [
        ("חדר", "חדר עם נוף"),
        ("海", "海の見える部屋"),
        ("50%", "Save 50% now"),
        ("a_b", "Suite a_b"),
        ("k\\s", "Back\\slash"),
    ],
)
def test_words_are_found_in_every_script_and_signs_mean_themselves(api: Program, q: str, name: str) -> None:
    right = a_room(name=name)
    for other in ("Save 505 now", "Suite axb", "Plain", "房間"):
        a_room(name=other)
    assert found(api, q=q) == ids(right)


def test_prices_are_compared_only_within_one_currency(api: Program) -> None:
    euros = a_room(location="antwerp")
    yen = a_room(location="tokyo", currency="JPY", price_per_night=Decimal(100))
    for query in ({"minPrice": 1}, {"maxPrice": 500}, {"sort": "price"}, {"sort": "-price"}):
        assert fields(api.get("/rooms", **dates(), **query)) == {"currency"}
        assert found(api, currency="JPY", **query) == ids(yen)
        assert found(api, location="antwerp", **query) == ids(euros)
    a_room(location="tokyo", currency="USD")
    assert fields(api.get("/rooms", **dates(), location="tokyo", sort="price")) == {"currency"}
    assert found(api, currency="EUR") == ids(euros)


def test_an_unknown_place_and_a_page_past_the_end_are_empty(api: Program, room: Room) -> None:
    unknown = api.get("/rooms", **dates(), location="atlantis").json
    assert unknown == {
        "items": [],
        "page": 1,
        "pageSize": 20,
        "total": 0,
        "hints": {"location": "is not a destination we know"},
    }
    past = api.get("/rooms", **dates(), page=1_000_000, pageSize=100).json
    assert past == {"items": [], "page": 1_000_000, "pageSize": 100, "total": 1}


@each(
    ("asked", "hints"),
    [
        ({"location": "antwrep"}, {"location": "is not a destination we know (similar: antwerp)"}),
        ({"amenities": "wifi,sauna,pol"}, {"amenities": "no room has “pol” (similar: pool)"}),
        ({"amenities": "jacuzzi,wiffi"}, {"amenities": "no room has “jacuzzi”; no room has “wiffi” (similar: wifi)"}),
        ({"currency": "EUX"}, {"currency": "no price there is in EUX (similar: EUR or JPY)"}),
        ({"location": "tokyo", "currency": "EUR"}, {"currency": "no price there is in EUR (similar: JPY)"}),
        ({"location": "antwerp", "amenities": "wifi,pool"}, None),  # both known, in no room together
        ({"location": "antwerp", "capacity": 900}, None),
    ],
)
def test_a_search_that_finds_nothing_tells_which_names_stand_for_nothing(
    api: Program, asked: dict[str, Any], hints: dict[str, str] | None
) -> None:
    a_room(amenities=["wifi", "sauna"])
    a_room(amenities=["pool"])
    a_room(location="tokyo", currency="JPY", price_per_night=Decimal(12000))
    for _ in range(2):  # the second time from what is kept
        answer = api.get("/rooms", **dates(), **asked)
        assert (answer.status_code, answer.json["items"], answer.json.get("hints")) == (200, [], hints)


# --- days


def at(hour: Any) -> None:
    """Tomorrow, which is `in_days(1)`, at half past `hour`, UTC, on every clock."""
    later(dt.datetime.combine(in_days(1).check_in, dt.time(hour, 30), dt.UTC) - clock.now())


def test_a_room_where_the_day_of_arrival_is_over_is_left_out(app: Flask, alice: User) -> None:
    """At 16:30 UTC the next day has begun in Kiritimati (UTC+14, 06:30), and this one in Niue (UTC-11, 05:30)."""
    at(16)
    api = program_of(app, alice)
    west = a_room(location="niue", time_zone="Pacific/Niue")
    east = a_room(location="east", time_zone="Pacific/Kiritimati")
    arriving_today = dates(in_days(1, 2))
    assert found(api, **arriving_today) == ids(west)
    assert api.get("/rooms", **arriving_today).json["total"] == 1
    assert found(api, **arriving_today, location="niue") == ids(west)
    assert fields(api.get("/rooms", **arriving_today, location="east")) == {"checkIn"}
    assert sorted(found(api, **dates(in_days(2, 1)))) == sorted(ids(west, east))


@pytest.mark.parametrize("hour", first_quick([0, 13, 9, 11, 23], quick=2))
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Niue", "Europe/Brussels"])
def test_around_midnight_the_search_finds_what_can_be_booked_and_nothing_else(
    app: Flask, alice: User, hour: int, zone: str
) -> None:
    at(hour)
    api, room = program_of(app, alice), a_room(time_zone=zone)
    listed, booked = [], []
    for night in (in_days(start, 1) for start in (-1, 0, 1, 2)):
        searched = api.get("/rooms", **dates(night))
        listed.append(searched.status_code == 200 and searched.json["total"] == 1)
        booked.append(api.post("/bookings", an_order(room, night)).status_code == 201)
    assert listed == booked
    assert booked[0] is False
    assert booked[3] is True


# --- never stale


def test_a_room_just_sold_is_not_in_the_next_search_and_a_cancelled_one_is_again(
    api: Program, bobs: Program, room: Room
) -> None:
    assert found(api) == found(api) == ids(room)  # the second comes from the cache
    booked = bobs.post("/bookings", an_order(room))
    assert booked.status_code == 201
    assert found(api) == found(api, location="antwerp") == []
    bobs.post(f"/bookings/{booked.json['id']}/cancel")
    assert found(api) == found(api, location="antwerp") == ids(room)


def test_the_second_equal_search_does_not_ask_postgres(
    api: Program, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    from booking.domain.search import finder

    assert found(api, location="antwerp") == ids(room)
    monkeypatch.setattr(finder, "_read", None)
    assert found(api, location="antwerp") == ids(room)


def test_a_search_is_never_stale_without_redis_either(
    api: Program, bobs: Program, room: Room, without_redis: Callable[[], None]
) -> None:
    assert found(api) == ids(room)
    without_redis()
    assert found(api) == ids(room)
    booked = bobs.post("/bookings", an_order(room))
    assert booked.status_code == 201
    assert found(api) == []
    bobs.post(f"/bookings/{booked.json['id']}/cancel")
    assert found(api) == ids(room)


def test_what_was_sold_while_redis_was_away_is_not_found_when_it_is_back(
    api: Program, bobs: Program, room: Room, without_redis: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found(api) == ids(room)
    without_redis()
    bobs.post("/bookings", an_order(room))
    monkeypatch.undo()
    assert found(api) == []
