"""The rows of the calendar of rates. Written here and not in the template, as those of the other calendar are."""

from __future__ import annotations

import datetime as dt
from functools import cache
from html import escape

from flask import url_for
from flask_babel import gettext
from markupsafe import Markup

from booking.admin import rate_check, rate_forms
from booking.domain.pricing import DayRates, HouseRates, RatesRow
from booking.http import date_format, number_format
from booking.infra.ids import encode
from booking.pages import formats


def rows(rates: HouseRates, house: str) -> Markup:
    """Table rows; `house` is the property's TypeID."""
    formats.alike(rates.currency, [day.price for row in rates.rows for day in row.days])
    writer = _Writer(rates, house)
    # Put together below, where every value has been escaped.
    return Markup("\n".join(writer.row(row) for row in rates.rows))  # noqa: S704


class _Writer:
    """Knows what rows have in common. Each method answers with HTML, but for those that say otherwise."""

    def __init__(self, rates: HouseRates, house: str) -> None:
        self.rates = rates
        self.house = house
        self.money = cache(lambda amount: formats.money(amount, rates.currency))
        self.dates = cache(date_format.day_short)
        self.least = cache(lambda nights: gettext("min %(nights)s", nights=nights))
        self.words = {
            "arrival": (gettext("no in"), gettext("closed to arrival")),
            "departure": (gettext("no out"), gettext("closed to departure")),
        }
        self.at_least = cache(lambda nights: gettext("at least %(nights)s", nights=number_format.nights(nights)))

    def row(self, row: RatesRow) -> str:
        name = rate_check.label(row.rooms)
        some = ", ".join(room.name for room in row.rooms[:8]) if len(row.rooms) > 1 else row.rooms[0].kind or ""
        note = f'<span class="tape-note rate-names">{escape(some)}</span>' if some else ""
        head = f'<th scope="row" class="tape-room"><span class="tape-name">{escape(name)}</span>{note}</th>'
        link = escape(f"{url_for('admin.rate_ranges.show', property=self.house, rooms=self._scope(row))}&from=")
        cells = (self._cell(day, rates, name, link) for day, rates in zip(self.rates.days, row.days, strict=True))
        return f"<tr>{head}{''.join(cells)}</tr>"

    def _scope(self, row: RatesRow) -> str:
        """Plain text: the rooms, as the form of a range names them."""
        if len(row.rooms) == 1:
            return f"{rate_forms.ROOM}{encode('room', row.rooms[0].id)}"
        return f"{rate_forms.KIND}{row.rooms[0].kind}" if row.rooms[0].kind else rate_forms.ALL

    def _cell(self, day: dt.date, rates: DayRates, name: str, link: str) -> str:
        marks = [(self.least(rates.least), self.at_least(rates.least))] if rates.least > 1 else []
        marks += [self.words["arrival"]] if rates.closed_to_arrival else []
        marks += [self.words["departure"]] if rates.closed_to_departure else []
        look = " is-closed" if rates.closed_to_arrival else ""
        if day < self.rates.today:
            return f'<td class="rate-past{look}">{self._inside(rates, marks)}</td>'
        said = escape(", ".join([name, self.dates(day), self.money(rates.price), *(long for _, long in marks)]))
        if not self.rates.may_edit:
            return f'<td class="rate-day{look}">{self._inside(rates, marks)}</td>'
        shown = f'<span aria-hidden="true">{self._inside(rates, marks)}</span><span class="unseen">{said}</span>'
        return f'<td class="rate-day{look}"><a href="{link}{day.isoformat()}" title="{said}">{shown}</a></td>'

    def _inside(self, rates: DayRates, marks: list[tuple[str, str]]) -> str:
        shown = "".join(f'<span class="rate-mark">{escape(short)}</span>' for short, _ in marks)
        return f'<span class="rate-price">{escape(self.money(rates.price))}</span>{shown}'
