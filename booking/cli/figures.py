"""flask figures: occupancy, ADR, RevPAR, revenue and what else /admin/figures shows."""

from __future__ import annotations

from typing import Any

import click
from flask.cli import with_appcontext

from booking.cli.json_output import as_json, show
from booking.cli.operator import Group, acting, refusals_said
from booking.domain import catalogue, figures, people
from booking.domain.figures import CurrencyFigures, Figures, FiguresView, MonthLine
from booking.domain.inputs import accept
from booking.http import money_format
from booking.http.figures import csv_rows, definitions
from booking.http.services import current_services
from booking.infra.ids import encode
from booking.infra.words import count

group = Group("figures", help="Occupancy, ADR, RevPAR, revenue, pace, stays and cancellations.")


def _narrowed(command: Any) -> Any:
    """The options of show and export."""
    for option in (
        click.option("--period", default="", help="A year, `past` or `coming` twelve months. [default: this year]"),
        click.option("--property", "slug", help="Only of this property, by its slug (`flask properties list`)."),
    ):
        command = option(command)
    return command


@group.command("show")
@_narrowed
@as_json
@with_appcontext
def show_figures(slug: str | None, period: str, as_json: bool) -> None:
    """Show the figures by month; with --json also those by property, kind of room and channel.

    \b
    Example:
        flask figures show --property hotel-central --period 2026
    """
    found = _found(slug, period)
    if as_json:
        show(csv_rows.rows(found))
        return
    for block in found.currencies:
        for month in block.months:
            click.echo(_line(block, month))
        click.echo(_total(block))
    if not found.is_complete:
        click.echo("Not all bookings are counted yet: `flask figures rebuild` does it now.", err=True)


@group.command("export")
@_narrowed
@as_json
@with_appcontext
def export(slug: str | None, period: str, as_json: bool) -> None:
    """Write the figures as CSV on standard output: by month, property, kind of room and channel.

    \b
    Example:
        flask figures export --period past > figures.csv
    """
    found = _found(slug, period)
    if as_json:
        show(csv_rows.rows(found))
        return
    for line in csv_rows.lines(found):
        click.echo(line, nl=False)


@group.command("definitions")
@with_appcontext
def define() -> None:
    """Say what each figure means.

    \b
    Example:
        flask figures definitions
    """
    for term, meaning in definitions.shown(money=True):
        click.echo(f"{term}: {meaning}")


@group.command("rebuild")
@with_appcontext
def rebuild() -> None:
    """Count all bookings anew. The worker does it by itself at first, and follows every change afterwards.

    \b
    Example:
        flask figures rebuild
    """
    with refusals_said():
        figures.begin_anew(acting())
        done = figures.keep_all(acting(), current_services().booking_context.rules)
    click.echo(f"{count(done, 'booking')} counted.")


@group.command("email")
@click.argument("email")
@click.argument("wanted", type=click.Choice(["on", "off"]))
@as_json
@with_appcontext
def choose_email(email: str, wanted: str, as_json: bool) -> None:
    """Have last week’s figures sent to somebody who works here each Monday, or no more.

    \b
    Example:
        flask figures email dana@hotel.example on
    """
    with refusals_said():
        user = people.get_user(acting(), email.strip())
        figures.choose_weekly(acting(), wanted=wanted == "on", whose=user.id)
    if as_json:
        show([{"userId": encode("user", user.id), "email": user.email, "weeklyFigures": wanted == "on"}])
    else:
        click.echo(f"{user.email} gets {'the' if wanted == 'on' else 'no'} figures each Monday.")


def _found(slug: str | None, period: str) -> Figures:
    with refusals_said():
        house = encode("property", catalogue.get_property(slug)) if slug else None
        wanted = accept(FiguresView, {"period": period} | ({"property": house} if house else {}), strict=False)
        return figures.get_figures(acting(), wanted, current_services().booking_context.rules)


def _line(block: CurrencyFigures, month: MonthLine) -> str:
    sums = month.sums
    cells = _shown(block.currency, sums.revenue, sums.adr(block.currency), sums.revpar(block.currency))
    occupancy = "-" if sums.occupancy is None else f"{sums.occupancy} %"
    return (
        f"{month.month:%Y-%m}  {sums.sold} of {sums.available} nights, {occupancy}, revenue {cells[0]}, ADR {cells[1]},"
        f" RevPAR {cells[2]}, {count(sums.stays, 'stay')}, {sums.cancelled} cancelled, {sums.missed} did not come"
    )


def _total(block: CurrencyFigures) -> str:
    total, then = block.total, block.then
    [revenue] = _shown(block.currency, total.revenue)
    occupancy = "-" if total.occupancy is None else f"{total.occupancy} %"
    pace = f"on the books now {total.sold} nights, a year ago today {then.nights}"
    return f"{block.currency}: {occupancy}, revenue {revenue}; {pace}."


def _shown(currency: str, *amounts: Any) -> list[str]:
    return ["-" if one is None else money_format.plain(one, currency) for one in amounts]
