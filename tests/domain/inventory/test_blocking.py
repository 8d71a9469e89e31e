"""Nights that are off sale: nobody can book them, and no sold night can be blocked."""

from __future__ import annotations

import pytest

from booking.domain.errors import RoomNotAvailable
from booking.domain.inventory import availability
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Room, User
from booking.infra.db import transaction
from tests.cast import SYSTEM, VISA, acting, in_days, nights_of, order

block, unblock = transaction(availability.block), transaction(availability.unblock)


def test_a_blocked_night_cannot_be_booked_until_it_is_put_on_sale_again(
    alice: User, room: Room, desk: BookingContext
) -> None:
    block(SYSTEM, room.id, room.location, in_days(31, 1))
    with pytest.raises(RoomNotAvailable):
        bookings.book(acting(alice), order(alice, room, in_days(30)), VISA, desk)
    assert unblock(SYSTEM, room.id, room.location, in_days(30)) == 1
    assert bookings.book(acting(alice), order(alice, room, in_days(30)), VISA, desk).status == "CONFIRMED"


def test_blocking_twice_is_blocking_once(room: Room) -> None:
    block(SYSTEM, room.id, room.location, in_days(30))
    block(SYSTEM, room.id, room.location, in_days(30))
    assert list(nights_of(room).values()) == ["blocked"] * 3


def test_a_sold_night_is_neither_blocked_nor_unblocked_and_nothing_changes(
    alice: User, room: Room, desk: BookingContext
) -> None:
    bookings.book(acting(alice), order(alice, room, in_days(31, 1)), VISA, desk)
    with pytest.raises(availability.NightsBlocked):
        block(SYSTEM, room.id, room.location, in_days(30))
    assert unblock(SYSTEM, room.id, room.location, in_days(30)) == 0
    assert list(nights_of(room).values()) == ["booked"]
