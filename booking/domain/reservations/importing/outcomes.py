"""What becomes of each row of a file, in codes that doors have words for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from booking.domain.notices import Notice

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
class RowOutcome:
    """Of the row that begins on this line. `reference` is the booking's, where there is one; `problems` by field."""

    line: int
    source_id: str
    outcome: str
    reference: str | None = None
    problems: Mapping[str, Notice] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows ended how, and which somebody has to look at, in the order of their lines."""

    counts: Counter[str]
    in_the_way: Sequence[RowOutcome]

    @property
    def rows(self) -> int:
        return self.counts.total()


def tally(outcomes: Iterable[RowOutcome]) -> Tally:
    """Of all rows of a file."""
    known = sorted(outcomes, key=lambda one: one.line)
    return Tally(Counter(one.outcome for one in known), [one for one in known if one.outcome in IN_THE_WAY])
