"""The rooms of a booking: the one that it has now, and those that its guest has moved out of."""

from __future__ import annotations

import datetime as dt

from booking.api.schema import Schema
from booking.domain import reservations
from booking.infra.ids import encode


class BookedRoom(Schema):
    id: str
    name: str
    unit: str | None


class EarlierRoom(BookedRoom):
    """For the nights from `check_in` to `check_out`, before the guest moved."""

    check_in: dt.date
    check_out: dt.date


def _unit(sold: reservations.Booking | reservations.EarlierRoom) -> str | None:
    own = sold.room_name if isinstance(sold, reservations.Booking) else sold.name
    return own if sold.sold_as else None


def now(booking: reservations.Booking) -> BookedRoom:
    return BookedRoom.model_construct(id=encode("room", booking.room_id), name=booking.sold_name, unit=_unit(booking))


def earlier(booking: reservations.Booking) -> list[EarlierRoom]:
    """In the order of their nights."""
    return [
        EarlierRoom.model_construct(
            id=encode("room", one.room_id),
            name=one.sold_name,
            unit=_unit(one),
            check_in=one.stay.check_in,
            check_out=one.stay.check_out,
        )
        for one in booking.rooms_before
    ]
