"""The provider's report of payouts beside our payments: uploaded, looked at, nothing is kept."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from booking.domain import payments
from booking.domain.payments import NoPayoutReport, Reconciliation
from booking.http.error_rendering import status_of
from booking.http.words import reconciliation as words
from booking.pages import formats
from booking.pages.forms import Form
from booking.pages.rendering import page
from booking.pages.signed_in import actor

blueprint = Blueprint("payouts", __name__, url_prefix="/payouts")

LARGEST = 16 * 1024 * 1024  # bytes of a request
MOST_SHOWN = 200


@blueprint.url_value_preprocessor
def _take_files(endpoint: str | None, __: Any) -> None:
    """A file may be larger than other requests; said before anything reads the form."""
    if request.method == "POST" and (endpoint or "").endswith("payouts.look"):
        request.max_content_length = LARGEST


@blueprint.get("")
def index() -> Response:
    """Where a report is chosen."""
    payments.require_reconciling(actor())
    return _page(Form())


@blueprint.post("")
def look() -> Response:
    """What it says beside what we have."""
    payments.require_reconciling(actor())
    form, sent = Form.posted(), request.files.get("file")
    try:
        content: bytes = sent.read() if sent else b""
        found = payments.reconcile(actor(), content.decode("utf-8-sig", errors="replace"))
    except NoPayoutReport as refusal:
        return _page(form.refuse(refusal), status_of(refusal))
    for one in found.sums:
        formats.exact(one.currency)
    return _page(form, found=found, name=sent.filename or "" if sent else "")


def _page(form: Form, status: int = 200, found: Reconciliation | None = None, name: str = "") -> Response:
    facts: dict[str, Any] = {
        "form": form,
        "found": found,
        "name": name,
        "words": words,
        "most_shown": MOST_SHOWN,
        "most_rows": payments.MOST_REPORT_ROWS,
        "columns": payments.REPORT_COLUMNS,
    }
    return page("admin/payouts.html", block="main", status=status, **facts)
