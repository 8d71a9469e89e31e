"""Identical units: guests get the one that leaves the fewest gaps, nobody is refused while one is free, and staff says
which.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from booking.domain import catalogue, inventory, people, pricing
from booking.domain.errors import Invalid, RoomLocked, RoomNotAvailable, RoomNotFound
from booking.domain.inventory import room_lock
from booking.domain.maintenance import verification
from booking.domain.reservations import (
    booking_summary,
    bookings,
    change_quotes,
    holds,
    idempotency,
    stay_changes,
    unit_choice,
)
from booking.domain.reservations.change_quotes import StayChange
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.front_desk import new_bookings
from booking.domain.reservations.requests import OrderItem, OrderRequest
from booking.domain.reservations.stay_changes import Agreed
from booking.domain.stays import Stay
from booking.domain.tables import Booking, Room, User
from booking.infra.db import db, transaction
from booking.infra.ids import encode, new_id
from tests.cast import (
    SYSTEM,
    VISA,
    acting,
    all_at_once,
    beside,
    blocked,
    in_days,
    nights_of,
    order,
    person,
)
from tests.jobs.letters_sent import sent
from tests.jobs.letters_sent import text as text_of

pytestmark = pytest.mark.slow


def units_of(room: Room, count: int = 3) -> list[Room]:
    """The room and its sisters: Double 101, Double 102 ..."""
    return list(
        catalogue.make_units(SYSTEM, room.id, catalogue.numbered_units("Double", 101, count), title="Double").units
    )


@pytest.fixture
def doubles(room: Room) -> list[Room]:
    return units_of(room)


def book(guest: User, room: Room, desk: BookingContext, stay: Stay | None = None, **facts: Any) -> Booking:
    return bookings.book(acting(guest), replace(order(guest, room, stay), **facts), VISA, desk)


def names(units: list[Room], *made: Booking) -> list[str]:
    by_id = {unit.id: unit.name for unit in units}
    return [by_id[one.room_id].removeprefix("Double ") for one in made]


def findings() -> list[str]:
    return [finding.rule for finding in verification.verify().findings]


def test_units_are_copies_made_once_and_the_room_is_the_first(room: Room, alice: User) -> None:
    made = units_of(room)
    assert [unit.name for unit in made] == ["Double 101", "Double 102", "Double 103"]
    assert [unit.id == room.id for unit in made] == [True, False, False]
    assert [unit.listed for unit in made] == [True, False, False]
    assert {(unit.price_per_night, unit.capacity, tuple(unit.amenities), unit.published) for unit in made} == {
        (Decimal(120), 4, ("wifi",), True)
    }
    assert [unit.id for unit in units_of(room)] == [unit.id for unit in made]
    found = catalogue.units_beside(SYSTEM, made[1].id)
    assert found
    assert (found.name, [unit.id for unit in found.units]) == ("Double", [unit.id for unit in made])
    with pytest.raises(RoomNotFound):
        catalogue.make_units(acting(alice), room.id, ["Double 104"])
    for wrong in ([], ["A", "A"], ["A", " "], ["A" * 256]):
        with pytest.raises(Invalid):
            catalogue.make_units(SYSTEM, room.id, wrong)


def test_more_names_than_units_can_be_are_not_even_written() -> None:
    assert len(catalogue.numbered_units("Double", 1, 200)) == 200
    for name, count in (("Double", 201), ("x" * 256, 2)):
        with pytest.raises(Invalid):
            catalogue.numbered_units(name, 1, count)


def test_whichever_unit_is_edited_all_are_and_another_is_listed_where_the_first_is_taken_off(
    doubles: list[Room],
) -> None:
    def run(statement: str, **values: Any) -> None:
        transaction(lambda: db.session.execute(text(statement), values))()

    run("UPDATE rooms SET price_per_night = 99, amenities = '{pool}' WHERE id = :id", id=doubles[1].id)
    found = catalogue.units_beside(SYSTEM, doubles[0].id)
    assert found
    assert {(unit.price_per_night, *unit.amenities) for unit in found.units} == {(Decimal(99), "pool")}
    run("UPDATE rooms SET published = false WHERE id = :id", id=doubles[0].id)
    assert listed(doubles[0]) == [False, True, False]
    run("UPDATE rooms SET published = false WHERE id = :id", id=doubles[1].id)
    assert listed(doubles[0]) == [False, False, True]
    run("UPDATE rooms SET published = true WHERE id = :id", id=doubles[0].id)
    assert listed(doubles[0]) == [True, False, False]
    catalogue.leave_units(SYSTEM, doubles[0].id)
    assert listed(doubles[1]) == [False, True]
    assert findings() == []


def listed(room: Room) -> list[bool]:
    found = catalogue.units_beside(SYSTEM, room.id)
    assert found
    return [unit.listed for unit in found.units]


def test_units_are_called_otherwise_and_pages_and_the_log_know_it(doubles: list[Room]) -> None:
    assert catalogue.get_room_details(doubles[0].id, 300)["name"] == "Double"
    for _ in range(2):
        catalogue.make_units(SYSTEM, doubles[1].id, ["Double 101"], title="Twin")
    assert {catalogue.get_room_details(one.id, 300)["name"] for one in doubles} == {"Twin"}
    entries = people.audit_entries(SYSTEM, subject=encode("room", doubles[1].id))
    told = [(dict(one.before), dict(one.after)) for one in entries if one.action == "room.changed"]
    assert told == [({"units": "Double"}, {"units": "Twin"})]


def test_verify_finds_units_that_differ(doubles: list[Room]) -> None:
    def run(statement: str) -> None:
        values = {"id": doubles[1].id, "units": doubles[0].unit_group_id}
        named = {name: value for name, value in values.items() if f":{name}" in statement}
        transaction(lambda: db.session.execute(text(statement), named))()

    run("UPDATE rooms SET unit_group_id = NULL WHERE id = :id")
    run("UPDATE rooms SET price_per_night = 5 WHERE id = :id")
    assert findings() == []
    run("UPDATE rooms SET unit_group_id = :units WHERE id = :id")  # as no door would
    assert findings() == ["units_differ"]


def test_a_guest_gets_the_unit_that_leaves_the_fewest_gaps(
    doubles: list[Room], alice: User, bob: User, desk: BookingContext
) -> None:
    def unit_for(start: int, nights: int) -> str:
        [unit] = names(doubles, book(alice, doubles[0], desk, in_days(start, nights)))
        return unit

    blocked(doubles[2], in_days(30, 3))
    blocked(doubles[1], in_days(36, 3))
    assert unit_for(33, 3) == "102"  # a gap on one side only, as in 103, where 101 has one on both
    assert unit_for(40, 2) == "102"  # one free night before it, seven in 103
    assert unit_for(39, 1) == "102"  # closes it
    assert unit_for(33, 7) == "103"  # no gap before it
    assert findings() == []


def test_nobody_is_refused_while_a_unit_is_free_and_no_unit_is_sold_twice(
    doubles: list[Room], alice: User, desk: BookingContext
) -> None:
    sold = [book(person(f"guest-{number}"), doubles[0], desk) for number in range(3)]
    assert sorted(names(doubles, *sold)) == ["101", "102", "103"]
    with pytest.raises(RoomNotAvailable):
        book(alice, doubles[0], desk)
    quote = pricing.quote_stay(doubles[0].id, in_days(30), 2, desk.rules)
    assert (quote.is_available, quote.units_left) == (False, 0)
    bookings.cancel(acting(sold[1].user_id), sold[1].id, desk)
    assert names(doubles, book(alice, doubles[2], desk)) == names(doubles, sold[1])
    assert findings() == []


def test_the_stay_has_to_be_free_in_one_unit_not_night_by_night(
    doubles: list[Room], alice: User, desk: BookingContext
) -> None:
    for day, unit in enumerate(doubles):
        blocked(unit, in_days(30 + day, 1))
    quote = pricing.quote_stay(doubles[0].id, in_days(30), 2, desk.rules)
    assert (quote.is_available, quote.units_left) == (False, 0)
    calendar = pricing.nights_of_room(doubles[0].id, in_days(30).check_in, in_days(33).check_in, desk.rules)
    assert [night.is_available for night in calendar.nights] == [True] * 3
    assert pricing.nearest_stays(doubles[0].id, in_days(30), desk.rules)[:2] == [in_days(29), in_days(31)]
    with pytest.raises(RoomNotAvailable):
        book(alice, doubles[0], desk)
    assert pricing.quote_stay(doubles[0].id, in_days(30, 1), 2, desk.rules).units_left == 2


def test_staff_gets_exactly_the_unit_that_it_names(doubles: list[Room], alice: User, desk: BookingContext) -> None:
    def wanted(unit: Room) -> OrderRequest:
        return OrderRequest(alice.id, (OrderItem(unit.id, in_days(30), 2),))

    made = new_bookings.book(SYSTEM, wanted(doubles[2]), "desk", None, desk)
    assert names(doubles, *made.bookings) == ["103"]
    with pytest.raises(RoomNotAvailable):
        new_bookings.book(SYSTEM, wanted(doubles[2]), "desk", None, desk)


def test_an_order_gets_as_many_units_as_it_asks_for_or_none(
    doubles: list[Room], alice: User, bob: User, desk: BookingContext
) -> None:
    def wanted(guest: User, *rooms: Room) -> OrderRequest:
        return OrderRequest(guest.id, tuple(OrderItem(room.id, in_days(30), 2) for room in rooms))

    other = beside(doubles[0], "Suite", 300)
    three = wanted(alice, doubles[0], other, doubles[0])
    assert len({line.room_id for line in bookings.book_all(acting(alice), three, VISA, desk)}) == 3
    with pytest.raises(RoomNotAvailable) as refused:
        bookings.book_all(acting(bob), wanted(bob, doubles[0], doubles[1]), VISA, desk)
    assert list(refused.value.details) == ["items[1]"]
    with pytest.raises(Invalid) as twice:
        bookings.hold_all(acting(bob), wanted(bob, other, other), desk)
    assert list(twice.value.details) == ["items[1].roomId"]
    assert len(bookings.hold_all(acting(bob), wanted(bob, doubles[1]), desk)) == 1
    assert findings() == []


def test_a_guest_who_reserves_twice_has_one_hold_whichever_unit_is_named(
    doubles: list[Room], alice: User, desk: BookingContext
) -> None:
    blocked(doubles[0], in_days(30))
    first = holds.reserve(acting(alice), order(alice, doubles[0]), desk)
    again = holds.reserve(acting(alice), order(alice, doubles[2]), desk)
    assert (first.id, first.room_id) == (again.id, again.room_id)
    claim = holds.mine(acting(alice), order(alice, doubles[0]))
    assert claim.same
    assert claim.same.id == first.id
    # Other dates take the place of the hold, also where its own unit alone can be had for them.
    blocked(doubles[2], in_days(30, 5))
    later = holds.reserve(acting(alice), order(alice, doubles[0], in_days(31)), desk)
    assert (later.room_id, sorted(nights_of(doubles[1]))) == (first.room_id, list(in_days(31).dates()))
    bookings.pay(acting(alice), later.id, VISA, later.total_price, desk)
    assert holds.reserve(acting(alice), order(alice, doubles[0], in_days(31)), desk).id == later.id
    assert findings() == []


def test_a_unit_that_somebody_is_at_is_left_to_them(
    doubles: list[Room], alice: User, desk: BookingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    with room_lock.one_at_a_time(doubles[0].id, in_days(30), wait=0):
        assert names(doubles, book(alice, doubles[0], desk)) == ["102"]
    monkeypatch.setattr(unit_choice, "PATIENCE", 0.05)
    at_first, at_last = (room_lock.one_at_a_time(unit.id, in_days(30), wait=0) for unit in (doubles[0], doubles[2]))
    with at_first, at_last, pytest.raises(RoomLocked):
        book(alice, doubles[0], desk)


def test_a_change_keeps_the_unit_where_it_can_and_takes_another_where_it_must(
    doubles: list[Room], alice: User, bob: User, desk: BookingContext
) -> None:
    booked = book(alice, doubles[0], desk, in_days(30, 3))
    one_more = StayChange(check_out=in_days(34).check_in)
    quoted = change_quotes.quote(acting(alice), booked.id, one_more, desk.rules)
    assert (quoted.room_id, quoted.difference) == (booked.room_id, Decimal(120))
    blocked(doubles[0], in_days(33, 1))
    quoted = change_quotes.quote(acting(alice), booked.id, one_more, desk.rules)
    assert (names(doubles, booked), quoted.difference) == (["101"], Decimal(120))
    with pytest.raises(RoomNotAvailable):  # staff means the room that it is
        change_quotes.quote(SYSTEM, booked.id, one_more, desk.rules)
    changed = stay_changes.change(acting(alice), booked.id, Agreed(one_more, Decimal(120), method=VISA), desk)
    assert (changed.room_id in {doubles[1].id, doubles[2].id}, changed.total_price) == (True, Decimal(480))
    assert set(nights_of(doubles[0]).values()) == {"blocked"}
    assert findings() == []


def test_staff_gives_a_guest_another_unit_for_nothing(doubles: list[Room], alice: User, desk: BookingContext) -> None:
    booked = book(alice, doubles[0], desk)
    transaction(lambda: db.session.execute(text("UPDATE rooms SET price_per_night = 500")))()
    moved = StayChange(room_id=doubles[2].id)
    assert change_quotes.quote(SYSTEM, booked.id, moved, desk.rules).difference == 0
    changed = stay_changes.change(SYSTEM, booked.id, Agreed(moved, Decimal(0)), desk)
    assert (names(doubles, changed), changed.room_name, changed.total_price) == (["103"], "Double 103", Decimal(360))
    assert nights_of(doubles[0]) == {}
    assert findings() == []


def test_guests_know_a_unit_by_what_they_bought_and_staff_by_its_own_name(
    doubles: list[Room], alice: User, desk: BookingContext, mail_dir: Path
) -> None:
    twin = beside(doubles[0], "Twin", 120)
    booked = book(alice, doubles[0], desk)
    notice = booking_summary.notice(booked.id)
    assert notice
    assert (notice.room, booked.room_name) == ("Double", "Double 101")
    assert "Double 101" not in "".join(text_of(message) for message in sent(mail_dir))
    told = len(sent(mail_dir))
    stay_changes.change(SYSTEM, booked.id, Agreed(StayChange(room_id=doubles[2].id), Decimal(0)), desk)
    assert len(sent(mail_dir)) == told  # to its guest, it is the same room
    stay_changes.change(SYSTEM, booked.id, Agreed(StayChange(room_id=twin.id), Decimal(0)), desk)
    assert "Before: Double, " in text_of(sent(mail_dir)[told])
    back = stay_changes.change(SYSTEM, booked.id, Agreed(StayChange(room_id=doubles[1].id), Decimal(0)), desk)
    assert (back.room_name, back.sold_name, twin.name) == ("Double 102", "Double", "Twin")


def test_a_move_from_unit_to_unit_is_none_to_its_guest() -> None:
    def slept(name: str, sold_as: str | None, first: int) -> dict[str, str]:
        nights = {"checkIn": f"2027-03-0{first}", "checkOut": f"2027-03-0{first + 1}"}
        return {"roomId": str(new_id()), "roomName": name, **nights} | ({"soldAs": sold_as} if sold_as else {})

    kept = [slept("Twin", None, 1), slept("Double 101", "Double", 2), slept("Double 102", "Double", 3)]
    at_last = Booking(room_name="Double 103", sold_as="Double", earlier_rooms=kept)
    assert [one.name for one in at_last.rooms_before] == ["Twin", "Double 101", "Double 102"]
    assert [(one.name, one.stay.nights) for one in at_last.sold_rooms_before] == [("Twin", 1)]
    at_last.room_name, at_last.sold_as = "Attic", None
    assert [(one.name, one.stay.nights) for one in at_last.sold_rooms_before] == [("Twin", 1), ("Double", 2)]


def test_a_key_replays_what_it_got_and_a_refusal_stays_one(
    doubles: list[Room], alice: User, desk: BookingContext
) -> None:
    key = idempotency.first_claim(acting(alice), "bookings", "key-1", b"0" * 32)
    booked = bookings.book(
        acting(alice),
        order(alice, doubles[0]),
        VISA,
        desk,
        claim=key,
        render=lambda made: idempotency.Answer(201, str(made.id)),
    )
    replayed = idempotency.claim(acting(alice), "bookings", "key-1", b"0" * 32)
    assert replayed == idempotency.Answer(201, str(booked.id))


def test_units_that_are_wholes_are_sold_as_long_as_one_has_all_of_its_beds(
    doubles: list[Room], alice: User, bob: User, desk: BookingContext
) -> None:
    beds = [beside(doubles[0], f"Bed {number}", 30) for number in range(3)]
    for unit, bed in zip(doubles, beds, strict=True):
        inventory.link_rooms(SYSTEM, unit.id, [bed.id])
    book(alice, beds[0], desk)
    book(alice, beds[2], desk)
    assert pricing.quote_stay(doubles[0].id, in_days(30), 2, desk.rules).units_left == 1
    assert names(doubles, book(bob, doubles[0], desk)) == ["102"]
    with pytest.raises(RoomNotAvailable):
        book(person("carol"), doubles[0], desk)
    assert findings() == []


def test_an_order_of_a_whole_and_a_bed_gets_the_bed_of_another_whole(
    doubles: list[Room], alice: User, bob: User, desk: BookingContext
) -> None:
    beds = [beside(doubles[0], f"Bed {number}", 30) for number in range(3)]
    for unit, bed in zip(doubles, beds, strict=True):
        inventory.link_rooms(SYSTEM, unit.id, [bed.id])

    def wanted(guest: User, *rooms: Room) -> OrderRequest:
        return OrderRequest(guest.id, tuple(OrderItem(room.id, in_days(30), 2) for room in rooms))

    sold = bookings.book_all(acting(alice), wanted(alice, doubles[0], beds[0]), VISA, desk)
    assert (names(doubles, sold[0]), sold[1].room_id) == (["102"], beds[0].id)
    for bed in (beds[0], beds[2]):  # sold already, and in the only whole that is left
        with pytest.raises(RoomNotAvailable):
            bookings.book_all(acting(bob), wanted(bob, doubles[0], bed), VISA, desk)
    assert findings() == []


@pytest.mark.parametrize("lock", [True, False], ids=["with the Redis lock", "without it"])
def test_a_crowd_gets_every_unit_and_nobody_is_refused_while_one_is_free(
    app: Flask, room: Room, desk: BookingContext, lock: bool
) -> None:
    units, selling = units_of(room, 8), replace(desk, lock_rooms=lock)
    guests = [person(f"guest-{number}") for number in range(20)]
    acts: list[Callable[[], Any]] = [partial(book, guest, room, selling) for guest in guests]
    results = all_at_once(app, acts)
    outcomes = Counter(type(one).__name__ for one in results)
    assert outcomes == {"Booking": 8, "RoomNotAvailable": 12}
    assert len({one.room_id for one in results if isinstance(one, Booking)} & {unit.id for unit in units}) == 8
    assert findings() == []
