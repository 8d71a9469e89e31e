"""What was done at the desk by mistake is taken back for a minute; nights only where they are still free."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from flask import Flask

from booking.domain import inventory
from booking.domain.actors import Role
from booking.domain.errors import BookingModified, BookingNotFound
from booking.domain.people import audit_log
from booking.domain.reservations import bookings, desk_errors
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.front_desk import presence, undoing
from booking.domain.stays import Stay, StayRules
from booking.domain.tables import Booking, Room, User
from booking.infra import clock
from tests.cases import each
from tests.cast import SYSTEM, VISA, a_room, acting, all_at_once, in_days, later, nights_of, order, order_of, reload
from tests.domain.reservations.changing import findings
from tests.domain.reservations.test_front_desk import NIGHTS, arrived, at, booking, clerk, told

__all__ = ["arrived", "booking"]  # fixtures
DAY, SECOND = dt.timedelta(days=1), dt.timedelta(seconds=1)


def test_each_step_is_undone_by_an_entry_of_its_own(arrived: Booking, room: Room, desk: BookingContext) -> None:
    staff = clerk(Role.DESK, room)
    undone = undoing.undo(staff, arrived.id, desk, step="check-in", seen_version=arrived.version)
    assert (undone.presence, undone.version) == ("expected", arrived.version + 1)
    again = undoing.undo(staff, arrived.id, desk, step="check-in", seen_version=arrived.version)  # pressed twice
    assert again.version == undone.version
    [entry] = audit_log.entries(SYSTEM, by=staff.user_id)
    assert (entry.action, entry.before, entry.after) == (
        "booking.reverted",
        {"presence": "in_house"},
        {"presence": "expected", "step": "check-in"},
    )
    at(arrived, 0, 20)
    presence.mark_no_show(SYSTEM, arrived.id, desk)
    assert undoing.undo(SYSTEM, arrived.id, desk).presence == "expected"
    with pytest.raises(desk_errors.NothingToUndo):
        undoing.undo(SYSTEM, arrived.id, desk)
    assert [one["step"] for one in told("booking.reverted")] == ["check-in", "no-show"]
    assert findings() == []


def test_undoing_a_check_out_twice_does_not_undo_the_check_in(
    arrived: Booking, room: Room, desk: BookingContext
) -> None:
    out = presence.check_out(SYSTEM, arrived.id, desk)
    for _ in range(2):
        back = undoing.undo(SYSTEM, arrived.id, desk, step="check-out", seen_version=out.version)
        assert back.presence == "in_house"
    assert inventory.get_room_state(SYSTEM, room.id, StayRules()).status == "clean"


def test_after_a_minute_it_stays(arrived: Booking, desk: BookingContext) -> None:
    later(arrived.checked_in_at + inventory.UNDO_WITHIN - clock.now() - SECOND)
    assert undoing.last_step(arrived) is not None
    later(2 * SECOND)
    assert undoing.last_step(arrived) is None
    with pytest.raises(desk_errors.UndoOver):
        undoing.undo(SYSTEM, arrived.id, desk)
    assert reload(arrived).presence == "in_house"


def test_who_may_undo_and_what_has_changed_since_stays(arrived: Booking, room: Room, desk: BookingContext) -> None:
    for stranger in (clerk(Role.DESK, a_room()), clerk(Role.HOUSEKEEPING, room), acting(arrived.user_id)):
        with pytest.raises(BookingNotFound):
            undoing.undo(stranger, arrived.id, desk)
    with pytest.raises(BookingModified):
        undoing.undo(SYSTEM, arrived.id, desk, seen_version=arrived.version - 1)
    assert reload(arrived).presence == "in_house"


@each("leaving", [True, False])
def test_freed_nights_come_back_at_the_price_they_were_sold_for(
    alice: User, desk: BookingContext, leaving: bool
) -> None:
    room = a_room()
    was = bookings.book(acting(alice), order(alice, room, in_days(30, NIGHTS)), VISA, desk)
    at(was, 0, 20)
    if leaving:
        presence.check_in(SYSTEM, was.id, desk)
        short = presence.check_out(SYSTEM, was.id, desk)
    else:
        short = presence.mark_no_show(SYSTEM, was.id, desk, free_nights=True)
    assert (short.nights, len(nights_of(room))) == (1, 1)
    back = undoing.undo(SYSTEM, was.id, desk, seen_version=short.version)
    assert (back.check_out, back.total_price, back.price_lines, back.policy) == (
        was.check_out,
        was.total_price,
        was.price_lines,
        was.policy,
    )
    assert set(nights_of(room).values()) == {"booked"}
    assert len(nights_of(room)) == NIGHTS
    assert (int(order_of(was).due), order_of(was).guarantee, findings()) == (0, None, [])


def test_nights_that_somebody_else_has_by_now_are_not_taken_back(
    arrived: Booking, bob: User, room: Room, desk: BookingContext
) -> None:
    presence.check_out(SYSTEM, arrived.id, desk)
    following = order(bob, room, Stay(arrived.check_in + 2 * DAY, arrived.check_out))
    bookings.book(acting(bob), following, VISA, desk)
    with pytest.raises(desk_errors.NightsSoldMeanwhile):
        undoing.undo(SYSTEM, arrived.id, desk)
    left = reload(arrived)
    assert (left.presence, left.nights, len(nights_of(room))) == ("departed", 1, 3)
    assert findings() == []


def test_what_went_back_meanwhile_is_due_at_the_desk(alice: User, desk: BookingContext) -> None:
    kind = {"name": "kind", "tiers": [{"daysBefore": -2, "percent": 50}]}
    room = a_room(cancellation_policy=kind)
    stay = bookings.book(acting(alice), order(alice, room, in_days(30, NIGHTS)), VISA, desk)
    at(stay, 0, 16)
    presence.check_in(SYSTEM, stay.id, desk)
    presence.check_out(SYSTEM, stay.id, desk, seen_refund=Decimal(180))
    back = undoing.undo(SYSTEM, stay.id, desk)
    assert (int(back.total_price), int(order_of(back).due), order_of(back).guarantee) == (480, 180, "desk")
    assert findings() == []


def test_a_guest_is_not_put_back_into_a_room_that_another_one_has(
    arrived: Booking, bob: User, room: Room, desk: BookingContext
) -> None:
    following = order(bob, room, Stay(arrived.check_out, arrived.check_out + 2 * DAY))
    next_one = bookings.book(acting(bob), following, VISA, desk)
    at(arrived, NIGHTS, 10)
    presence.check_out(SYSTEM, arrived.id, desk)
    presence.check_in(SYSTEM, next_one.id, desk)
    with pytest.raises(desk_errors.RoomOccupied):
        undoing.undo(SYSTEM, arrived.id, desk)
    assert reload(arrived).presence == "departed"


def test_an_undo_and_a_sale_at_once_never_sell_a_night_twice(
    app: Flask, arrived: Booking, bob: User, room: Room, desk: BookingContext
) -> None:
    presence.check_out(SYSTEM, arrived.id, desk)
    following = order(bob, room, Stay(arrived.check_in + DAY, arrived.check_out))
    undone, sold = all_at_once(
        app,
        [
            lambda: undoing.undo(SYSTEM, arrived.id, desk),
            lambda: bookings.book(acting(bob), following, VISA, desk),
        ],
    )
    assert isinstance(undone, Booking) != isinstance(sold, Booking), (undone, sold)
    assert len(nights_of(room)) == NIGHTS
    assert findings() == []
