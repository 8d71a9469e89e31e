"""What is known about a room as it was imported, in the forms that the contract promises."""

from __future__ import annotations

import re
from typing import Any

from booking.api.shape import Shape

IMAGE_URL = re.compile(r"https?://[^\s\"'<>\\\\]+\Z", re.IGNORECASE)


class AddressShape(Shape):
    street: str | None
    district: str | None
    city: str | None
    country: str | None
    latitude: float | None
    longitude: float | None


class ImageShape(Shape):
    url: str
    alt: str | None


class TierShape(Shape):
    days_before: int
    percent: int


class PolicyShape(Shape):
    name: str | None
    tiers: list[TierShape]


def address(known: dict[str, Any]) -> AddressShape:
    """Addresses are imported as they come: what is not as promised is left out."""
    facts: dict[str, Any] = {
        name: known[name] if isinstance(known.get(name), str) else None
        for name in ("street", "district", "city", "country")
    }
    for name in ("latitude", "longitude"):
        facts[name] = known[name] if type(known.get(name)) in (int, float) else None
    return AddressShape.model_construct(**facts)


def images(known: list[Any]) -> list[ImageShape]:
    """Those with an address that a program can open."""
    found = [image for image in known if isinstance(image, dict) and IMAGE_URL.match(str(image.get("url", "")))]
    return [ImageShape.model_construct(url=image["url"], alt=_alt(image)) for image in found]


def _alt(image: dict[str, Any]) -> str | None:
    told = image.get("alt") or image.get("caption")
    return told if isinstance(told, str) else None


def policy(known: dict[str, Any]) -> PolicyShape:
    tiers = sorted(known.get("tiers", []), key=lambda tier: -int(tier["daysBefore"]))
    return PolicyShape(
        name=known.get("name"),
        tiers=[TierShape(days_before=tier["daysBefore"], percent=tier["percent"]) for tier in tiers],
    )
