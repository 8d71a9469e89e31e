"""Who sells the stays of a property, as its invoices state it, and when the house issues them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from booking.domain.catalogue.models import Property
from booking.infra.db import db, reading

_ADDRESS = ("street", "district", "city", "country")


@dataclass(frozen=True, slots=True)
class Seller:
    """As the property says it now; `invoice_at` is one of INVOICE_TIMES."""

    property_id: uuid.UUID
    property_name: str
    legal_name: str
    tax_number: str | None
    address: dict[str, Any]
    email: str | None
    phone: str | None
    invoice_at: str

    def as_json(self) -> dict[str, Any]:
        """What an invoice keeps of it: who and where."""
        address = {
            name: self.address[name] for name in ("street", "district", "city", "country") if self.address.get(name)
        }
        return {
            "name": self.legal_name,
            "property": self.property_name,
            "taxNumber": self.tax_number,
            "address": address,
            "email": self.email,
            "phone": self.phone,
        }


@reading
def find(property_id: uuid.UUID) -> Seller | None:
    """None where there is no such property."""
    house = db.session.scalars(select(Property).where(Property.id == property_id)).one_or_none()
    if house is None:
        return None
    contact = house.contact_email, house.contact_phone
    return Seller(
        house.id, house.name, house.legal_name, house.tax_number, dict(house.address), *contact, house.invoice_at
    )
