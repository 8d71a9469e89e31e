"""What is sold of a booking now, what its documents say was sold, and the difference. Pure: no clock, no database.

A booking is sold for its lines; one that was cancelled, for what the house keeps of them. Its documents agree when the
lines of its invoices, without those that credit notes take back, are the lines that are sold.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from booking.domain.catalogue import AT_CHECK_OUT, AT_CONFIRMATION
from booking.domain.money import rounded
from booking.domain.pricing import FEE_LINE
from booking.domain.reservations import CANCELLED, CONFIRMED, Booking

KEPT = "kept_on_cancellation"  # the rule of a fee: what the house keeps of a cancelled booking


@dataclass(frozen=True, slots=True)
class SoldLine:
    """A line of a booking's price. Two are the same where kind, day, amount, rule and `included` are."""

    booking_id: uuid.UUID
    kind: str
    date: dt.date | None
    amount: Decimal
    rule: str
    included: bool
    line: dict[str, Any] = field(compare=False, hash=False, default_factory=dict)  # as the booking has it

    @property
    def adds(self) -> Decimal:
        """To the total: nothing where it is a tax that other lines hold already."""
        return Decimal(0) if self.included else self.amount


@dataclass(frozen=True, slots=True)
class Difference:
    """What makes the documents agree: lines to take back, by the invoice that has them, and lines to add."""

    credited: dict[uuid.UUID, list[SoldLine]]
    added: list[SoldLine]


def line_of(booking_id: uuid.UUID, line: dict[str, Any], currency: str) -> SoldLine:
    """A line as a booking keeps it, also of one from before lines had a kind: then each was a night."""
    day = line["date"] if "date" in line else line.get("night")
    date = dt.date.fromisoformat(day) if day else None
    amount = rounded(Decimal(line["amount"]), currency)
    kind, rule = str(line.get("kind", "night")), str(line["rule"])
    return SoldLine(booking_id, kind, date, amount, rule, bool(line.get("included", False)), line)


def lines(booking: Booking) -> list[SoldLine]:
    """What the booking is sold for: nothing of a hold, of one that cost nothing, or that was cancelled without cost."""
    price = price_of(booking)
    if not price:
        return []
    if price == booking.total_price:
        return [line_of(booking.id, line, booking.currency) for line in booking.price_lines]
    kept = {"kind": FEE_LINE, "date": None, "amount": str(price), "rule": KEPT, "version": None}
    return [line_of(booking.id, kept, booking.currency)]


def price_of(booking: Booking) -> Decimal:
    """What is owed for it, as its order counts it."""
    if booking.status == CONFIRMED:
        return booking.total_price
    if booking.status != CANCELLED:
        return Decimal(0)
    if booking.kept is not None:
        return booking.kept
    return booking.total_price - booking.refund_amount if booking.refund_amount is not None else Decimal(0)


def is_due(booking: Booking, invoice_at: str) -> bool:
    """Whether the house invoices it by now without being asked: what is kept of a cancelled one stands at once."""
    if booking.status == CANCELLED:
        return invoice_at in (AT_CONFIRMATION, AT_CHECK_OUT)
    is_over = booking.checked_out_at is not None or booking.no_show_at is not None
    return invoice_at == AT_CONFIRMATION or (invoice_at == AT_CHECK_OUT and is_over)


def difference(sold: Iterable[SoldLine], outstanding: dict[uuid.UUID, list[SoldLine]]) -> Difference:
    """`outstanding`: by invoice, the oldest first, its lines that no credit note has taken back.

    A line that is sold no more is taken back from the latest invoice that has it.
    """
    sold = list(sold)
    wanted, kept = Counter(sold), Counter[SoldLine]()
    credited: dict[uuid.UUID, list[SoldLine]] = {}
    for invoice_id, said in outstanding.items():
        for line in said:
            if kept[line] < wanted[line]:
                kept[line] += 1
            else:
                credited.setdefault(invoice_id, []).append(line)
    return Difference(credited, _without(sold, kept))


def _without(lines: Sequence[SoldLine], taken: Counter[SoldLine]) -> list[SoldLine]:
    """In their order, those of which so many are there already left out."""
    left, found = [], taken.copy()
    for line in lines:
        if found[line]:
            found[line] -= 1
        else:
            left.append(line)
    return left


def total(lines: Iterable[SoldLine]) -> Decimal:
    return sum((line.adds for line in lines), Decimal(0))
