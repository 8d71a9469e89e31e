"""What a room costs for the dates asked for, and what its visitor has of these nights already."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from flask import request

from booking.domain import pricing, reservations
from booking.domain.errors import Invalid
from booking.domain.pricing import RoomView
from booking.domain.reservations import BookingRequest
from booking.domain.stays import Stay, StayRules
from booking.http.services import current_services
from booking.infra import clock
from booking.pages import formats
from booking.pages.forms import Form
from booking.pages.signed_in import actor, current_user, visitor
from booking.web import wishes

NOBODY = uuid.UUID(int=0)  # whoever has not signed in


def offered(
    room_id: uuid.UUID, stay: Stay, view: RoomView, form: Form
) -> tuple[pricing.StayQuote, reservations.GuestClaim, dict[str, Any]]:
    """The quote, what the visitor has of these nights already, and the wish, as links and forms carry it on.

    Where nobody has said a word of children or extras they are as in the visitor's own hold of these nights.
    """
    quote = _quote(room_id, stay, view)
    wanted = _request(room_id, quote, as_held=wishes.says_nothing_beside(request.args))
    mine = _mine(wanted, quote)
    if (same := mine.same) and wanted.as_held and same.guests == view.guests and (same.children or same.extras):
        view = view.model_copy(update={"children_ages": [*same.children], "extras": [*same.extras]})
        quote = _quote(room_id, stay, view)
        wanted = _request(room_id, quote)
    form.put(wishes.AGES, map(str, view.children_ages))
    form.put(wishes.EXTRAS, wanted.extras)
    return quote, mine, wishes.of(wanted, quote.chosen.id, said=mine.overlapping is not None and not wanted.as_held)


def _request(room_id: uuid.UUID, quote: pricing.StayQuote, *, as_held: bool = False) -> BookingRequest:
    """What would be reserved."""
    guest, price = visitor().id if current_user.is_authenticated else NOBODY, quote.price
    beside: dict[str, Any] = {"children": price.children, "extras": price.extras, "as_held": as_held}
    return BookingRequest(guest, room_id, quote.stay, quote.guests, plan=quote.chosen.id, **beside)


def _quote(room_id: uuid.UUID, stay: Stay, view: RoomView) -> pricing.StayQuote:
    """On the plan that was chosen (empty: the room's own policy), else the cheapest, as its card has it; of those that
    can be cancelled free of charge, where the search asked for that. A plan or an extra that is gone by now was not
    chosen.
    """
    is_free = request.args.get("freeCancellation", "").lower() == "true"
    children, chosen = view.children_ages, "ratePlan" in request.args
    ask = partial(pricing.quote_stay, room_id, stay, view.guests, _rules(), is_free=is_free, children=children)
    plan, extras = view.rate_plan if chosen else pricing.CHEAPEST, view.extras
    for _ in range(2):
        try:
            return ask(plan, extras=extras)
        except Invalid as refusal:
            gone = refusal.details.keys()
            if not gone <= {"ratePlan", "extras"}:
                raise
            plan, extras = pricing.CHEAPEST if "ratePlan" in gone else plan, [] if "extras" in gone else extras
    return ask(plan, extras=extras)


def _mine(wanted: BookingRequest, quote: pricing.StayQuote) -> reservations.GuestClaim:
    """What the visitor already has of these nights; nobody else is in the way then."""
    if quote.is_available or not current_user.is_authenticated:
        return reservations.GuestClaim()
    return reservations.find_own_claim(actor(), wanted)


def nearest(room_id: uuid.UUID, quote: pricing.StayQuote | None, mine: reservations.GuestClaim) -> list[Stay]:
    """Other dates for a stay that cannot be had, unless that is by the guest's own."""
    if quote is None or mine.can_be_had(quote) or mine.in_the_way:
        return []
    return pricing.nearest_stays(room_id, quote.stay, _rules())


def promises(quote: pricing.StayQuote) -> list[pricing.RefundPromise]:
    promises = pricing.refund_promises(quote.refunds, quote.price.total, quote.price.currency, clock.now())
    formats.alike(quote.price.currency, [promise.amount for promise in promises])
    return promises


def _rules() -> StayRules:
    return current_services().booking_context.rules
