"""Figures as rows: a line for each month, property, kind of room and channel of a currency; numbers as machines read
them, empty where there is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from booking.domain.figures import CurrencyFigures, Figures, MonthLine, OnBooks, Sums
from booking.http import money_format
from booking.http.invoices.csv_rows import line, safe

HEADER = (
    "currency", "by", "name", "available", "sold", "occupancy", "revenue", "adr", "revpar", "stays", "averageStay",
    "averageLeadDays", "cancelled", "cancellationRate", "cancelledNights", "cancelledRevenue", "kept", "noShows",
    "lastYearAvailable", "lastYearSold", "lastYearRevenue", "onBooksAYearAgoNights", "onBooksAYearAgoRevenue",
)  # fmt: skip
MONEY = ("revenue", "adr", "revpar", "cancelledRevenue", "kept", "lastYearRevenue", "onBooksAYearAgoRevenue")


def rows(found: Figures) -> Iterator[dict[str, str]]:
    """As HEADER has them; without MONEY for who may not see it."""
    for block in found.currencies:
        for row in _of_block(block):
            yield row if found.sees_money else {name: cell for name, cell in row.items() if name not in MONEY}


def lines(found: Figures) -> Iterator[str]:
    """The whole file."""
    yield line(name for name in HEADER if found.sees_money or name not in MONEY)
    for row in rows(found):
        yield line(safe(cell) if name == "name" else cell for name, cell in row.items())


def _of_block(block: CurrencyFigures) -> Iterator[dict[str, str]]:
    for month in block.months:
        yield _cells(block.currency, "month", f"{month.month:%Y-%m}", month.sums, month)
    for by, some in (("property", block.properties), ("kind", block.kinds), ("channel", block.channels)):
        for one in some:
            yield _cells(block.currency, by, one.name, one.sums)


def _cells(currency: str, by: str, name: str, sums: Sums, month: MonthLine | None = None) -> dict[str, str]:
    before, then = (month.before, month.then) if month else (Sums(), OnBooks())
    cells: list[str | int | Decimal | None] = [
        *(currency, by, name, sums.available, sums.sold, sums.occupancy),
        *(_amount(one, currency) for one in (sums.revenue, sums.adr(currency), sums.revpar(currency))),
        *(sums.stays, sums.average_stay, sums.average_lead, sums.cancelled, sums.cancellation_rate),
        *(sums.cancelled_nights, _amount(sums.lost, currency), _amount(sums.kept, currency), sums.missed),
    ]
    if month:
        cells += [before.available, before.sold, _amount(before.revenue, currency)]
        cells += [then.nights, _amount(then.revenue, currency)]
    else:
        cells += [None] * 5
    return {key: "" if cell is None else str(cell) for key, cell in zip(HEADER, cells, strict=True)}


def _amount(amount: Decimal | None, currency: str) -> str | None:
    return None if amount is None else money_format.decimal(amount, currency)
