"""What a guest is told of the house they have booked, as it is now: how to reach it, and its rules."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import select

from booking.domain.catalogue.models import Property
from booking.infra.db import db, reading


@dataclass(frozen=True, slots=True)
class HouseFacts:
    """Each is empty where the house has not said it."""

    email: str = ""
    phone: str = ""
    rules: str = ""

    def __bool__(self) -> bool:
        return bool(self.email or self.phone or self.rules)


@reading
def facts(property_id: uuid.UUID) -> HouseFacts:
    """Of a property; nothing of one that is not there."""
    told = select(Property.contact_email, Property.contact_phone, Property.house_rules)
    found = db.session.execute(told.where(Property.id == property_id)).one_or_none()
    return HouseFacts(found[0] or "", found[1] or "", found[2]) if found else HouseFacts()
