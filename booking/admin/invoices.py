"""Invoices at the desk: found by number, name, booking, day and kind; one of them; issued, credited, as CSV."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Flask, Response, request, session, url_for
from flask_babel import gettext

from booking.admin import entrance
from booking.domain import invoicing
from booking.domain.actors import Actor
from booking.domain.errors import Invalid
from booking.domain.inputs import Input, Name
from booking.domain.invoicing import INVOICE_KINDS, InvoiceNotFound, InvoiceSearch, InvoicingRefused
from booking.http import words
from booking.http.error_rendering import status_of
from booking.http.invoices import csv_rows, sheet_of
from booking.http.services import current_services, running_app
from booking.infra.ids import decode, encode
from booking.pages import files, formats
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page
from booking.pages.signed_in import actor

blueprint = Blueprint("invoices", __name__, url_prefix="/invoices")

CREDITED = "credited_invoice"  # in the cookie, until its page has told it


class Reason(Input):
    """Why an invoice is credited: it stands on the credit note."""

    reason: Name


@blueprint.get("")
def index() -> Response:
    """The newest first."""
    form = Form.asked()
    try:
        found = invoicing.find_invoices(actor(), asked(form))
    except Invalid as refusal:
        return page("admin/invoices.html", block="main", status=status_of(refusal), found=None, **_facts(form))
    for one in found.entries:
        formats.alike(one.invoice.currency, [one.invoice.total])
    return page("admin/invoices.html", block="main", found=found, **_facts(form))


@blueprint.get("/export.csv")
def export() -> Response:
    """All that match, for the books."""
    wanted = asked(Form.asked())
    invoicing.find_invoices(actor(), wanted, 1)  # refuses what may not be seen before anything is sent
    app = running_app()
    answer = Response(_rows(app, actor(), wanted), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="invoices.csv"'
    return answer


@blueprint.get("/<invoice_id>")
def show(invoice_id: str) -> Response:
    """One of them."""
    return _page(invoice_id, Form())


@blueprint.get("/<invoice_id>/file.pdf")
def download(invoice_id: str) -> Response:
    """The same as a file."""
    return files.pdf_response(invoicing.get_invoice(actor(), id_of(invoice_id)))


@blueprint.post("/<invoice_id>/credit")
def credit(invoice_id: str) -> Response:
    """Take it back, and issue anew what is still sold."""
    form = Form.posted()
    try:
        given = form.accept(Reason)
        made = invoicing.correct_invoice(actor(), id_of(invoice_id), given.reason, current_services().invoice_terms)
    except (Invalid, InvoicingRefused) as refusal:
        return _page(invoice_id, form.refuse(refusal), status_of(refusal))
    session[CREDITED] = encode("invoice", made[0].id)
    return go_to(url_for(".show", invoice_id=encode("invoice", made[-1].id)))


def id_of(invoice_id: str) -> uuid.UUID:
    """Raises InvoiceNotFound for what is none."""
    known = decode("invoice", invoice_id)
    if known is None:
        raise InvoiceNotFound
    return known


def asked(form: Form) -> InvoiceSearch:
    """Where the address names no property, the one that is chosen."""
    wanted, house = form.accept(InvoiceSearch), entrance.desk().house
    if wanted.property is None and house is not None and len(entrance.desk().houses) > 1:
        return wanted.model_copy(update={"property": encode("property", house.id)})
    return wanted


def _page(invoice_id: str, form: Form, status: int = 200) -> Response:
    found = invoicing.get_invoice(actor(), id_of(invoice_id))
    facts: dict[str, Any] = {
        "document": found,
        "sheet": sheet_of(found),
        "invoice_id": invoice_id,
        "form": form,
        "can_credit": invoicing.may_correct(actor(), found),
        "credited": session.pop(CREDITED, ""),
        "why": words.on_page,
    }
    return page("admin/invoice.html", block="main", status=status, **facts)


def _rows(app: Flask, who: Actor, wanted: InvoiceSearch) -> Iterator[str]:
    """Each portion with a context of its own: the request is over by then."""
    yield "\ufeff" + csv_rows.line(csv_rows.HEADER)  # by its first sign a spreadsheet knows that it is UTF-8
    while True:
        with app.app_context():
            found = invoicing.find_invoices(who, wanted, 500)
        yield "".join(csv_rows.line(csv_rows.cells(one)) for one in found.entries)
        if found.after is None:
            return
        wanted = wanted.model_copy(update={"after": found.after})


def _facts(form: Form) -> dict[str, Any]:
    kinds = {"invoice": gettext("Invoices"), "credit_note": gettext("Credit notes")}
    return {
        "form": form,
        "shows_property": entrance.desk().house is None,
        "is_filtered": any(request.args.get(name) for name in ("q", "kind", "since", "until")),
        "choices": [("", gettext("All")), *((kind, kinds[kind]) for kind in INVOICE_KINDS)],
    }
