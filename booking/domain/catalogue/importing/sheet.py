"""Our own CSV: everything that a room and its property are, so that what was exported can come back as it was.

A cell that a spreadsheet would run as a formula gets an apostrophe in front, which importing takes away again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from booking.domain.catalogue import beds, pictures
from booking.domain.catalogue.cancellation_policies import BY_NAME, DEPOSIT_TERMS, is_deposit
from booking.domain.catalogue.importing import listings, places, text, values
from booking.domain.catalogue.importing.drafts import (
    CHECK_IN,
    CHECK_OUT,
    BadRow,
    Defaults,
    PropertyDraft,
    RoomDraft,
    Unfit,
)
from booking.domain.catalogue.models import Property, Room
from booking.infra import ids

OURS = "room"  # the source of rooms that have none: their source_id is their own id
LARGEST_SIZE = 10_000  # square metres
LARGEST_ROOM = 1000  # guests, as the table has it: what is in the database may come back
REQUIRED = ("source_id", "name", "capacity", "price_per_night")
COLUMNS = (
    "property_slug", "property_name", "legal_name", "location", "address", "time_zone", "currency", "check_in_time",
    "check_out_time", "source", "source_id", "kind", "name", "description", "capacity", "beds", "size_m2",
    "price_per_night", "amenities", "images", "min_nights", "max_nights", "cancellation_policy", "published",
)  # fmt: skip

# What makes a cell a formula (OWASP, CSV injection), and the apostrophe itself, so that guarding can be undone.
_GUARDED = tuple("=+-@＝＋－＠\t\r\n'")


def guarded(cell: str) -> str:
    """The cell as text in every spreadsheet."""
    return "'" + cell if cell.startswith(_GUARDED) else cell


def unguarded(cell: str) -> str:
    """What `guarded` was given."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_GUARDED) else cell


def written(room: Room, house: Property) -> list[str]:
    """The row of a room, a cell for each of COLUMNS."""
    source, source_id = (room.source, room.source_id) if room.source else (OURS, ids.encode("room", room.id))
    price = "" if room.price_per_night is None else f"{room.price_per_night.normalize():f}"
    cells = {
        "property_slug": house.slug,
        "property_name": house.name,
        "legal_name": house.legal_name,
        "location": house.location,
        "address": _json(house.address),
        "time_zone": house.time_zone,
        "currency": house.currency,
        "check_in_time": house.check_in_time.isoformat("minutes"),
        "check_out_time": house.check_out_time.isoformat("minutes"),
        "source": source,
        "source_id": source_id,
        "kind": room.kind or "",
        "name": room.name,
        "description": room.description,
        "capacity": str(room.capacity),
        "beds": beds.written(room.beds),
        "size_m2": str(room.size_m2 or ""),
        "price_per_night": price,
        "amenities": _json(room.amenities),
        "images": _json(room.images),
        "min_nights": str(room.min_nights),
        "max_nights": str(room.max_nights),
        "cancellation_policy": _json(room.cancellation_policy),
        "published": "true" if room.published else "false",
    }
    return [guarded(cells[column] or "") for column in COLUMNS]


def draft(row: Mapping[str, str], line: int, defaults: Defaults) -> RoomDraft:
    """The room that a row of ours describes; BadRow names the column that makes it none."""
    cells = {column: unguarded(cell) for column, cell in row.items()}
    house = _property(cells, defaults)
    lowest, highest = listings.stay_limits(cells, "min_nights", "max_nights", ceiling=values.LARGEST_NUMBER)
    own_id, source, source_id = _identity(cells)
    return RoomDraft(
        line=line,
        house=house,
        id=own_id,
        source=source,
        source_id=source_id,
        name=listings.name(cells["name"]),
        description=listings.description(text.paragraphs(cells.get("description", ""))),
        kind=listings.kind("kind", cells.get("kind", "")),
        capacity=listings.capacity("capacity", cells["capacity"], highest=LARGEST_ROOM),
        beds=_beds(cells["beds"]) if "beds" in cells else None,
        size_m2=_size(cells["size_m2"]) if "size_m2" in cells else None,
        price_per_night=values.price("price_per_night", cells["price_per_night"], house.currency),
        amenities=listings.amenity_slugs(cells.get("amenities", "")),
        min_nights=lowest,
        max_nights=highest,
        images=_images(cells.get("images", "")),
        cancellation_policy=_policy(cells.get("cancellation_policy", "")),
        published=values.truth("published", cells.get("published", "")),
    )


