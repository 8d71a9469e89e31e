"""The beds of a room: how many of which type, as a list in the row and as one line where people write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from booking.domain.notices import Notice

SINGLE, DOUBLE, QUEEN, KING, BUNK, SOFA_BED, COT = TYPES = (
    "single", "double", "queen", "king", "bunk", "sofa_bed", "cot",
)  # fmt: skip
MOST = 50  # of one type

_ONE = re.compile(r"(?P<count>\d{1,4})\s*x?\s*(?P<type>[a-z][a-z _-]*?)(?:\s*beds?)?", re.ASCII | re.IGNORECASE)
_FILLED = re.compile(r"[,;]")
_PLURALS = {**{f"{one}s": one for one in TYPES}, "sofa": SOFA_BED, "sofas": SOFA_BED, "crib": COT, "cribs": COT}

Beds = list[dict[str, Any]]


class BadBeds(Exception):
    """A line that tells of no beds that we know; `notice` says why."""

    def __init__(self, notice: Notice) -> None:
        self.notice = notice
        super().__init__(notice)


def of(counts: Mapping[str, int]) -> Beds:
    """As they are kept: types in a fixed order, those of which there are none left out."""
    return [{"type": one, "count": counts[one]} for one in TYPES if counts.get(one)]


def counts(beds: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many of each type there are."""
    return {str(bed["type"]): int(bed["count"]) for bed in beds}


def written(beds: Iterable[Mapping[str, Any]]) -> str:
    """As a file and a command have them: "2 single, 1 sofa_bed"."""
    return ", ".join(f"{bed['count']} {bed['type']}" for bed in beds)


def read(line: str) -> Beds:
    """What such a line says, in any order, "2 singles" and "1 sofa bed" too. Raises BadBeds."""
    found: dict[str, int] = {}
    for part in (part.strip() for part in _FILLED.split(line) if part.strip()):
        said = _ONE.fullmatch(part)
        kind = _type(said["type"]) if said else None
        if said is None or kind is None:
            raise BadBeds(Notice("no_beds", bed=f'"{part[:40]}"', types=TYPES))
        found[kind] = found.get(kind, 0) + int(said["count"])
        if found[kind] > MOST:
            raise BadBeds(Notice("too_many_beds", most=MOST))
    return of(found)


def _type(said: str) -> str | None:
    plain = re.sub(r"[ _-]+", "_", said.strip().lower()).strip("_")  # of "sofa_bed", the bed is read as of "king bed"
    plain = _PLURALS.get(plain, plain)
    return plain if plain in TYPES else None
