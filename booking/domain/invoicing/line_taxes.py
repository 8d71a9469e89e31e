"""Which taxes in percent a line of a document bears, and how much of it they are. Pure: no clock, no database.

A tax is a line of its own, rounded once; here its amount is spread over the lines that it counts from, so that what
their parts add up to is what it says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from booking.domain.invoicing.sold import SoldLine
from booking.domain.money import rounded
from booking.domain.pricing import DISCOUNT_LINE, FEE_LINE, NIGHT_LINE, TAX_LINE

PLAN, OF_ALL = "plan", "all"


@dataclass(frozen=True, slots=True)
class LineTax:
    """Of a line: `rate` in percent, and the part of the tax's amount; `included`: the line holds it already."""

    label: str
    rate: Decimal
    amount: Decimal
    included: bool


def of_lines(lines: Sequence[SoldLine], currency: str) -> list[tuple[LineTax, ...]]:
    """Of each line, in their order; none of a tax itself."""
    found: list[list[LineTax]] = [[] for _ in lines]
    for tax in lines:
        rate = rate_of(tax)
        if tax.kind != TAX_LINE or rate is None:
            continue
        borne = [number for number, line in enumerate(lines) if _bears(line, tax)]
        for number, part in zip(
            borne, _spread(tax.amount, [lines[one].amount for one in borne], currency), strict=True
        ):
            label = str(tax.line.get("label") or tax.rule)
            found[number].append(LineTax(label, rate, part, tax.included))
    return [tuple(one) for one in found]


def rate_of(line: SoldLine) -> Decimal | None:
    """Of a tax in percent."""
    percent = _reason(line).get("percent")
    return None if percent is None else Decimal(percent)


def _bears(line: SoldLine, tax: SoldLine) -> bool:
    if line.booking_id != tax.booking_id:
        return False
    reason = _reason(line)
    if line.kind in (NIGHT_LINE, DISCOUNT_LINE) or reason.get("kind") == PLAN:
        return True
    return line.kind == FEE_LINE and bool(reason) and (_reason(tax).get("terms") or {}).get("of") == OF_ALL


def _reason(line: SoldLine) -> dict[str, Any]:
    reasons: list[dict[str, Any]] = line.line.get("reasons") or [{}]
    return reasons[0]


def _spread(amount: Decimal, over: Sequence[Decimal], currency: str) -> Iterable[Decimal]:
    """The amount in parts that are like these, each in whole minor units; the parts add up to it."""
    whole, gone, told = sum(over, Decimal(0)), Decimal(0), Decimal(0)
    for number, one in enumerate(over, 1):
        gone += one
        until = amount if number == len(over) else rounded(amount * gone / whole, currency) if whole else Decimal(0)
        yield until - told
        told = until
