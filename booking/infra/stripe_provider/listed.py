"""What Stripe has refunded and what was disputed in a span of time, whoever asked: for what its webhooks have not told.

docs.stripe.com/api/refunds/list and /disputes/list. Instants are whole seconds there, and the last one counts.
"""

from __future__ import annotations

import datetime as dt
import uuid

import stripe
from stripe.params import DisputeListParams, RefundListParams

from booking.infra.provider import Happened, Heard
from booking.infra.stripe_provider import client, disputes

WITH_INTENT = "data.payment_intent"
# A refund that is pending, or wants its owner to act, has returned nothing yet.
RETURNED = {"succeeded": "succeeded", "failed": "failed", "canceled": "failed"}


def refunds(api: stripe.V1Services, since: dt.datetime, until: dt.datetime) -> list[Happened]:
    """Of our charges, those that are decided; of those from the dashboard, what has gone back."""
    asked: RefundListParams = {"limit": client.PAGE, "expand": [WITH_INTENT]}
    asked["created"] = {"gte": int(since.timestamp()), "lte": int(until.timestamp())}
    found = []
    for refund in api.refunds.list(asked).auto_paging_iter():
        intent, ours, state = refund.payment_intent, _payment(refund), RETURNED.get(str(refund.status))
        if isinstance(intent, stripe.PaymentIntent) and (charge := _payment(intent)) and state:
            if ours:
                found.append(Happened(refund.id, state, charge, Heard("refund", ours)))
            elif state == "succeeded":
                found.append(Happened(refund.id, state, charge, Heard("refund", None, None, intent.id)))
    return found


def disputed(api: stripe.V1Services, since: dt.datetime, until: dt.datetime) -> list[Happened]:
    """The same of disputes, decided or not."""
    asked: DisputeListParams = {"limit": client.PAGE, "expand": [WITH_INTENT]}
    asked["created"] = {"gte": int(since.timestamp()), "lte": int(until.timestamp())}
    found = []
    for dispute in api.disputes.list(asked).auto_paging_iter():
        intent, state = dispute.payment_intent, disputes.DECIDED.get(dispute.status, disputes.OPEN)
        if isinstance(intent, stripe.PaymentIntent) and (charge := _payment(intent)):
            found.append(Happened(dispute.id, state, charge, Heard("dispute", None, dispute.id)))
    return found


def _payment(thing: stripe.PaymentIntent | stripe.Refund) -> uuid.UUID | None:
    """Our id of it, where we asked for it: others may sell through the same account."""
    try:
        return uuid.UUID(str(thing.metadata.to_dict().get("payment"))) if thing.metadata else None
    except ValueError:
        return None
