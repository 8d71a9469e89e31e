"""A change of a stay that is to be paid for at the provider's page: on to it, back from it, or not after all."""

from __future__ import annotations

from flask import Blueprint, Response, session, url_for

from booking.domain import reservations
from booking.domain.errors import BookingNotChangeable, PaymentInProgress, PaymentPageUnavailable
from booking.domain.reservations import PaymentLinks
from booking.http.services import current_services
from booking.pages import form_check
from booking.pages.rendering import go_to
from booking.pages.signed_in import actor, required
from booking.web.bookings import TOLD_OF_CHANGE, own_trip

blueprint = Blueprint("changes", __name__)

OLD_FORM = "OLD_FORM"  # nothing was done: the form was from before the last sign-in


def _once_more(booking_id: str) -> Response:
    return _told(booking_id, OLD_FORM)


@blueprint.post("/bookings/<booking_id>/change/pay")
@required
@form_check.asks_again(_once_more)
def pay(booking_id: str) -> Response:
    """On to the page where the guest pays; what is not to be paid any more shows in the booking."""
    trip, context = own_trip(booking_id), current_services().booking_context
    site = current_services().settings.site_url.rstrip("/")
    back, paid_there = (site + url_for(name, booking_id=booking_id) for name in ("bookings.show", ".paid"))
    try:
        url = reservations.page_of_change(actor(), trip.id, context, PaymentLinks(paid_there, back))
    except PaymentPageUnavailable as refusal:
        return _told(booking_id, refusal.reason)
    except PaymentInProgress:
        url = None  # the page says that it is being checked
    return go_to(url or back)


@blueprint.get("/bookings/<booking_id>/change/paid")
@required
def paid(booking_id: str) -> Response:
    """The guest comes back from the provider's page, which says that it is paid: ask it."""
    reservations.came_back_from_payment(actor(), own_trip(booking_id).id, current_services().booking_context)
    return _back(booking_id)


@blueprint.post("/bookings/<booking_id>/change/withdraw")
@required
@form_check.asks_again(_once_more)
def withdraw(booking_id: str) -> Response:
    """The guest would rather keep the stay that is booked."""
    try:
        reservations.withdraw_change(actor(), own_trip(booking_id).id, current_services().booking_context)
    except BookingNotChangeable as refusal:
        return _told(booking_id, refusal.reason)
    return _back(booking_id)


def _told(booking_id: str, code: str) -> Response:
    """Told by the booking's page: reloading it must not send the form again."""
    session[TOLD_OF_CHANGE] = {"booking": booking_id, "code": code}
    return _back(booking_id)


def _back(booking_id: str) -> Response:
    return go_to(url_for("bookings.show", booking_id=booking_id))
