"""Whom the house turns to about an order, where that is not the account that it was made with.

Kept as it was given, whatever becomes of the account's own name and address; gone with the account.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import update

from booking.domain.payments.models import Order
from booking.infra.db import db


@dataclass(frozen=True, slots=True)
class Contact:
    """Who stays. `arrival_time` is by the clock at the property; `requests` are in the guest's own words."""

    full_name: str
    email: str
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
    if order.contact_name is None or order.contact_email is None:
        return None
    more = order.contact_phone, order.contact_arrival_time, order.contact_requests
    return Contact(order.contact_name, order.contact_email, *more)


def forget(order_ids: Collection[uuid.UUID]) -> None:
    """Of these orders, inside the caller's transaction: their account is being deleted."""
    nothing = dict.fromkeys(COLUMNS)
    known = update(Order).where(Order.id.in_(order_ids), Order.contact_name.is_not(None))
    db.session.execute(known.values(nothing).execution_options(synchronize_session=False))
