"""A guest moves to another room in the middle of a stay: the nights before stay where they were slept, as sold."""

from __future__ import annotations

import json
import uuid
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from booking.domain import catalogue, inventory
from booking.domain.actors import Actor, Role
from booking.domain.errors import (
    BookingNotFound,
    Invalid,
    PaymentFailed,
    RoomNotAvailable,
)
from booking.domain.maintenance import verification
from booking.domain.people import audit_log
from booking.domain.reservations import booking_summary, bookings, desk_errors, front_desk, stay_changes
from booking.domain.reservations.change_quotes import StayChange
from booking.domain.reservations.change_quotes import quote as quote_change
from booking.domain.reservations.change_settlements import Settlement
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.front_desk import presence, staff_search, undoing
from booking.domain.reservations.front_desk.occupancy_calendar import CalendarView
from booking.domain.reservations.stay_changes import Agreed
from booking.domain.stays import Stay, StayRules
from booking.domain.tables import Booking, Room, User
from booking.infra.db import db, transaction
from tests.cases import each
from tests.cast import (
    DECLINED,
    SYSTEM,
    VISA,
    acting,
    all_at_once,
    beside,
    in_days,
    nights_of,
    order,
    order_of,
    reload,
)
from tests.domain.reservations.changing import DAY, findings
from tests.domain.reservations.test_front_desk import NIGHTS, at, clerk, told
from tests.said_to_postgres import plan

pytestmark = pytest.mark.slow


@pytest.fixture
def arrived(alice: User, room: Room, desk: BookingContext) -> Booking:
    """Four nights at 120, paid; checked in, and the first night is over."""
    booked = bookings.book(acting(alice), order(alice, room, in_days(30, NIGHTS)), VISA, desk)
    at(booked, 0, 16)
    presence.check_in(SYSTEM, booked.id, desk)
    at(booked, 1, 12)
    return reload(booked)


@pytest.fixture
def suite(room: Room) -> Room:
    """At 200."""
    return beside(room, "Suite", 200)


def moved(
    booking: Booking, room: Room, desk: BookingContext, actor: Actor = SYSTEM, method: str | None = None, **more: Any
) -> Booking:
    """On the terms that are shown; what it costs more is paid at the desk."""
    wanted = StayChange(room_id=room.id, **more)
    shown = quote_change(actor, booking.id, wanted, desk.rules).difference
    settlement = Settlement("desk") if shown > 0 and method is None else None
    agreed = Agreed(wanted, shown, method=method, settlement=settlement)
    return stay_changes.change(actor, booking.id, agreed, desk)


@transaction
def run(statement: str, key: uuid.UUID, **values: str) -> None:
    db.session.execute(text(statement), {"id": key, **values})


def slept(booking: Booking) -> list[tuple[str, int]]:
    """Rooms and how many nights there, in their order."""
    nights = [(one.name, one.stay.nights) for one in booking.rooms_before]
    return [*nights, (booking.room_name, (booking.check_out - booking.moved_in).days)]


def test_the_nights_before_stay_where_they_were(
    arrived: Booking, room: Room, suite: Room, desk: BookingContext
) -> None:
    staff, today = clerk(Role.DESK, room), arrived.check_in + DAY
    now = moved(arrived, suite, desk, staff)
    assert slept(now) == [(room.name, 1), ("Suite", 3)]
    assert (now.check_in, now.check_out, now.presence) == (arrived.check_in, arrived.check_out, "in_house")
    assert (nights_of(room), nights_of(suite)) == (
        {arrived.check_in: "booked"},
        dict.fromkeys(Stay(today, arrived.check_out).dates(), "booked"),
    )
    assert [int(Decimal(line["amount"])) for line in now.price_lines] == [120, 200, 200, 200]
    owes = order_of(now)
    assert (int(now.total_price), int(owes.owed), int(owes.due), owes.guarantee) == (720, 720, 240, "desk")
    states = {one.room_id: one.status for one in inventory.room_states(SYSTEM, StayRules(), room.property_id)}
    assert (states[room.id], states[suite.id]) == ("dirty", "clean")
    entry = next(one for one in audit_log.entries(SYSTEM, by=staff.user_id) if one.action == "booking.changed")
    assert entry.after["movesOn"] == told("booking.changed")[0]["movesOn"] == today.isoformat()
    summary = booking_summary.notice(now.id)
    assert summary
    assert [(one.name, one.stay.check_out) for one in summary.earlier_rooms] == [(room.name, today)]
    assert findings() == []
    assert moved(now, suite, desk, staff).version == now.version  # pressed twice


def test_only_who_lets_guests_in_moves_them(arrived: Booking, suite: Room, desk: BookingContext) -> None:
    wanted = StayChange(room_id=suite.id)
    with pytest.raises(Invalid) as refused:
        quote_change(acting(arrived.user_id), arrived.id, wanted, desk.rules)
    assert refused.value.details["roomId"].code == "stay_has_begun"
    with pytest.raises(BookingNotFound):
        quote_change(clerk(Role.HOUSEKEEPING, suite), arrived.id, wanted, desk.rules)
    with pytest.raises(Invalid):
        quote_change(SYSTEM, arrived.id, StayChange(room_id=suite.id, check_in=arrived.check_in + DAY), desk.rules)
    assert (slept(reload(arrived))[0][1], findings()) == (NIGHTS, [])


