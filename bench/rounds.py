"""Cases measured turn by turn, and what the rounds say: medians, ranges, and ratios made within a round."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.clients import Measured

LATENCY = "p50 / p95 / p99 ms"
Side = Callable[[float], Measured]  # runs for so many seconds


@dataclass
class Case:
    """Something measured, and what it is compared with: `beside` in the same round, just after it."""

    name: str
    side: Side
    beside: Side | None = None
    beside_name: str = ""
    measured: list[Measured] = field(default_factory=list)
    compared: list[Measured] = field(default_factory=list)

    def turn(self, seconds: float) -> None:
        self.measured.append(self.side(seconds))
        print(f"  {self.name:36} {self.measured[-1]}", flush=True)
        if self.beside:
            self.compared.append(self.beside(seconds))
            print(f"  {'  ' + self.beside_name:36} {self.compared[-1]}", flush=True)

    def warm(self, seconds: float) -> None:
        """Connections, statements and caches of every process say hello; nothing is counted."""
        for side in filter(None, (self.side, self.beside)):
            side(seconds)

    @property
    def ratios(self) -> list[float]:
        """Of each round: this one to what stands beside it."""
        return ratios(self.measured, self.compared)


def run(cases: Sequence[Case], rounds: int, seconds: float) -> None:
    for case in cases:
        case.warm(min(1.0, seconds))
    for number in range(1, rounds + 1):
        print(f"round {number} of {rounds}", flush=True)
        for case in cases:
            case.turn(seconds)


def ratios(over: Sequence[Measured], under: Sequence[Measured]) -> list[float]:
    return [one.per_second / other.per_second for one, other in zip(over, under, strict=True) if other.per_second]


def spread(values: Sequence[float], form: str = ".0f") -> str:
    """The median, and from where to where it went."""
    if not values:
        return "-"
    middle, least, most = statistics.median(values), min(values), max(values)
    return f"{middle:{form}}" if len(values) == 1 else f"{middle:{form}} ({least:{form}}–{most:{form}})"


def latency(measured: Sequence[Measured]) -> str:
    """Medians of the rounds' p50, p95 and p99, in ms."""
    return " / ".join(
        f"{statistics.median(getattr(one, name) for one in measured):.1f}" for name in ("p50", "p95", "p99")
    )


def table(cases: Sequence[Case]) -> list[str]:
    """With what stands beside them, where anything does."""
    head = ["what", "per second", LATENCY, "other answers", "beside it", "per second", LATENCY, "ratio"]
    columns = len(head) if any(case.compared for case in cases) else 4
    return [row(cells[:columns]) for cells in (head, ["---"] * len(head), *map(_cells, cases))]


def _cells(case: Case) -> list[str]:
    speed = spread([one.per_second for one in case.measured])
    cells = [case.name, speed, latency(case.measured), others(case.measured)]
    if not case.compared:
        return [*cells, "-", "-", "-", "-"]
    floor = spread([one.per_second for one in case.compared])
    return [*cells, case.beside_name, floor, latency(case.compared), spread(case.ratios, ".0%")]


def row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def others(measured: Sequence[Measured]) -> str:
    """Answers that were not wanted, of all turns together."""
    counted: dict[int, int] = {}
    for one in measured:
        for status, times in one.statuses.items():
            counted[status] = counted.get(status, 0) + times
    if not counted:
        return "no answer at all"
    total, wanted = sum(counted.values()), measured[0].wanted
    unwanted = {status: times for status, times in counted.items() if status != wanted}
    return (
        ", ".join(f"{times} x {status} ({times / total:.1%})" for status, times in sorted(unwanted.items())) or "none"
    )


@dataclass(frozen=True)
class Target:
    """A promise in figures: met where the median is on the right side of the limit."""

    name: str
    values: list[float]
    limit: float
    aim: float | None = None
    at_most: bool = False
    form: str = ".0%"

    def line(self) -> str:
        middle = statistics.median(self.values) if self.values else float("nan")
        met = middle <= self.limit if self.at_most else middle >= self.limit
        wanted = f"{'at most' if self.at_most else 'at least'} {self.limit:{self.form}}"
        if self.aim is not None:
            wanted += f", aim {self.aim:{self.form}}{' (reached)' if middle >= self.aim else ''}"
        return f"| {self.name} | {wanted} | {spread(self.values, self.form)} | {'met' if met else '**missed**'} |"


def targets(wanted: Sequence[Target]) -> list[str]:
    return ["| target | wanted | measured | |", "|---|---|---|---|", *(target.line() for target in wanted)]
