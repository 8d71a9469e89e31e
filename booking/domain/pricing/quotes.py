"""The only place that prices a stay: a line for each night, fee, tax and discount; the total is their sum, and no more.

quote() writes the lines. totals() is its short form for many rooms at once, and per_night() is what a room costs where
nobody has said when; a test holds them equal. So far there is one rule: every night costs the room's base price.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any, Protocol

from booking.domain.money import decimals, rounded
from booking.domain.stays import Stay

NIGHT, FEE, TAX, DISCOUNT = LINE_KINDS = ("night", "fee", "tax", "discount")
BASE = "base"  # the rule behind a line: the room's own price per night
SOLD_ELSEWHERE = "elsewhere"  # the price was agreed before the reservation came here
KEPT_ON_CHANGE = "kept_on_change"  # a fee: what the house kept of nights that were given back


class Priced(Protocol):
    """A room, or a row of one, with what its prices are made of."""

    @property
    def price_per_night(self) -> Decimal: ...
    @property
    def currency(self) -> str: ...


class PricedRoom(Priced, Protocol):
    """The base price changes with the room, so the room's version is the rule's."""

    @property
    def version(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Line:
    """One reason why a stay costs what it costs; `amount` is below 0 where it costs less.

    `date` is the day that it is for, None where it is for the whole stay. `version` is the rule's at that time, None in
    bookings from before it was kept.
    """

    kind: str
    date: dt.date | None
    amount: Decimal
    rule: str
    version: int | None

    def as_json(self) -> dict[str, Any]:
        """As it is kept in a booking: the amount as text, so that no digit is lost."""
        day = self.date and self.date.isoformat()
        kept = {"kind": self.kind, "date": day, "amount": str(self.amount), "rule": self.rule, "version": self.version}
        # The release before this one knows only nights, and reads them by this name.
        return kept | {"night": day} if self.kind == NIGHT else kept


@dataclass(frozen=True, slots=True)
class PriceLine:
    """Lines in a row that are alike but for their dates: so many nights at the same price, by the same rule."""

    count: int
    each: Decimal
    rule: str
    kind: str = NIGHT

    @property
    def amount(self) -> Decimal:
        return self.count * self.each


@dataclass(frozen=True, slots=True)
class Quote:
    """What a stay costs so many guests, line by line, when asked for at an instant."""

    stay: Stay
    guests: int
    at: dt.datetime
    currency: str
    lines: tuple[Line, ...]

    @property
    def total(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal(0))

    @property
    def price_lines(self) -> tuple[PriceLine, ...]:
        return price_lines(self.lines)

    def as_json(self) -> list[dict[str, Any]]:
        return [line.as_json() for line in self.lines]


def quote(room: PricedRoom, stay: Stay, guests: int, at: dt.datetime) -> Quote:
    """The price of a stay. Other dates, guests or another room are another quote."""
    return Quote(stay, guests, at, room.currency, tuple(nights(room, stay.dates(), guests, at)))


def nights(room: PricedRoom, dates: Iterable[dt.date], guests: int, at: dt.datetime) -> list[Line]:  # noqa: ARG001 the base price is for all guests, at any time
    """The line of each night by itself, as a calendar shows them."""
    amount = per_night(room.price_per_night, room.currency)
    return [Line(NIGHT, date, amount, BASE, room.version) for date in dates]


def as_sold(total: Decimal, stay: Stay, currency: str) -> tuple[Line, ...]:
    """The lines of a stay that was sold elsewhere, of which only the total is known: as much for each night.

    What cannot be divided is the first night's.
    """
    unit = Decimal(1).scaleb(-decimals(currency))
    each = total / stay.nights // unit * unit
    amounts = [total - each * (stay.nights - 1), *[each] * (stay.nights - 1)]
    return tuple(
        Line(NIGHT, date, rounded(amount, currency), SOLD_ELSEWHERE, None)
        for date, amount in zip(stay.dates(), amounts, strict=True)
    )


def totals(rooms: Iterable[Priced], stay: Stay, guests: int, at: dt.datetime) -> list[Decimal]:  # noqa: ARG001 as above
    """What quote() adds up to for each of many rooms, without writing their lines."""
    return [per_night(room.price_per_night, room.currency) * stay.nights for room in rooms]


def per_night(base_price: Decimal, currency: str) -> Decimal:
    """What a night costs by the base price, rounded once."""
    return rounded(base_price, currency)


def kept_lines(kept: Iterable[dict[str, Any]]) -> tuple[Line, ...]:
    """The lines of a booking, also of one from before lines had a kind: then each was a night."""
    return tuple(_kept_line(line) for line in kept)


def _kept_line(line: dict[str, Any]) -> Line:
    day = line["date"] if "date" in line else line["night"]
    date = dt.date.fromisoformat(day) if day else None
    return Line(line.get("kind", NIGHT), date, Decimal(line["amount"]), str(line["rule"]), line.get("version"))


def price_lines(lines: Iterable[Line]) -> tuple[PriceLine, ...]:
    """The lines for reading: nights in a row at the same price as one."""
    alike = groupby(lines, key=lambda line: (line.amount, line.rule, line.kind))
    return tuple(PriceLine(len(list(group)), *facts) for facts, group in alike)
