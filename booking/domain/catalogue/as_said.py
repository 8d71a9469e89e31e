"""A property or a room as somebody would say it: the fields of its input, filled with what is kept.

For forms that are to be changed, and for commands that change a part of it.
"""

from __future__ import annotations

from typing import Any

from booking.domain import money
from booking.domain.catalogue import beds
from booking.domain.catalogue.cancellation_policies import BY_NAME
from booking.domain.catalogue.models import Property, Room

IN_ADDRESS = ("street", "district", "city", "country", "latitude", "longitude")


def room_as_said(room: Room) -> dict[str, str | list[str]]:
    """Texts by field, empty where nothing is said; amenities as slugs. A policy without a name of ours is not said."""
    price = room.price_per_night
    return {
        "name": room.name,
        "kind": room.kind or "",
        "capacity": str(room.capacity),
        "beds": beds.written(room.beds),
        "sizeM2": str(room.size_m2 or ""),
        "description": room.description,
        "amenities": list(room.amenities),
        "pricePerNight": "" if price is None else money.as_text(price, room.currency),
        "minNights": str(room.min_nights),
        "maxNights": str(room.max_nights),
        "cancellationPolicy": policy_name(room),
    }


def policy_name(room: Room) -> str:
    """Of its cancellation policy, empty where that is none of those that are known by name."""
    name = str(room.cancellation_policy.get("name", ""))
    return name if BY_NAME.get(name) == room.cancellation_policy else ""


def property_as_said(house: Property) -> dict[str, str]:
    """Texts by field, empty where nothing is said."""
    address: dict[str, Any] = house.address
    return {
        **{part: "" if address.get(part) is None else str(address[part]) for part in IN_ADDRESS},
        "name": house.name,
        "slug": house.slug,
        "location": house.location,
        "timeZone": house.time_zone,
        "currency": house.currency,
        "legalName": house.legal_name,
        "taxNumber": house.tax_number or "",
        "invoiceAt": house.invoice_at,
        "contactEmail": house.contact_email or "",
        "contactPhone": house.contact_phone or "",
        "checkInTime": house.check_in_time.isoformat("minutes"),
        "checkOutTime": house.check_out_time.isoformat("minutes"),
        "babiesUnder": str(house.babies_under),
        "houseRules": house.house_rules,
        "description": house.description,
    }
