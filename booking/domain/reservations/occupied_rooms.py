"""Who is in a room: checked in, and not checked out, whatever the nights of their stay are.

Never two: who lets somebody in looks first, and where two look at the same moment, Postgres refuses the later one.
"""

from __future__ import annotations

import uuid

from sqlalchemy import bindparam

from booking.domain.reservations import repository
from booking.domain.reservations.models import IN_HOUSE, Booking

ONE_IN_ROOM = ("uq_bookings_in_house",)  # for the transactions that let somebody in: look again

_IN_ROOM = repository.BOOKINGS.where(
    Booking.room_id == bindparam("room_id"),
    Booking.checked_in_at.is_not(None),
    Booking.checked_out_at.is_(None),
    Booking.id != bindparam("booking_id"),
)


def find_other(booking: Booking, room_id: uuid.UUID) -> Booking | None:
    """Somebody else's stay in the room, inside the caller's transaction."""
    others = repository.find(_IN_ROOM, {"room_id": room_id, "booking_id": booking.id})
    return others[0] if others else None


def in_the_way(booking: Booking, room_id: uuid.UUID) -> Booking | None:
    """The stay because of which a guest of the house cannot move to this room; None also where it is theirs."""
    is_move = booking.presence == IN_HOUSE and room_id != booking.room_id
    return find_other(booking, room_id) if is_move else None
