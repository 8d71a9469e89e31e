"""What a stay costs: a line per night, each rounded once; the total is their sum and nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

from booking.domain.money import as_number, rounded
from booking.domain.stays import Stay

BASE = "base"  # the rule behind a line: the room's own price per night


@dataclass(frozen=True, slots=True)
class Line:
    night: dt.date
    amount: Decimal
    rule: str = BASE


@dataclass(frozen=True, slots=True)
class PriceLine:
    """Nights in a row at the same price, by the same rule."""

    nights: int
    each: Decimal
    rule: str

    @property
    def amount(self) -> Decimal:
        return self.nights * self.each


@dataclass(frozen=True, slots=True)
class Quote:
    """The price of a stay, night by night."""

    lines: tuple[Line, ...]
    currency: str

    @property
    def total(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal(0))

    @property
    def price_lines(self) -> tuple[PriceLine, ...]:
        """Nights in a row at the same price as one line."""
        return _runs((line.amount, line.rule) for line in self.lines)

    def as_json(self) -> list[dict[str, Any]]:
        """The lines as they are kept in a booking: amounts as text, so that no digit is lost."""
        return [{"night": line.night.isoformat(), "amount": str(line.amount), "rule": line.rule} for line in self.lines]


def quote(price_per_night: Decimal, currency: str, stay: Stay) -> Quote:
    """Every night at the room's price."""
    amount = rounded(price_per_night, currency)
    return Quote(tuple(Line(night, amount) for night in stay.dates()), currency)


def total(price_per_night: Decimal, currency: str, nights: int) -> Decimal:
    """What `quote` would add up to, without writing its lines: for lists."""
    return rounded(price_per_night, currency) * nights


def price_lines(kept: list[dict[str, Any]]) -> tuple[PriceLine, ...]:
    """The same of lines that a booking keeps, one per night."""
    return _runs((Decimal(line["amount"]), str(line["rule"])) for line in kept)


def _runs(nights: Iterable[tuple[Decimal, str]]) -> tuple[PriceLine, ...]:
    return tuple(PriceLine(len(list(alike)), each, rule) for (each, rule), alike in groupby(nights))


def shown_lines(price_lines: list[dict[str, Any]], currency: str) -> list[dict[str, Any]]:
    """Kept lines for JSON: amounts as numbers."""
    return [{**line, "amount": as_number(Decimal(line["amount"]), currency)} for line in price_lines]
