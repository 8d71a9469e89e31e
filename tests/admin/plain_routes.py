"""Routes about rates and photos that differ only in who is let in: for the matrix."""

from __future__ import annotations

import uuid
from typing import Any

from booking.domain import pricing
from booking.domain.tables import Room
from booking.infra.ids import encode
from tests.cast import SYSTEM
from tests.promotions import promotion

# By whoever sees prices anywhere.
SEEN = ("GET /admin/rates", "GET /admin/rates/rules", "GET /admin/taxes", "GET /admin/promotions")
SEEN_HERE = (
    "GET /admin/rates.csv",
    "GET /admin/rates/days.csv",
    "GET /admin/rates/<rate_id>",
    "GET /admin/promotions/<promotion_id>",
)
CHANGED_HERE = (
    "GET /admin/rates/sheets", "POST /admin/rates/sheets", "GET /admin/rates/range", "POST /admin/rates/range",
    "GET /admin/rates/new", "POST /admin/rates/new", "POST /admin/rates/<rate_id>", "POST /admin/rates/<rate_id>/end",
    "POST /admin/rates/<rate_id>/undo", "GET /admin/rates/days", "POST /admin/rates/days",
    "GET /admin/promotions/new", "POST /admin/promotions/new",
    "POST /admin/promotions/<promotion_id>", "POST /admin/promotions/<promotion_id>/end",
    "POST /admin/promotions/<promotion_id>/resume",
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


def a_promotion(room: Room) -> str:
    """The id of one for its property alone."""
    return encode("promotion", promotion(code=f"CODE-{uuid.uuid4().hex[:12]}", properties=[room.property_id]))
