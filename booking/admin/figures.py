"""How well the houses do: figures by month, property, kind and channel, drawn, in tables, and as a file."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, request, session, url_for
from flask_babel import gettext

from booking.admin import entrance, figures_charts, figures_tables
from booking.admin.figures_charts import Chart, Told, Value
from booking.domain import figures
from booking.domain.errors import Invalid
from booking.domain.figures import CurrencyFigures, Figures, FiguresView
from booking.http import money_format
from booking.http.error_rendering import status_of
from booking.http.figures import csv_rows, definitions
from booking.http.number_format import number
from booking.http.services import current_services
from booking.infra import clock
from booking.infra.ids import encode
from booking.pages import formats
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page
from booking.pages.signed_in import actor

blueprint = Blueprint("figures", __name__, url_prefix="/figures")

DONE = "figures_done"  # in the cookie until it was shown
YEARS_BACK, YEARS_AHEAD = 4, 1


@blueprint.get("")
def show() -> Response:
    """Of the property that is chosen, or of all together."""
    form = Form.asked()
    try:
        found = _found(form)
    except Invalid as refusal:
        told = _facts(form.refuse(refusal))
        return page("admin/figures.html", block="main", status=status_of(refusal), found=None, **told)
    for block in found.currencies:
        formats.alike(block.currency, figures_tables.all_amounts(block))
    charts = {block.currency: _charts(block, money=found.sees_money) for block in found.currencies}
    return page("admin/figures.html", block="main", found=found, charts=charts, **_facts(form, found))


@blueprint.get("/export.csv")
def export() -> Response:
    """The same numbers as a file."""
    found = _found(Form.asked())
    # By its first sign a spreadsheet knows that it is UTF-8.
    answer = Response(["\ufeff", *csv_rows.lines(found)], mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="figures-{found.first:%Y-%m}.csv"'
    return answer


@blueprint.post("/email")
def choose_email() -> Response:
    """Get them each Monday, or no more."""
    figures.choose_weekly(actor(), wanted=request.form.get("weekly") == "on")
    session[DONE] = True
    return go_to(url_for(".show"))


def _found(form: Form) -> Figures:
    wanted, house = form.accept(FiguresView), entrance.desk().house
    if wanted.property is None and house is not None:
        wanted = wanted.model_copy(update={"property": encode("property", house.id)})
    return figures.get_figures(actor(), wanted, current_services().booking_context.rules)


def _charts(block: CurrencyFigures, *, money: bool) -> list[Chart]:
    now, before = gettext("this year"), gettext("a year before")

    def percent(value: Value) -> str:
        return f"{number(value)}%" if value is not None else "–"

    def amount(value: Value) -> str:
        return money_format.money(Decimal(value), block.currency) if value is not None else "–"

    def count(value: Value) -> str:
        return number(value or 0)

    told = Told(
        f"occupancy-{block.currency}",
        gettext("Occupancy by month"),
        gettext("Bars: these months. Lines across: the same months a year before. The table below has the numbers."),
        now,
        before,
    )
    months = block.months
    charts = [
        figures_charts.of_months(
            told, months, lambda one: one.sums.occupancy, lambda one: one.before.occupancy, percent
        )
    ]
    if money:
        told = Told(f"revenue-{block.currency}", gettext("Room revenue by month"), told.description, now, before)
        charts.append(
            figures_charts.of_months(told, months, lambda one: one.sums.revenue, lambda one: one.before.revenue, amount)
        )
    pace = Told(
        f"pace-{block.currency}",
        gettext("Pace: nights on the books"),
        gettext("Bars: on the books now. Lines across: on the books a year ago today, for the same months then."),
        gettext("now"),
        gettext("a year ago today"),
    )
    charts.append(
        figures_charts.of_months(pace, months, lambda one: one.on_books.nights, lambda one: one.then.nights, count)
    )
    return charts


def _facts(form: Form, found: Figures | None = None) -> dict[str, Any]:
    this = found.today.year if found else clock.now().year
    years = [str(year) for year in range(this + YEARS_AHEAD, this - YEARS_BACK - 1, -1)]
    return {
        "form": form,
        "periods": [
            *((year, year) for year in years),
            (figures.PAST, gettext("The last 12 months")),
            (figures.COMING, gettext("The next 12 months")),
        ],
        "definitions": definitions.shown(money=found.sees_money if found else True),
        "percent": figures_tables.percent,
        "amount": figures_tables.amount,
        "month_rows": figures_tables.month_rows,
        "pace_rows": figures_tables.pace_rows,
        "stay_rows": figures_tables.stay_rows,
        "split_rows": figures_tables.split_rows,
        "weekly": figures.wants_weekly(actor()),
        "done": session.pop(DONE, None),
    }
