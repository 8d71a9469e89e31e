"""Money back for a stay that stays as it is, and another amount than the policy's for nights that are given back.

By name, with a reason, and never more than was paid. Goodwill lowers the price: it is a change of the booking to the
same stay for less (change_terms.py), so that order, refund, event and email follow as they do from any change. What of
it was not paid yet is not due any more.
"""

from __future__ import annotations

import uuid
from decimal import Decimal

from booking.domain import payments, people
from booking.domain.actors import Actor
from booking.domain.errors import BookingModified, ChangeOfUnconfirmed, Forbidden, Invalid, RefundChanged
from booking.domain.notices import Notice
from booking.domain.payments import Order
from booking.domain.people import Action
from booking.domain.reservations import (
    bookings,
    change_outcomes,
    change_quotes,
    change_rows,
    change_terms,
    refund_decisions,
)
from booking.domain.reservations.change_models import NEW_COLUMNS
from booking.domain.reservations.change_outcomes import Done
from booking.domain.reservations.change_quotes import ChangeQuote
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.models import CONFIRMED, Booking
from booking.domain.reservations.refund_decisions import Decided
from booking.domain.stays import Stay
from booking.infra.db import READ_COMMITTED, transaction


def give(
    actor: Actor, booking_id: uuid.UUID, decided: Decided, context: BookingContext, *, seen_version: int
) -> Booking:
    """So much less for the same stay, while it is to come, goes on, or is over. Pressed twice, it is given once.

    Raises BookingNotFound, Forbidden, BookingNotChangeable, BookingModified, ChangeUnderWay; Invalid for more than was
    paid for the booking, and without a reason.
    """
    done = _give(actor, booking_id, decided, context, seen_version)
    payments.send_refunds(actor, done.refunds, context)
    return done.booking


@transaction(isolation=READ_COMMITTED)
def _give(actor: Actor, booking_id: uuid.UUID, decided: Decided, context: BookingContext, seen_version: int) -> Done:
    booking = bookings.permitted(actor, Action.SEE_BOOKING, booking_id, lock=True)
    people.require(actor, Action.DECIDE_REFUNDS, at=booking.property_id, otherwise=Forbidden)
    if booking.status != CONFIRMED:
        raise ChangeOfUnconfirmed
    order = payments.lock_order(booking.order_id)
    if booking.version != seen_version:
        if _is_given(booking, decided, seen_version):
            return Done(booking, [], is_changed=False)
        raise BookingModified
    reason = refund_decisions.sensible(booking, most(booking, order), decided)
    if not decided.refund:
        raise Invalid(details={"refund": Notice("missing")})
    change_outcomes.make_way(actor, booking)
    made = _quote(booking, decided.refund, reason).begun(actor)
    change_rows.add(made)
    return Done(booking, change_outcomes.apply(actor, booking, made, context, None))


def most(booking: Booking, order: Order) -> Decimal:
    """What was paid for this booking, without what the house has kept of earlier changes."""
    kept = (line.amount for line in change_quotes.as_sold(booking).lines if change_terms.is_kept(line))
    worth = booking.total_price - sum(kept, Decimal(0))
    return max(Decimal(0), min(worth, refund_decisions.most(booking, order)))


def _is_given(booking: Booking, decided: Decided, seen_version: int) -> bool:
    """Whether exactly this has been given since the page was shown."""
    last = change_rows.newest_of(booking.id)
    if last is None or not last.is_goodwill or last.booking_version != seen_version:
        return False
    return (last.reason, -last.difference) == (decided.reason.strip(), decided.refund)


def _quote(booking: Booking, amount: Decimal, reason: str) -> ChangeQuote:
    price = change_terms.lowered(change_quotes.as_sold(booking), amount)
    columns = {name: getattr(booking, name) for name in NEW_COLUMNS}
    same = ChangeQuote(
        booking,
        Stay(booking.check_in, booking.check_out),
        booking.room_id,
        booking.room_name,
        booking.guests,
        price,
        columns,
    )
    return same.priced(price, reason)


def decide(actor: Actor, quoted: ChangeQuote, decided: Decided, shown_refund: Decimal | None) -> ChangeQuote:
    """A change that gives nights back with another refund than the policy's, inside the transaction that makes it.

    As much as by the policy is the policy's. Raises Forbidden, RefundChanged where the policy's is not what was shown,
    Invalid.
    """
    booking = quoted.booking
    people.require(actor, Action.DECIDE_REFUNDS, at=booking.property_id, otherwise=Forbidden)
    order, price = payments.lock_order(booking.order_id), quoted.price
    by_policy = change_outcomes.refund_due(order, quoted.difference)
    if shown_refund is not None and shown_refund != by_policy:
        raise RefundChanged
    reason = refund_decisions.sensible(booking, most_of_change(order, quoted), decided)
    if decided.refund == by_policy:
        return quoted
    unpaid = _unpaid(order)
    off = decided.refund + unpaid if decided.refund else min(-price.difference, unpaid)
    return quoted.priced(change_terms.taken_off(price, off), reason)


def most_of_change(order: Order, quoted: ChangeQuote) -> Decimal:
    """What could come back of what is given back: its worth, as far as it was paid."""
    return max(Decimal(0), quoted.price.kept - quoted.price.difference - _unpaid(order))


def _unpaid(order: Order) -> Decimal:
    """Of the price: it is the first to go."""
    return max(Decimal(0), order.owed - order.net_paid)
