"""Prices and restrictions by day in a spreadsheet: downloaded, changed there, uploaded, looked at, then taken over."""

from __future__ import annotations

import csv
import datetime as dt
import io
import uuid
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, request, session, url_for
from flask_babel import gettext, ngettext

from booking.admin import rate_check, rate_forms
from booking.admin.entrance import desk
from booking.domain import pricing
from booking.domain.catalogue import BadRow, CsvRows
from booking.domain.inventory import SheetClosings
from booking.domain.pricing import DayRow, DaySheet, NoDaySheet, RateEffects
from booking.http import words
from booking.http.error_rendering import status_of
from booking.http.services import current_services
from booking.infra.ids import encode
from booking.pages.forms import Form
from booking.pages.rendering import page
from booking.pages.signed_in import actor

blueprint = Blueprint("rate_days", __name__)

LARGEST = 4 * 1024 * 1024  # bytes of a request; larger files come in by the command
MOST_ROWS = 50_000
MARK = "\ufeff"  # by its first sign a spreadsheet knows that it is UTF-8
TOLD = "rate_days_told"  # in the cookie: nights closed and opened, told once


@blueprint.url_value_preprocessor
def _take_files(endpoint: str | None, __: Any) -> None:
    """A file may be larger than other requests, and goes along unseen until it is taken over."""
    if request.method == "POST" and (endpoint or "").endswith("rate_days.upload"):
        request.max_content_length = request.max_form_memory_size = LARGEST


@blueprint.get("/rates/days.csv")
def download() -> Response:
    """A row for each room and day from the day that is asked for, a year's without one."""
    house = desk().house_of(request.args.get("property", ""))
    rules = current_services().booking_context.rules
    rows = pricing.days_of_property(actor(), house.id, _day("from"), _day("to"), rules)
    answer = Response(_lines(rows), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="days.csv"'
    return answer


@blueprint.get("/rates/days")
def index() -> Response:
    """Where days are downloaded, and a file is chosen."""
    return _page(Form.asked(), _house())


@blueprint.post("/rates/days")
def upload() -> Response:
    """Each line that is wrong; where none is, what the file would touch; then take it over."""
    house, form = _house(), Form.posted()
    text, rules = _text(form), current_services().booking_context.rules
    try:
        rows = CsvRows(io.StringIO(text, newline=""), ",;")
        sheet = pricing.read_days(actor(), house, rows.header, _rows(rows), rules)
    except BadRow:
        return _page(form.refuse(NoDaySheet()), house, 400)
    except NoDaySheet as refusal:
        return _page(_blamed(form, refusal), house, status_of(refusal))
    if sheet.wrong_rows or not sheet.rows:
        if not sheet.rows:
            form.blame(str(gettext("There is no day in this file.")))
        return _page(form, house, 400, sheet)
    return rate_check.decide(
        form,
        rate_check.Change(lambda: _looked_at(house, sheet), lambda seen: _saved(house, sheet, form, seen)),
        show=lambda shown, status: _page(shown, house, status),
        then=url_for("admin.rate_days.index", property=encode("property", house)),
        fields=[("text", text), ("name", form.value("name"))],
    )


def _looked_at(house: uuid.UUID, sheet: DaySheet) -> tuple[RateEffects, list[str], bool]:
    rules = current_services().booking_context.rules
    effects = pricing.preview_days(actor(), house, sheet, _names(""), rules)
    closings = pricing.close_days(actor(), sheet, rules, "", rehearse=True).closings
    return effects, _said(closings), bool(closings.closed or closings.opened)


def _saved(house: uuid.UUID, sheet: DaySheet, form: Form, seen: int) -> int:
    done = pricing.put_days(actor(), house, sheet, _names(form.value("name")), seen=seen)
    rules = current_services().booking_context.rules
    closings = pricing.close_days(actor(), sheet, rules, str(gettext("Closed in a file of prices"))).closings
    session[TOLD] = [closings.closed, closings.opened]
    return done.added + done.changed + done.ended


def _said(closings: SheetClosings) -> list[str]:
    """What becomes of nights that the file closes or opens."""
    told = (
        (closings.closed, ngettext("%(num)s night is closed.", "%(num)s nights are closed.", closings.closed)),
        (closings.opened, ngettext("%(num)s night is opened.", "%(num)s nights are opened.", closings.opened)),
        (
            closings.taken,
            ngettext(
                "%(num)s night to be closed is held, sold or closed already, and stays so.",
                "%(num)s nights to be closed are held, sold or closed already, and stay so.",
                closings.taken,
            ),
        ),
        (
            closings.still_closed,
            ngettext(
                "%(num)s night to be opened is held, sold, or closed by somebody: it stays so.",
                "%(num)s nights to be opened are held, sold, or closed by somebody: they stay so.",
                closings.still_closed,
            ),
        ),
        (
            closings.out_of_reach,
            ngettext(
                "%(num)s night to be closed is over, or too far ahead to be booked.",
                "%(num)s nights to be closed are over, or too far ahead to be booked.",
                closings.out_of_reach,
            ),
        ),
    )
    return [str(sentence) for number, sentence in told if number]


def _names(price: str) -> dict[str, str]:
    """What rules of the file are called; the price as somebody has typed."""
    return rate_forms.limit_names() | ({"price": price.strip()[:255]} if price.strip() else {})


def _text(form: Form) -> str:
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return form.value("text")
    said: bytes = sent.read()
    return said.decode("utf-8-sig", errors="surrogateescape")


def _rows(rows: CsvRows) -> Iterator[DayRow]:
    """Raises NoDaySheet where they are more than a page takes."""
    for number, (line, cells) in enumerate(rows):
        if number == MOST_ROWS:
            raise NoDaySheet
        yield DayRow(line, cells)


def _blamed(form: Form, refusal: NoDaySheet) -> Form:
    """By columns, which are no fields of the form."""
    form.refuse(NoDaySheet())
    for line in _problems(refusal.details):
        form.blame(line)
    return form


def _problems(problems: Any) -> list[str]:
    return [f"{column}: {words.problem(column, notice)}" for column, notice in (problems or {}).items()]


def _lines(rows: Iterator[list[str]]) -> Iterator[str]:
    """As CSV, so many at a time."""
    written = io.StringIO()
    writer = csv.writer(written)
    written.write(MARK)
    writer.writerow(pricing.DAY_COLUMNS)
    for number, row in enumerate(rows):
        writer.writerow(row)
        if number % 1_000 == 999:
            yield written.getvalue()
            written.seek(0)
            written.truncate()
    yield written.getvalue()


def _day(name: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None


def _house() -> uuid.UUID:
    """Raises PropertyNotFound for who may not change rates."""
    house: uuid.UUID = desk().house_of(request.args.get("property", "")).id
    pricing.require_rates(actor(), house)
    return house


def _page(form: Form, house: uuid.UUID, status: int = 200, sheet: DaySheet | None = None) -> Response:
    wrong = sheet.wrong if sheet else []
    facts: dict[str, Any] = {
        "form": form,
        "house_key_of": encode("property", house),
        "refused": [(one.line, _problems(one.problems)) for one in wrong[:200]],
        "wrong_rows": sheet.wrong_rows if sheet else 0,
        "good": sheet.rows - sheet.wrong_rows if sheet else 0,
        "columns": pricing.DAY_COLUMNS,
        "most_rows": MOST_ROWS,
        "told": rate_check.taken(),
        "nights_told": session.pop(TOLD, None),
    }
    return page("admin/rates_days.html", block="main", status=status, **facts)
