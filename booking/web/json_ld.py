"""A room in schema.org's words, for search engines."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from booking.http import money_format
from booking.pages import amenities


def room(details: dict[str, Any], price: Decimal, url: str, pictures: list[str]) -> dict[str, Any]:
    """JSON-LD of a room with its price per night; `url` and `pictures` are absolute."""
    return {
        **({"image": pictures} if pictures else {}),
        "@context": "https://schema.org",
        "@type": "HotelRoom",
        "@id": url,
        "name": details["name"],
        "description": details["description"],
        "url": url,
        "occupancy": {"@type": "QuantitativeValue", "maxValue": details["capacity"]},
        "amenityFeature": [
            {"@type": "LocationFeatureSpecification", "name": amenities.shown(slug).name, "value": True}
            for slug in details["amenities"]
        ],
        "containedInPlace": _house(details["property"]),
        "offers": {
            "@type": "Offer",
            "url": url,
            "price": money_format.decimal(price, details["currency"]),
            "priceCurrency": details["currency"],
            "businessFunction": "http://purl.org/goodrelations/v1#LeaseOut",
        },
    }


def _house(house: dict[str, Any]) -> dict[str, Any]:
    address = house["address"]
    place: dict[str, Any] = {
        "@type": "LodgingBusiness",
        "name": house["name"],
        "checkinTime": house["checkInTime"],
        "checkoutTime": house["checkOutTime"],
        "address": {
            "@type": "PostalAddress",
            "streetAddress": address.get("street", ""),
            "addressLocality": address.get("city", ""),
            "addressCountry": address.get("country", ""),
        },
    }
    if "latitude" in address and "longitude" in address:
        place["geo"] = {
            "@type": "GeoCoordinates",
            "latitude": address["latitude"],
            "longitude": address["longitude"],
        }
    return place
