"""Rules in a spreadsheet: downloaded, changed there, uploaded, looked at line by line, then taken over all at once."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext

from booking.admin import rate_check
from booking.admin.entrance import desk
from booking.domain import pricing
from booking.domain.errors import Invalid
from booking.domain.pricing import NoRateSheet, RatesForm, RateStep, SheetLine
from booking.http import words
from booking.http.error_rendering import status_of
from booking.infra.ids import encode
from booking.pages.forms import Form
from booking.pages.rendering import page
from booking.pages.signed_in import actor

blueprint = Blueprint("rate_sheets", __name__)

LARGEST = 2 * 1024 * 1024  # bytes of a request
MARK = "\ufeff"  # by its first sign a spreadsheet knows that it is UTF-8


@blueprint.url_value_preprocessor
def _take_files(endpoint: str | None, __: Any) -> None:
    """A file may be larger than other requests, and goes along unseen until it is taken over."""
    if request.method == "POST" and (endpoint or "").endswith("rate_sheets.upload"):
        request.max_content_length = request.max_form_memory_size = LARGEST


@blueprint.get("/rates.csv")
def download() -> Response:
    """The rules in force, fees and taxes among them."""
    house = desk().house_of(request.args.get("property", ""))
    written = io.StringIO(MARK)
    written.seek(0, io.SEEK_END)
    writer = csv.writer(written)
    writer.writerow(pricing.RATE_COLUMNS)
    writer.writerows(pricing.rate_rows(actor(), house.id))
    answer = Response(written.getvalue(), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="rates.csv"'
    return answer


@blueprint.get("/rates/sheets")
def index() -> Response:
    """Where the rules are downloaded, and a file is chosen."""
    return _page(Form.asked(), _house())


@blueprint.post("/rates/sheets")
def upload() -> Response:
    """Each line that is wrong; where none is, what the file would touch; then take it over."""
    house, form = _house(), Form.posted()
    text = _text(form)
    try:
        lines = pricing.look_at_rates(actor(), house.property_id, text)
    except NoRateSheet as refusal:
        return _page(form.refuse(refusal), house, status_of(refusal))
    if not lines or any(one.refusal for one in lines):
        if not lines:
            form.blame(str(gettext("There is no rule in this file.")))
        return _page(form, house, 400, lines)
    return rate_check.answer(
        house.property_id,
        form,
        lambda: [RateStep(said, rule_id) for rule_id, said in (one.rule for one in lines if one.rule)],
        show=lambda shown, status: _page(shown, house, status),
        then=url_for("admin.rate_rules.index", property=encode("property", house.property_id)),
        fields=[("text", text)],
    )


def _text(form: Form) -> str:
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return form.value("text")
    said: bytes = sent.read()
    return said.decode("utf-8-sig", errors="replace")


def _page(form: Form, house: RatesForm, status: int = 200, lines: Sequence[SheetLine] = ()) -> Response:
    refused = [(one.line, _problems(one.refusal)) for one in lines if one.refusal]
    facts: dict[str, Any] = {
        "form": form,
        "house_key_of": encode("property", house.property_id),
        "refused": refused,
        "good": sum(one.refusal is None for one in lines),
        "columns": pricing.RATE_COLUMNS,
        "most_rows": pricing.MOST_RATES,
    }
    return page("admin/rates_sheet.html", block="main", status=status, **facts)


def _problems(refusal: Any) -> list[str]:
    """Each by the column it is about."""
    if isinstance(refusal, Invalid) and refusal.details:
        return [f"{field}: {words.problem(field, notice)}" for field, notice in refusal.details.items()]
    return [words.on_page(refusal)]


def _house() -> RatesForm:
    """Raises PropertyNotFound for who may not change rates."""
    house: uuid.UUID = desk().house_of(request.args.get("property", "")).id
    return pricing.rates_form(actor(), house, for_editing=True)
