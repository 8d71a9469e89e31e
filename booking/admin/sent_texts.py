"""Text messages at the desk: what was sent to whom, what arrived and what did not, and tried again."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, session, url_for

from booking.admin import outgoing, states
from booking.admin.booking import done
from booking.domain import correspondence
from booking.domain.correspondence import SentTextNotFound, TextSearch
from booking.domain.errors import Invalid
from booking.http.error_rendering import status_of
from booking.http.services import current_services
from booking.infra import phone_numbers
from booking.infra.ids import decode
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page
from booking.pages.signed_in import actor

blueprint = Blueprint("sent_texts", __name__, url_prefix="/messages/texts")

DONE = "text_done"  # in the cookie, until it was told


@blueprint.get("")
def index() -> Response:
    """The newest first, found by number or booking, and by state."""
    form = Form.asked()
    try:
        found = correspondence.find_texts(actor(), outgoing.asked(form, TextSearch))
    except Invalid as refusal:
        return page("admin/sent_texts.html", block="main", status=status_of(refusal), **_facts(form), found=None)
    return page("admin/sent_texts.html", block="main", found=found, **_facts(form))


@blueprint.post("/<text_id>/again")
def try_again(text_id: str) -> Response:
    """What could not be sent, once more; a second time changes nothing."""
    known = decode("text", text_id)
    if known is None:
        raise SentTextNotFound
    is_again = correspondence.try_text_again(actor(), known)
    if decode("booking", booking_id := Form.posted().value("booking")):
        return done(booking_id, "text" if is_again else "text_not")
    session[DONE] = "again" if is_again else "not_failed"
    return go_to(url_for(".index"))


def _facts(form: Form) -> dict[str, Any]:
    return outgoing.facts(form, correspondence.TEXT_STATES, states.text_state) | {
        "done": session.pop(DONE, None),
        "sends_texts": current_services().settings.sends_texts,
        "number": phone_numbers.shown,
    }
