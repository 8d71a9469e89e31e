"""What a guest is told of the house they have booked, as it is now: how to reach it, and its rules."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import bindparam, select

from booking.domain.catalogue.models import Property
from booking.infra.db import ask
from booking.infra.prepared import often


@dataclass(frozen=True, slots=True)
class HouseFacts:
    """Each is empty where the house has not said it."""

    email: str = ""
    phone: str = ""
    rules: str = ""

    def __bool__(self) -> bool:
        return bool(self.email or self.phone or self.rules)


_TOLD = often(
    select(Property.contact_email, Property.contact_phone, Property.house_rules).where(
        Property.id == bindparam("property_id")
    )
)


def facts(property_id: uuid.UUID) -> HouseFacts:
    """Of a property; nothing of one that is not there."""
    for email, phone, rules in ask(_TOLD, property_id=property_id):
        return HouseFacts(email or "", phone or "", rules)
    return HouseFacts()
