"""Paying the rest of a booked stay now, instead of waiting until the card is charged for it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, session, url_for

from booking.domain import payments, reservations
from booking.domain.errors import (
    BookingError,
    Invalid,
    PaymentFailed,
    PaymentInProgress,
    PaymentPageUnavailable,
    PaymentUnknown,
    PriceChanged,
)
from booking.domain.reservations import BookingDetails, RestPayment, ShownTotal
from booking.http import limits
from booking.http.error_rendering import status_of
from booking.http.services import current_services
from booking.infra.ids import decode, encode
from booking.pages import bills, form_check, security
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page, wants_part
from booking.pages.signed_in import actor, required, visitor
from booking.web import cards
from booking.web.bookings import own_trip

blueprint = Blueprint("rest", __name__)

LOOK_AGAIN = 10  # seconds, where no script does it sooner
TOLD = "told_of_rest"  # in the cookie, until it was told: what became of the last payment
OLD_FORM = "OLD_FORM"  # nothing: its form was from before the last sign-in
FAILURES = {payments.DECLINED: PaymentFailed.code, payments.ABANDONED: "PAYMENT_LOST"}


@blueprint.get("/bookings/<booking_id>/pay")
@required
def show(booking_id: str) -> Response:
    """What is still due, and how to pay it; or that a payment of it is being checked."""
    trip = own_trip(booking_id)
    if trip.rest is None:
        session.pop(TOLD, None)
        return go_to(url_for("bookings.show", booking_id=booking_id))
    if trip.rest.is_open and not trip.rest.is_awaited:
        return (
            Response(status=204)
            if wants_part()
            else page("bookings/rest_checking.html", here=url_for(".show", booking_id=booking_id), **_facts(trip))
        )
    if wants_part():
        return go_to(url_for(".show", booking_id=booking_id))
    told = session.pop(TOLD, {})
    if told.get("booking") != booking_id:
        return _shown(trip, Form())
    code = told["code"] or FAILURES.get(trip.rest.failure or "", "")
    return _shown(trip, Form({"paymentMethodId": told["card"]}), told=code)


def _once_more(booking_id: str) -> Response:
    """The same page with a new token, after somebody has signed in anew beside it."""
    return _told(booking_id, OLD_FORM, "")


@blueprint.post("/bookings/<booking_id>/pay")
@required
@form_check.asks_again(_once_more)
def pay(booking_id: str) -> Response:
    """Charge the card that was chosen, or lead to the page where the guest pays."""
    trip, form, context = own_trip(booking_id), Form.posted(), current_services().booking_context
    g.user = visitor()
    limits.count(public=False, books=True)
    if context.hosted:
        return _to_the_provider(trip, form)
    card = form.value("paymentMethodId")
    try:
        given = form.accept(RestPayment)
        seen = decode("payment", given.last or "")
        reservations.pay_rest(actor(), trip.id, given.payment_method_id, given.shown_total, context, seen=seen)
    except (PaymentUnknown, PaymentInProgress):
        return _told(booking_id, "", card)  # what becomes of it is told once that is known
    except (PaymentFailed, PriceChanged) as refusal:
        return _told(booking_id, refusal.code, card)
    except Invalid as refusal:
        return _refused(booking_id, form.refuse(refusal), refusal)
    return go_to(url_for("bookings.show", booking_id=booking_id))


def _to_the_provider(trip: BookingDetails, form: Form) -> Response:
    booking_id = encode("booking", trip.id)
    site = current_services().settings.site_url.rstrip("/")
    back, paid = (site + url_for(name, booking_id=booking_id) for name in (".show", ".paid"))
    try:
        shown, context = form.accept(ShownTotal).shown_total, current_services().booking_context
        url = reservations.rest_payment_page(actor(), trip.id, shown, context, reservations.PaymentLinks(paid, back))
    except PaymentInProgress:
        return go_to(back)
    except (PriceChanged, PaymentPageUnavailable) as refusal:
        return _told(booking_id, refusal.reason, "")
    except Invalid as refusal:
        return _refused(booking_id, form, refusal)
    return go_to(url or back)


@blueprint.get("/bookings/<booking_id>/paid")
@required
def paid(booking_id: str) -> Response:
    """The guest comes back from the provider's page, which says that it is paid: ask it."""
    reservations.came_back_from_payment(actor(), own_trip(booking_id).id, current_services().booking_context)
    return go_to(url_for(".show", booking_id=booking_id))


def _shown(trip: BookingDetails, form: Form, *, status: int = 200, told: str = "") -> Response:
    hosted = current_services().booking_context.hosted
    if hosted:
        security.allow(form_action=f"'self' {hosted.page_origin}")
    facts: dict[str, Any] = {
        "form": form,
        "told": told,
        "hosted": hosted is not None,
        "cards": cards.simulated(is_held=False),
    }
    return page("bookings/rest.html", status=status, **facts, **_facts(trip))


def _facts(trip: BookingDetails) -> dict[str, Any]:
    facts = {"trip": trip, "booking_id": encode("booking", trip.id), "room_id": encode("room", trip.room_id)}
    last = trip.rest.last if trip.rest else None
    seen = {"last": encode("payment", last) if last else "", "look_again_seconds": LOOK_AGAIN}
    return facts | seen | {"lines": bills.of_trip(trip)}


def _told(booking_id: str, code: str, card: str) -> Response:
    """Told by the page itself: going back to it or reloading it must not send the form again."""
    session[TOLD] = {"booking": booking_id, "code": code, "card": card}
    return go_to(url_for(".show", booking_id=booking_id))


def _refused(booking_id: str, form: Form, refusal: BookingError) -> Response:
    trip = own_trip(booking_id)
    if trip.rest is None or trip.rest.is_open:
        return go_to(url_for(".show", booking_id=booking_id))
    return _shown(trip, form, status=status_of(refusal))
