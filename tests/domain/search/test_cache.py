"""What is kept: under its shape's version, told once of a change, and never longer than it is true."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from booking.domain.catalogue import destinations, rooms
from booking.domain.inventory import availability
from booking.domain.messages import outbox
from booking.domain.people import sessions
from booking.domain.reservations import bookings, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.search import finder
from booking.domain.search.inputs import RoomSearch
from booking.domain.stays import Stay, StayRules
from booking.domain.tables import Room, User
from booking.infra import cache, redis
from booking.infra.db import reading, transaction
from booking.jobs import cache_refresh
from tests.cast import SYSTEM, VISA, a_room, acting, in_days, later, order

KINDS = {
    "search": finder.FOUND,
    "destinations": destinations.DESTINATIONS,
    "room": rooms.DETAILS,
    "amenities": destinations.AMENITIES,
}


def names(room: Room, stay: Stay | None = None) -> list[str]:
    """The rooms of a kept search in the room's place."""
    stay = stay or in_days(30)
    wanted = RoomSearch.model_validate(
        {"location": room.location, "checkIn": stay.check_in, "checkOut": stay.check_out}
    )
    return [found.id for found in finder.search(wanted, StayRules(), 45).rooms]


def kept() -> dict[str, str]:
    client: Any = redis.servers.cache.client
    return {key: client.get(key) for key in client.keys("*") if client.type(key) == "string"}


def test_pages_and_programs_share_what_is_kept_of_a_search_which_is_rendered_once(room: Room) -> None:
    wanted = RoomSearch.model_validate({"checkIn": in_days(30).check_in, "checkOut": in_days(30).check_out})
    rendered: list[finder.Found] = []

    def render(found: finder.Found) -> str:
        rendered.append(found)
        return f"{found.total} rooms"

    read = finder.search(wanted, StayRules(), 45)
    answers = [finder.answer(wanted, StayRules(), 45, render) for _ in range(3)]
    assert answers == ["1 rooms"] * 3
    assert rendered == [read]
    assert finder.search(wanted, StayRules(), 45) == read
    assert [key.partition(":")[0] for key in kept() if not key.startswith(("generation", "told"))] == ["search.6"]


# --- the version of a shape


def shape_of(value: Any) -> Any:
    """The names in a JSON value, without what they stand for."""
    if isinstance(value, dict):
        return {name: shape_of(inner) for name, inner in sorted(value.items())}
    if isinstance(value, list):
        return [shape_of(value[0])] if value and isinstance(value[0], dict) else [type(item).__name__ for item in value]
    return type(value).__name__


def fill(room: Room, user: User) -> None:
    names(room)
    destinations.destinations(60)
    destinations.amenities(room.location, 60)
    rooms.details(room.id, 60)
    who = sessions.start_web(user.id)
    sessions.current(who.session_id, who.id, kept_for=3)


MARKS = {"generation", "changing", "told", "era"}  # what says whether entries count; no entries themselves
SHAPES = {
    "search.6": "11a35b8f",
    "destinations.1": "8468764c",
    "amenities.1": "10cb19f3",
    "room.5": "4006c49c",
    "session.3": "ff6bbe09",
}


def test_a_shape_that_changes_gets_a_new_version(alice: User, room: Room) -> None:
    """Where this fails, count the version of the cache.Kind up and write its new fingerprint here."""
    fill(room, alice)
    found = {}
    for key, text in kept().items():
        kind = key.partition(":")[0]
        if kind not in MARKS:
            shape = shape_of(json.loads(text.rpartition("\n")[2]))
            found[kind] = hashlib.sha256(json.dumps(shape).encode()).hexdigest()[:8]
    assert found == SHAPES


