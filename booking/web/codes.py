"""A promotion code at the checkout, and the price without it."""

from __future__ import annotations

from flask import Blueprint, Response, g

from booking.domain import reservations
from booking.domain.errors import HoldOver, Invalid, PaymentInProgress
from booking.domain.pricing import CodeInput
from booking.http import limits
from booking.http.services import current_services
from booking.pages import form_check
from booking.pages.forms import Form
from booking.pages.signed_in import actor, required, visitor
from booking.web import checkout
from booking.web.bookings import own_trip

blueprint = Blueprint("codes", __name__)


@blueprint.post("/checkout/<booking_id>/code")
@required
@form_check.asks_again(checkout.once_more)
def use_code(booking_id: str) -> Response:
    """The code that was typed, in the place of any other; what else was filled in stays so."""
    trip, form = own_trip(booking_id), Form.posted()
    g.user = visitor()
    limits.count_code()
    try:
        code = form.accept(CodeInput).code
        reservations.use_promotion(actor(), trip.order_id, code, current_services().booking_context.rules)
    except (Invalid, HoldOver, PaymentInProgress) as refusal:
        return checkout.refused(booking_id, form.refuse(refusal), refusal)
    return checkout.shown(own_trip(booking_id), form)


@blueprint.post("/checkout/<booking_id>/code/remove")
@required
@form_check.asks_again(checkout.once_more)
def remove_code(booking_id: str) -> Response:
    """The price without the code."""
    trip, form = own_trip(booking_id), Form.posted()
    try:
        reservations.drop_promotion(actor(), trip.order_id)
    except (HoldOver, PaymentInProgress) as refusal:
        return checkout.refused(booking_id, form, refusal)
    return checkout.shown(own_trip(booking_id), form)
