"""What the first page and an empty search build on."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from flask import Flask

from booking.domain.catalogue import destinations
from booking.domain.catalogue.destinations import Destination
from booking.domain.reservations import holds
from booking.domain.reservations.context import BookingContext
from booking.domain.search import suggestions, teasers, usual
from booking.domain.search.finder import FoundRoom
from booking.domain.search.inputs import RoomSearch
from booking.domain.stays import Stay, StayRules
from booking.domain.tables import Room, User
from booking.infra import clock, redis
from booking.infra.ids import encode
from tests.cases import each
from tests.cast import a_room, acting, in_days, order

RULES = StayRules()


def the_stay() -> Stay:
    return in_days(30, 2)


def wanted(**asked: object) -> RoomSearch:
    stay = the_stay()
    return RoomSearch.model_validate(
        {"checkIn": stay.check_in, "checkOut": stay.check_out, "location": "antwerp", **asked}
    )


def place() -> Destination | None:
    return next((place for place in destinations.destinations(0) if place.slug == "antwerp"), None)


def ways(search: RoomSearch) -> list[tuple[str, int]]:
    found = suggestions.instead(search, place(), RULES, 0)
    return [(suggestion.kind, suggestion.total) for suggestion in found.suggestions]


@each("day", [dt.date(2026, 11, day) for day in range(1, 15)])
def test_the_usual_stay_is_a_weekend_at_least_a_week_ahead(day: Any) -> None:
    with patch.object(clock, "now", lambda: dt.datetime.combine(day, dt.time(12), dt.UTC)):
        stay = usual.usual_stay(RULES)
        near = usual.usual_stay(StayRules(horizon_days=1, longest_nights=1))
    assert (stay.check_in.weekday(), stay.nights) == (4, 2)
    assert 7 <= (stay.check_in - day).days <= 13
    assert ((near.check_in - day).days in (0, 1), near.nights) == (True, 1)


def test_a_place_is_called_what_most_of_its_houses_call_it(app: Flask) -> None:
    for city in ("Antwerpen", "Antwerp", "Antwerp"):
        a_room(address={"city": city, "country": "Belgium"})
    a_room(published=False, capacity=9)
    assert place() == Destination("antwerp", "Antwerp", "Belgium", rooms=3, largest=4, currencies=("EUR",))


def test_a_new_place_is_known_as_soon_as_its_rooms_are_told(app: Flask) -> None:
    a_room()
    assert [place.slug for place in destinations.destinations(60)] == ["antwerp"]
    assert destinations.amenities("ghent", 60) == set()
    a_room(location="ghent", amenities=["pool"])
    assert len(destinations.destinations(60)) == 1
    destinations.forget("ghent")
    assert [place.slug for place in destinations.destinations(60)] == ["antwerp", "ghent"]
    assert destinations.amenities("ghent", 60) == {"pool"}


def few() -> list[FoundRoom]:
    return teasers.a_few(destinations.destinations(0), the_stay(), RULES, 0)


def test_a_few_rooms_come_from_different_places_and_only_published_ones(app: Flask) -> None:
    for location in ("antwerp", "ghent", "bruges"):
        a_room(location=location)
        a_room(location=location)
    a_room(location="ostend", published=False)
    assert {room.location for room in few()} == {"antwerp", "bruges", "ghent"}
    assert len({room.id for room in few()}) == len(few()) == teasers.FEW


def test_what_is_kept_of_several_places_comes_in_one_round_trip(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    for location in ("antwerp", "ghent", "bruges", "ostend", "mechelen", "leuven", "namur", "dinant"):
        a_room(location=location)
    places, asked = destinations.destinations(0), []
    shown = [teasers.a_few(places, the_stay(), RULES, 60) for _ in range(2)]
    mget = redis.servers.cache.client.mget
    monkeypatch.setattr(redis.servers.cache.client, "mget", lambda *keys: asked.append(keys) or mget(*keys))
    shown.append(teasers.a_few(places, the_stay(), RULES, 60))
    assert [len(keys) for keys in asked] == [2 * teasers.FEW]
    assert shown[0] == shown[1] == shown[2]
    assert len(shown[0]) == teasers.FEW


def test_a_few_rooms_are_free_and_large_enough(app: Flask, room: Room, alice: User, desk: BookingContext) -> None:
    holds.reserve(acting(alice), order(alice, room, the_stay()), desk)
    a_room(capacity=1)
    left = a_room()
    assert [found.id for found in few()] == [encode("room", left.id)]


def test_other_dates_are_offered_when_all_is_taken(app: Flask, room: Room, alice: User, desk: BookingContext) -> None:
    holds.reserve(acting(alice), order(alice, room, the_stay()), desk)
    found = suggestions.instead(wanted(), place(), RULES, 0)
    assert found.reason == suggestions.TAKEN
    shifts = [(one.wanted.check_in - the_stay().check_in).days for one in found.suggestions if one.kind == "dates"]
    assert shifts == [2, -2]


def test_the_smallest_change_comes_first(app: Flask) -> None:
    a_room(amenities=["breakfast"], price_per_night=Decimal(100))
    a_room(location="ghent", amenities=["breakfast", "pool"], price_per_night=Decimal(50))
    assert ways(wanted(amenities=["breakfast", "pool"])) == [("amenity", 1), ("anywhere", 1)]
    assert ways(wanted(amenities=["breakfast"], maxPrice="60", currency="EUR")) == [("prices", 1), ("anywhere", 2)]


def test_nothing_is_suggested_that_finds_nothing(app: Flask) -> None:
    a_room(published=False)
    assert ways(wanted(capacity=50)) == []


@pytest.mark.parametrize("location", ["antwerp", None])
def test_for_too_many_guests_as_many_as_can_be_are_offered(
    app: Flask, alice: User, desk: BookingContext, location: str | None
) -> None:
    a_room(capacity=4)
    large = a_room(capacity=8)
    search = wanted(capacity=9, location=location)
    where = place() if location else None
    found = suggestions.instead(search, where, RULES, 0)
    assert (found.reason, found.largest) == (suggestions.TOO_MANY, 8)
    assert [(one.kind, one.wanted.capacity, one.total) for one in found.suggestions] == [("guests", 8, 1)]
    holds.reserve(acting(alice), order(alice, large, the_stay()), desk)
    assert suggestions.instead(search, where, RULES, 0).suggestions[0].wanted.capacity == 4


def test_dates_in_the_past_are_not_suggested(app: Flask, room: Room) -> None:
    today = in_days(0, 1)
    search = wanted(checkIn=today.check_in, checkOut=today.check_out, amenities=["pool"])
    found = suggestions.instead(search, place(), RULES, 0)
    assert all(one.wanted.check_in >= today.check_in - dt.timedelta(days=1) for one in found.suggestions)
