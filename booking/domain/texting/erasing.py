"""What is kept of somebody about text messages: for themselves, and forgotten with them."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, select

from booking.domain.people import as_utc_text
from booking.domain.texting.models import SentText, TextConsent
from booking.infra.db import db


def forget(user_id: uuid.UUID) -> None:
    """Inside the caller's transaction: an account's number, what it had agreed to and what was sent there."""
    for table in (TextConsent, SentText):
        db.session.execute(delete(table).where(table.user_id == user_id))


def forget_contacts(order_ids: Collection[uuid.UUID], booking_ids: Collection[uuid.UUID]) -> None:
    """The same of whoever stays with these orders, whose bookings these are."""
    db.session.execute(delete(TextConsent).where(TextConsent.order_id.in_(order_ids)))
    db.session.execute(delete(SentText).where(_to_contacts(booking_ids)))


def of_account(user_id: uuid.UUID) -> dict[str, list[dict[str, Any]]]:
    """textConsents, texts: inside the caller's transaction, the newest first."""
    return _told(TextConsent.user_id == user_id, SentText.user_id == user_id)


def of_contacts(order_ids: Iterable[uuid.UUID], booking_ids: Iterable[uuid.UUID]) -> dict[str, list[dict[str, Any]]]:
    """The same of whoever stays with these orders, whose bookings these are."""
    return _told(TextConsent.order_id.in_(order_ids), _to_contacts(booking_ids))


def _to_contacts(booking_ids: Iterable[uuid.UUID]) -> ColumnElement[bool]:
    return and_(SentText.booking_id.in_(booking_ids), SentText.user_id.is_(None))


def _told(whose: ColumnElement[bool], to_whom: ColumnElement[bool]) -> dict[str, list[dict[str, Any]]]:
    consents = select(TextConsent).where(whose).order_by(TextConsent.id.desc())
    sent = select(SentText).where(to_whom).order_by(SentText.event_id.desc())
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
