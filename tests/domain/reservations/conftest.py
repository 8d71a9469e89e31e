"""A booking to be changed, and where to; what state machines look at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from typing import Any

import psycopg2
import pytest
from flask import Flask
from psycopg2.extras import register_uuid

from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Room, User
from tests.cast import (
    VISA,
    acting,
    order,
)
from tests.domain.reservations.changing import neighbour
from tests.domain.reservations.home import Home
from tests.domain.reservations.house import House


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    """Three nights from in 30 days on, paid: 360."""
    return bookings.book(acting(alice), order(alice, room), VISA, desk)


@pytest.fixture
def suite(app: Flask, room: Room) -> Room:
    """Another room of the same house, 200 a night."""
    return neighbour(room, Decimal(200))


@pytest.fixture
def owner(app: Flask, environ: dict[str, str]) -> Iterator[Any]:
    """A connection of its own, for looking beside the product. For the state machines."""
    url = environ["MIGRATION_DATABASE_URL"].replace("+psycopg2", "")
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        register_uuid(conn_or_curs=connection)  # type: ignore[no-untyped-call]
        yield connection


@pytest.fixture
def house(desk: BookingContext, owner: Any) -> House:
    return House(desk, owner)


@pytest.fixture
def home(desk: BookingContext, owner: Any) -> Home:
    return Home(desk, owner)
