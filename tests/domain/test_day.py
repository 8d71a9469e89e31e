"""The property's day begins at its own hour: until then the running night can be found, seen and booked, not after."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from booking.domain.errors import BookingNotCancellable, Invalid
from booking.domain.pricing import calendar, offers
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.search import finder
from booking.domain.search.inputs import RoomSearch
from booking.domain.stays import Stay, StayRules
from booking.domain.tables import Room, User
from booking.infra import clock
from booking.infra.ids import encode
from tests.api.program import program_of
from tests.cast import VISA, a_room, acting, later, order
from tests.web.visitor import Visitor

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
A_DAY = dt.timedelta(days=1)


@pytest.fixture
def house(app: Flask) -> Room:
    return a_room(location="hanoi", time_zone=str(HANOI))


def at(hour: str) -> dt.date:
    """Let it be this hour at the property, some days from now; the calendar day there."""
    day = clock.now().astimezone(HANOI).date() + 5 * A_DAY
    later(dt.datetime.combine(day, dt.time.fromisoformat(hour), HANOI) - clock.now())
    return day


def found(house: Room, stay: Stay, rules: StayRules, *, anywhere: bool = False, seconds: int = 0) -> list[str]:
    where = {} if anywhere else {"location": house.location}
    wanted = RoomSearch.model_validate({"checkIn": stay.check_in, "checkOut": stay.check_out, **where})
    return [room.id for room in finder.search(wanted, rules, seconds).rooms]


@pytest.mark.parametrize("hour", ["00:00", "02:32", "03:59"])
def test_until_the_day_begins_the_running_night_can_be_had(
    alice: User, house: Room, desk: BookingContext, hour: str
) -> None:
    running = Stay((day := at(hour)) - A_DAY, day)
    for anywhere in (False, True):
        assert found(house, running, desk.rules, anywhere=anywhere) == [encode("room", house.id)]
    [night] = calendar.nights(house.id, running.check_in, running.check_out, desk.rules).nights
    assert night.is_available
    assert calendar.nights(house.id, None, None, desk.rules).nights[0].date == running.check_in
    assert offers.quote(house.id, running, 2, desk.rules).is_available
    assert bookings.book(acting(alice), order(alice, house, running), VISA, desk).status == "CONFIRMED"


@pytest.mark.parametrize("hour", ["04:00", "12:00", "23:59"])
def test_from_then_on_it_is_in_the_past(alice: User, house: Room, desk: BookingContext, hour: str) -> None:
    yesterday = Stay((day := at(hour)) - A_DAY, day)
    with pytest.raises(Invalid):
        found(house, yesterday, desk.rules)
    with suppress(Invalid):  # over everywhere on earth
        assert found(house, yesterday, desk.rules, anywhere=True) == []
    [night] = calendar.nights(house.id, yesterday.check_in, yesterday.check_out, desk.rules).nights
    assert not night.is_available
    with pytest.raises(Invalid):
        offers.quote(house.id, yesterday, 2, desk.rules)
    with pytest.raises(Invalid):
        bookings.book(acting(alice), order(alice, house, yesterday), VISA, desk)
    assert found(house, Stay(day, day + A_DAY), desk.rules) == [encode("room", house.id)]


def test_the_night_before_the_running_one_is_over(house: Room, desk: BookingContext) -> None:
    day = at("02:32")
    with pytest.raises(Invalid):
        offers.quote(house.id, Stay(day - 2 * A_DAY, day), 2, desk.rules)


@pytest.mark.parametrize(("begins", "can_be_had"), [("00:00", False), ("02:30", False), ("02:45", True)])
def test_the_hour_is_a_setting(house: Room, desk: BookingContext, begins: str, can_be_had: bool) -> None:
    rules = replace(desk.rules, day_begins_at=dt.time.fromisoformat(begins))
    day = at("02:32")
    shown = calendar.nights(house.id, day - A_DAY, day, rules).nights
    assert shown[0].is_available == can_be_had


def test_what_was_kept_before_the_day_began_is_not_shown_after(house: Room, desk: BookingContext) -> None:
    running = Stay((day := at("03:59")) - A_DAY, day)
    assert found(house, running, desk.rules, anywhere=True, seconds=45) == [encode("room", house.id)]
    later(dt.timedelta(minutes=2))
    assert found(house, running, desk.rules, anywhere=True, seconds=45) == []


def test_a_booked_running_night_is_a_stay_that_has_begun(alice: User, house: Room, desk: BookingContext) -> None:
    running = Stay((day := at("02:32")) - A_DAY, day)
    booked = bookings.book(acting(alice), order(alice, house, running), VISA, desk)
    with pytest.raises(BookingNotCancellable):
        bookings.cancel(acting(alice), booked.id, desk)


def test_pages_and_programs_say_the_same(app: Flask, alice: User, house: Room) -> None:
    running = Stay((day := at("02:32")) - A_DAY, day)
    dates = {"checkIn": running.check_in.isoformat(), "checkOut": running.check_out.isoformat()}
    api, room_id = program_of(app, alice), encode("room", house.id)
    assert api.get("/rooms", **dates, location="hanoi").json["total"] == 1
    assert api.get(f"/rooms/{room_id}", **dates).status_code == 200
    assert api.get(f"/rooms/{room_id}/availability").json["items"][0]["date"] == dates["checkIn"]
    visitor = Visitor(app).sign_in("alice")
    visitor.go(f"/rooms?location=hanoi&checkIn={dates['checkIn']}&checkOut={dates['checkOut']}")
    assert (visitor.status, visitor.page.select_one(f'a[href*="{room_id}"]') is not None) == (200, True)
    visitor.go(f"/rooms/{room_id}?checkIn={dates['checkIn']}&checkOut={dates['checkOut']}&guests=2")
    assert visitor.status == 200
    assert visitor.page.select_one('input[name="checkIn"]')["min"] == dates["checkIn"]  # type: ignore[index]
    visitor.send(f"/rooms/{room_id}/reserve")
    assert visitor.url.startswith("/checkout/")
