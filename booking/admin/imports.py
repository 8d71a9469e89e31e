"""Reservations that were made elsewhere: a file is uploaded and looked at, then taken over.

A long file comes in over several requests; whatever is interrupted goes on where it was.
"""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, request, session, url_for

from booking.admin.entrance import desk
from booking.domain import people
from booking.domain.errors import Invalid, NotFound
from booking.domain.reservations import importing
from booking.domain.reservations.importing import KeptFile, RowOutcome
from booking.domain.stays import StayRules
from booking.http import words
from booking.http.error_rendering import status_of
from booking.http.services import current_services
from booking.infra.ids import decode, encode
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page
from booking.pages.signed_in import actor

blueprint = Blueprint("imports", __name__, url_prefix="/imports")

GOING_ON = "importing"  # in the cookie: the file whose rows are coming in
BESIDE_THE_FILE = 64 * 1024  # bytes of a request
MOST_SHOWN = 200  # rows that somebody has to look at
MOST_COMING = 50  # rows that can come in


@blueprint.url_value_preprocessor
def _take_files(endpoint: str | None, __: Any) -> None:
    """A file may be larger than other requests; said before anything reads the form."""
    if request.method == "POST" and (endpoint or "").endswith(".upload"):
        request.max_content_length = importing.LARGEST + BESIDE_THE_FILE


@blueprint.get("")
def index() -> Response:
    """Where a file is chosen, and what has to stand in it."""
    return _page(Form.asked())


@blueprint.post("")
def upload() -> Response:
    """Keep the file, to be looked at."""
    form = Form.posted()
    house = desk().house_of(form.value("property"))
    sent = request.files.get("file")
    try:
        content = sent.read() if sent else b""
        kept = importing.keep(actor(), house.id, form.value("source"), sent.filename or "" if sent else "", content)
    except Invalid as refusal:
        return _page(form.refuse(refusal), status_of(refusal))
    return go_to(url_for(".show", import_id=encode("import", kept)))


@blueprint.get("/<import_id>")
def show(import_id: str) -> Response:
    """What would become of each row, or has."""
    kept = importing.look(actor(), _id(import_id), _rules())
    going_on = session.get(GOING_ON) == import_id
    if going_on and not kept.ready:
        session.pop(GOING_ON)
    house = next((house for house in desk().houses if house.id == kept.property_id), None)
    facts: dict[str, Any] = {"kept": kept, "house": house, "import_id": import_id, "going_on": going_on}
    facts |= {"problems": _problems(kept), "most_shown": MOST_SHOWN, "most_coming": MOST_COMING}
    return page("admin/import.html", block="main", **facts)


@blueprint.post("/<import_id>")
def go_on(import_id: str) -> Response:
    """Take over as many rows as there is time for."""
    people.require_recent_sign_in(actor())
    importing.go_on(actor(), _id(import_id), _rules())
    session[GOING_ON] = import_id
    return go_to(url_for(".show", import_id=import_id))


@blueprint.post("/<import_id>/discard")
def discard(import_id: str) -> Response:
    """Forget the file; what came in stays."""
    importing.discard(actor(), _id(import_id))
    session.pop(GOING_ON, None)
    return go_to(url_for(".index"))


# --- around them


def _page(form: Form, status: int = 200) -> Response:
    house = desk().house_of(form.value("property"))
    importing.house_of(actor(), house.id)  # for who may not, there is no such page
    facts: dict[str, Any] = {"form": form, "house": house, "columns": importing.COLUMNS}
    places = importing.open_houses(actor(), [one.id for one in desk().houses])
    facts["houses"] = [(encode("property", one.id), one.name) for one in desk().houses if one.id in places]
    facts |= {"most_rows": importing.MOST_ROWS}
    return page("admin/imports.html", block="main", status=status, **facts)


def _problems(kept: KeptFile) -> list[tuple[RowOutcome, list[str]]]:
    """The rows that somebody has to look at, each with its sentences."""
    shown = kept.found.in_the_way[:MOST_SHOWN]
    return [(one, [words.sentence(*problem) for problem in one.problems.items()]) for one in shown]


def _id(import_id: str) -> uuid.UUID:
    known = decode("import", import_id)
    if known is None:
        raise NotFound
    return known


def _rules() -> StayRules:
    return current_services().booking_context.rules
