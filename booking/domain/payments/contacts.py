"""Whom the house turns to about an order, where that is not the account that it was made with.

Kept as it was given, whatever becomes of the account's own name and address; gone with the account. Without an account
it goes some time after the stay, or when its guest asks (reservations/personal_data/guest_erasure.py).
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, update

from booking.domain.payments import billing
from booking.domain.payments.models import Order
from booking.infra.clock import sql_now
from booking.infra.db import db


@dataclass(frozen=True, slots=True)
class Contact:
    """Who stays. `arrival_time` is by the clock at the property; `requests` are in the guest's own words.

    Without an `email` there is a phone number: somebody for whom staff has booked.
    """

    full_name: str
    email: str | None
    phone: str | None = None
    arrival_time: dt.time | None = None
    requests: str | None = None

    def as_columns(self) -> dict[str, Any]:
        """What the order keeps of it."""
        return {
            "contact_name": self.full_name,
            "contact_email": self.email,
            "contact_phone": self.phone,
            "contact_arrival_time": self.arrival_time,
            "contact_requests": self.requests,
        }


COLUMNS = ("contact_name", "contact_email", "contact_phone", "contact_arrival_time", "contact_requests")


def of(order: Order) -> Contact | None:
    """None where the order turns to its account."""
    if order.contact_name is None:
        return None
    more = order.contact_phone, order.contact_arrival_time, order.contact_requests
    return Contact(order.contact_name, order.contact_email, *more)


def forget(order_ids: Collection[uuid.UUID]) -> None:
    """Of these orders, inside the caller's transaction: who stays, whom invoices are made out to, and what staff noted
    about how they will pay.
    """
    billing.forget(order_ids)
    nothing = {**dict.fromkeys(COLUMNS), "guarantee_note": None}
    known = update(Order).where(
        Order.id.in_(order_ids), or_(Order.contact_name.is_not(None), Order.guarantee_note.is_not(None))
    )
    gone = known.values(nothing | {"contact_erased_at": sql_now(), "version": Order.version + 1})
    db.session.execute(gone.execution_options(synchronize_session=False))
