"""A guest's invoices: those of a booking, one of them as a page and as PDF, and whom they are made out to.

By the account at the page of a booking, or, without one, by the link in an email: the same pages.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, session, url_for
from flask_babel import gettext

from booking.domain import invoicing
from booking.domain.actors import Actor
from booking.domain.errors import Conflict, Invalid
from booking.domain.invoicing import BillingDetails, Document, Invoice, InvoiceNotFound, InvoicingRefused
from booking.http import limits, words
from booking.http.error_rendering import status_of
from booking.http.invoices import sheet_of
from booking.http.services import current_services
from booking.infra.ids import decode, encode
from booking.pages import billing_form, files, form_check, formats, security
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page
from booking.pages.signed_in import actor, required
from booking.web import bookings

blueprint = Blueprint("invoices", __name__)

TOLD = "told_of_invoices"  # in the cookie, until the page has told it


@dataclass(frozen=True, slots=True)
class Way:
    """How somebody comes to the invoices of a booking: `to` makes the address of an endpoint, `back` leads away."""

    actor: Actor
    booking_id: UUID
    prefix: str
    key: dict[str, str]
    back: str

    def to(self, endpoint: str, **more: str) -> str:
        parts: dict[str, Any] = {**self.key, **more}
        return url_for(f".{self.prefix}{endpoint}", **parts)


def _own(booking_id: str) -> Way:
    trip = bookings.own_trip(booking_id)
    back = url_for("bookings.show", booking_id=booking_id)
    return Way(actor(), trip.id, "", {"booking_id": booking_id}, back)


def _linked(link: str) -> Way:
    security.personal()
    booking_id = invoicing.booking_of_invoice_link(link, current_services().settings.secret_keys)
    return Way(invoicing.BY_INVOICE_LINK, booking_id, "linked_", {"link": link}, "")


# --- by the account


@blueprint.get("/bookings/<booking_id>/invoices")
@required
def index(booking_id: str) -> Response:
    """All of a booking."""
    return _listed(_own(booking_id))


@blueprint.get("/bookings/<booking_id>/invoices/<invoice_id>")
@required
def show(booking_id: str, invoice_id: str) -> Response:
    """One of them, for printing."""
    return _shown(_own(booking_id), invoice_id)


@blueprint.get("/bookings/<booking_id>/invoices/<invoice_id>/file.pdf")
@required
def download(booking_id: str, invoice_id: str) -> Response:
    """The same as a file."""
    return files.pdf_response(_document(_own(booking_id), invoice_id))


def _once_more(booking_id: str) -> Response:
    return _listed(_own(booking_id), Form.posted().blame(bookings.press_again()), 400)


@blueprint.post("/bookings/<booking_id>/invoices")
@required
@form_check.asks_again(_once_more)
def issue(booking_id: str) -> Response:
    """Now, because its guest asks."""
    return _acted(_own(booking_id), _issue)


@blueprint.post("/bookings/<booking_id>/invoices/billing")
@required
@form_check.asks_again(_once_more)
def change(booking_id: str) -> Response:
    """Whom they are made out to; those that are there are issued anew."""
    return _acted(_own(booking_id), _change)


# --- by a link


@blueprint.errorhandler(InvoiceNotFound)
def _is_no_link(error: InvoiceNotFound) -> Response:
    return page("bookings/no_invoice.html", status=status_of(error))


@blueprint.get("/invoices/<link>")
def linked_index(link: str) -> Response:
    """The same for whoever has the link from the emails."""
    return _listed(_linked(link))


@blueprint.get("/invoices/<link>/<invoice_id>")
def linked_show(link: str, invoice_id: str) -> Response:
    """One of them."""
    return _shown(_linked(link), invoice_id)


@blueprint.get("/invoices/<link>/<invoice_id>/file.pdf")
def linked_download(link: str, invoice_id: str) -> Response:
    """The same as a file."""
    return files.pdf_response(_document(_linked(link), invoice_id))


def _linked_once_more(link: str) -> Response:
    return _listed(_linked(link), Form.posted().blame(bookings.press_again()), 400)


@blueprint.post("/invoices/<link>")
@form_check.asks_again(_linked_once_more)
def linked_issue(link: str) -> Response:
    """Now, because its guest asks."""
    limits.count_public()
    return _acted(_linked(link), _issue)


@blueprint.post("/invoices/<link>/billing")
@form_check.asks_again(_linked_once_more)
def linked_change(link: str) -> Response:
    """Whom they are made out to."""
    limits.count_public()
    return _acted(_linked(link), _change)


# --- both


def _issue(way: Way, _: Form) -> str:
    try:
        invoicing.issue_invoices(way.actor, way.booking_id, current_services().invoice_terms)
    except InvoicingRefused as refusal:
        return words.on_page(refusal)
    return ""


def _change(way: Way, form: Form) -> str:
    said = form.accept(BillingDetails)
    if invoicing.change_billing(way.actor, way.booking_id, said, current_services().invoice_terms):
        return str(gettext("Saved. The invoice was credited and issued anew."))
    return str(gettext("Saved."))


def _acted(way: Way, act: Callable[[Way, Form], str]) -> Response:
    form = Form.posted()
    try:
        told = act(way, form)
    except (Invalid, Conflict) as refusal:
        return _listed(way, form.refuse(refusal), status_of(refusal))
    session[TOLD] = told
    return go_to(way.to("index"))


def _document(way: Way, invoice_id: str) -> Document:
    """One that names this booking; raises InvoiceNotFound."""
    known = decode("invoice", invoice_id)
    found = (one for one in invoicing.invoices_of_booking(way.actor, way.booking_id) if one.invoice.id == known)
    if (document := next(found, None)) is None:
        raise InvoiceNotFound
    return document


def _shown(way: Way, invoice_id: str) -> Response:
    facts: dict[str, Any] = {"file": way.to("download", invoice_id=invoice_id), "back": way.to("index")}
    return page("bookings/invoice.html", sheet=sheet_of(_document(way, invoice_id)), **facts)


def _listed(way: Way, form: Form | None = None, status: int = 200) -> Response:
    documents = invoicing.invoices_of_booking(way.actor, way.booking_id)
    for one in documents:
        formats.alike(one.invoice.currency, [one.invoice.total])

    def address_of(invoice: Invoice) -> str:
        return way.to("show", invoice_id=encode("invoice", invoice.id))

    facts: dict[str, Any] = {
        "documents": documents,
        "address_of": address_of,
        "way": way,
        "told": session.pop(TOLD, ""),
        "form": form or billing_form.of(invoicing.billing_of_booking(way.actor, way.booking_id)),
        "why": words.on_page,
    }
    return page("bookings/invoices.html", status=status, **facts)
