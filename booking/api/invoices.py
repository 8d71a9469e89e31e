"""Invoices and credit notes of a booking."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Annotated

from pydantic import WithJsonSchema

from booking.api.endpoint import endpoint
from booking.api.price_schemas import Money
from booking.api.schema import Instant, Schema, instant
from booking.domain import invoicing
from booking.domain.errors import BookingNotFound
from booking.domain.invoicing import INVOICE_KINDS, Document, LineTax, SoldLine
from booking.domain.money import as_number
from booking.domain.people import CurrentUser
from booking.http import words
from booking.infra.ids import encode

Kind = Annotated[str, WithJsonSchema({"type": "string", "enum": list(INVOICE_KINDS)})]


class InvoiceSeller(Schema):
    """Who sells: as it was when the invoice was issued."""

    name: str
    property: str
    tax_number: str | None
    street: str | None
    city: str | None
    country: str | None


class InvoiceBuyer(Schema):
    """Whom it is for."""

    name: str
    company: str | None
    street: str | None
    postal_code: str | None
    city: str | None
    country: str | None
    vat_number: str | None


class InvoiceLineTax(Schema):
    """A tax in percent that a line bears, and the part of it that is this line’s."""

    label: str
    rate: float
    amount: Money
    included: bool


class InvoiceLine(Schema):
    """A line: of a credit note, one that is taken back. Taxes that are `included` in other lines add nothing."""

    booking_id: str
    kind: str
    date: dt.date | None
    amount: Money
    rule: str
    label: str
    included: bool
    taxes: list[InvoiceLineTax]


class Invoice(Schema):
    """An invoice, or a credit note that takes one back. It never changes."""

    id: str
    kind: Kind
    number: str
    credits: str | None
    issued_on: dt.date
    created_at: Instant
    seller: InvoiceSeller
    buyer: InvoiceBuyer | None
    lines: list[InvoiceLine]
    total: Money
    due: Money
    currency: str


class InvoiceList(Schema):
    """All that were issued of a booking, oldest first."""

    items: list[Invoice]


@endpoint("GET", "/bookings/<booking_id>/invoices", tag="Bookings", schema=InvoiceList, refusals=(BookingNotFound,))
def list_invoices(user: CurrentUser, booking_id: uuid.UUID) -> InvoiceList:
    """List the invoices and credit notes of a booking, oldest first.

    The property issues them by itself, some seconds after what they are about.
    """
    return InvoiceList(items=[_shown(one) for one in invoicing.invoices_of_booking(user.actor, booking_id)])


def _shown(document: Document) -> Invoice:
    invoice = document.invoice
    return Invoice(
        id=encode("invoice", invoice.id),
        kind=invoice.kind,
        number=invoice.reference,
        credits=document.credits,
        issued_on=invoice.issued_on,
        created_at=instant(invoice.created_at),
        seller=_seller(document),
        buyer=_buyer(document),
        lines=[
            _line(line, taxes, invoice.currency)
            for line, taxes in zip(document.lines, document.line_taxes, strict=True)
        ],
        total=as_number(invoice.total, invoice.currency),
        due=as_number(invoice.due, invoice.currency),
        currency=invoice.currency,
    )


def _seller(document: Document) -> InvoiceSeller:
    said = document.invoice.seller
    address = {part: said["address"].get(part) for part in ("street", "city", "country")}
    return InvoiceSeller(name=said["name"], property=said["property"], tax_number=said["taxNumber"], **address)


def _buyer(document: Document) -> InvoiceBuyer | None:
    buyer = document.buyer
    return InvoiceBuyer(**{name: getattr(buyer, name) for name in InvoiceBuyer.model_fields}) if buyer else None


def _line(line: SoldLine, taxes: Sequence[LineTax], currency: str) -> InvoiceLine:
    return InvoiceLine(
        booking_id=encode("booking", line.booking_id),
        kind=line.kind,
        date=line.date,
        amount=as_number(line.amount, currency),
        rule=line.rule,
        label=str(line.line.get("label") or words.price_rule(line.rule)),
        included=line.included,
        taxes=[
            InvoiceLineTax(
                label=tax.label, rate=float(tax.rate), amount=as_number(tax.amount, currency), included=tax.included
            )
            for tax in taxes
        ],
    )
