"""What is offered instead of a stay that is gone: truly to be had, at that price, and cheap to say."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from booking.domain import pricing
from booking.domain.reservations import bookings, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.search import Alternative, Gone, alternatives, alternatives_to
from booking.domain.stays import Stay, StayRules
from booking.domain.tables import Room, User
from booking.infra.db import db, transaction
from booking.infra.ids import decode, encode
from tests.cast import VISA, a_room, acting, beside, blocked, in_days, later, order
from tests.said_to_postgres import plan, statements

RULES = StayRules()


def offered(room: Room, stay: Stay, guests: int = 2, **more: object) -> list[Alternative]:
    return alternatives_to(Gone(room.id, stay, guests, **more), RULES, 0)  # type: ignore[arg-type]


def kinds(found: list[Alternative]) -> list[str]:
    return [one.kind for one in found]


def part(stay: Stay, first: int, end: int) -> Stay:
    """Its nights from the one so many days after check-in on."""
    return Stay(stay.check_in + dt.timedelta(days=first), stay.check_in + dt.timedelta(days=end))


def shown(one: Alternative) -> tuple[str, str, Stay]:
    return one.kind, one.name, Stay(one.check_in, one.check_out)


def test_other_rooms_of_the_place_come_first_and_the_cheapest_of_them(room: Room) -> None:
    dear, cheap = a_room(name="Dear", price_per_night=Decimal(200)), a_room(name="Cheap", price_per_night=Decimal(70))
    a_room(name="Elsewhere", location="ghent", price_per_night=Decimal(10))
    a_room(name="Small", capacity=1, price_per_night=Decimal(10))
    a_room(name="Hidden", published=False, price_per_night=Decimal(10))
    stay = in_days(30)
    blocked(room, stay)
    assert [shown(one) for one in offered(room, stay)][:2] == [("room", cheap.name, stay), ("room", dear.name, stay)]
    assert {one.name for one in offered(room, stay)} == {"Cheap", "Dear", room.name}


def test_the_same_room_has_as_many_nights_near_by(room: Room) -> None:
    stay = in_days(30, nights=2)
    blocked(room, part(stay, 1, 2))
    found = [shown(one)[2] for one in offered(room, stay)]
    assert found == [part(stay, -1, 1), part(stay, -2, 0)]
    blocked(room, part(stay, -1, 1))
    blocked(room, part(stay, 2, 5))
    assert [shown(one)[2] for one in offered(room, stay)] == [part(stay, -3, -1)]
    blocked(room, part(stay, -3, -2))
    assert offered(room, stay) == []  # the next ones are more than three days away


def test_dates_that_are_over_are_not_offered(room: Room) -> None:
    today = RULES.today("Europe/Brussels")
    blocked(room, Stay(today, today + dt.timedelta(days=1)))
    found = offered(room, Stay(today, today + dt.timedelta(days=2)))
    assert [one.check_in for one in found] == [today + dt.timedelta(days=1), today + dt.timedelta(days=2)]


def test_the_nights_are_had_over_two_rooms_of_the_house(room: Room) -> None:
    other, stay = beside(room, "Suite", 80), in_days(30, nights=4)
    blocked(room, part(stay, -9, 2))
    blocked(room, part(stay, 4, 20))
    blocked(other, part(stay, 2, 4))
    a_room(name="Another house", location="ghent")
    first, then = offered(room, stay)
    assert (shown(first), shown(then)) == (("split", "Suite", part(stay, 0, 2)), ("split", room.name, part(stay, 2, 4)))
    assert (first.total, then.total) == (Decimal(160), Decimal(240))


def test_most_of_a_split_stay_is_in_the_room_that_was_asked_for(room: Room) -> None:
    beside(room, "Suite", 80)
    stay = in_days(30, nights=4)
    blocked(room, part(stay, 3, 4))
    assert [shown(one) for one in offered(room, stay)][-2:] == [
        ("split", room.name, part(stay, 0, 3)),
        ("split", "Suite", part(stay, 3, 4)),
    ]


def test_a_room_of_the_house_that_takes_no_such_part_is_left_out(room: Room) -> None:
    stay = in_days(30, nights=4)
    other = beside(room, "Suite", 80)
    _changed(other, min_nights=3)
    blocked(room, part(stay, 2, 3))
    assert [shown(one) for one in offered(room, stay)][-2:] == [
        ("split", room.name, part(stay, 0, 1)),
        ("split", "Suite", part(stay, 1, 4)),
    ]
    _changed(other, min_nights=5)
    assert "split" not in kinds(offered(room, stay))


def test_there_are_six_at_most_and_dates_and_parts_keep_their_place(room: Room) -> None:
    for number in range(7):
        beside(room, f"Room {number}", 100 + number)
    stay = in_days(30)
    blocked(room, part(stay, 2, 3))
    found = offered(room, stay)
    assert kinds(found) == ["room", "room", "dates", "dates", "split", "split"]
    assert [one.name for one in found[:2]] == ["Room 0", "Room 1"]
    assert kinds(offered(room, stay, in_one_room=True)) == ["room"] * 4 + ["dates"] * 2


def test_everything_that_is_offered_can_be_booked_at_that_price(alice: User, room: Room, desk: BookingContext) -> None:
    beside(room, "Suite", 80)
    a_room(name="Across the street")
    stay = in_days(30, nights=4)
    blocked(room, part(stay, 3, 4))
    found = offered(room, stay)
    assert set(kinds(found)) == {"room", "dates", "split"}
    for one in found:
        there, nights = _id(one), Stay(one.check_in, one.check_out)
        quoted = pricing.quote_stay(there, nights, 2, RULES)
        assert (quoted.is_available, quoted.price.total, quoted.price.currency) == (True, one.total, one.currency)
    parts = [one for one in found if one.kind == "split"]
    for one in parts:
        wanted = order(alice, room, Stay(one.check_in, one.check_out))
        booked = bookings.book(acting(alice), replace(wanted, room_id=_id(one)), VISA, desk)
        assert booked.total_price == one.total


def test_holds_that_ran_out_are_in_nobodys_way(alice: User, room: Room, desk: BookingContext) -> None:
    stay = in_days(30)
    holds.reserve(acting(alice), order(alice, room, part(stay, 1, 4)), desk)
    blocked(room, part(stay, 0, 1))
    assert [one.check_in for one in offered(room, stay)] == [part(stay, -3, 0).check_in]
    later(dt.timedelta(minutes=16))
    assert [one.check_in for one in offered(room, stay)] == [part(stay, 1, 4).check_in, part(stay, 2, 5).check_in]


def test_what_the_same_order_wants_is_not_offered_again(room: Room) -> None:
    other, third = beside(room, "Suite", 80), beside(room, "Attic", 90)
    a_room(name="Another house", price_per_night=Decimal(10))
    stay = in_days(30)
    blocked(room, stay)
    found = offered(room, stay, beside=((other.id, stay),), in_house=True)
    assert [one.name for one in found if one.kind == "room"] == [third.name]
    assert all(one.room_id != encode("room", other.id) for one in found)


def test_what_the_guest_has_already_is_no_obstacle_to_a_change(room: Room) -> None:
    stay = in_days(30)
    blocked(room, part(stay, 0, 3))
    blocked(room, part(stay, 4, 5))
    wanted = part(stay, 2, 5)
    assert [shown(one)[2] for one in offered(room, wanted)] == [part(stay, 5, 8)]
    assert [shown(one)[2] for one in offered(room, wanted, own=stay)] == [part(stay, 1, 4), part(stay, -1, 2)]


def test_of_a_room_that_is_sold_no_more_nothing_is_said(room: Room) -> None:
    stay = in_days(30)
    _changed(room, published=False)
    assert offered(room, stay) == []
    assert alternatives_to(Gone(uuid.uuid4(), stay, 2), RULES, 0) == []


def test_a_crowd_is_told_what_was_read_once_until_something_is_sold(room: Room) -> None:
    gone, other = Gone(room.id, in_days(30), 2), a_room(name="Other")
    blocked(room, gone.stay)
    first = alternatives_to(gone, RULES, 30)
    with statements() as said:
        assert alternatives_to(gone, RULES, 30) == first
    assert said == []
    blocked(other, gone.stay)
    assert "Other" not in {one.name for one in alternatives_to(gone, RULES, 30)}


def test_it_takes_a_few_statements_however_large_the_house(room: Room) -> None:
    for number in range(40):
        beside(room, f"Room {number}", 100 + number)
    stay = in_days(30)
    blocked(room, stay)
    for number in range(9):  # more than are shown: how many there are in all is not counted
        a_room(name=f"House {number}")
    with statements() as said:
        assert len(alternatives_to(Gone(room.id, stay, 2), RULES, 30)) == 6
    assert len(said) == 3, said  # where it is, the rooms of its house, and those of the place
    assert not any("count(" in one.lower() for one in said)


@pytest.mark.usefixtures("app", "unmeasured")
def test_of_a_house_only_its_own_nights_are_read() -> None:
    asked = {"wanted": uuid.uuid4(), "location": "antwerp", "guests": 2}
    asked |= {"check_in": in_days(27).check_in, "check_out": in_days(36).check_in}
    read = re.findall(r"(\w+) on availability\b.*\n\s+Index Cond: \(+(\w+)", plan(alternatives._ROOMS.params(asked)))
    assert set(read) == {("pk_availability", "room_id")}


@transaction
def _changed(room: Room, **columns: Any) -> None:
    for name, value in columns.items():
        setattr(db.session.get_one(Room, room.id), name, value)


def _id(one: Alternative) -> uuid.UUID:
    found = decode("room", one.room_id)
    assert found
    return found
