"""Paying for a hold at the provider's own page: the nights are pinned while the guest is there, until the hold's own
end. What becomes of the page: payment_pages.py.
"""

from __future__ import annotations

import uuid
from decimal import Decimal

from booking.domain import payments
from booking.domain.actors import Actor
from booking.domain.errors import CancelledDuringPayment, PriceChanged
from booking.domain.payments import AWAITING_GUEST, HOSTED, Payment
from booking.domain.people import Action
from booking.domain.reservations import bookings, charging, lines, payment_pages
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.models import Lines
from booking.domain.reservations.payment_pages import Links
from booking.infra import clock
from booking.infra.db import reading, transaction
from booking.infra.provider import NoAnswer


def page_of(
    actor: Actor, booking_id: uuid.UUID, shown_total: Decimal, context: BookingContext, links: Links
) -> str | None:
    """Where the guest pays for this hold: one page, however often it is asked for; None where there is nothing to pay.

    Raises BookingNotFound, HoldOver, PriceChanged, PaymentInProgress, PaymentPageUnavailable.
    """
    order = bookings.payable(actor, booking_id, shown_total)
    held = lines.pending(order)
    if not held:
        return None
    if not lines.total(held):
        charging.confirm_unpaid(actor, held, None)
        return None
    charge = payments.latest_charge(held[0].order_id)
    title = lines.first(order).reference
    if charge is None or not payments.is_open(charge):
        begun = _begin(actor, held, context)
        return payment_pages.url_of(actor, begun, title, context, links, is_new=True)
    return payment_pages.url_of(actor, charge, title, context, links)


@transaction
def _begin(actor: Actor, seen: Lines, context: BookingContext) -> Payment:
    """Record that the guest is awaited and pin the nights; `seen` are the holds as they were looked at."""
    held = charging.pinned(seen)
    ends = [booking.held_until for booking in held if booking.held_until]
    if (lines.total(held), held[0].currency) != (lines.total(seen), seen[0].currency) or len(ends) < len(held):
        raise PriceChanged
    until = min(ends) - clock.now()
    return payments.await_guest(charging.mark_paying(actor, held), until=until, context=context)


def came_back(actor: Actor, booking_id: uuid.UUID, context: BookingContext) -> None:
    """The guest says that it is paid, the hold or a change. Where the provider is silent, recovery finds out.

    Raises BookingNotFound.
    """
    charge = _charge_of(actor, Action.SEE_BOOKING, booking_id)
    if charge is None or charge.state != AWAITING_GUEST:
        return
    try:
        payment_pages.look(actor, charge.id, context)
    except NoAnswer:
        payments.hasten_payment(charge.id)


def withdraw(actor: Actor, booking_id: uuid.UUID, context: BookingContext) -> None:
    """The guest does not pay at the page after all: it is closed, and the hold runs on. Paid already: confirmed.

    Raises BookingNotFound, CancelledDuringPayment (the provider does not answer).
    """
    charge = _charge_of(actor, Action.CANCEL_BOOKING, booking_id)
    if charge is None or charge.purpose == payments.FOR_CHANGE:
        return
    try:
        payment_pages.close(actor, charge, context)
    except NoAnswer:
        raise CancelledDuringPayment from None


def _charge_of(actor: Actor, action: Action, booking_id: uuid.UUID) -> Payment | None:
    charge = payments.latest_charge(_permitted(actor, action, booking_id).order_id)
    return charge if charge and charge.method == HOSTED else None


_permitted = reading(bookings.permitted)
