"""Rooms come in and go out: what the rows of a file mean, and how they become rooms without being doubled or lost.

`recognise` looks at a header and says how to read what follows; `store.put` writes drafts in batches; `store.exported`
hands out what `sheet` writes. Files, progress and exit codes are the door's (booking/cli/rooms.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from booking.domain.catalogue.importing import listings, places, sheet
from booking.domain.catalogue.importing.drafts import BadRow, Defaults, PropertyDraft, RoomDraft, Unfit
from booking.domain.errors import Invalid
from booking.domain.notices import AllOf, Notice

__all__ = [
    "BadRow",
    "Defaults",
    "ImportFormat",
    "NoRooms",
    "OptionsMissing",
    "PropertyDraft",
    "RoomDraft",
    "checked",
    "recognise",
]


class NoRooms(Invalid):
    """A file whose header lacks the columns `missing`; `seen` tells what it begins with."""

    reason = "NO_ROOMS"


class ColumnsTwice(Invalid):
    """A file in whose header `columns` stand more than once."""

    reason = "COLUMNS_TWICE"


class OptionsMissing(Invalid):
    """What neither file nor caller say, `what`, by field in `details`."""

    reason = "OPTIONS_MISSING"


@dataclass(frozen=True, slots=True)
class ImportFormat:
    """How to read the rows under a header: (cells by column, line) -> draft, or BadRow."""

    name: str
    read: Callable[[Mapping[str, str], int], RoomDraft]
    into: PropertyDraft | None  # where all rows go; None where each row says it


def checked(defaults: Defaults) -> Defaults:
    """`defaults` with every value known to be good; Invalid with details by option name."""
    problems: dict[str, Notice] = {}

    def check(option: str, value: str | None, rule: Callable[[str], str]) -> str | None:
        try:
            return rule(value) if value is not None else None
        except Unfit as unfit:
            problems[option] = unfit.notice
            return None

    good = Defaults(
        location=check("location", defaults.location, places.location),
        currency=check("currency", defaults.currency, places.currency),
        time_zone=check("time_zone", defaults.time_zone, places.time_zone),
        property_name=check("property_name", defaults.property_name, _property_name),
        country=check("country", defaults.country, places.country),
    )
    if problems:
        raise Invalid(details=problems)
    return good


def recognise(header: Sequence[str], defaults: Defaults) -> ImportFormat:
    """The format that the header belongs to; Invalid names what is missing, be it columns or options."""
    ours = "source_id" in header
    wanted = sheet.REQUIRED if ours else listings.COLUMNS
    if missing := [column for column in wanted if column not in header]:
        raise NoRooms(missing=tuple(missing), seen=_seen(header))
    if doubled := sorted({column for column in wanted if header.count(column) > 1}):
        raise ColumnsTwice(columns=tuple(doubled))
    unstated = _unstated(header if ours else (), defaults)
    if unstated:
        what = AllOf(field.replace("_", " ") for field in unstated)
        raise OptionsMissing(what=what, details=dict.fromkeys(unstated, Notice("missing")))
    if ours:
        return ImportFormat("our own CSV", lambda row, line: sheet.draft(row, line, defaults), None)
    into = _only_property(defaults)
    return ImportFormat("Inside Airbnb", lambda row, line: listings.draft(row, line, into), into)


def _unstated(header: Sequence[str], defaults: Defaults) -> list[str]:
    return [
        field for field in ("location", "currency", "time_zone") if field not in header and not getattr(defaults, field)
    ]


def _only_property(defaults: Defaults) -> PropertyDraft:
    place = defaults.location or ""
    city = places.title(place)
    label = defaults.property_name or city
    return PropertyDraft(
        slug=place,
        name=label,
        location=place,
        currency=defaults.currency or "",
        time_zone=defaults.time_zone or "",
        legal_name=label,
        address={"city": city, "country": defaults.country} if defaults.country else {"city": city},
    )


def _property_name(name: str) -> str:
    try:
        return listings.name(name)
    except BadRow as problem:
        raise Unfit("property_name", problem=problem.notice) from None


def _seen(header: Sequence[str]) -> Notice:
    shown = tuple(column[:30] for column in header[:6] if column.isprintable())
    if len(header) == 1 and re.search("[;\t|]", header[0]):
        return Notice("header_without_commas")
    if not shown:
        return Notice("header_empty")
    return Notice("header_goes_on" if len(header) > 6 else "header_says", columns=shown)
