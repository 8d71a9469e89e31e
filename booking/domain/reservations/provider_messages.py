"""A provider tells us something: ask it about the payment, refund or dispute that it names, and act on the answer."""

from __future__ import annotations

from booking.domain import payments
from booking.domain.actors import Actor
from booking.domain.payments import CHARGE
from booking.domain.reservations import payment_pages
from booking.domain.reservations.context import BookingContext
from booking.infra.provider import Heard


def hear(actor: Actor, provider: str, heard: Heard, context: BookingContext) -> None:
    """Late, twice, in any order: only what the provider says now counts. What is none of ours is left alone.

    Raises NoAnswer where the provider is silent: it is to tell us again.
    """
    if heard.dispute:
        payments.look_at_dispute(actor, provider, heard.dispute, context)
        return
    payment = payments.find_payment(heard.payment) if heard.payment else None
    if heard.charge and (payment is None or payment.kind == CHARGE):
        payments.look_at_returns(actor, provider, heard.charge, context)
    if payment is None or payment.provider != provider:
        return
    if payment.kind == CHARGE:
        payment_pages.look(actor, payment.id, context)
    else:
        payments.look_at_refund(actor, payment, context)
