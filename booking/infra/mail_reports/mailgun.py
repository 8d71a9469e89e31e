"""Mailgun's webhooks: documentation.mailgun.com, "Securing webhooks".

What is signed are a time and a token, not what is told: so each token counts once, and not for long.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from typing import Any

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


def heard(payload: bytes, key: str) -> Heard:
    """Raises NotSigned."""
    try:
        told = json.loads(payload)
        signed, about = told["signature"], told["event-data"]
        timestamp, token, proof = (str(signed[name]) for name in ("timestamp", "token", "signature"))
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise NotSigned from error
    ours = hmac.digest(key.encode(), f"{timestamp}{token}".encode(), "sha256").hex()
    if not token or not hmac.compare_digest(ours.encode(), proof.encode()):
        raise NotSigned
    refuse_unless_recent(instant(timestamp))
    return Heard(token, tuple(_reports(about if isinstance(about, dict) else {})))


def _reports(about: dict[str, Any]) -> Iterator[MailReport]:
    kind = about.get("event")
    outcome = {"complained": COMPLAINED, "delivered": DELIVERED}.get(str(kind))
    if kind == "failed" and about.get("severity") == "permanent":
        outcome = BOUNCED
    if outcome and about.get("recipient"):
        headers = (about.get("message") or {}).get("headers") or {}
        said = about.get("delivery-status") or {}
        code = str(said.get("enhanced-code") or said.get("code") or "")
        email_id = email_of(str(headers.get("message-id") or ""))
        yield MailReport(outcome, str(about["recipient"]), instant(about.get("timestamp")), code, email_id)
