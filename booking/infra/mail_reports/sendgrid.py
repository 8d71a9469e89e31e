"""SendGrid's signed event webhook: docs.sendgrid.com, "Getting started with the event webhook security features"."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from booking.infra.mail_reports.report import (
    BOUNCED,
    COMPLAINED,
    DELIVERED,
    Heard,
    MailReport,
    NotSigned,
    email_of,
    instant,
    refuse_unless_recent,
)

SIGNATURE, TIMESTAMP = "X-Twilio-Email-Event-Webhook-Signature", "X-Twilio-Email-Event-Webhook-Timestamp"
# Why something was not even tried that means that the address takes no mail.
DROPPED = ("bounced address", "invalid", "spam reporting address")


def verification_key(text: str) -> EllipticCurvePublicKey:
    """The key that SendGrid shows, as it stands there. Raises ValueError for what is none."""
    key = load_der_public_key(b64decode(text, validate=True))
    if not isinstance(key, EllipticCurvePublicKey):
        raise ValueError("it is no key of SendGrid's")
    return key


def heard(payload: bytes, signature: str, timestamp: str, key: str) -> list[Heard]:
    """Each event of the request. Raises NotSigned."""
    try:
        verification_key(key).verify(b64decode(signature), timestamp.encode() + payload, ECDSA(SHA256()))
        told = json.loads(payload)
    except (InvalidSignature, ValueError) as error:
        raise NotSigned from error
    refuse_unless_recent(instant(timestamp))
    events = (one for one in (told if isinstance(told, list) else []) if isinstance(one, dict))
    return [Heard(str(one.get("sg_event_id", "")), tuple(_reports(one))) for one in events if one.get("sg_event_id")]


def _reports(told: dict[str, Any]) -> Iterator[MailReport]:
    outcome = _outcome(told)
    if outcome and told.get("email"):
        code = str(told.get("status") or "")
        yield MailReport(
            outcome, str(told["email"]), instant(told.get("timestamp")), code, email_of(str(told.get("smtp-id") or ""))
        )


def _outcome(told: dict[str, Any]) -> str | None:
    """A bounce of the type `blocked` is one that the receiving server may take another time."""
    kind = told.get("event")
    if kind == "bounce":
        return BOUNCED if told.get("type", "bounce") == "bounce" else None
    if kind == "dropped":
        return BOUNCED if str(told.get("reason", "")).lower().startswith(DROPPED) else None
    return {"spamreport": COMPLAINED, "delivered": DELIVERED}.get(str(kind))
