"""A booking's invoices at the desk: those there are, whom they are made out to, and what is missing issued now."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, url_for

from booking.admin.booking import act, known
from booking.domain import invoicing
from booking.domain.errors import Conflict, Invalid
from booking.domain.invoicing import BillingDetails, Invoice
from booking.domain.reservations.front_desk import StaffBooking
from booking.http.error_rendering import status_of
from booking.http.services import current_services
from booking.infra.ids import encode
from booking.pages import billing_form, formats
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page
from booking.pages.signed_in import actor

blueprint = Blueprint("booking_invoices", __name__, url_prefix="/bookings/<booking_id>/invoices")


@blueprint.get("")
def show(booking_id: str) -> Response:
    """Those there are, and whom the next one is made out to."""
    return _page(booking_id, None)


@blueprint.post("/billing")
def change(booking_id: str) -> Response:
    """Whom they are made out to; those that are there are credited and issued anew."""
    form, terms = Form.posted(), current_services().invoice_terms
    try:
        invoicing.change_billing(actor(), known(booking_id).booking.id, form.accept(BillingDetails), terms)
    except (Invalid, Conflict) as refusal:
        return _page(booking_id, form.refuse(refusal), status_of(refusal))
    return go_to(url_for(".show", booking_id=booking_id))


def _page(booking_id: str, form: Form | None, status: int = 200) -> Response:
    seen = known(booking_id)
    documents = invoicing.invoices_of_booking(actor(), seen.booking.id)
    for one in documents:
        formats.alike(one.invoice.currency, [one.invoice.total])

    def address_of(invoice: Invoice) -> str:
        return url_for("admin.invoices.show", invoice_id=encode("invoice", invoice.id))

    facts: dict[str, Any] = {
        "booking_id": booking_id,
        "reference": seen.booking.reference,
        "documents": documents,
        "address_of": address_of,
        "form": form or billing_form.of(invoicing.billing_of_booking(actor(), seen.booking.id)),
    }
    return page("admin/booking_invoices.html", block="main", status=status, **facts)


@blueprint.post("")
def issue(booking_id: str) -> Response:
    """Whenever the house does it by itself."""

    def now(_: Form, seen: StaffBooking) -> None:
        invoicing.issue_invoices(actor(), seen.booking.id, current_services().invoice_terms)

    return act(booking_id, "invoice", now)
