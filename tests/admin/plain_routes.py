"""Routes about rates and photos that differ only in who is let in: for the matrix."""

from __future__ import annotations

from typing import Any

from booking.domain import pricing
from booking.domain.tables import Room
from booking.infra.ids import encode
from tests.cast import SYSTEM

SEEN = ("GET /admin/rates", "GET /admin/rates/rules", "GET /admin/taxes")  # by whoever sees prices anywhere
SEEN_HERE = ("GET /admin/rates.csv", "GET /admin/rates/<rate_id>")
CHANGED_HERE = (
    "GET /admin/rates/sheets", "POST /admin/rates/sheets", "GET /admin/rates/range", "POST /admin/rates/range",
    "GET /admin/rates/new", "POST /admin/rates/new", "POST /admin/rates/<rate_id>", "POST /admin/rates/<rate_id>/end",
    "POST /admin/rates/<rate_id>/undo",
)  # fmt: skip
PHOTOS = (
    "GET /admin/rooms/<room_id>/photos",
    "POST /admin/rooms/<room_id>/photos",
    "POST /admin/rooms/<room_id>/photos/describe",
    "POST /admin/rooms/<room_id>/photos/<photo_id>/move",
    "POST /admin/rooms/<room_id>/photos/<photo_id>/delete",
    "GET /admin/properties/<property_id>/photos",
    "POST /admin/properties/<property_id>/photos",
    "POST /admin/properties/<property_id>/photos/describe",
    "POST /admin/properties/<property_id>/photos/<photo_id>/move",
    "POST /admin/properties/<property_id>/photos/<photo_id>/delete",
)


def asked(house: Any) -> dict[str, str]:
    """What stands in the address."""
    return {"property": house.here, "kind": "price"}


def a_rate(room: Room) -> str:
    """The id of a rule of its property."""
    said = {"kind": "adjust", "name": "Weekend", "terms": "percent=20"}
    return encode("rate", pricing.add_rate(SYSTEM, room.property_id, pricing.rate_input(said)))
