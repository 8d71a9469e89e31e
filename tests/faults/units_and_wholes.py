"""Part of the rooms of a storm: some are one of several identical units, and one contains units that are like another.

Who asks for a unit may get any that is like it. Nobody may have the whole while somebody has a part of it.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from tests.faults.product import Product
from tests.faults.terminal import Terminal
from tests.oracle import rows

UNITS = 3  # of each of two rooms
ROOM = re.compile(r"room_\w+")

OTHER_UNITS, WHOLES, PARTS = "stays in another unit than the one that was listed", "stays in a whole", "stays in a part"
_SOLD = "SELECT count(*) FROM bookings b WHERE b.confirmed_at IS NOT NULL AND EXISTS (SELECT FROM {})"
COUNTED = {
    OTHER_UNITS: _SOLD.format("rooms r WHERE r.id = b.room_id AND r.unit_group_id IS NOT NULL AND NOT r.listed"),
    WHOLES: _SOLD.format("room_parts p WHERE p.whole_id = b.room_id"),
    PARTS: _SOLD.format("room_parts p WHERE p.part_id = b.room_id"),
}
EXPECTED = {
    OTHER_UNITS: "nobody got another unit",
    WHOLES: "nobody had a whole",
    PARTS: "nobody had a part of a whole",
}


def arranged(product: Product, wanted: Sequence[str], neighbours: Mapping[str, Sequence[str]]) -> list[str]:
    """The units that are new. `neighbours`: by each wanted room, those of its property."""
    pairs = [(room, other) for room in wanted for other in neighbours[room] if other in wanted and other != room]
    assert pairs, "no two of the wanted rooms are of one property"
    whole, bed = pairs[0]
    double = next(room for room in wanted if room not in pairs[0])
    with closing(Terminal(product, random.Random(0))) as terminal:
        beds, doubles = _more_like(terminal, bed), _more_like(terminal, double)
        linked = terminal.insist("rooms", "link", whole, *beds)  # of which nobody has sold a night yet
        assert linked is not None
        assert linked.done, linked
    return [*beds, *doubles]


def sold(database: Any) -> Counter[str]:
    """How many of them were, at any time."""
    return Counter({what: number for what, asked in COUNTED.items() if (number := rows(database, asked)[0][0])})


def _more_like(terminal: Terminal, room: str) -> list[str]:
    said = terminal.insist("rooms", "units", room, "--count", str(UNITS))
    found = ROOM.findall(said.text) if said else []
    assert len(found) == UNITS, said
    return [unit for unit in found if unit != room]
