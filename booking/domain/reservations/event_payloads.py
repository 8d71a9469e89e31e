"""What events say about a booking."""

from __future__ import annotations

from booking.domain.reservations.models import Booking, Lines
from booking.infra.ids import encode


def booking_facts(booking: Booking) -> dict[str, str]:
    """Ids as TypeIDs, dates as ISO text; whoever needs more asks by id."""
    return {
        "bookingId": encode("booking", booking.id),
        "reference": booking.reference,
        "roomId": encode("room", booking.room_id),
        **({"userId": encode("user", booking.user_id)} if booking.user_id else {}),
        "checkIn": booking.check_in.isoformat(),
        "checkOut": booking.check_out.isoformat(),
        "currency": booking.currency,
    }


def confirmed_together(bookings: Lines) -> dict[str, list[str]]:
    """What each event says about the others, where one payment has confirmed several: what is told of all is told with
    the first.
    """
    if len(bookings) == 1:
        return {}
    return {"confirmedTogether": [encode("booking", booking.id) for booking in bookings]}


def named(*bookings: Booking) -> dict[str, str]:
    """Which booking a refusal is about, or which order of several."""
    one = bookings[0]
    return (
        {"bookingId": encode("booking", one.id)} if len(bookings) == 1 else {"orderId": encode("order", one.order_id)}
    )