def test_the_other_room_has_to_be_free_for_the_nights_that_are_left_alone(
    arrived: Booking, bob: User, room: Room, suite: Room, desk: BookingContext
) -> None:
    over = bookings.book(acting(bob), order(bob, suite, in_days(31, 1)), VISA, desk)  # the night that runs
    with pytest.raises(RoomNotAvailable):
        quote_change(SYSTEM, arrived.id, StayChange(room_id=suite.id), desk.rules)
    at(arrived, 2, 12)
    assert over.check_out == arrived.check_in + 2 * DAY
    assert quote_change(SYSTEM, arrived.id, StayChange(room_id=suite.id), desk.rules).new_nights == [
        Stay(over.check_out, arrived.check_out)
    ]
    last = Stay(arrived.check_out - DAY, arrived.check_out)
    bookings.book(acting(bob), order(bob, suite, last), VISA, desk)
    with pytest.raises(RoomNotAvailable):
        stay_changes.change(
            SYSTEM, arrived.id, Agreed(StayChange(room_id=suite.id), Decimal(160), settlement=Settlement("desk")), desk
        )
    assert (reload(arrived).rooms_before, len(nights_of(room)), findings()) == ((), NIGHTS, [])
    small = beside(room, "Closet", 50)
    run("UPDATE rooms SET capacity = 1 WHERE id = :id", small.id)
    with pytest.raises(Invalid) as refused:
        quote_change(SYSTEM, arrived.id, StayChange(room_id=small.id), desk.rules)
    assert list(refused.value.details) == ["guests"]


def test_a_declined_card_leaves_the_guest_where_they_are(
    arrived: Booking, room: Room, suite: Room, desk: BookingContext
) -> None:
    with pytest.raises(PaymentFailed):
        moved(arrived, suite, desk, method=DECLINED)
    assert (reload(arrived).version, len(nights_of(room)), nights_of(suite)) == (arrived.version, NIGHTS, {})
    assert slept(moved(arrived, suite, desk, method=VISA)) == [(room.name, 1), ("Suite", 3)]
    assert (int(order_of(arrived).due), findings()) == (0, [])


def test_back_on_the_same_day_is_as_if_nobody_had_moved_and_later_is_a_third_room(
    arrived: Booking, room: Room, suite: Room, desk: BookingContext
) -> None:
    attic = beside(room, "Attic", 120)
    assert moved(moved(arrived, suite, desk), room, desk).rooms_before == ()
    assert slept(moved(moved(arrived, suite, desk), attic, desk)) == [(room.name, 1), ("Attic", 3)]
    at(arrived, 2, 12)
    now = moved(arrived, room, desk)
    assert slept(now) == [(room.name, 1), ("Attic", 1), (room.name, 2)]
    assert (list(nights_of(attic)), len(nights_of(room)), nights_of(suite)) == ([arrived.check_in + DAY], 3, {})
    assert findings() == []


@each(("days", "hour", "left"), [(1, 20, 0), (2, 9, 1)])
def test_leaving_early_frees_the_last_room_and_can_be_taken_back(
    arrived: Booking, room: Room, desk: BookingContext, days: int, hour: int, left: int
) -> None:
    """Also on the very day of the move."""
    garden = beside(room, "Garden room", 120)
    moved(arrived, garden, desk)
    at(arrived, days, hour)
    gone = presence.check_out(SYSTEM, arrived.id, desk)
    assert (slept(gone), len(nights_of(garden))) == ([(room.name, 1), ("Garden room", left)], left)
    assert inventory.get_room_state(SYSTEM, garden.id, StayRules()).status == "dirty"
    assert findings() == []
    back = undoing.undo(SYSTEM, arrived.id, desk)
    assert (slept(back), back.presence) == ([(room.name, 1), ("Garden room", 3)], "in_house")
    assert (len(nights_of(garden)), findings()) == (3, [])


def test_on_the_last_morning_who_stays_longer_may_do_so_in_another_room(
    arrived: Booking, bob: User, room: Room, suite: Room, desk: BookingContext
) -> None:
    bookings.book(acting(bob), order(bob, room, Stay(arrived.check_out, arrived.check_out + DAY)), VISA, desk)
    at(arrived, NIGHTS, 9)
    with pytest.raises(Invalid) as refused:
        quote_change(SYSTEM, arrived.id, StayChange(room_id=suite.id), desk.rules)
    assert refused.value.details["roomId"].code == "no_night_left"
    now = moved(arrived, suite, desk, check_out=arrived.check_out + DAY)
    assert (slept(now), int(now.total_price)) == ([(room.name, NIGHTS), ("Suite", 1)], 680)
    assert (len(nights_of(suite)), findings()) == (1, [])


