"""Messages at the page of a booking: the guest is answered or written to, or needs no answer."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response

from booking.admin.booking import act
from booking.domain import correspondence
from booking.domain.correspondence import MessageText
from booking.domain.reservations.front_desk import StaffBooking
from booking.infra.ids import decode
from booking.pages.forms import Form
from booking.pages.signed_in import actor

blueprint = Blueprint("answers", __name__, url_prefix="/bookings/<booking_id>/messages")


@blueprint.post("")
def answer(booking_id: str) -> Response:
    """The guest gets it by email."""

    def send(form: Form, seen: StaffBooking) -> None:
        correspondence.answer_guest(actor(), seen.booking.id, form.accept(MessageText), seen=_seen(form))

    return act(booking_id, "message", send)


@blueprint.post("/settle")
def settle(booking_id: str) -> Response:
    """What was shown needs no answer."""

    def close(form: Form, seen: StaffBooking) -> None:
        correspondence.settle_messages(actor(), seen.booking.id, seen=_seen(form))

    return act(booking_id, "settled", close)


def _seen(form: Form) -> uuid.UUID | None:
    """The newest message that the page has shown."""
    return decode("message", form.value("seen"))
