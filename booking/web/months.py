"""Nights as calendar months: tables of weeks, beginning on the day that the language begins its weeks with."""

from __future__ import annotations

import calendar as almanac
import datetime as dt
from dataclasses import dataclass

from booking.domain.errors import Invalid
from booking.domain.pricing import CalendarNight
from booking.domain.stays import Stay
from booking.http.language import locale
from booking.web.moved_dates import date

SHOWN = 2

PAST, FREE, TAKEN = "past", "free", "taken"


@dataclass(frozen=True, slots=True)
class Cell:
    """A night. `part` says where in the chosen stay it is: arrival, within, or empty."""

    date: dt.date
    state: str
    part: str


@dataclass(frozen=True, slots=True)
class Month:
    first: dt.date
    weeks: list[list[Cell | None]]


def chosen(asked: str | None, check_in: str, today: dt.date, last: dt.date) -> dt.date:
    """The first day of the month to begin with, never before this one nor beyond the last that can be booked."""
    wanted = date(f"{asked}-01") or date(check_in) or today
    return max(min(wanted, last), today).replace(day=1)


def after(first: dt.date, number: int) -> dt.date:
    """The first day so many months later."""
    count = first.year * 12 + first.month - 1 + number
    return dt.date(count // 12, count % 12 + 1, 1)


def stay_of(check_in: str, check_out: str) -> Stay | None:
    """The chosen dates, None where they make no stay."""
    first, end = date(check_in), date(check_out)
    try:
        return Stay(first, end) if first and end else None
    except Invalid:
        return None


def tables(nights: list[CalendarNight], today: dt.date, stay: Stay | None) -> list[Month]:
    """A table per month."""
    by_month: dict[dt.date, dict[dt.date, Cell]] = {}
    for night in nights:
        by_month.setdefault(night.date.replace(day=1), {})[night.date] = _cell(night, today, stay)
    return [Month(first, _weeks(first, cells)) for first, cells in by_month.items()]


def _cell(night: CalendarNight, today: dt.date, stay: Stay | None) -> Cell:
    state = PAST if night.date < today else FREE if night.is_available else TAKEN
    within = stay is not None and stay.check_in <= night.date < stay.check_out
    part = "" if not within or stay is None else "arrival" if night.date == stay.check_in else "within"
    return Cell(night.date, state, part)


def _weeks(first: dt.date, cells: dict[dt.date, Cell]) -> list[list[Cell | None]]:
    days = almanac.Calendar(locale().first_week_day).monthdatescalendar(first.year, first.month)
    return [[cells.get(day) for day in week] for week in days]
