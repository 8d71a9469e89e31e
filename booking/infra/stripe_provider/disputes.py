"""Disputes as Stripe has them: docs.stripe.com/api/disputes/object."""

from __future__ import annotations

import uuid

import stripe

from booking.infra.provider import FoundDispute
from booking.infra.stripe_provider.amounts import from_units

OPEN, WON, LOST = "open", "won", "lost"
# An inquiry that was closed, and a dispute that was prevented, took nothing. What is not named here is undecided.
DECIDED = {"won": WON, "warning_closed": WON, "prevented": WON, "lost": LOST}


def found(api: stripe.V1Services, reference: str) -> FoundDispute | None:
    """None where its charge is none of ours."""
    dispute = api.disputes.retrieve(reference, {"expand": ["payment_intent"]})
    intent = dispute.payment_intent
    if not isinstance(intent, stripe.PaymentIntent):
        return None
    ours, currency = intent.metadata.to_dict().get("payment") if intent.metadata else None, dispute.currency.upper()
    try:
        payment = uuid.UUID(str(ours))
    except ValueError:
        return None
    state, amount = DECIDED.get(dispute.status, OPEN), from_units(dispute.amount, currency)
    return FoundDispute(dispute.id, payment, amount, currency, state, dispute.reason)
