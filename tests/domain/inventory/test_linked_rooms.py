"""A whole and the rooms that it contains: never both sold, sister beds beside each other, whatever moves the nights."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from booking.domain import inventory
from booking.domain.errors import HoldOver, Invalid, RoomNotAvailable, RoomNotFound
from booking.domain.inventory import LinkedRoomHeld, NightsTaken, links
from booking.domain.maintenance import verification
from booking.domain.reservations import bookings, holds, stay_changes
from booking.domain.reservations.change_quotes import StayChange
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.front_desk import new_bookings
from booking.domain.reservations.front_desk.occupancy_calendar import CalendarView, room_calendar
from booking.domain.reservations.stay_changes import Agreed
from booking.domain.stays import Stay
from booking.domain.tables import Booking, Room, User
from booking.infra import clock
from booking.infra.db import db, transaction
from tests.cast import (
    SYSTEM,
    VISA,
    acting,
    all_at_once,
    beside,
    blocked,
    in_days,
    later,
    nights_of,
    order,
    person,
)

pytestmark = pytest.mark.slow

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def dorm(room: Room) -> Room:
    return room


@pytest.fixture
def beds(dorm: Room) -> list[Room]:
    """Three beds, which the dorm contains."""
    made = [beside(dorm, f"Bed {number}", 40) for number in (1, 2, 3)]
    inventory.link_rooms(SYSTEM, dorm.id, [bed.id for bed in made])
    return made


def book(guest: User, room: Room, desk: BookingContext, stay: Stay | None = None) -> Booking:
    return bookings.book(acting(guest), order(guest, room, stay), VISA, desk)


def findings() -> list[str]:
    return [finding.rule for finding in verification.verify().findings]


def test_who_has_the_whole_has_its_beds_and_gives_them_back_with_it(
    dorm: Room, beds: list[Room], alice: User, bob: User, desk: BookingContext
) -> None:
    booked = book(alice, dorm, desk)
    assert [set(nights_of(one).values()) for one in (dorm, *beds)] == [{"booked"}] * 4
    with pytest.raises(RoomNotAvailable):
        book(bob, beds[1], desk)
    assert findings() == []
    bookings.cancel(acting(alice), booked.id, desk)
    assert [nights_of(one) for one in (dorm, *beds)] == [{}] * 4
    assert book(bob, beds[1], desk).status == "CONFIRMED"


def test_a_bed_keeps_the_whole_from_others_and_leaves_its_sisters_alone(
    dorm: Room, beds: list[Room], alice: User, bob: User, desk: BookingContext
) -> None:
    first, second = book(alice, beds[0], desk), book(bob, beds[1], desk)
    assert {first.status, second.status} == {"CONFIRMED"}
    with pytest.raises(RoomNotAvailable):
        book(person("carol"), dorm, desk)
    bookings.cancel(acting(alice), first.id, desk)
    with pytest.raises(RoomNotAvailable):
        book(person("dave"), dorm, desk)
    bookings.cancel(acting(bob), second.id, desk)
    assert book(person("erin"), dorm, desk).status == "CONFIRMED"
    assert findings() == []


def test_a_hold_of_the_whole_that_runs_out_gives_its_beds_to_whoever_wants_them(
    dorm: Room, beds: list[Room], alice: User, bob: User, desk: BookingContext
) -> None:
    held = holds.reserve(acting(alice), order(alice, dorm), desk)
    later(desk.hold_for + MINUTE)
    assert book(bob, beds[0], desk).status == "CONFIRMED"
    # By a clock that went back the hold would run again: it has lost a bed, and cannot be paid.
    clock.shift(dt.timedelta(0))
    with pytest.raises(HoldOver):
        bookings.pay(acting(alice), held.id, VISA, held.total_price, desk)
    later(desk.hold_for + MINUTE)
    bookings.expire_holds(SYSTEM)
    assert [nights_of(dorm), len(nights_of(beds[0])), nights_of(beds[1])] == [{}, 3, {}]
    assert findings() == []


def test_a_bed_s_hold_that_ran_out_is_cleared_for_the_whole(
    dorm: Room, beds: list[Room], alice: User, bob: User, desk: BookingContext
) -> None:
    holds.reserve(acting(alice), order(alice, beds[2]), desk)
    with pytest.raises(RoomNotAvailable):
        book(bob, dorm, desk)
    later(desk.hold_for + MINUTE)
    assert book(bob, dorm, desk).status == "CONFIRMED"
    bookings.expire_holds(SYSTEM)
    assert findings() == []


def test_a_change_of_the_whole_takes_and_drops_the_beds_nights_with_its_own(
    dorm: Room, beds: list[Room], alice: User, desk: BookingContext
) -> None:
    booked = book(alice, dorm, desk, in_days(30, 3))
    wanted = StayChange(check_in=in_days(31).check_in, check_out=in_days(34).check_in)
    stay_changes.change(acting(alice), booked.id, Agreed(wanted, Decimal(0)), desk)
    assert {tuple(nights_of(one)) for one in (dorm, *beds)} == {tuple(in_days(31, 3).dates())}
    assert findings() == []


def test_a_block_of_the_whole_is_one_of_its_beds_and_is_refused_where_a_bed_is_sold(
    dorm: Room, beds: list[Room], alice: User, desk: BookingContext
) -> None:
    off = blocked(dorm, in_days(30))
    with pytest.raises(RoomNotAvailable):
        book(alice, beds[0], desk)
    inventory.unblock(SYSTEM, off.id)
    book(alice, beds[0], desk)
    with pytest.raises(NightsTaken):
        blocked(dorm, in_days(29))
    assert nights_of(dorm) == nights_of(beds[1]) == {}
    assert findings() == []


def test_links_reach_through_a_room_to_its_beds_and_are_never_a_circle(
    room: Room, alice: User, bob: User, desk: BookingContext
) -> None:
    flat, bedroom, bed = room, beside(room, "Bedroom", 80), beside(room, "Bed", 40)
    inventory.link_rooms(SYSTEM, flat.id, [bedroom.id])
    inventory.link_rooms(SYSTEM, bedroom.id, [bed.id])
    with pytest.raises(Invalid):
        inventory.link_rooms(SYSTEM, bed.id, [flat.id])
    booked = book(alice, flat, desk)
    with pytest.raises(RoomNotAvailable):
        book(bob, bed, desk)
    bookings.cancel(acting(alice), booked.id, desk)
    book(bob, bed, desk)
    for whole in (flat, bedroom):
        with pytest.raises(RoomNotAvailable):
            book(alice, whole, desk)
    inventory.unlink_rooms(SYSTEM, bedroom.id, [bed.id])
    assert book(alice, flat, desk).status == "CONFIRMED"
    assert findings() == []


def test_what_is_in_two_rooms_of_a_flat_stays_in_the_flat_until_both_have_lost_it(
    room: Room, alice: User, bob: User, desk: BookingContext
) -> None:
    flat, bedroom = room, beside(room, "Bedroom", 80)
    suites = [beside(room, f"Suite {number}", 200) for number in (1, 2)]
    inventory.link_rooms(SYSTEM, flat.id, [suite.id for suite in suites])
    for suite in suites:
        inventory.link_rooms(SYSTEM, suite.id, [bedroom.id])
    booked = book(alice, flat, desk)
    inventory.unlink_rooms(SYSTEM, suites[0].id, [bedroom.id])
    with pytest.raises(Invalid) as refused:
        inventory.unlink_rooms(SYSTEM, flat.id, [bedroom.id])
    assert refused.value.details["parts"].params == {"room": "Bedroom", "within": "Suite 2"}
    with pytest.raises(RoomNotAvailable):
        book(bob, bedroom, desk)
    assert findings() == []
    for _ in range(2):
        inventory.unlink_rooms(SYSTEM, flat.id, [suites[1].id])
    assert book(bob, bedroom, desk).status == "CONFIRMED"
    with pytest.raises(RoomNotAvailable):
        book(bob, suites[0], desk)
    assert (booked.status, findings()) == ("CONFIRMED", [])


def test_a_whole_that_is_sold_takes_a_bed_that_is_added_and_gives_it_back(
    dorm: Room, alice: User, bob: User, desk: BookingContext
) -> None:
    bed, sold = beside(dorm, "Bed", 40), beside(dorm, "Sold", 40)
    book(alice, dorm, desk)
    book(bob, sold, desk)
    with pytest.raises(NightsTaken):
        inventory.link_rooms(SYSTEM, dorm.id, [sold.id])
    assert inventory.linked_rooms(SYSTEM, dorm.id).parts == []
    inventory.link_rooms(SYSTEM, dorm.id, [bed.id])
    assert len(nights_of(bed)) == 3
    assert [one.name for one in inventory.linked_rooms(SYSTEM, bed.id).wholes] == [dorm.name]
    inventory.unlink_rooms(SYSTEM, dorm.id, [bed.id])
    assert nights_of(bed) == {}
    held = holds.reserve(acting(bob), order(bob, dorm, in_days(40)), desk)
    with pytest.raises(LinkedRoomHeld):
        inventory.link_rooms(SYSTEM, dorm.id, [bed.id])
    bookings.release(acting(bob), held.id)
    assert findings() == []


def test_no_whole_gets_more_parts_than_are_allowed_also_through_another(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "MOST", 2)
    flat, bedrooms, bed = room, [beside(room, f"Bedroom {number}", 80) for number in (1, 2)], beside(room, "Bed", 40)
    inventory.link_rooms(SYSTEM, flat.id, [bedroom.id for bedroom in bedrooms])
    with pytest.raises(Invalid):
        inventory.link_rooms(SYSTEM, bedrooms[0].id, [bed.id])
    assert inventory.linked_rooms(SYSTEM, bed.id).wholes == []


def test_only_the_house_links_and_only_its_own_rooms(dorm: Room, alice: User) -> None:
    with pytest.raises(RoomNotFound):
        inventory.link_rooms(acting(alice), dorm.id, [beside(dorm, "Bed", 40).id])
    with pytest.raises(RoomNotFound):
        inventory.link_rooms(SYSTEM, dorm.id, [uuid.uuid4()])


def test_verify_finds_a_whole_that_has_lost_the_night_of_a_bed(
    dorm: Room, beds: list[Room], alice: User, desk: BookingContext
) -> None:
    book(alice, dorm, desk)
    lose = "DELETE FROM availability WHERE room_id = :bed AND night = :night"
    transaction(lambda: db.session.execute(text(lose), {"bed": beds[0].id, "night": in_days(30).check_in}))()
    assert findings() == ["whole_lacks_part"]


@pytest.mark.parametrize("lock", [True, False], ids=["with the Redis lock", "without it"])
def test_guests_who_want_beds_and_the_whole_at_once_never_have_both(
    app: Flask, dorm: Room, beds: list[Room], desk: BookingContext, lock: bool
) -> None:
    selling = replace(desk, lock_rooms=lock)
    crowd = [person(f"guest-{number}") for number in range(6)]
    wanted = [dorm, *beds] * 4
    acts: list[Callable[[], Any]] = [
        partial(book, crowd[n % 6], one, selling, in_days(30 + n % 2, 2 + n % 3)) for n, one in enumerate(wanted)
    ]
    results = all_at_once(app, acts)
    outcomes = Counter(r.status if isinstance(r, Booking) else type(r).__name__ for r in results)
    assert set(outcomes) <= {"CONFIRMED", "RoomNotAvailable", "RoomLocked"}
    assert outcomes["CONFIRMED"] >= 1
    assert findings() == []


def test_a_hold_of_the_whole_that_ran_out_hides_no_bed_that_is_sold(
    dorm: Room, beds: list[Room], alice: User, bob: User, desk: BookingContext
) -> None:
    stay = in_days(30)
    holds.reserve(acting(alice), order(alice, dorm, stay), desk)
    later(desk.hold_for + MINUTE)
    book(bob, beds[0], desk, stay)
    shown = room_calendar(SYSTEM, dorm.property_id, CalendarView(first=stay.check_in, days=3), desk.rules)
    [entry] = next(one for one in shown.rooms if one.name == dorm.name).entries
    assert (entry.kind, entry.stay, [day.blocked for day in shown.days]) == ("parts", stay, [1, 1, 1])


def test_the_desk_sees_a_whole_taken_in_part_and_offers_only_what_can_be_had(
    dorm: Room, beds: list[Room], alice: User, bob: User, desk: BookingContext
) -> None:
    book(alice, beds[0], desk, in_days(30, 3))
    book(bob, beds[1], desk, in_days(32, 3))
    book(alice, dorm, desk, in_days(36, 1))
    view = CalendarView(first=in_days(30).check_in, days=10)
    shown = room_calendar(SYSTEM, dorm.property_id, view, desk.rules)
    rows = {one.name: [(entry.kind, entry.stay) for entry in one.entries] for one in shown.rooms}
    assert rows[dorm.name] == [("parts", in_days(30, 5)), ("booking", in_days(36, 1))]
    assert rows["Bed 3"] == [("booking", in_days(36, 1))]
    assert [(day.sold, day.blocked, day.free) for day in shown.days[:3]] == [(1, 1, 2), (1, 1, 2), (2, 1, 1)]
    assert (shown.days[6].sold, shown.days[6].free) == (4, 0)
    offered = new_bookings.free_rooms(SYSTEM, dorm.property_id, in_days(30, 2), 1, desk.rules)
    assert [one.name for one in offered.rooms] == ["Bed 2", "Bed 3"]
