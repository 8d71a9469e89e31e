"""Emails at the desk: what was sent to whom, what failed or came back, each in its words, and sent again."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, session, url_for

from booking.admin import outgoing, states
from booking.domain import correspondence, maintenance, reservations
from booking.domain.correspondence import EmailSearch, SentEmailNotFound
from booking.domain.errors import Invalid
from booking.domain.messages import MAIL
from booking.domain.reservations import ResendRefused, SentEmail
from booking.http import words
from booking.http.error_rendering import status_of
from booking.infra.ids import decode
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page
from booking.pages.signed_in import actor

blueprint = Blueprint("sent_emails", __name__, url_prefix="/messages/emails")

SENT_AGAIN = "email_sent_again"  # in the cookie, until it was told


@blueprint.get("")
def index() -> Response:
    """The newest first, found by address or booking, and by state."""
    form = Form.asked()
    try:
        found = correspondence.find_emails(actor(), outgoing.asked(form, EmailSearch))
    except Invalid as refusal:
        return page("admin/sent_emails.html", block="main", status=status_of(refusal), **_facts(form), found=None)
    return page("admin/sent_emails.html", block="main", found=found, **_facts(form))


@blueprint.get("/<email_id>")
def show(email_id: str) -> Response:
    """One of them, in its words."""
    return _page(email_id, Form())


@blueprint.post("/<email_id>/resend")
def resend(email_id: str) -> Response:
    """Once more: one about a booking to the address that is known now, any other one as it failed."""
    known, form = _id(email_id), Form.posted()
    read = correspondence.read_email(actor(), known)
    try:
        if read.email.booking_id is not None:
            reservations.resend_email(actor(), read.email.booking_id, known)
            session[SENT_AGAIN] = email_id
        elif maintenance.settle_delivery(actor(), known, MAIL, again=True):
            session[SENT_AGAIN] = email_id  # else it has not failed, or no longer: its state says the rest
    except ResendRefused as refusal:
        return _page(email_id, form.refuse(refusal), status_of(refusal))
    return go_to(url_for(".show", email_id=email_id))


def _page(email_id: str, form: Form, status: int = 200) -> Response:
    read = correspondence.read_email(actor(), _id(email_id))
    facts: dict[str, Any] = {
        "read": read,
        "again": _again(read.email.id, read.email.booking_id),
        "email_id": email_id,
        "form": form,
        "is_sent": session.pop(SENT_AGAIN, "") == email_id,
        "states": states,
        "why": words.on_page,
    }
    return page("admin/sent_email.html", block="main", status=status, **facts)


def _again(email_id: uuid.UUID, booking_id: uuid.UUID | None) -> SentEmail | None:
    """What is known of it at its booking: whether it can be sent again."""
    if booking_id is None:
        return None
    return next((one for one in reservations.emails_of(actor(), booking_id).emails if one.id == email_id), None)


def _facts(form: Form) -> dict[str, Any]:
    return outgoing.facts(form, correspondence.EMAIL_STATES, states.email_state)


def _id(email_id: str) -> uuid.UUID:
    known = decode("email", email_id)
    if known is None:
        raise SentEmailNotFound
    return known
