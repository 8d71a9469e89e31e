"""Refunds that somebody made in Stripe's own dashboard: docs.stripe.com/api/refunds/object."""

from __future__ import annotations

import uuid

import stripe

from booking.infra.provider import FoundReturn, FoundReturns
from booking.infra.stripe_provider import client
from booking.infra.stripe_provider.amounts import from_units

OURS = "payment"  # the entry of metadata that whatever we ask for has


def found(api: stripe.V1Services, reference: str) -> FoundReturns | None:
    """None where the intent is none of ours."""
    payment = _ours(api.payment_intents.retrieve(reference).metadata)
    if payment is None:
        return None
    made = api.refunds.list({"payment_intent": reference, "limit": client.PAGE})
    returned = [refund for refund in made.auto_paging_iter() if refund.status == "succeeded"]  # the newest first
    return FoundReturns(payment, tuple(_found(one) for one in reversed(returned) if _ours(one.metadata) is None))


def _found(refund: stripe.Refund) -> FoundReturn:
    currency = refund.currency.upper()
    return FoundReturn(refund.id, from_units(refund.amount, currency), currency)


def _ours(metadata: stripe.StripeObject | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(str(metadata.to_dict().get(OURS))) if metadata else None
    except ValueError:
        return None
