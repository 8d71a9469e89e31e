"""Inside Airbnb's listings.csv: what its columns mean here.

It has one room per row and no properties, so all rows go into one; it has no currency, so the caller says it. Places on
the map, hosts and reviews are left aside.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping

from booking.domain.catalogue.importing import amenities, text, values
from booking.domain.catalogue.importing.drafts import LONGEST_STAY, BadRow, PropertyDraft, RoomDraft

SOURCE = "inside-airbnb"
COLUMNS = (
    "id", "name", "description", "property_type", "accommodates", "amenities", "price", "minimum_nights",
    "maximum_nights",
)  # fmt: skip
LARGEST_PARTY, LONGEST_NAME, LONGEST_KIND, LONGEST_DESCRIPTION = 100, 255, 120, 50_000

_NO_NAME = "translation missing"  # Airbnb's own mistake, in files of those years
_ID = re.compile(r"[!-~]+")
LONGEST_ID = 64
_ROUNDED_ID = re.compile(r"\d+(\.\d+)?[eE]\+?\d+")


def draft(row: Mapping[str, str], line: int, into: PropertyDraft) -> RoomDraft:
    """The room that a listing describes; BadRow names the column that makes it none."""
    lowest, highest = stay_limits(row, "minimum_nights", "maximum_nights")
    return RoomDraft(
        line=line,
        house=into,
        source=SOURCE,
        source_id=source_id("id", row["id"]),
        name=name(row["name"]),
        description=description(text.from_html(_known(row["description"]))),
        kind=kind("property_type", row["property_type"]),
        capacity=capacity("accommodates", row["accommodates"]),
        price_per_night=values.price("price", row["price"], into.currency),
        amenities=amenity_slugs(row["amenities"]),
        min_nights=lowest,
        max_nights=highest,
    )


def source_id(field: str, cell: str) -> str:
    """An id as text: they exceed 2^53, and a spreadsheet that read them as numbers has lost digits."""
    wanted = cell.strip()
    if text.is_missing(wanted):
        raise BadRow(field, "cell_missing")
    if not _ID.fullmatch(wanted):
        raise BadRow(field, "cell_no_id")
    if len(wanted) > LONGEST_ID:
        raise BadRow(field, "cell_too_long", length=len(wanted), most=LONGEST_ID)
    if _ROUNDED_ID.fullmatch(wanted):
        raise BadRow(field, "cell_rounded_id", cell=wanted)
    return wanted


def name(cell: str) -> str:
    """A name of 1 to 255 characters."""
    cleaned = text.one_line(cell)
    if not cleaned:
        raise BadRow("name", "cell_empty")
    if len(cleaned) > LONGEST_NAME:
        raise BadRow("name", "cell_too_long", length=len(cleaned), most=LONGEST_NAME)
    return cleaned


def description(cleaned: str) -> str:
    """Plain text; a book is no description."""
    if len(cleaned) > LONGEST_DESCRIPTION:
        raise BadRow("description", "cell_too_long", length=len(cleaned), most=LONGEST_DESCRIPTION)
    return cleaned


def kind(field: str, cell: str) -> str | None:
    """What sort of room it is, in the source's words."""
    cleaned = text.one_line(_known(cell))
    if len(cleaned) > LONGEST_KIND:
        raise BadRow(field, "cell_too_long", length=len(cleaned), most=LONGEST_KIND)
    return cleaned or None


def capacity(field: str, cell: str, *, highest: int = LARGEST_PARTY) -> int:
    """How many guests, at least one."""
    return values.required_number(field, cell, lowest=1, highest=highest)


def stay_limits(row: Mapping[str, str], shortest: str, longest: str, *, ceiling: int = LONGEST_STAY) -> tuple[int, int]:
    """Shortest and longest stay in nights, the longest cut to `ceiling`, but never below the shortest.

    A room whose shortest stay is longer than any booking may be keeps it, and cannot be offered.
    """
    lowest = values.whole_number(shortest, row.get(shortest, ""), lowest=1) or 1
    highest = values.whole_number(longest, row.get(longest, ""), lowest=1) or max(lowest, LONGEST_STAY)
    if lowest > highest:
        raise BadRow(shortest, "cell_shortest_over_longest", shortest=lowest, longest=highest)
    return lowest, max(lowest, min(highest, ceiling))


def amenity_slugs(cell: str) -> tuple[str, ...]:
    """A list of names as slugs: JSON, or `{TV,"Cable TV"}` as Inside Airbnb wrote it until 2020."""
    names = _braced(cell) if cell.strip().startswith("{") else values.json_list("amenities", cell) or []
    if not all(isinstance(entry, str) for entry in names):
        raise BadRow("amenities", "cell_no_names")
    return amenities.normalised(text.one_line(entry) for entry in names)


def _braced(cell: str) -> list[str]:
    inner = cell.strip()
    if not inner.endswith("}"):
        raise BadRow("amenities", "cell_open_brace")
    try:
        rows = list(csv.reader([inner[1:-1]], escapechar="\\", strict=True))
    except csv.Error as error:
        raise BadRow("amenities", "cell_no_list", problem=str(error)) from None
    return [entry for row in rows for entry in row if not entry.startswith(_NO_NAME)]


def _known(cell: str) -> str:
    return "" if text.is_missing(cell) else cell
