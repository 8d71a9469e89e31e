"""A booking by what somebody reads aloud, or by its id."""

from __future__ import annotations

from booking.cli.operator import acting, refusals_said
from booking.domain.reservations import Booking, front_desk
from booking.infra.ids import encode


def booking_of(reference: str) -> Booking:
    """The one that has this reference; of an id, that booking. Raises ClickException."""
    with refusals_said():
        order = front_desk.look_up_order(acting(), reference)
    spoken = "".join(sign for sign in reference if sign.isalnum()).upper()
    named = (one for one in order.bookings if spoken == one.reference.replace("-", "") or reference == _id(one))
    return next(named, order.bookings[0])


def _id(booking: Booking) -> str:
    return encode("booking", booking.id)
