"""Paying at the provider's own page: the nights are pinned while the guest is there, until the hold's own end.

Whoever hears of the payment first (the guest who comes back, the provider's webhook, recovery at the hold's end) asks
the provider what became of it and acts on that; each finds done what the one before did.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal

from booking.domain import payments
from booking.domain.actors import Actor
from booking.domain.errors import (
    CancelledDuringPayment,
    PaymentInProgress,
    PaymentPageUnavailable,
    PriceChanged,
    RoomNotAvailable,
)
from booking.domain.payments import AWAITING_GUEST, HOSTED, UNKNOWN, Payment
from booking.domain.people import Action
from booking.domain.reservations import bookings, charging, lines, payment_outcomes
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.models import Booking, Lines
from booking.infra import clock, telemetry
from booking.infra.db import reading, transaction
from booking.infra.provider import HostedPage, HostedPages, NoAnswer, Outcome, Result


@dataclass(frozen=True, slots=True)
class Links:
    """Where the provider sends the guest: after paying, and without."""

    paid: str
    back: str


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
    if charge is None or not payments.is_open(charge):
        charge = _begin(actor, held, context)
    return _opened(actor, charge, lines.first(order), context, links)


@transaction
def _begin(actor: Actor, seen: Lines, context: BookingContext) -> Payment:
    """Record that the guest is awaited and pin the nights; `seen` are the holds as they were looked at."""
    held = charging.pinned(seen)
    ends = [booking.held_until for booking in held if booking.held_until]
    if (lines.total(held), held[0].currency) != (lines.total(seen), seen[0].currency) or len(ends) < len(held):
        raise PriceChanged
    until = min(ends) - clock.now()
    return payments.await_guest(charging.mark_paying(actor, held), until=until, context=context)


def _opened(actor: Actor, charge: Payment, first: Booking, context: BookingContext, links: Links) -> str | None:
    provider = context.find_provider(charge.provider)
    if charge.state != AWAITING_GUEST or not isinstance(provider, HostedPages):
        raise PaymentInProgress
    shown = HostedPage(first.reference, links.paid, links.back)
    try:
        url = provider.page(charge.id, charge.amount, charge.currency, shown)
    except NoAnswer:
        telemetry.log.warning("payment_page_unavailable", payment=str(charge.id))
        if charge.provider_reference is None:
            withdraw(actor, first.id, context)  # with another key, the next attempt is not told the same again
        raise PaymentPageUnavailable from None
    if url is None:
        look(actor, charge.id, context)
    return url


# --- what became of it


def look(actor: Actor, payment_id: uuid.UUID, context: BookingContext) -> None:
    """Ask the provider about a charge that is awaited or unknown, and act on a final answer. Ends nothing by itself.

    Raises NoAnswer where the provider does not answer.
    """
    charge = payments.find_payment(payment_id)
    provider = context.find_provider(charge.provider) if charge else None
    if charge is None or provider is None or charge.state not in (AWAITING_GUEST, UNKNOWN):
        return
    outcome = provider.find(charge.id)
    if outcome is None:
        return
    if outcome.result is Result.CHARGED:
        _confirmed(actor, charge, outcome, context)
    elif charge.state == AWAITING_GUEST and outcome.result is Result.CANCELLED:
        charging.give_up(actor, charge.id, payments.ABANDONED, keep_hold=True)


def came_back(actor: Actor, booking_id: uuid.UUID, context: BookingContext) -> None:
    """The guest says that it is paid. Where the provider is silent, recovery finds out. Raises BookingNotFound."""
    charge = _charge_of(actor, Action.SEE_BOOKING, booking_id)
    if charge is None or charge.state != AWAITING_GUEST:
        return
    try:
        look(actor, charge.id, context)
    except NoAnswer:
        payments.hasten_payment(charge.id)


def withdraw(actor: Actor, booking_id: uuid.UUID, context: BookingContext) -> None:
    """The guest does not pay at the page after all: it is closed, and the hold runs on. Paid already: confirmed.

    Raises BookingNotFound, CancelledDuringPayment (the provider does not answer).
    """
    charge = _charge_of(actor, Action.CANCEL_BOOKING, booking_id)
    provider = context.find_provider(charge.provider) if charge else None
    if charge is None or provider is None or charge.state != AWAITING_GUEST:
        return
    try:
        outcome = provider.cancel(charge.id, charge.currency)
    except NoAnswer:
        raise CancelledDuringPayment from None
    if outcome.result is Result.CHARGED:
        _confirmed(actor, charge, outcome, context)
    else:
        charging.give_up(actor, charge.id, payments.ABANDONED, keep_hold=True)


def _confirmed(actor: Actor, charge: Payment, outcome: Outcome, context: BookingContext) -> None:
    try:
        payment_outcomes.charged(actor, charge, outcome, context)
    except RoomNotAvailable:
        telemetry.log.warning("hosted_charge_refunded", payment=str(charge.id))


def _charge_of(actor: Actor, action: Action, booking_id: uuid.UUID) -> Payment | None:
    charge = payments.latest_charge(_permitted(actor, action, booking_id).order_id)
    return charge if charge and charge.method == HOSTED else None


_permitted = reading(bookings.permitted)
