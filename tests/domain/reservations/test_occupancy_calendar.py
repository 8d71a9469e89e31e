"""The calendar of a house: whose each night is, which rooms are shown, how full a day is."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from booking.domain import inventory, reservations
from booking.domain.actors import Actor, ActorKind, Membership, Role
from booking.domain.errors import NotFound
from booking.domain.payments import Contact
from booking.domain.reservations import OrderItem, OrderRequest, bookings, front_desk, stay_changes
from booking.domain.reservations.change_quotes import StayChange
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.front_desk import CalendarEntry, RoomCalendar
from booking.domain.reservations.front_desk.occupancy_calendar import CalendarView
from booking.domain.reservations.stay_changes import Agreed
from booking.domain.stays import StayRules
from booking.domain.tables import Room, User
from booking.infra import clock, ids
from booking.infra.db import transaction
from tests.cases import each
from tests.cast import SYSTEM, VISA, a_room, acting, beside, blocked, in_days, later, order, today
from tests.domain.reservations.changing import quoted
from tests.said_to_postgres import statements

DESK = Membership(Role.DESK)


def staff(*memberships: Membership) -> Actor:
    return Actor(ActorKind.STAFF, ids.new_id(), memberships or (DESK,))


def calendar(room: Room, **asked: Any) -> RoomCalendar:
    view = replace(CalendarView(first=today()), **asked)
    return front_desk.room_calendar(staff(), room.property_id, view, StayRules())


def entries(room: Room, **asked: Any) -> list[CalendarEntry]:
    [row] = [row for row in calendar(room, **asked).rooms if row.id == room.id]
    return row.entries


def test_a_booking_is_shown_with_its_guest_and_what_is_still_due(alice: User, room: Room, desk: BookingContext) -> None:
    made = bookings.book(acting(alice), order(alice, room, in_days(5)), VISA, desk)
    [entry] = entries(room)
    assert (entry.kind, entry.state, entry.id) == ("booking", "booked", made.id)
    assert (entry.name, entry.reference, entry.guests) == ("Alice", made.reference, 2)
    assert (entry.stay, entry.whole, entry.due) == (in_days(5), in_days(5), Decimal(0))


def test_whoever_stays_is_named_where_it_is_not_the_account(alice: User, room: Room, desk: BookingContext) -> None:
    item = OrderItem(room.id, in_days(5), 2)
    wanted = OrderRequest(alice.id, (item,), contact=Contact("Carol Stays", "carol@example.com"))
    reservations.book_order(acting(alice), wanted, VISA, desk)
    assert [entry.name for entry in entries(room)] == ["Carol Stays"]


def test_a_hold_is_shown_until_it_is_over(alice: User, room: Room, desk: BookingContext) -> None:
    stay = in_days(5)
    reservations.reserve(acting(alice), order(alice, room, stay), desk)
    assert [(entry.state, entry.name) for entry in entries(room)] == [("held", "Alice")]
    first = today()
    later(desk.hold_for + dt.timedelta(seconds=1))
    assert entries(room, first=first) == []


def test_nights_that_a_change_will_add_are_its_guests_before_it_is_paid_for(
    alice: User, room: Room, desk: BookingContext
) -> None:
    made = bookings.book(acting(alice), order(alice, room, in_days(5)), VISA, desk)
    wanted: dict[str, Any] = {"check_out": in_days(5, 5).check_out}
    asked = Agreed(StayChange(**wanted), quoted(made, desk, **wanted).difference, method=VISA)
    stay_changes._begin(acting(alice), made.id, asked, desk, None)  # and the process died
    assert [(one.kind, one.state, one.stay.nights, one.whole, one.name, one.id) for one in entries(room)] == [
        ("booking", "booked", 3, in_days(5), "Alice", made.id),
        ("change", "held", 2, in_days(5, 5), "Alice", made.id),
    ]


def test_a_block_is_shown_with_its_reason_and_source(room: Room) -> None:
    block = blocked(room, in_days(3, 2), reason="New carpet")
    [entry] = entries(room)
    assert (entry.kind, entry.state, entry.id) == ("block", "blocked", block.id)
    assert (entry.name, entry.source) == ("New carpet", "staff")


def test_nights_without_a_booking_belong_to_nobody_known(room: Room, desk: BookingContext, alice: User) -> None:
    """A claim whose booking is not there (yet) is legal."""
    stay = in_days(4)
    until = clock.now() + dt.timedelta(minutes=5)
    transaction(inventory.claim_nights)(SYSTEM, ids.new_id(), room.id, room.location, stay, held_until=until)
    assert [(entry.kind, entry.name) for entry in entries(room)] == [("unknown", "")]


def test_a_stay_that_reaches_beyond_the_days_shown_says_so(alice: User, room: Room, desk: BookingContext) -> None:
    bookings.book(acting(alice), order(alice, room, in_days(5, 6)), VISA, desk)
    first = today() + dt.timedelta(days=7)
    [entry] = entries(room, first=first, days=2)
    assert (entry.stay.check_in, entry.stay.nights) == (first, 2)
    assert entry.began_before
    assert entry.goes_on


def test_the_head_counts_what_is_sold_blocked_and_free(alice: User, room: Room, desk: BookingContext) -> None:
    beside(room, "Second room", 90)
    third = beside(room, "Third room", 90)
    bookings.book(acting(alice), order(alice, room, in_days(5, 1)), VISA, desk)
    blocked(third, in_days(5, 1))
    day = next(one for one in calendar(room).days if one.date == in_days(5).check_in)
    assert (day.sold, day.blocked, day.free, day.occupancy) == (1, 1, 1, 50)
    assert {one.sold for one in calendar(room).days if one != day} == {0}


def test_a_house_that_is_all_off_sale_is_not_full(room: Room) -> None:
    blocked(room, in_days(5, 1))
    day = next(one for one in calendar(room).days if one.date == in_days(5).check_in)
    assert (day.free, day.occupancy) == (0, 0)


def test_rooms_come_in_the_order_in_which_people_count(room: Room) -> None:
    for name in ("Room 10", "Room 9", "room 101", "Attic"):
        beside(room, name, 90)
    assert [one.name for one in calendar(room).rooms] == ["Attic", "Room 9", "Room 10", "room 101", "Room with a view"]


def test_rooms_come_portion_by_portion_the_first_ones_soon(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those after them in larger portions, unless many days are shown."""
    monkeypatch.setattr("booking.domain.reservations.front_desk.occupancy_calendar.ROOMS_AT_ONCE", 1)
    monkeypatch.setattr("booking.domain.reservations.front_desk.occupancy_calendar.NIGHTS_AT_ONCE", 90)
    for number in range(2, 6):
        beside(room, f"Room {number}", 90)
    first, more, last = (calendar(room, days=30, offset=offset) for offset in (0, 1, 4))
    assert ([one.name for one in first.rooms], first.next_offset) == (["Room 2"], 1)
    assert ([one.name for one in more.rooms], more.next_offset) == (["Room 3", "Room 4", "Room 5"], 4)
    assert ([one.name for one in last.rooms], last.next_offset, last.matching) == (["Room with a view"], None, 5)
    assert [one.name for one in calendar(room, days=90, offset=1).rooms] == ["Room 3"]


