"""What staff is shown before it changes a stay: what that costs more or brings back, and what is due afterwards."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal

from booking.domain import people, pricing
from booking.domain.actors import Actor
from booking.domain.errors import BookingNotFound
from booking.domain.payments import Order
from booking.domain.people import Action
from booking.domain.pricing import PriceLine
from booking.domain.reservations import bookings, change_outcomes, change_quotes, goodwill
from booking.domain.reservations.change_quotes import ChangeQuote, StayChange
from booking.domain.stays import StayRules
from booking.infra.db import db, reading


@dataclass(frozen=True, slots=True)
class ChangePreview:
    """`refund` is what comes back of what was paid; `due` what the order would owe, the difference included;
    `waived_more` what then counts of waivers that stand, beyond what counts now: they count as far as there is
    something to pay, so that a cheaper stay makes it negative; `most` what staff could refund instead.
    """

    quote: ChangeQuote
    lines: tuple[PriceLine, ...]  # of the new price
    refund: Decimal
    due: Decimal
    waived_more: Decimal
    most: Decimal


@reading
def preview(actor: Actor, booking_id: uuid.UUID, wanted: StayChange, rules: StayRules) -> ChangePreview:
    """Of a booking of a property at which the actor works. Raises as change_quotes.quote()."""
    booking = bookings.permitted(actor, Action.CHANGE_BOOKING, booking_id)
    people.require(actor, Action.CHANGE_BOOKING, at=booking.property_id, otherwise=BookingNotFound)
    quoted = change_quotes.quoted(actor, booking, wanted, rules)
    order = db.session.get_one(Order, booking.order_id)
    refund = change_outcomes.refund_due(order, quoted.difference)
    left = max(Decimal(0), order.owed + quoted.difference - (order.net_paid - refund))
    let_off = min(order.waived, left)
    lines = pricing.price_lines(quoted.price.lines)
    most = goodwill.most_of_change(order, quoted)
    return ChangePreview(quoted, lines, refund, left - let_off, let_off - order.let_off, most)
