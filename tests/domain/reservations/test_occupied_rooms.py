"""Two guests are never in one room: whoever lets one in looks first, and Postgres refuses who comes second."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from booking.domain.errors import RoomNotAvailable
from booking.domain.reservations import bookings, change_outcomes, change_quotes, desk_errors, stay_changes
from booking.domain.reservations.change_quotes import StayChange
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.front_desk import presence, undoing
from booking.domain.reservations.stay_changes import Agreed
from booking.domain.stays import Stay
from booking.domain.tables import Booking, Room, User
from tests.cast import (
    SYSTEM,
    VISA,
    acting,
    all_at_once,
    beside,
    in_days,
    interrupted,
    nights_of,
    order,
    order_of,
    reload,
)
from tests.domain.reservations.changing import findings
from tests.domain.reservations.test_front_desk import DAY, NIGHTS, at


@pytest.fixture
def booking(alice: User, room: Room, desk: BookingContext) -> Booking:
    """Four nights, paid: 480."""
    return bookings.book(acting(alice), order(alice, room, in_days(30, NIGHTS)), VISA, desk)


@pytest.fixture
def overdue(booking: Booking, bob: User, room: Room, desk: BookingContext) -> Booking:
    """In the garden room, for the two nights before; on the day of `booking`'s arrival still there."""
    garden = beside(room, "Garden room", 200)
    stay = Stay(booking.check_in - 2 * DAY, booking.check_in)
    earlier = bookings.book(acting(bob), order(bob, garden, stay), VISA, desk)
    at(booking, -2, 16)
    return presence.check_in(SYSTEM, earlier.id, desk)


def test_nobody_is_moved_into_a_room_that_somebody_is_still_in(
    overdue: Booking, booking: Booking, room: Room, desk: BookingContext
) -> None:
    at(booking, 0, 16)
    wanted = StayChange(room_id=overdue.room_id)
    assert change_quotes.quote(SYSTEM, booking.id, wanted, desk.rules).difference == 320  # who is to come may have it
    presence.check_in(SYSTEM, booking.id, desk)
    with pytest.raises(desk_errors.MoveToOccupied) as refused:
        change_quotes.quote(SYSTEM, booking.id, wanted, desk.rules)
    assert refused.value.params == {"reference": overdue.reference}
    with pytest.raises(desk_errors.MoveToOccupied):
        stay_changes.change(SYSTEM, booking.id, Agreed(wanted, Decimal(320), method=VISA), desk)
    assert (len(nights_of(room)), findings()) == (NIGHTS, [])
    presence.check_out(SYSTEM, overdue.id, desk)
    assert (
        stay_changes.change(SYSTEM, booking.id, Agreed(wanted, Decimal(320), method=VISA), desk).room_id
        == overdue.room_id
    )
    assert findings() == []


def test_of_a_paid_move_and_an_undone_check_out_at_the_same_instant_one_has_the_room(
    app: Flask,
    overdue: Booking,
    booking: Booking,
    desk: BookingContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at(booking, 0, 16)
    presence.check_in(SYSTEM, booking.id, desk)
    presence.check_out(SYSTEM, overdue.id, desk)
    moved = change_outcomes.apply

    def undone_meanwhile(*given: Any, **more: Any) -> Any:
        """Somebody has seen that the room is empty, and now it is not."""
        monkeypatch.setattr(change_outcomes, "apply", moved)
        [back] = all_at_once(app, [lambda: undoing.undo(SYSTEM, overdue.id, desk)])
        assert back.presence == "in_house"
        return moved(*given, **more)

    monkeypatch.setattr(change_outcomes, "apply", undone_meanwhile)
    dearer = Agreed(StayChange(room_id=overdue.room_id), Decimal(320), method=VISA)
    with pytest.raises(RoomNotAvailable):
        stay_changes.change(SYSTEM, booking.id, dearer, desk)
    assert (reload(booking).room_id, order_of(booking).refunded) == (booking.room_id, Decimal(320))
    assert findings() == []


def arrive(booking: Booking, desk: BookingContext) -> None:
    presence.check_in(SYSTEM, booking.id, desk)


def test_who_comes_while_another_room_is_being_paid_for_has_the_money_back_where_somebody_is_in_it(
    overdue: Booking, booking: Booking, room: Room, desk: BookingContext
) -> None:
    at(booking, 0, 16)
    arriving = interrupted(desk, lambda _: arrive(booking, desk))
    dearer = Agreed(StayChange(room_id=overdue.room_id), Decimal(320), method=VISA)
    with pytest.raises(RoomNotAvailable):
        stay_changes.change(SYSTEM, booking.id, dearer, arriving)
    assert (reload(booking).room_id, len(nights_of(room)), order_of(booking).refunded) == (
        room.id,
        NIGHTS,
        Decimal(320),
    )
    assert findings() == []
