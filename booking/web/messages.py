"""A guest writes to the house about a booking: at its page, or by the link in an email, without an account."""

from __future__ import annotations

from flask import Blueprint, Response, session, url_for

from booking.domain import correspondence
from booking.domain.correspondence import ConversationNotFound, MessageText, WritingRefused
from booking.domain.errors import Invalid, TooManyAttempts
from booking.http import limits
from booking.http.error_rendering import status_of
from booking.http.services import current_services
from booking.pages import form_check, security
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page
from booking.pages.signed_in import actor, required
from booking.web import bookings

blueprint = Blueprint("messages", __name__)

REFUSALS = (Invalid, WritingRefused, TooManyAttempts)


# --- at the page of the booking


def _as_typed(booking_id: str) -> Response:
    """The page with a new token and what was typed, after somebody has signed in anew beside it."""
    return bookings.shown(booking_id, Form.posted().blame(bookings.press_again()), 400)


@blueprint.post("/bookings/<booking_id>/messages")
@required
@form_check.asks_again(_as_typed)
def write(booking_id: str) -> Response:
    """About one's own booking."""
    form = Form.posted()
    trip = bookings.own_trip(booking_id)
    try:
        correspondence.write_to_house(actor(), trip.id, form.accept(MessageText))
    except REFUSALS as refusal:
        return bookings.shown(booking_id, form.refuse(refusal), status_of(refusal))
    session[bookings.MESSAGE_SENT] = booking_id
    return go_to(url_for("bookings.show", booking_id=booking_id, _anchor="messages"))


# --- by a link


@blueprint.errorhandler(ConversationNotFound)
def _is_no_link(error: ConversationNotFound) -> Response:
    return page("messages/link.html", block="main", status=status_of(error), talk=None, form=None)


@blueprint.get("/messages/<link>")
def show(link: str) -> Response:
    """What was written about a stay; whoever has the link is who the emails go to."""
    return _page(link, None, is_sent=session.pop(bookings.MESSAGE_SENT, "") == _about(link))


def _once_more(link: str) -> Response:
    return _page(link, Form.posted().blame(bookings.press_again()), status=400)


@blueprint.post("/messages/<link>")
@form_check.asks_again(_once_more)
def write_by_link(link: str) -> Response:
    """As the guest whose link it is."""
    limits.count_public()
    form, secrets = Form.posted(), current_services().settings.secret_keys
    try:
        correspondence.write_by_conversation_link(link, form.accept(MessageText), secrets)
    except REFUSALS as refusal:
        return _page(link, form.refuse(refusal), status=status_of(refusal))
    session[bookings.MESSAGE_SENT] = _about(link)
    return go_to(url_for(".show", link=link, _anchor="messages"))


def _about(link: str) -> str:
    """The booking that a link names: cookies keep no proof."""
    return link.partition(".")[0]


def _page(link: str, form: Form | None, *, status: int = 200, is_sent: bool = False) -> Response:
    security.personal()
    talk = correspondence.look_by_conversation_link(link, current_services().settings.secret_keys)
    return page("messages/link.html", block="main", status=status, talk=talk, form=form, link=link, is_sent=is_sent)
