"""Moving in the middle of a stay: the nights that are over stay in the room where they were slept, as they were sold.

A booking has one room, the one of its last nights. Those before it are kept as JSON, in the order of the nights:
[{"roomId": UUID, "roomName", "checkIn", "checkOut"}, ...], of units with "soldAs"; the first begins with the stay,
each other one where the one before it ends, and the booking's own where the last one does. The nights of all of them
are claimed by the booking.
"""

from __future__ import annotations

import datetime as dt
import uuid

from booking.domain.reservations.models import Booking
from booking.domain.stays import StayRules


def first_to_move(booking: Booking, rules: StayRules) -> dt.date:
    """The first night that may be in another room: the one that runs, and all of a stay that is still to come."""
    return max(rules.today(booking.time_zone), booking.moved_in)


def moves_on(booking: Booking, room_id: uuid.UUID, rules: StayRules) -> dt.date | None:
    """The first night in this other room; None where that is all of the stay, or it is the same room."""
    first = first_to_move(booking, rules)
    return first if room_id != booking.room_id and first > booking.check_in else None


def after_move(booking: Booking, room_id: uuid.UUID, first: dt.date) -> list[dict[str, str]] | None:
    """What there is to keep once the guest has the room from the `first` night on.

    Back in the room that they have left on that very day, they never left it.
    """
    kept = list(booking.earlier_rooms or ())
    if booking.moved_in < first:
        nights = {"checkIn": booking.moved_in.isoformat(), "checkOut": first.isoformat()}
        named = {"roomName": booking.room_name} | ({"soldAs": booking.sold_as} if booking.sold_as else {})
        kept.append({"roomId": str(booking.room_id), **named, **nights})
    if kept and kept[-1]["roomId"] == str(room_id):
        kept.pop()
    return kept or None