@pytest.mark.parametrize("name", KINDS)
def test_what_older_code_has_kept_is_not_read_by_newer_code(
    alice: User, room: Room, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    fill(room, alice)
    before = (names(room), destinations.destinations(60), rooms.details(room.id, 60))
    client = redis.servers.cache.client
    for key, text in kept().items():
        if key.startswith(f"{name}."):
            head = text.partition("\n")[0] + "\n" if name == "search" else ""
            client.set(key, head + '[{"of": "another shape"}]')
    kind = KINDS[name]
    for module in (finder, destinations, rooms):
        for constant, value in list(vars(module).items()):
            if value is kind:
                monkeypatch.setattr(module, constant, dataclasses.replace(kind, version=kind.version + 1))
    assert (names(room), destinations.destinations(60), rooms.details(room.id, 60)) == before
    assert destinations.amenities(room.location, 60) == {"wifi"}


def test_every_entry_carries_a_version(alice: User, room: Room) -> None:
    fill(room, alice)
    bare = {key.partition(":")[0] for key in kept() if "." not in key.partition(":")[0]}
    assert bare <= MARKS


def test_a_changed_room_is_forgotten_as_the_version_before_kept_it_too(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms.details(room.id, 60)
    [key] = [key for key in kept() if key.startswith("room.")]
    monkeypatch.setattr(rooms, "DETAILS", dataclasses.replace(rooms.DETAILS, version=rooms.DETAILS.version + 1))
    rooms.forget(key.partition(":")[2])
    assert key not in kept()


# --- a hold that ends


@pytest.mark.parametrize("seconds", [0, 45], ids=["not kept", "kept"])
def test_a_hold_that_ran_out_is_found_at_once(alice: User, room: Room, desk: BookingContext, seconds: int) -> None:
    a_room()
    holds.reserve(acting(alice), order(alice, room), desk)
    stay = in_days(30)
    dates = {"location": room.location, "checkIn": stay.check_in, "checkOut": stay.check_out}

    def found(**more: Any) -> tuple[set[str], int]:
        wanted = RoomSearch.model_validate(dates | more)
        result = finder.search(wanted, StayRules(), seconds)
        return {one.name for one in result.rooms}, result.total

    pages: list[dict[str, Any]] = [{}, {"pageSize": 1}, {"pageSize": 1, "page": 2}, {"location": None}]
    assert [found(**page)[1] for page in pages] == [1, 1, 1, 1]
    later(desk.hold_for)
    assert [found(**page)[1] for page in pages] == [2, 2, 2, 2]


def test_a_hold_that_runs_and_one_that_is_being_paid_are_not_found(
    alice: User, room: Room, desk: BookingContext
) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    later(desk.hold_for - dt.timedelta(seconds=2))
    assert names(room) == []
    transaction(lambda: availability.pin(held.id, held.nights))()
    later(dt.timedelta(minutes=1))
    assert names(room) == []


def test_what_is_booked_is_not_found_whatever_else_ran_out(alice: User, room: Room, desk: BookingContext) -> None:
    bookings.book(acting(alice), order(alice, room, in_days(30, 1)), VISA, desk)
    holds.reserve(acting(alice), order(alice, room, in_days(31, 2)), desk)
    later(desk.hold_for)
    assert names(room) == []
    assert len(names(room, in_days(31, 2))) == 1
    free = reading(availability.is_free)
    assert (free(room.id, in_days(30)), free(room.id, in_days(31, 2))) == (False, True)


# --- a change is told once


@pytest.fixture
def bumps(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    told: list[set[str]] = []
    bump = cache.bump

    def noting(locations: Any, *changes: Any) -> bool:
        told.append(set(locations))
        return bump(told[-1], *changes)

    monkeypatch.setattr(cache, "bump", noting)
    return told


def deliver_to_the_cache() -> None:
    outbox.relay()
    cache_refresh.refresh([event_id for consumer, event_id in outbox.due() if consumer == cache_refresh.CACHE])


def test_a_claim_tells_the_cache_once(alice: User, room: Room, desk: BookingContext, bumps: list[set[str]]) -> None:
    holds.reserve(acting(alice), order(alice, room), desk)
    deliver_to_the_cache()
    assert bumps == [{"antwerp"}]


def test_a_sweep_tells_the_cache_once(alice: User, desk: BookingContext, bumps: list[set[str]]) -> None:
    for location in ("antwerp", "antwerp", "lisbon"):
        holds.reserve(acting(alice), order(alice, a_room(location=location)), desk)
    bumps.clear()
    later(desk.hold_for)
    assert bookings.expire_holds(SYSTEM) == 3
    assert bumps == [{"antwerp", "lisbon"}]


def test_what_could_not_be_told_is_told_by_the_outbox(
    alice: User, room: Room, desk: BookingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    names(room)
    with monkeypatch.context() as dying:
        dying.setattr(availability, "_tell", lambda _: None)
        holds.reserve(acting(alice), order(alice, room), desk)
    assert names(room) != []
    deliver_to_the_cache()
    assert names(room) == []


# --- without Redis


def test_destinations_are_not_counted_anew_for_every_page_without_redis(
    app: Flask, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    count: Callable[[], Any] = destinations._destinations
    monkeypatch.setattr(destinations, "_destinations", lambda: asked.append(1) or count())
    monkeypatch.setattr(redis.servers.cache, "call", lambda _, *, away: away)
    monkeypatch.setattr(cache._states.get(), "kept", {})
    assert [[place.slug for place in destinations.destinations(60)] for _ in range(3)] == [["antwerp"]] * 3
    assert len(asked) == 1
    destinations.forget("antwerp")
    destinations.destinations(60)
    assert len(asked) == 2
    destinations.destinations(0)
    assert len(asked) == 3
