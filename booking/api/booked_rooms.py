"""The rooms of a booking: the one that it has now, and those that its guest has moved out of."""

from __future__ import annotations

import datetime as dt

from booking.api.schema import Schema
from booking.domain import reservations
from booking.infra.ids import encode


class BookedRoom(Schema):
    id: str
    name: str


class EarlierRoom(BookedRoom):
    """For the nights from `check_in` to `check_out`, before the guest moved."""

    check_in: dt.date
    check_out: dt.date


def now(booking: reservations.Booking) -> BookedRoom:
    return BookedRoom.model_construct(id=encode("room", booking.room_id), name=booking.room_name)


def earlier(booking: reservations.Booking) -> list[EarlierRoom]:
    """In the order of their nights."""
    return [
        EarlierRoom.model_construct(
            id=encode("room", one.room_id), name=one.name, check_in=one.stay.check_in, check_out=one.stay.check_out
        )
        for one in booking.rooms_before
    ]
