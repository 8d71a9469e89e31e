"""A charge that the guest makes at the provider's own page, whatever it is for: where that page is, what became of it,
and its end.

Whoever hears of the payment first (the guest who comes back, the provider's webhook, recovery at the hold's end) asks
the provider what became of it and acts on that; each finds done what the one before did.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from booking.domain import payments
from booking.domain.actors import Actor
from booking.domain.errors import PaymentInProgress, PaymentPageUnavailable, RoomNotAvailable
from booking.domain.payments import AWAITING_GUEST, UNKNOWN, Payment
from booking.domain.reservations import payment_outcomes
from booking.domain.reservations.context import BookingContext
from booking.infra import telemetry
from booking.infra.provider import HostedPage, HostedPages, NoAnswer, Outcome, Result


@dataclass(frozen=True, slots=True)
class Links:
    """Where the provider sends the guest: after paying, and without."""

    paid: str
    back: str


def url_of(
    actor: Actor, charge: Payment, title: str, context: BookingContext, links: Links, *, is_new: bool = False
) -> str | None:
    """The page of an awaited charge: the same one however often it is asked for. None: it is closed, and what became of
    it has been acted upon.

    `is_new`: the caller has begun the charge, and ends it where its page cannot be opened; another caller does not, as
    somebody may be opening it at this moment. Raises PaymentInProgress, PaymentPageUnavailable.
    """
    provider = context.find_provider(charge.provider)
    if charge.state != AWAITING_GUEST or not isinstance(provider, HostedPages):
        raise PaymentInProgress
    shown = HostedPage(title, links.paid, links.back, keeps_card=charge.purpose == payments.DEPOSIT)
    try:
        url = provider.page(charge.id, charge.amount, charge.currency, shown)
        if url is None:
            look(actor, charge.id, context)
    except NoAnswer:
        telemetry.log.warning("payment_page_unavailable", payment=str(charge.id))
        if is_new:
            _end_unopened(actor, charge, context)
        raise PaymentPageUnavailable from None
    return url


def _end_unopened(actor: Actor, charge: Payment, context: BookingContext) -> None:
    """With another key, the next attempt is not told the same again."""
    try:
        close(actor, charge, context)
    except NoAnswer:
        telemetry.log.warning("payment_page_not_closed", payment=str(charge.id))  # recovery closes it


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
        payment_outcomes.not_charged(actor, charge, payments.ABANDONED, keep_hold=True)


def close(actor: Actor, charge: Payment, context: BookingContext) -> None:
    """Nobody pays there any more; what was paid already is confirmed. Raises NoAnswer."""
    provider = context.find_provider(charge.provider)
    if provider is None or charge.state != AWAITING_GUEST:
        return
    outcome = provider.cancel(charge.id, charge.currency)
    if outcome.result is Result.CHARGED:
        _confirmed(actor, charge, outcome, context)
    else:
        payment_outcomes.not_charged(actor, charge, payments.ABANDONED, keep_hold=True)


def close_beyond(actor: Actor, order_id: uuid.UUID, context: BookingContext) -> None:
    """Less of an order is due than before: nobody pays the rest any more at a page that asks for what was due then.

    What was paid there already is too much, and goes back. Where the provider is silent, recovery closes it as soon as
    it answers.
    """
    charge = payments.find_awaited_beyond(order_id) if context.hosted else None
    if charge is None:
        return
    try:
        close(actor, charge, context)
    except NoAnswer:
        telemetry.log.warning("payment_page_not_closed", payment=str(charge.id))
        payments.hasten_payment(charge.id)


def _confirmed(actor: Actor, charge: Payment, outcome: Outcome, context: BookingContext) -> None:
    try:
        payment_outcomes.charged(actor, charge, outcome, context)
    except RoomNotAvailable:
        telemetry.log.warning("hosted_charge_refunded", payment=str(charge.id))
