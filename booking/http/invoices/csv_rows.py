"""Invoices as rows for the books: amounts as machines read them, of a credit note below 0."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from booking.domain.invoicing import Document
from booking.http import money_format

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would calculate
HEADER = (
    "number", "kind", "credits", "issuedOn", "seller", "property", "buyer", "company", "vatNumber", "bookings", "total",
    "due", "currency",
)  # fmt: skip


def line(cells: Iterable[str]) -> str:
    """One line of the file."""
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue()


def cells(document: Document) -> list[str]:
    """As HEADER has them; what people have written is text for a spreadsheet, whatever it begins with."""
    invoice, buyer = document.invoice, document.buyer
    said = (buyer.name, buyer.company, buyer.vat_number) if buyer else ("", "", "")
    return [
        invoice.reference,
        invoice.kind,
        document.credits or "",
        invoice.issued_on.isoformat(),
        *(safe(text or "") for text in (invoice.seller["name"], invoice.seller["property"], *said)),
        " ".join(stay["reference"] for stay in invoice.stays),
        money_format.decimal(invoice.net, invoice.currency),
        money_format.decimal(invoice.due, invoice.currency),
        invoice.currency,
    ]


def safe(text: str) -> str:
    """Text for a spreadsheet, whatever it begins with."""
    return f"'{text}" if text.startswith(FORMULA) else text
