"""A booking to be changed, and where to."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask import Flask

from booking.domain.reservations import (
    bookings,
)
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Room, User
from tests.cast import (
    VISA,
    acting,
    order,
)
from tests.domain.reservations.changing import neighbour


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    """Three nights from in 30 days on, paid: 360."""
    return bookings.book(acting(alice), order(alice, room), VISA, desk)


@pytest.fixture
def suite(app: Flask, room: Room) -> Room:
    """Another room of the same house, 200 a night."""
    return neighbour(room, Decimal(200))
