"""Rooms in a spreadsheet: downloaded, changed there, uploaded, looked at, and then applied as they were shown."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from flask import Blueprint, Flask, Response, request, url_for
from flask_babel import gettext
from pydantic.alias_generators import to_camel

from booking.admin import house_told, house_words
from booking.admin.entrance import desk
from booking.domain import catalogue
from booking.domain.actors import Actor
from booking.domain.catalogue import FieldChange, ImportChanged, OptionsMissing, RefusedRow, SheetApplied, SheetPreview
from booking.domain.errors import Forbidden, Invalid, NotFound
from booking.http import words
from booking.http.error_rendering import status_of
from booking.http.services import running_app
from booking.infra.ids import decode, encode
from booking.pages import formats
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page
from booking.pages.signed_in import actor

blueprint = Blueprint("room_sheets", __name__)

BESIDE_THE_FILE = 64 * 1024  # bytes of a request
MOST_SHOWN = 200  # rows of each kind
MARK = "\ufeff"  # by its first sign a spreadsheet knows that it is UTF-8


@blueprint.url_value_preprocessor
def _take_files(endpoint: str | None, __: Any) -> None:
    """A file may be larger than other requests; said before anything reads the form."""
    if request.method == "POST" and (endpoint or "").endswith("room_sheets.upload"):
        request.max_content_length = catalogue.LARGEST_SHEET + BESIDE_THE_FILE


@blueprint.get("/rooms.csv")
def download() -> Response:
    """All rooms that somebody may take along, or those of the chosen property; read and sent piece by piece."""
    _refuse_unless_may_import()
    house = desk().house
    app = running_app()
    rows = _written(app, actor(), house.id if house else None)
    answer = Response(rows, mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="rooms.csv"'
    return answer


@blueprint.get("/rooms/sheets")
def index() -> Response:
    """Where a file is downloaded, and another one chosen."""
    return _page(Form.asked())


@blueprint.post("/rooms/sheets")
def upload() -> Response:
    """Keep the file, to be looked at."""
    form, sent = Form.posted(), request.files.get("file")
    try:
        kept = catalogue.keep_sheet(actor(), sent.filename or "" if sent else "", sent.read() if sent else b"")
    except OptionsMissing as refusal:  # which are columns here
        return _page(form.blame(words.on_page(refusal)), status_of(refusal))
    except Invalid as refusal:
        return _page(form.refuse(refusal), status_of(refusal))
    return go_to(url_for(".show", sheet_id=encode("sheet", kept)))


@blueprint.get("/rooms/sheets/<sheet_id>")
def show(sheet_id: str) -> Response:
    """What would become of each row."""
    return _preview(catalogue.look_at_sheet(actor(), _id(sheet_id)), sheet_id)


@blueprint.post("/rooms/sheets/<sheet_id>")
def apply(sheet_id: str) -> Response:
    """Do what was shown; where something has changed meanwhile, it is shown anew first."""
    form = Form.posted()
    try:
        done = catalogue.apply_sheet(actor(), _id(sheet_id), form.value("fingerprint"))
    except ImportChanged as refusal:
        form.refuse(refusal)
        return _preview(catalogue.look_at_sheet(actor(), _id(sheet_id)), sheet_id, form, status_of(refusal))
    house_told.tell("sheet-applied", number=len(done.created), left=len(done.updated))
    return go_to(url_for(".index"))


@blueprint.post("/rooms/sheets/<sheet_id>/discard")
def discard(sheet_id: str) -> Response:
    """Forget the file."""
    catalogue.discard_sheet(actor(), _id(sheet_id))
    return go_to(url_for(".index"))


@blueprint.errorhandler(SheetApplied)
def was_applied(refusal: SheetApplied) -> Response:
    """Said where the next file is chosen: to who came back to what it would have done, or pressed twice."""
    house_told.tell_refusal(refusal)
    return go_to(url_for(".index"))


# --- around them


def _page(form: Form, status: int = 200) -> Response:
    _refuse_unless_may_import()
    facts = {"form": form, "told": house_told.taken(), "most_rows": catalogue.MOST_SHEET_ROWS}
    return page("admin/room_sheets.html", block="main", status=status, columns=catalogue.SHEET_COLUMNS, **facts)


def _refuse_unless_may_import() -> None:
    if not catalogue.may_add_rooms(actor()):
        raise Forbidden


def _preview(seen: SheetPreview, sheet_id: str, form: Form | None = None, status: int = 200) -> Response:
    facts: dict[str, Any] = {
        "seen": seen,
        "sheet_id": sheet_id,
        "form": form,
        "most_shown": MOST_SHOWN,
        "changed": [(draft, [_told(one, draft.house.currency) for one in found]) for draft, found in seen.updated],
        "refused": _by_problem(seen.refused),
    }
    return page("admin/room_sheet.html", block="main", status=status, **facts)


def _by_problem(refused: Sequence[RefusedRow]) -> list[tuple[str, str, list[RefusedRow]]]:
    """Column, what is wrong with it, and the rows of which that is so; in the order of the first of each."""
    found: dict[tuple[str, str], list[RefusedRow]] = {}
    for one in refused:
        found.setdefault((_called(one.column), words.told(one.why)), []).append(one)
    return [(column, why, rows) for (column, why), rows in found.items()]


def _told(change: FieldChange, currency: str) -> tuple[str, str, str]:
    """The field's name, and what it says before and after."""
    formats.alike(currency, [one for one in (change.before, change.after) if isinstance(one, Decimal)])
    return _called(change.column), _plain(change.before, change, currency), _plain(change.after, change, currency)


def _called(column: str) -> str:
    named = {"images": gettext("Photos"), "published": gettext("Published")}
    return str(named.get(column) or words.label(to_camel(column)))


def _plain(value: Any, change: FieldChange, currency: str) -> str:
    if value is None or value in ("", []):
        return "–"
    if isinstance(value, Decimal):
        return formats.money(value, currency)
    return house_words.shortened(_SPELT.get(change.column, str)(value))


_SPELT: dict[str, Callable[[Any], str]] = {**house_words.SPELT, "images": lambda images: str(len(images))}


def _written(app: Flask, who: Actor, property_id: uuid.UUID | None) -> Iterator[str]:
    """With a context of its own: the request is over by then."""
    yield MARK + _line(catalogue.SHEET_COLUMNS)
    with app.app_context():
        for room, house in catalogue.exported_rooms(who, None, property_id):
            yield _line(catalogue.sheet_row(room, house))


def _line(cells: Any) -> str:
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue()


def _id(sheet_id: str) -> uuid.UUID:
    if (found := decode("sheet", sheet_id)) is None:
        raise NotFound
    return found
