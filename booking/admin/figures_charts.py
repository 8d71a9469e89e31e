"""Charts of twelve months as SVG: where each bar and mark stands. A template draws them; a table has the numbers."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from booking.domain.figures import MonthLine
from booking.http import date_format

WIDTH, HEIGHT = 720, 240
LEFT, RIGHT, TOP, BOTTOM = 96, 8, 12, 34  # around what is drawn
GRID = 4  # lines above the ground

Value = Decimal | int | None


@dataclass(frozen=True, slots=True)
class Bar:
    """A month: its bar, the mark of the year before (None: there is none), and what is said of it."""

    x: float
    y: float
    width: float
    height: float
    mark: float | None
    label: str
    middle: float
    said: str


@dataclass(frozen=True, slots=True)
class GridLine:
    y: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """`title` and `description` are read out; `bars` stand for this year, marks for the year before."""

    key: str
    title: str
    description: str
    bar_is: str
    mark_is: str
    bars: tuple[Bar, ...]
    grid: tuple[GridLine, ...]
    ground: float = HEIGHT - BOTTOM
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT


@dataclass(frozen=True, slots=True)
class Told:
    """What a chart is called, and what its bars and marks are."""

    key: str
    title: str
    description: str
    bar_is: str
    mark_is: str


def of_months(
    told: Told,
    months: Sequence[MonthLine],
    value: Callable[[MonthLine], Value],
    before: Callable[[MonthLine], Value],
    written: Callable[[Value], str],
) -> Chart:
    """All on one scale that begins at nothing."""
    highest = max((float(one or 0) for month in months for one in (value(month), before(month))), default=0)
    top = _round_top(highest)
    drawn = HEIGHT - TOP - BOTTOM
    step = (WIDTH - LEFT - RIGHT) / max(1, len(months))

    def y_of(amount: Value) -> float:
        return round(TOP + drawn * (1 - float(amount or 0) / top), 1)

    def bar(place: int, month: MonthLine) -> Bar:
        x, y, was = LEFT + place * step, y_of(value(month)), before(month)
        said = f"{date_format.month(month.month)}: {written(value(month))} ({told.mark_is}: {written(was)})"
        width, mark = round(step * 0.56, 1), y_of(was) if was else None
        start = round(x + step * 0.22, 1)
        return Bar(start, y, width, round(HEIGHT - BOTTOM - y, 1), mark, _label(month.month), start + width / 2, said)

    grid = (GridLine(y_of(Decimal(top) * line / GRID), written(_whole(top * line / GRID))) for line in range(GRID + 1))
    return Chart(
        told.key,
        told.title,
        told.description,
        told.bar_is,
        told.mark_is,
        tuple(bar(place, month) for place, month in enumerate(months)),
        tuple(grid),
    )


def _label(month: dt.date) -> str:
    return date_format.month_name(month)


def _whole(amount: float) -> Value:
    return int(amount) if amount == int(amount) else Decimal(str(amount))


def _round_top(highest: float) -> float:
    """The next number above that divides well into GRID parts: 1, 2, 4, 6 or 8 with zeros, at least GRID."""
    if highest <= GRID:
        return GRID
    power = 10.0 ** math.floor(math.log10(highest))
    return next(step * power for step in (1, 2, 4, 6, 8, 10) if step * power >= highest)
