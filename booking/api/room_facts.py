"""What is known about a room as it was imported, in the forms that the contract promises."""

from __future__ import annotations

from typing import (
    Any,
    NotRequired,  # pydantic wants these before Python 3.12
)

from pydantic import Field
from typing_extensions import TypedDict

from booking.api.schema import Schema
from booking.config import Settings
from booking.domain import catalogue, pricing
from booking.domain.catalogue import BED_TYPES, ShownPhoto
from booking.http import photo_addresses


class Address(Schema):
    street: str | None
    district: str | None
    city: str | None
    country: str | None
    latitude: float | None
    longitude: float | None


class Image(TypedDict):
    """What nobody said about a photo is left out (see pictures.shown)."""

    url: str
    alt: NotRequired[str]
    caption: NotRequired[str]
    width: NotRequired[int]
    height: NotRequired[int]


class Bed(Schema):
    """Beds of one type."""

    type: str = Field(json_schema_extra={"enum": [*BED_TYPES]})
    count: int


def images(details: dict[str, Any], settings: Settings) -> list[Image]:
    """What staff has uploaded, as JPEG, then what was imported. What nobody has described has no `alt`."""
    own = [_image(photo, settings) for photo in catalogue.shown_photos(details["photos"])]
    return [*own, *details["images"]]


def _image(photo: ShownPhoto, settings: Settings) -> Image:
    image = Image(url=photo_addresses.absolute(photo, settings), width=photo.jpeg_width, height=photo.jpeg_height)
    if photo.alt:
        image["alt"] = photo.alt
    return image


def _is_none(value: object) -> bool:
    return value is None


class PolicyTier(Schema):
    days_before: int
    hours_before: int | None = Field(default=None, exclude_if=_is_none)
    percent: int
    kept_nights: int | None = Field(default=None, exclude_if=_is_none)


class PolicyDeposit(Schema):
    """A part of the price in percent, or an amount; the rest is due so many days before check-in."""

    percent: float | None
    amount: float | None
    balance_days: int


class CancellationPolicy(Schema):
    name: str | None
    tiers: list[PolicyTier]
    deposit: PolicyDeposit | None = Field(default=None, exclude_if=_is_none)


def address(known: dict[str, Any]) -> Address:
    """Addresses are imported as they come: what is not as promised is left out."""
    facts: dict[str, Any] = {
        name: known[name] if isinstance(known.get(name), str) else None
        for name in ("street", "district", "city", "country")
    }
    for name in ("latitude", "longitude"):
        facts[name] = known[name] if type(known.get(name)) in (int, float) else None
    return Address.model_construct(**facts)


def policy(known: dict[str, Any]) -> CancellationPolicy:
    tiers = sorted(known.get("tiers", []), key=lambda tier: -int(tier["daysBefore"]))
    return CancellationPolicy(
        name=known.get("name"),
        tiers=[
            PolicyTier(
                days_before=tier["daysBefore"],
                hours_before=tier.get("hoursBefore"),
                percent=tier["percent"],
                kept_nights=tier.get("keptNights"),
            )
            for tier in tiers
        ],
        deposit=_deposit(known),
    )


def _deposit(known: dict[str, Any]) -> PolicyDeposit | None:
    terms = pricing.deposit_of_policy(known)
    if terms is None:
        return None
    percent, amount = (None if part is None else float(part) for part in (terms.percent, terms.amount))
    return PolicyDeposit(percent=percent, amount=amount, balance_days=terms.balance_days)
