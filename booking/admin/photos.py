"""Photos of a room or of a property: added, described, put in order, deleted.

All descriptions stand in one form, and so do the buttons beside each photo: whichever is pressed, what was typed is
saved.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from flask import Blueprint, Response, request, session, url_for
from flask_babel import gettext
from werkzeug.datastructures import FileStorage

from booking.domain import catalogue
from booking.domain.catalogue import (
    PHOTOS_OF_PROPERTY,
    PHOTOS_OF_ROOM,
    PhotoFile,
    PhotoNotFound,
    PhotoPlace,
    PhotosUnavailable,
    PhotoText,
    StaffPhoto,
)
from booking.domain.errors import BookingError, Conflict, Invalid, NotFound, RoomNotFound
from booking.http import photo_addresses, words
from booking.http.error_rendering import status_of, wait_headers
from booking.http.services import current_services
from booking.infra.ids import decode, encode
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page, wants_part
from booking.pages.signed_in import actor

blueprint = Blueprint("photos", __name__)

TOLD = "photos"  # in the cookie: what has just been done
BESIDE_THE_FILES = 256 * 1024  # bytes of a request
OF_ROOM, OF_PROPERTY = "/rooms/<room_id>/photos", "/properties/<property_id>/photos"


@blueprint.url_value_preprocessor
def _take_files(endpoint: str | None, __: Any) -> None:
    """Photos are larger than other requests; said before anything reads the form."""
    if request.method == "POST" and (endpoint or "").endswith(".upload"):
        request.max_content_length = current_services().settings.photo_upload_bytes + BESIDE_THE_FILES


@blueprint.get(OF_ROOM)
@blueprint.get(OF_PROPERTY)
def show(**of: str) -> Response:
    """All photos, the cover first; to htmx, those that have become ready."""
    return _page(_place(of), Form())


@blueprint.post(OF_ROOM)
@blueprint.post(OF_PROPERTY)
def upload(**of: str) -> Response:
    """Take in what can be taken in; of the rest, say of each file why not."""
    place, form = _place(of), Form.posted()
    sent = [file for file in request.files.getlist("file") if file.filename]
    if not sent:
        catalogue.list_photos(actor(), place)  # for who may not, there is no such page
        form.problems["file"] = gettext("Choose at least one photo.")
        return _page(place, form, 400)
    outcome = _taken_in(place, sent, form.value("description") if len(sent) == 1 else "")
    if outcome.refused or outcome.stopped:
        return _told(place, form, outcome)
    before = session.get(TOLD, {})  # a script sends one at a time, and shows the page afterwards
    session[TOLD] = {
        "done": "added",
        "added": outcome.added + before.get("added", 0),
        "same": outcome.same + before.get("same", 0),
    }
    return go_to(_address(place))


@blueprint.post(f"{OF_ROOM}/describe")
@blueprint.post(f"{OF_PROPERTY}/describe")
def describe(**of: str) -> Response:
    """Say what photos show."""
    return _done(_place(of), lambda: "described")


@blueprint.post(f"{OF_ROOM}/<photo_id>/move")
@blueprint.post(f"{OF_PROPERTY}/<photo_id>/move")
def move(photo_id: str, **of: str) -> Response:
    """To another place of the order, which the address says, counted from 0."""
    to = Form.asked().number("to")
    place = _place(of)

    def put() -> str:
        catalogue.move_photo(actor(), _own(place, photo_id), to or 0)
        return "moved"

    return _done(place, put)


@blueprint.post(f"{OF_ROOM}/<photo_id>/delete")
@blueprint.post(f"{OF_PROPERTY}/<photo_id>/delete")
def delete(photo_id: str, **of: str) -> Response:
    """For good."""
    place = _place(of)

    def take_away() -> str:
        with suppress(PhotoNotFound):  # it is gone already
            catalogue.remove_photo(actor(), _own(place, photo_id))
        return "deleted"

    return _done(place, take_away)


# --- taking in


@dataclass(slots=True)
class _Outcome:
    """How many are in, how many were there already, why others are not; `stopped`: why the rest was not tried."""

    added: int = 0
    same: int = 0
    refused: list[str] = field(default_factory=list)
    stopped: BookingError | None = None
    untried: list[str] = field(default_factory=list)


def _taken_in(place: PhotoPlace, sent: list[FileStorage], description: str) -> _Outcome:
    """One after the other: only one of them is in memory at a time."""
    outcome, limits = _Outcome(), current_services().photo_limits
    for number, one in enumerate(sent):
        file = PhotoFile(one.filename or "", one.stream.read(limits.most_bytes + 1))
        try:
            _, is_new = catalogue.add_photo(actor(), place, file, limits, description)
        except Invalid as refusal:
            outcome.refused += [words.sentence(*problem) for problem in refusal.details.items()]
        except (Conflict, PhotosUnavailable) as trouble:
            outcome.stopped = trouble
            outcome.untried = [PhotoFile(left.filename or "", b"").shown_name for left in sent[number:]]
            break
        else:
            outcome.added, outcome.same = outcome.added + is_new, outcome.same + (not is_new)
    return outcome


def _told(place: PhotoPlace, form: Form, outcome: _Outcome) -> Response:
    status, headers = 400, {}
    if outcome.stopped:
        status, headers = status_of(outcome.stopped), wait_headers(outcome.stopped)
        form.problems["file"] = words.on_page(outcome.stopped)
    facts = {"added": outcome.added, "same": outcome.same, "refused": outcome.refused, "untried": outcome.untried}
    response = _page(place, form, status, outcome=facts)
    response.headers.update(headers)
    return response


# --- around them


def _done(place: PhotoPlace, act: Callable[[], str]) -> Response:
    """Save what was typed, then do it, and show the page; what is refused is said there, with what was typed."""
    form = Form.posted()
    catalogue.list_photos(actor(), place)  # for who may not, there is nothing to send to
    try:
        if said := _said(form):
            catalogue.describe_photos(actor(), place, said)
        done = act()
    except (Invalid, Conflict) as refusal:
        return _page(place, form.refuse(refusal), status_of(refusal))
    session[TOLD] = {"done": done}
    return go_to(_address(place))


def _said(form: Form) -> dict[uuid.UUID, PhotoText]:
    """The descriptions that somebody has changed. Raises Invalid, having hung what is wrong on their fields."""
    said: dict[uuid.UUID, PhotoText] = {}
    refused: Invalid | None = None
    for name in request.form:
        key = decode("photo", name.removeprefix("alt-")) if name.startswith("alt-") else None
        shown = name.removeprefix("alt-")
        if key is None or form.value(name).strip() == form.value(f"was-{shown}").strip():
            continue
        one = Form({"alt": form.value(name), "version": form.value(f"version-{shown}")})
        try:
            said[key] = one.accept(PhotoText)
        except Invalid as refusal:
            refused = refusal
            form.problems[name] = one.problem("alt") or one.problem("")
    if refused:
        raise Invalid
    return said


def _page(place: PhotoPlace, form: Form, status: int = 200, outcome: Mapping[str, Any] | None = None) -> Response:
    settings, limits = current_services().settings, current_services().photo_limits
    seen = catalogue.list_photos(actor(), place)
    facts: dict[str, Any] = {
        "seen": seen,
        "form": form,
        "outcome": outcome,
        "told": session.pop(TOLD, None) if status == 200 and not wants_part() else None,
        "of_room": place.kind == PHOTOS_OF_ROOM,
        "address": partial(_address, place),
        "thumb": _thumb,
        "preparing": any(photo.state == "waiting" for photo in seen.photos),
        "undescribed": sum(photo.needs_words for photo in seen.photos),
        "limits": limits,
        "upload_megabytes": settings.photo_upload_bytes // 2**20,
        "longest": catalogue.LONGEST_ALT,
    }
    return page("admin/photos.html", block="ready", status=status, **facts)


def _thumb(photo: StaffPhoto) -> str:
    """Its smallest picture."""
    assert photo.shown
    return photo_addresses.of(photo.shown, f"{photo.shown.widths[0]}.webp", current_services().settings)


def _own(place: PhotoPlace, photo_id: str) -> uuid.UUID:
    """Of an address: a photo of this place. Raises PhotoNotFound."""
    key = decode("photo", photo_id)
    if key is None or all(photo.id != key for photo in catalogue.list_photos(actor(), place).photos):
        raise PhotoNotFound
    return key


def _place(of: Mapping[str, str]) -> PhotoPlace:
    for name, kind, missing in (
        ("room_id", PHOTOS_OF_ROOM, RoomNotFound),
        ("property_id", PHOTOS_OF_PROPERTY, NotFound),
    ):
        if name in of:
            if (key := decode(kind, of[name])) is None:
                raise missing
            return PhotoPlace(kind, key)
    raise NotFound


def _address(place: PhotoPlace, step: str = "show", **more: Any) -> str:
    parts: dict[str, Any] = {f"{place.kind}_id": encode(place.kind, place.id), **more}
    return url_for(f".{step}", **parts)
