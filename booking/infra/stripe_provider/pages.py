"""Stripe's own page: Checkout Sessions, one for each payment of ours.

A session stays open for a day by itself; whoever waits for it ends it (`closed`). Cards only, wallets with them: what
takes days to arrive would pin nights as long. Prices stay in the currency they were shown in.
"""

from __future__ import annotations

import uuid

import stripe
from stripe.params.checkout import SessionCreateParams, SessionCreateParamsPaymentIntentData

from booking.infra.provider import HostedPage, NoAnswer, Outcome, Result

PREFIX = "cs_"  # of a session's id


def made(
    api: stripe.V1Services, key: uuid.UUID, units: int, currency: str, page: HostedPage
) -> stripe.checkout.Session:
    """The session of this payment: the same one for a day, however often it is asked for."""
    ours = {"payment": str(key)}
    intent: SessionCreateParamsPaymentIntentData = {"metadata": ours}
    if page.keeps_card:
        intent["setup_future_usage"] = "off_session"  # the page says so, and attaches the card to the Customer
    wanted: SessionCreateParams = {
        "mode": "payment",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": currency.lower(),
                    "unit_amount": units,
                    "product_data": {"name": page.title},
                },
            }
        ],
        "allowed_payment_method_types": ["card"],
        "adaptive_pricing": {"enabled": False},
        "client_reference_id": str(key),
        "metadata": ours,
        "payment_intent_data": intent,
        "success_url": page.paid_url,
        "cancel_url": page.back_url,
    }
    if page.keeps_card:
        wanted["customer_creation"] = "always"
    return api.checkout.sessions.create(wanted, {"idempotency_key": str(key)})


def found(api: stripe.V1Services, reference: str) -> Outcome | None:
    """What became of it; None while the guest may still pay."""
    return _outcome(api.checkout.sessions.retrieve(reference))


def closed(api: stripe.V1Services, reference: str) -> Outcome:
    """Nobody pays there from now on; CHARGED where somebody already has. Raises NoAnswer while it cannot be ended."""
    try:
        outcome = _outcome(api.checkout.sessions.expire(reference))
    except stripe.InvalidRequestError:
        outcome = found(api, reference)
    if outcome is None:
        raise NoAnswer(f"{reference} is still open")
    return outcome


def _outcome(session: stripe.checkout.Session) -> Outcome | None:
    if session.status == "complete" and session.payment_status == "paid":
        intent = session.payment_intent
        return Outcome(Result.CHARGED, str(intent.id if isinstance(intent, stripe.PaymentIntent) else intent))
    return Outcome(Result.CANCELLED, session.id) if session.status == "expired" else None