def _identity(cells: Mapping[str, str]) -> tuple[Any, str | None, str | None]:
    source = cells.get("source", "").strip() or "csv"
    if text.is_missing(cells["source_id"]):
        raise BadRow("source_id", "cell_id_to_write")
    source_id = listings.source_id("source_id", cells["source_id"])
    if source != OURS:
        return None, listings.source_id("source", source), source_id
    own_id = ids.decode("room", source_id)
    if own_id is None:
        raise BadRow("source_id", "cell_no_room_id", cell=source_id)
    return own_id, None, None


def _property(cells: Mapping[str, str], defaults: Defaults) -> PropertyDraft:
    place = _stated(cells, "location", defaults.location, places.location)
    slug = cells.get("property_slug", "").strip() or place
    label = text.one_line(cells.get("property_name", "")) or defaults.property_name or places.title(place)
    if len(slug) > 255 or places.slugify(slug) != slug:
        raise BadRow("property_slug", "cell_no_slug", cell=repr(slug[:60]))
    if len(label) > listings.LONGEST_NAME:
        raise BadRow("property_name", "cell_name_too_long", most=listings.LONGEST_NAME)
    return PropertyDraft(
        slug=slug,
        name=label,
        legal_name=text.one_line(cells.get("legal_name", ""))[:255] or label,
        location=place,
        currency=_stated(cells, "currency", defaults.currency, places.currency),
        time_zone=_stated(cells, "time_zone", defaults.time_zone, places.time_zone),
        address=_address(cells.get("address", ""), defaults),
        check_in_time=values.clock_time("check_in_time", cells.get("check_in_time", "")) or CHECK_IN,
        check_out_time=values.clock_time("check_out_time", cells.get("check_out_time", "")) or CHECK_OUT,
    )


def _address(cell: str, defaults: Defaults) -> dict[str, Any]:
    """As the row says it; the country that was asked for stands in where it does not."""
    stated: dict[str, Any] = values.storable("address", values.json_object("address", cell) or {})
    return {**({"country": defaults.country} if defaults.country else {}), **stated}


def _stated(cells: Mapping[str, str], field: str, default: str | None, check: Any) -> str:
    stated = cells.get(field, "").strip()
    if default and stated and stated != default:
        raise BadRow(field, "cell_not_as_asked", cell=stated, asked=default)
    try:
        checked: str = check(stated or default or "")
    except Unfit as error:
        raise BadRow(field, error.notice.code, **error.notice.params) from None
    return checked


def _beds(cell: str) -> list[dict[str, Any]]:
    try:
        return beds.read(cell)
    except beds.BadBeds as bad:
        raise BadRow("beds", bad.notice.code, **bad.notice.params) from None


def _size(cell: str) -> int:
    return values.whole_number("size_m2", cell, lowest=1, highest=LARGEST_SIZE) or 0


def _images(cell: str) -> list[dict[str, Any]] | None:
    images = values.json_list("images", cell)
    if images is None:
        return None
    if not all(isinstance(image, dict) for image in images):
        raise BadRow("images", "cell_no_objects")
    for image in images:
        if not pictures.is_url(image.get("url")):
            raise BadRow("images", "cell_no_url", cell=json.dumps(image.get("url"))[:60])
    return [values.storable("images", image) for image in images]


def _policy(cell: str) -> dict[str, Any] | None:
    """A policy by its name, or as an object with tiers."""
    if cell.strip() in BY_NAME:
        return BY_NAME[cell.strip()]
    policy = values.json_object("cancellation_policy", cell)
    if policy is None:
        return None
    tiers = policy.get("tiers")
    is_whole = isinstance(policy.get("name"), str) and is_deposit(policy.get(DEPOSIT_TERMS))
    if not is_whole or not isinstance(tiers, list) or not all(map(_is_tier, tiers)):
        raise BadRow("cancellation_policy", "cell_no_policy")
    checked: dict[str, Any] = values.storable("cancellation_policy", policy)
    return checked


def _is_tier(tier: Any) -> bool:
    limits = {"daysBefore": 365, "percent": 100}
    return isinstance(tier, dict) and all(
        type(tier.get(key)) is int and 0 <= tier[key] <= limit for key, limit in limits.items()
    )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
