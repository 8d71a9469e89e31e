"""At the page of a booking: what is missing of its invoices is issued now."""

from __future__ import annotations

from flask import Blueprint, Response

from booking.admin.booking import act
from booking.domain import invoicing
from booking.domain.reservations.front_desk import StaffBooking
from booking.http.services import current_services
from booking.pages.forms import Form
from booking.pages.signed_in import actor

blueprint = Blueprint("booking_invoices", __name__, url_prefix="/bookings/<booking_id>/invoices")


@blueprint.post("")
def issue(booking_id: str) -> Response:
    """Whenever the house does it by itself."""

    def now(_: Form, seen: StaffBooking) -> None:
        invoicing.issue_invoices(actor(), seen.booking.id, current_services().invoice_terms)

    return act(booking_id, "invoice", now)
