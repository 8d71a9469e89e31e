"""What Stripe tells by itself: who signed it and when, and what it is about. What happened, only Stripe's API says.

docs.stripe.com/webhooks: events come at least once, in any order, and up to three days late.
"""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

import stripe

from booking.infra.provider import Heard, NotSigned

RETURNING = ("refund.", "charge.refund")  # events about money that goes back, of a refund or of a charge
TOLERANCE = 300  # seconds between signing and arriving, in either direction


def heard(payload: bytes, signature: str, secret: str) -> Heard:
    """Raises NotSigned for what Stripe did not sign with this secret within the last minutes."""
    try:
        stripe.WebhookSignature.verify_header(payload, signature, secret, TOLERANCE)
        if _signed_at(signature) > time.time() + TOLERANCE:  # their library accepts the future
            raise NotSigned
        told = json.loads(payload)
    except (stripe.SignatureVerificationError, ValueError) as error:
        raise NotSigned from error
    return _about(told if isinstance(told, dict) else {})


def _signed_at(signature: str) -> int:
    return next(int(part[2:]) for part in signature.split(",") if part.startswith("t="))


def _about(told: dict[str, Any]) -> Heard:
    thing = (told.get("data") or {}).get("object") or {}
    kind = str(told.get("type", ""))
    dispute = str(thing.get("id", "")) if kind.startswith("charge.dispute.") else None
    charge = str(thing.get("payment_intent") or "") if kind.startswith(RETURNING) else ""
    return Heard(kind, _payment(thing), dispute, charge or None)


def _payment(thing: dict[str, Any]) -> uuid.UUID | None:
    """Our payment's id, where it is one of ours: others may sell through the same account."""
    try:
        return uuid.UUID(str((thing.get("metadata") or {})["payment"]))
    except (KeyError, ValueError, TypeError):
        return None
