"""Who stays, at the page of a booking: corrected, and forgotten when they ask for it."""

from __future__ import annotations

from flask import Blueprint, Response, url_for

from booking.admin import booking_texts
from booking.admin.booking import act, back, done, id_of, known
from booking.domain import people
from booking.domain.errors import BookingError, NotFound, Unavailable
from booking.domain.reservations import front_desk, personal_data
from booking.domain.reservations.front_desk import ContactEdit, StaffBooking
from booking.http.error_rendering import status_of
from booking.infra.ids import encode
from booking.pages.forms import Form
from booking.pages.rendering import page
from booking.pages.signed_in import actor

blueprint = Blueprint("guest", __name__, url_prefix="/bookings/<booking_id>/guest")


@blueprint.get("/contact")
def show_contact(booking_id: str) -> Response:
    """The contact as it is now, to be corrected."""
    seen = known(booking_id)
    return _page(seen, _filled(seen)) if seen.can.change_contact else back(booking_id)


@blueprint.post("/contact")
def change_contact(booking_id: str) -> Response:
    """Another contact in its place; what was typed stands beside what has changed meanwhile."""
    form, before = Form.posted(), known(booking_id)
    try:
        given = form.accept(ContactEdit)
        if form.value("asksTexts") and not given.texts:
            given = given.model_copy(update={"texts": False})
        front_desk.change_contact(actor(), id_of(booking_id), given, given.version)
    except (NotFound, Unavailable):
        raise
    except BookingError as refusal:
        return _page(known(booking_id), form.refuse(refusal), status_of(refusal))
    is_elsewhere = known(booking_id).mail.to not in ("", before.mail.to)
    return done(booking_id, "readdressed" if is_elsewhere else "contact")


@blueprint.post("/erase")
def erase(booking_id: str) -> Response:
    """Forget the contact of a guest without an account, for good."""

    def forget(_form: Form, seen: StaffBooking) -> None:
        people.require_recent_sign_in(actor())
        personal_data.erase_guest(actor(), seen.booking.id)

    return act(booking_id, "erase", forget)


def _filled(seen: StaffBooking) -> Form:
    contact = seen.contact
    arrives = contact.arrival_time.isoformat("minutes") if contact and contact.arrival_time else ""
    consent = booking_texts.consent_of(seen)
    return Form(
        {
            "texts": "1" if consent else "",
            "fullName": seen.guest_name,
            "email": seen.guest_email,
            "phone": (contact and contact.phone) or "",
            "arrivalTime": arrives,
            "requests": (contact and contact.requests) or "",
        }
    )


def _page(seen: StaffBooking, form: Form, status: int = 200) -> Response:
    """`is_stale`: what is known now stands beside what was typed. An account agrees to text messages by itself."""
    facts = {
        "seen": seen,
        "booking_id": encode("booking", seen.booking.id),
        "form": form,
        "is_stale": status == 409,
        "asks_texts": booking_texts.are_sent() and seen.contact is not None,
        "here": url_for(".change_contact", booking_id=encode("booking", seen.booking.id)),
    }
    return page("admin/contact.html", block="main", status=status, **facts)
