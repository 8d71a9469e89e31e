"""A year as a strip: seasons and other periods as bars, one below the other where they meet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from booking.domain.pricing import Rule
from booking.http import date_format

KINDS = ("price", "adjust", "min_nights")
WIDTH, LANE, GAP, HEAD = 1200, 34, 6, 28  # of the drawing's own units
COLOURS = 6


@dataclass(frozen=True, slots=True)
class Bar:
    """`colour`: the number of a class; x and y of its corner."""

    rule: Rule
    x: float
    y: int
    width: float
    colour: int


@dataclass(frozen=True, slots=True)
class Month:
    name: str
    x: float


@dataclass(frozen=True, slots=True)
class Strip:
    """`rules` are those drawn, by their first day: what stands in the table."""

    months: tuple[Month, ...]
    bars: tuple[Bar, ...]
    height: int
    rules: tuple[Rule, ...]
    width: int = WIDTH
    lane: int = LANE


def of(rules: Sequence[Rule], year: int) -> Strip:
    """Of the rules with a period that meets the year."""
    first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
    within = [rule for rule in rules if rule.kind in KINDS and (rule.first or rule.last) and _meets(rule, first, last)]
    drawn = sorted(within, key=lambda rule: (KINDS.index(rule.kind), rule.first or dt.date.min, rule.name))
    months = tuple(
        Month(date_format.month_name(dt.date(year, number, 1)), _x(dt.date(year, number, 1), first))
        for number in range(1, 13)
    )
    bars, lanes = _bars(drawn, first, last)
    return Strip(months, tuple(bars), HEAD + max(1, lanes) * (LANE + GAP), tuple(drawn))


def _bars(rules: Sequence[Rule], first: dt.date, last: dt.date) -> tuple[list[Bar], int]:
    """And how many lanes they take."""
    ends: list[dt.date] = []  # of each lane, the last day that is taken
    bars = []
    for number, rule in enumerate(rules):
        start, end = max(first, rule.first or first), min(last, rule.last or last)
        lane = next((place for place, taken in enumerate(ends) if taken < start), len(ends))
        ends[lane : lane + 1] = [end]
        x = _x(start, first)
        width = _x(end + dt.timedelta(days=1), first) - x
        bars.append(Bar(rule, round(x, 1), HEAD + lane * (LANE + GAP), round(width, 1), number % COLOURS + 1))
    return bars, len(ends)


def _meets(rule: Rule, first: dt.date, last: dt.date) -> bool:
    return (rule.first or first) <= last and (rule.last or last) >= first


def _x(day: dt.date, first: dt.date) -> float:
    year = (dt.date(first.year + 1, 1, 1) - first).days
    return WIDTH * (day - first).days / year