def test_rooms_can_be_chosen_by_state(alice: User, room: Room, desk: BookingContext) -> None:
    others = {number: beside(room, f"Room {number}", 90) for number in (2, 3, 4)}
    bookings.book(acting(alice), order(alice, room, in_days(5)), VISA, desk)
    reservations.reserve(acting(alice), order(alice, others[2], in_days(5)), desk)
    blocked(others[3], in_days(5))
    found = {state: [one.name for one in calendar(room, state=state).rooms] for state in inventory.ROOM_STATES}
    assert found == {"free": ["Room 4"], "sold": ["Room with a view"], "held": ["Room 2"], "blocked": ["Room 3"]}


def test_rooms_can_be_chosen_by_kind(app: Flask) -> None:
    double = a_room(name="Double", kind="double")
    beside(double, "Other double", 90)
    shown = calendar(double)
    assert (shown.kinds, shown.total) == (["double"], 2)
    assert calendar(double, kind="suite").rooms == []


NOT_FOR = {
    "a guest": (),
    "housekeeping": (Membership(Role.HOUSEKEEPING),),
    "the desk of another house": (Membership(Role.DESK, ids.new_id()),),
}


@each("memberships", NOT_FOR.values(), ids=[*NOT_FOR])
def test_who_may_not_see_bookings_finds_no_calendar(room: Room, memberships: tuple[Membership, ...]) -> None:
    actor = Actor(ActorKind.STAFF, ids.new_id(), memberships)
    with pytest.raises(NotFound):
        front_desk.room_calendar(actor, room.property_id, CalendarView(), StayRules())


def test_there_is_no_calendar_of_a_house_that_is_not_there(app: Flask) -> None:
    with pytest.raises(NotFound):
        front_desk.room_calendar(staff(), ids.new_id(), CalendarView(), StayRules())


def test_it_begins_with_the_day_of_the_property(room: Room) -> None:
    shown = front_desk.room_calendar(staff(), room.property_id, CalendarView(days=14), StayRules())
    assert shown.days[0].date == shown.today == StayRules().today("Europe/Brussels")
    assert len(shown.days) == 14


@each("asked, shown", [(0, 1), (1000, 90)])
def test_it_shows_one_day_at_least_and_ninety_at_most(room: Room, asked: int, shown: int) -> None:
    assert len(calendar(room, days=asked).days) == shown


def test_statements_do_not_grow_with_what_is_shown(alice: User, room: Room, desk: BookingContext) -> None:
    def said() -> int:
        with statements() as heard:
            calendar(room)
        return len(heard)

    bookings.book(acting(alice), order(alice, room, in_days(5)), VISA, desk)
    blocked(room, in_days(20))
    few = said()
    for number in range(5):
        other = beside(room, f"Room {number}", 90)
        bookings.book(acting(alice), order(alice, other, in_days(5)), VISA, desk)
        blocked(other, in_days(20))
    assert said() == few > 0
