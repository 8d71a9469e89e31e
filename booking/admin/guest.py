"""Who stays, at the page of a booking: forgotten when they ask for it."""

from __future__ import annotations

from flask import Blueprint, Response

from booking.admin.booking import act
from booking.domain import people, reservations
from booking.domain.reservations import StaffBooking
from booking.pages.forms import Form
from booking.pages.signed_in import actor

blueprint = Blueprint("guest", __name__, url_prefix="/bookings/<booking_id>/guest")


@blueprint.post("/erase")
def erase(booking_id: str) -> Response:
    """Forget the contact of a guest without an account, for good."""

    def forget(_form: Form, seen: StaffBooking) -> None:
        people.require_recent_sign_in(actor())
        reservations.erase_guest(actor(), seen.booking.id)

    return act(booking_id, "erase", forget)
