"""Whose stays are in the way of archiving a room or a property: listed, each with its page."""

from __future__ import annotations

import datetime as dt
import uuid

from booking.domain.catalogue import OwnRoom, Property
from booking.domain.reservations import front_desk
from booking.domain.reservations.front_desk import BookingSearch, FoundBooking
from booking.http.services import current_services
from booking.infra.ids import encode
from booking.pages.signed_in import actor

MOST = 20
STATES = ("confirmed", "held")
DAY = dt.timedelta(days=1)


def of_room(seen: OwnRoom) -> list[FoundBooking]:
    """Those in this room that end after today, the first to arrive at the top."""
    return of_property(seen.house, seen.room.id)


def of_property(house: Property, room_id: uuid.UUID | None = None) -> list[FoundBooking]:
    """The same of all its rooms."""
    tomorrow = current_services().booking_context.rules.today(house.time_zone) + DAY
    asked = {"property": encode("property", house.id), "leavingFrom": tomorrow, "sort": "arrival"}
    found = (
        front_desk.find_bookings(actor(), BookingSearch.model_validate(asked | {"state": state}), MOST, room_id=room_id)
        for state in STATES
    )
    return sorted((one for part in found for one in part.entries), key=lambda one: (one.check_in, one.id))[:MOST]
