"""The emails about a booking, at its page: one of them is sent again, or one with a link to pay by."""

from __future__ import annotations

from flask import Blueprint, Response

from booking.admin.booking import act
from booking.domain import reservations
from booking.domain.reservations import EmailNotFound
from booking.domain.reservations.front_desk import StaffBooking
from booking.infra.ids import decode
from booking.pages.forms import Form
from booking.pages.signed_in import actor

blueprint = Blueprint("emails", __name__, url_prefix="/bookings/<booking_id>/emails")


@blueprint.post("/<email_id>/resend")
def resend(booking_id: str, email_id: str) -> Response:
    """As it was written, to the address that is known now."""

    def send(_form: Form, seen: StaffBooking) -> None:
        known = decode("email", email_id)
        if known is None:
            raise EmailNotFound
        reservations.resend_email(actor(), seen.booking.id, known)

    return act(booking_id, f"email-{email_id}", send)


@blueprint.post("/payment-link")
def request_payment(booking_id: str) -> Response:
    """The guest gets a link by which they pay what is due, by card and without an account."""

    def send(_form: Form, seen: StaffBooking) -> None:
        reservations.request_payment(actor(), seen.booking.id)

    return act(booking_id, "paylink", send)
