"""Who sells the stays of a property, as its invoices state it, and when the house issues them."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, Uuid, any_, bindparam, select

from booking.domain.catalogue.models import Property
from booking.infra.db import fetch
from booking.infra.prepared import often

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
        address = {name: self.address[name] for name in _ADDRESS if self.address.get(name)}
        return {
            "name": self.legal_name,
            "property": self.property_name,
            "taxNumber": self.tax_number,
            "address": address,
            "email": self.email,
            "phone": self.phone,
        }


_STATED = often(
    select(
        Property.id,
        Property.name,
        Property.legal_name,
        Property.tax_number,
        Property.address,
        Property.contact_email,
        Property.contact_phone,
        Property.invoice_at,
    ).where(Property.id == any_(bindparam("houses", type_=ARRAY(Uuid))))
)


def find(property_id: uuid.UUID) -> Seller | None:
    """None where there is no such property."""
    return find_many([property_id]).get(property_id)


def find_many(property_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Seller]:
    """By property, in one statement; without those that are not there."""
    return {row[0]: Seller(*row) for row in fetch(_STATED, houses=list(property_ids))}
