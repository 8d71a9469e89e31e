"""What becomes of each row of a file, in codes that doors have words for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from booking.domain.notices import Notice
from booking.domain.stays import Stay

# It can come in; it has come in; it came in before, so or otherwise; its nights are somebody else's; it says nothing
# that could be understood.
READY, IMPORTED, THERE, DIFFERS, CONFLICT, BAD = OUTCOMES = (
    "ready",
    "imported",
    "there",
    "differs",
    "conflict",
    "bad",
)
IN_THE_WAY = (DIFFERS, CONFLICT, BAD)  # whoever imports has to look at them


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A row as it was understood: room by its name; sums in `currency`; `is_past`: they left before today."""

    guest: str
    room: str
    stay: Stay
    guests: int
    total: Decimal
    paid: Decimal
    currency: str
    is_past: bool


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """Of the row that begins on this line. `reference` is the booking's, where there is one; `problems` by field.

    `read` says what comes in, or has.
    """

    line: int
    source_id: str
    outcome: str
    reference: str | None = None
    problems: Mapping[str, Notice] = field(default_factory=dict)
    read: ReadRow | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows ended how, which somebody has to look at, and which can come in or have; by their lines.

    `past` counts those whose guests left before today.
    """

    counts: Counter[str]
    in_the_way: Sequence[RowOutcome]
    coming: Sequence[RowOutcome]

    @property
    def past(self) -> int:
        return sum(one.read.is_past for one in self.coming if one.read)

    @property
    def rows(self) -> int:
        return self.counts.total()


def tally(outcomes: Iterable[RowOutcome]) -> Tally:
    """Of all rows of a file."""
    known = sorted(outcomes, key=lambda one: one.line)
    in_the_way = [one for one in known if one.outcome in IN_THE_WAY]
    return Tally(Counter(one.outcome for one in known), in_the_way, [one for one in known if one.read])