def test_a_cheaper_room_brings_back_what_cancelling_would_and_a_unit_costs_what_was_sold(
    arrived: Booking, room: Room, desk: BookingContext
) -> None:
    cheap = beside(room, "Attic", 100)
    quoted = quote_change(SYSTEM, arrived.id, StayChange(room_id=cheap.id), desk.rules)
    assert [int(sum) for sum in (quoted.difference, quoted.price.kept, quoted.price.total)] == [0, 60, 480]
    units = catalogue.make_units(SYSTEM, room.id, ["101", "102"], title=room.name).units
    run("UPDATE rooms SET price_per_night = 300 WHERE property_id = :id", room.property_id)
    other = next(one for one in units if one.id != room.id)
    assert quote_change(SYSTEM, arrived.id, StayChange(room_id=other.id), desk.rules).difference == 0


def test_nobody_moves_in_with_somebody(arrived: Booking, bob: User, suite: Room, desk: BookingContext) -> None:
    other = bookings.book(acting(bob), order(bob, suite, in_days(31, 1)), VISA, desk)
    presence.check_in(SYSTEM, other.id, desk)
    at(arrived, 2, 8)
    with pytest.raises(desk_errors.MoveToOccupied):
        quote_change(SYSTEM, arrived.id, StayChange(room_id=suite.id), desk.rules)


def test_of_two_who_are_moved_into_one_room_at_once_one_stays(
    app: Flask, arrived: Booking, bob: User, room: Room, suite: Room, desk: BookingContext
) -> None:
    third = beside(room, "Third room", 120)
    second = bookings.book(acting(bob), order(bob, third, Stay(arrived.check_in + DAY, arrived.check_out)), VISA, desk)
    presence.check_in(SYSTEM, second.id, desk)
    done = all_at_once(app, [partial(moved, one, suite, desk) for one in (arrived, second)])
    assert sum(isinstance(one, Booking) for one in done) == 1
    assert (len(nights_of(suite)), findings()) == (3, [])


def test_whoever_has_moved_is_found_by_the_room_that_they_had(
    arrived: Booking, room: Room, suite: Room, desk: BookingContext
) -> None:
    attic = beside(room, "Attic", 120)
    moved(arrived, attic, desk)
    at(arrived, 2, 12)
    moved(arrived, suite, desk)
    staff = clerk(Role.DESK, room)

    def found(said: str) -> list[tuple[str, list[str]]]:
        wanted = front_desk.BookingSearch.model_validate({"q": said})
        entries = front_desk.find_bookings(staff, wanted).entries
        return [(one.room, [left.name for left in one.earlier_rooms]) for one in entries]

    assert found("attic") == found(room.name) == found("suite") == [("Suite", [room.name, "Attic"])]
    assert found("closet") == []
    assert "ix_bookings_earlier_rooms" in plan(select(Booking.id).where(*staff_search._has_left([attic.id])))


def test_the_calendar_names_the_rooms_around_each_part_of_a_stay(
    arrived: Booking, room: Room, suite: Room, desk: BookingContext
) -> None:
    attic = beside(room, "Attic", 120)
    moved(arrived, attic, desk)
    at(arrived, 2, 12)
    moved(arrived, suite, desk)
    view = CalendarView(first=arrived.check_in)
    seen = front_desk.room_calendar(clerk(Role.DESK, room), room.property_id, view, desk.rules)
    assert {row.name: (one.came_from, one.moves_to, one.stay.nights) for row in seen.rooms for one in row.entries} == {
        room.name: ("", "Attic", 1),
        "Attic": (room.name, "Suite", 1),
        "Suite": ("Attic", "", 2),
    }


@each(
    ("earlier", "rules"),
    [
        (
            "jsonb_set(earlier_rooms, '{0,roomId}', to_jsonb(room_id::text))",
            {"booking_lacks_nights", "night_without_booking", "earlier_rooms_apart"},
        ),
        (
            "jsonb_set(earlier_rooms, '{0,checkIn}', to_jsonb(check_in - 1))",
            {"booking_lacks_nights", "earlier_rooms_apart"},
        ),
        ("NULL", {"booking_lacks_nights", "night_without_booking"}),
    ],
)
def test_the_books_see_what_is_wrong_with_earlier_rooms(
    arrived: Booking, suite: Room, desk: BookingContext, earlier: str, rules: set[str]
) -> None:
    kept = json.dumps(moved(arrived, suite, desk).earlier_rooms)
    run(f"UPDATE bookings SET earlier_rooms = {earlier} WHERE id = :id", arrived.id)
    assert {one.rule for one in verification.verify().findings} == rules
    run("UPDATE bookings SET earlier_rooms = cast(:kept AS jsonb) WHERE id = :id", arrived.id, kept=kept)
    assert findings() == []


def test_two_stays_in_an_earlier_room_are_seen(
    arrived: Booking, bob: User, room: Room, suite: Room, desk: BookingContext
) -> None:
    moved(arrived, suite, desk)
    other = bookings.book(acting(bob), order(bob, room, in_days(31, 2)), VISA, desk)
    assert findings() == []
    run("UPDATE bookings SET check_in = check_in - 1 WHERE id = :id", other.id)
    assert "night_shared" in {one.rule for one in verification.verify().findings}
