"""What events say about a booking."""

from __future__ import annotations

import uuid

from booking.domain.reservations.models import Booking
from booking.infra.ids import encode


def booking_facts(booking: Booking) -> dict[str, str]:
    """Ids as TypeIDs, dates as ISO text; whoever needs more asks by id."""
    return {
        "bookingId": encode("booking", booking.id),
        "reference": booking.reference,
        "roomId": encode("room", booking.room_id),
        "userId": encode("user", booking.user_id),
        "checkIn": booking.check_in.isoformat(),
        "checkOut": booking.check_out.isoformat(),
        "currency": booking.currency,
    }


def named(booking_id: uuid.UUID) -> dict[str, str]:
    """Which booking a refusal is about."""
    return {"bookingId": encode("booking", booking_id)}
