"""What a guest does not want after all: a held room, or all that an order of several holds."""

from __future__ import annotations

from contextlib import suppress

from booking.domain import reservations
from booking.domain.errors import AlreadyCancelled, BookingModified, CancelledDuringPayment, HoldRanOut, OrderNotFound
from booking.domain.reservations import BookingDetails, OrderedRoom
from booking.http.services import current_services
from booking.infra.ids import encode
from booking.pages.signed_in import actor
from booking.web.bookings import own_trip


def release(trip: BookingDetails, *, whole: bool) -> bool:
    """Whether the guest has nothing of it any more to pay for; False where it is paid, or a payment is being checked.

    `whole`: all that its order holds.
    """
    if trip.stage in (reservations.STAGE_PAYING, reservations.STAGE_BOOKED, reservations.STAGE_CANCELLED):
        return False
    try:
        if whole:
            _release_order(trip)
        else:
            _release_room(trip)
    except (CancelledDuringPayment, BookingModified):
        return False  # paid for at this moment, or just now: that is shown
    return True


def still_held(trip: BookingDetails) -> OrderedRoom | None:
    """Another room of the same order, which is to be paid for."""
    rooms = own_trip(encode("booking", trip.id)).rooms if trip.rooms else ()
    return next((one for one in rooms if one.stage == reservations.STAGE_HELD), None)


def _release_room(trip: BookingDetails) -> None:
    if trip.stage not in (reservations.STAGE_HELD, reservations.STAGE_AWAITED):
        return  # over already
    reservations.withdraw_payment(actor(), trip.id, current_services().booking_context)
    with suppress(AlreadyCancelled, HoldRanOut):  # since it was looked at: by another press, or by time
        reservations.release_hold(actor(), trip.id)


def _release_order(trip: BookingDetails) -> None:
    with suppress(OrderNotFound):  # nothing of it is held any more
        reservations.release_order(actor(), trip.order_id, current_services().booking_context)
