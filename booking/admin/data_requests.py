"""Guests who ask for their data: the list of requests, and at a guest what is kept of them, given out and erased."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, session, url_for
from flask_babel import gettext

from booking.admin import states
from booking.admin.booking import id_of, known
from booking.admin.entrance import desk
from booking.domain import system
from booking.domain.errors import AccountNotFound, BookingError, Conflict, Invalid, NotFound
from booking.domain.system import DataRequestOrder
from booking.http import words
from booking.http.error_rendering import status_of
from booking.http.services import current_services
from booking.infra.ids import decode, encode
from booking.pages import personal_file
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page
from booking.pages.signed_in import actor

blueprint = Blueprint("data_requests", __name__)

DONE = "data_done"  # in the cookie until it was shown


@blueprint.get("/data-requests")
def index() -> Response:
    """All that are open, the most urgent first, and those that were settled."""
    found = system.list_data_requests(actor(), closed=True)
    return page("admin/data_requests.html", block="main", requests=found, done=session.pop(DONE, None), **_words())


@blueprint.post("/data-requests/<request_id>/settle")
def settle(request_id: str) -> Response:
    """Done by other means, or refused; a second time changes nothing."""
    wanted = decode("request", request_id)
    if wanted is None:
        raise NotFound
    system.settle_data_request(actor(), wanted, Form.posted().value("outcome"))
    session[DONE] = "settled"
    return go_to(url_for(".index"))


@blueprint.get("/bookings/<booking_id>/data")
def show(booking_id: str) -> Response:
    """What the guest of a booking may ask for, and has asked for."""
    return _page(booking_id, Form(), 200)


@blueprint.post("/bookings/<booking_id>/data/requests")
def record(booking_id: str) -> Response:
    """They have asked: until when it is to be answered follows."""
    form = Form.posted()
    _requests(booking_id)  # for who may not, nothing is wrong with a form
    try:
        system.record_data_request(actor(), id_of(booking_id), form.accept(DataRequestOrder))
    except Invalid as refusal:
        return _page(booking_id, form.refuse(refusal), status_of(refusal))
    session[DONE] = "recorded"
    return go_to(url_for(".show", booking_id=booking_id))


@blueprint.post("/bookings/<booking_id>/data/export")
def export(booking_id: str) -> Response:
    """As a file, to be given to the guest."""
    secrets = current_services().settings.secret_keys
    return personal_file.of(system.export_guest(actor(), id_of(booking_id), secrets), "guest")


@blueprint.post("/bookings/<booking_id>/data/erase")
def erase(booking_id: str) -> Response:
    """Forget them for good: account and contacts, at once or not at all."""
    _requests(booking_id)
    try:
        system.erase_guest(actor(), id_of(booking_id))
    except (AccountNotFound, Conflict) as refusal:
        form = Form.posted().blame(_why(refusal))
        return _page(booking_id, form, 409, what="erase")  # the booking is there; what is in the way is said
    session[DONE] = "erased"
    return go_to(url_for(".show", booking_id=booking_id))


def _why(refusal: BookingError) -> str:
    if isinstance(refusal, AccountNotFound):
        return str(gettext("This guest has an account. Whoever owns or manages all properties can delete it."))
    return words.on_page(refusal)


def _requests(booking_id: str) -> list[system.ShownRequest]:
    wanted = id_of(booking_id)
    return system.list_data_requests(actor(), booking_id=wanted, closed=True)


def _page(booking_id: str, form: Form, status: int, what: str = "record") -> Response:
    requests, seen = _requests(booking_id), known(booking_id)
    facts: dict[str, Any] = {"seen": seen, "requests": requests, "form": form, "what": what, "booking_id": booking_id}
    facts["done"] = session.pop(DONE, None) if status == 200 else None
    return page("admin/guest_data.html", block="main", status=status, **facts, **_words())


def _words() -> dict[str, Any]:
    names = {house.id: house.name for house in desk().houses}
    return {
        "kinds": {kind: states.data_request(kind) for kind in states.DATA_REQUESTS},
        "states": {"open": gettext("Open"), "done": gettext("Done"), "refused": gettext("Refused")},
        "place_of": lambda place: names.get(place, ""),
        "key_of": lambda one: encode("request", one.id),
        "zone": desk().zone,
    }
