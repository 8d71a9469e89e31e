"""A guest's invoices: those of a booking, one of them as a page."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, session, url_for

from booking.domain import invoicing
from booking.domain.invoicing import Document, Invoice, InvoiceNotFound, InvoicingRefused
from booking.http import words
from booking.http.invoices import sheet_of
from booking.http.services import current_services
from booking.infra.ids import decode, encode
from booking.pages import files, form_check, formats
from booking.pages.rendering import go_to, page
from booking.pages.signed_in import actor, required
from booking.web import bookings

blueprint = Blueprint("invoices", __name__)

TOLD = "told_of_invoices"  # in the cookie, until the page has told it


@blueprint.get("/bookings/<booking_id>/invoices")
@required
def index(booking_id: str) -> Response:
    """All of a booking, and when the next one comes."""
    return _listed(booking_id, session.pop(TOLD, ""))


@blueprint.get("/bookings/<booking_id>/invoices/<invoice_id>")
@required
def show(booking_id: str, invoice_id: str) -> Response:
    """One of them, for printing."""
    found = document(invoice_id)
    file = url_for(".download", booking_id=booking_id, invoice_id=invoice_id)
    back = url_for(".index", booking_id=booking_id)
    return page("bookings/invoice.html", sheet=sheet_of(found), file=file, back=back)


@blueprint.get("/bookings/<booking_id>/invoices/<invoice_id>/file.pdf")
@required
def download(booking_id: str, invoice_id: str) -> Response:  # noqa: ARG001 an invoice has one booking's pages
    """The same as a file."""
    return files.pdf_response(document(invoice_id))


def _once_more(booking_id: str) -> Response:
    return _listed(booking_id, bookings.press_again(), 400)


@blueprint.post("/bookings/<booking_id>/invoices")
@required
@form_check.asks_again(_once_more)
def issue(booking_id: str) -> Response:
    """Now, because its guest asks."""
    trip = bookings.own_trip(booking_id)
    try:
        invoicing.issue_invoices(actor(), trip.id, current_services().invoice_terms)
    except InvoicingRefused as refusal:
        session[TOLD] = words.on_page(refusal)
    return go_to(url_for(".index", booking_id=booking_id))


def document(invoice_id: str) -> Document:
    """The visitor's own; raises InvoiceNotFound."""
    known = decode("invoice", invoice_id)
    if known is None:
        raise InvoiceNotFound
    return invoicing.get_invoice(actor(), known)


def _listed(booking_id: str, told: str, status: int = 200) -> Response:
    trip = bookings.own_trip(booking_id)
    documents = invoicing.invoices_of_booking(actor(), trip.id)
    for one in documents:
        formats.alike(one.invoice.currency, [one.invoice.total])

    def address_of(invoice: Invoice) -> str:
        return url_for(".show", booking_id=booking_id, invoice_id=encode("invoice", invoice.id))

    facts: dict[str, Any] = {
        "trip": trip,
        "booking_id": booking_id,
        "documents": documents,
        "address_of": address_of,
        "told": told,
    }
    return page("bookings/invoices.html", status=status, can_issue=_can_issue(documents), **facts)


def _can_issue(documents: list[Document]) -> bool:
    """Whether pressing a button would bring one."""
    return not documents
