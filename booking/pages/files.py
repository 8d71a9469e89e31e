"""Files of somebody's own: nothing in between keeps them."""

from __future__ import annotations

from flask import Response

from booking.domain.invoicing import Document
from booking.http.invoices import pdf


def pdf_response(document: Document) -> Response:
    """An invoice, to be saved under its number."""
    answer = Response(pdf.written(document), mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'attachment; filename="{pdf.name_of(document)}"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
