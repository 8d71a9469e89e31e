"""What is kept of somebody about text messages: for themselves, and forgotten with them."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import delete, select

from booking.domain.people import as_utc_text
from booking.domain.texting.models import SentText, TextConsent
from booking.infra.db import db


def forget(user_id: uuid.UUID) -> None:
    """Inside the caller's transaction: an account's number, what it had agreed to and what was sent there."""
    for table in (TextConsent, SentText):
        db.session.execute(delete(table).where(table.user_id == user_id))


def of_account(user_id: uuid.UUID) -> dict[str, list[dict[str, Any]]]:
    """textConsents, texts: inside the caller's transaction, the newest first."""
    consents = select(TextConsent).where(TextConsent.user_id == user_id).order_by(TextConsent.id.desc())
    sent = select(SentText).where(SentText.user_id == user_id).order_by(SentText.event_id.desc())
    return {
        "textConsents": [_consent(one) for one in db.session.scalars(consents)],
        "texts": [
            {"to": one.number, "text": one.text, "sentAt": as_utc_text(one.sent_at)} for one in db.session.scalars(sent)
        ],
    }


def _consent(one: TextConsent) -> dict[str, Any]:
    return {
        "number": one.number,
        "arrivals": one.arrivals,
        "alerts": one.alerts,
        "givenAt": as_utc_text(one.given_at),
        "givenWhere": one.given_where,
        "withdrawnAt": as_utc_text(one.withdrawn_at),
        "withdrawnHow": one.withdrawn_how,
    }
