"""The cells of the tables of figures, as people read them; a dash where there is no number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask_babel import gettext

from booking.admin import states
from booking.domain.figures import CurrencyFigures, Line, MonthLine, OnBooks, Sums
from booking.http import date_format, number_format
from booking.http.number_format import number
from booking.pages import formats

NONE = "–"


@dataclass(frozen=True, slots=True)
class Row:
    """What it is called, and its cells."""

    name: str
    cells: tuple[str, ...]
    is_total: bool = False


def percent(value: Decimal | None) -> str:
    """49.5%"""
    return NONE if value is None else number_format.exact_percent(value)


def amount(value: Decimal | None, currency: str) -> str:
    return NONE if value is None else formats.money(value, currency)


def average(value: Decimal | None) -> str:
    return NONE if value is None else number(value)


def change(now: Decimal | int | None, then: Decimal | int | None, shown: Callable[[Decimal], str]) -> str:
    """+12, −3, or 0."""
    if now is None or then is None:
        return NONE
    more = Decimal(now) - Decimal(then)
    sign = "+" if more > 0 else "−" if more < 0 else ""
    return f"{sign}{shown(abs(more))}"


def month_rows(block: CurrencyFigures, money: bool) -> Iterator[Row]:
    """All months, and the total."""
    for one in block.months:
        yield Row(date_format.month(one.month), _of_month(one.sums, one.before, block.currency, money))
    yield Row(gettext("All"), _of_month(block.total, block.before, block.currency, money), is_total=True)


def _of_month(sums: Sums, before: Sums, currency: str, money: bool) -> tuple[str, ...]:
    cells = (number(sums.available), number(sums.sold), percent(sums.occupancy), percent(before.occupancy))
    if not money:
        return cells
    amounts = sums.adr(currency), sums.revpar(currency), sums.revenue, before.revenue
    return (*cells, *(amount(one, currency) for one in amounts))


def pace_rows(block: CurrencyFigures, money: bool) -> Iterator[Row]:
    """The same for what is on the books."""
    for one in block.months:
        yield Row(date_format.month(one.month), _of_pace(one.on_books, one.then, block.currency, money))
    yield Row(gettext("All"), _of_pace(block.on_books, block.then, block.currency, money), is_total=True)


def _of_pace(now: OnBooks, then: OnBooks, currency: str, money: bool) -> tuple[str, ...]:
    cells = number(now.nights), number(then.nights), change(now.nights, then.nights, number)
    if not money:
        return cells
    more = change(now.revenue, then.revenue, lambda one: formats.money(one, currency))
    return (*cells, amount(now.revenue, currency), amount(then.revenue, currency), more)


def stay_rows(block: CurrencyFigures, money: bool) -> Iterator[Row]:
    """Of the stays that begin."""
    for one in block.months:
        yield Row(date_format.month(one.month), _of_stays(one.sums, block.currency, money))
    yield Row(gettext("All"), _of_stays(block.total, block.currency, money), is_total=True)


def _of_stays(sums: Sums, currency: str, money: bool) -> tuple[str, ...]:
    averages = average(sums.average_stay), average(sums.average_lead)
    ended = number(sums.missed), number(sums.cancelled), percent(sums.cancellation_rate)
    amounts = (amount(sums.lost, currency), amount(sums.kept, currency)) if money else ()
    return (number(sums.stays), *averages, *ended, *amounts)


def split_rows(
    lines: Sequence[Line], currency: str, money: bool, unnamed: str = "", channels: bool = False
) -> Iterator[Row]:
    """By property, kind or channel; a channel has no nights that it could sell."""
    for one in lines:
        sums, name = one.sums, states.channel(one.key) if channels else one.name or unnamed
        cells = [number(sums.sold)]
        if not channels:
            cells = [number(sums.available), number(sums.sold), percent(sums.occupancy)]
        if money:
            able = [] if channels else [sums.revpar(currency)]
            cells += [amount(each, currency) for each in (sums.adr(currency), *able, sums.revenue)]
        yield Row(name, (*cells, average(sums.average_stay), percent(sums.cancellation_rate)))


def all_amounts(block: CurrencyFigures) -> Iterator[Decimal | None]:
    """Every amount of its tables: those that stand on one page look alike."""
    months: list[MonthLine] = list(block.months)
    sums = [*(one.sums for one in months), *(one.before for one in months)]
    sums += [one.sums for lines in (block.properties, block.kinds, block.channels) for one in lines]
    for one in (*sums, block.total, block.before):
        yield from (one.revenue, one.adr(block.currency), one.revpar(block.currency), one.lost, one.kept)
    yield from (one.then.revenue for one in months)
