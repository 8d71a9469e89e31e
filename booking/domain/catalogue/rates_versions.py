"""Each property counts the changes of its rate rules: what a quote was made from is named by that number."""

from __future__ import annotations

import uuid

from sqlalchemy import select, update

from booking.domain.catalogue.edit_errors import PropertyNotFound
from booking.domain.catalogue.models import Property
from booking.infra.db import db


def lock(property_id: uuid.UUID) -> Property:
    """Inside the caller's transaction: the property, whose rates nobody else changes now. Raises PropertyNotFound."""
    # Bookings, which only refer to it, go on.
    row = select(Property).where(Property.id == property_id).with_for_update(key_share=True)
    house = db.session.scalar(row.execution_options(populate_existing=True))
    if house is None:
        raise PropertyNotFound
    return house


def count(house: Property) -> int:
    """Inside the transaction that has locked it: the number of a change."""
    number = house.rates_version + 1
    db.session.execute(update(Property).where(Property.id == house.id).values(rates_version=number))
    return number
