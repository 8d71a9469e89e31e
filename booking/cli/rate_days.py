"""flask rates import-days and export-days: prices and restrictions, a row for each room and day."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import sys
import time
from collections.abc import Callable, Iterator
from typing import IO, Any

import click

from booking.cli.csv_file import Rows
from booking.cli.json_output import as_json, show
from booking.cli.operator import acting, refusals_said
from booking.cli.values import DATE
from booking.domain import catalogue, pricing
from booking.domain.pricing import ClosingsDone, DayRow, DaySheet, RulesDone
from booking.http import words
from booking.http.services import current_services
from booking.http.words import rate_rules
from booking.infra.words import count

CLOSED = "Closed in a file of prices"  # the reason that staff reads in the calendar
SHOWN_LINES = 100
EVERY = 5_000  # rows between two looks at the bar


@click.command("import-days")
@click.argument("slug", metavar="PROPERTY")
@click.argument("file")
@click.option("--dry-run", is_flag=True, help="Look at every row, say what would change, and change nothing.")
@click.option("--name", help="What guests read beside a price of the file. [default: Price]")
@as_json
def import_days(slug: str, file: str, dry_run: bool, name: str | None, as_json: bool) -> None:
    """Bring in prices and restrictions by day from a CSV, plain or gzipped ("-": standard input).

    Columns: room (its id, its id in the source, or its name), date, and any of price, min_nights, max_nights,
    closed_to_arrival, closed_to_departure and closed (yes or no). An empty cell leaves things as they are, "-" takes
    back what a file said before; days that are not in the file stay as they are. A price is what the night costs before
    what is added to it (weekends, dynamic prices, guests).

    Every row that is wrong is named by its line, and then nothing is changed. Else prices and limits change all at
    once; then nights are closed and opened room by room: whoever is interrupted there imports again, and the rest
    follows. Nights that are held or sold stay so.

    \b
    Examples:
        flask rates import-days pier-house days.csv --dry-run
        flask rates import-days antwerp days.csv.gz --name "Price list"
    """
    rules, began = current_services().booking_context.rules, time.monotonic()
    rows = Rows(file)
    with refusals_said():
        property_id = catalogue.get_property(slug)
        with _bar("Reading", rows.size) as advance:
            sheet = pricing.read_days(acting(), property_id, rows.header, _rows(rows, advance), rules)
        _refuse_wrong(sheet)
        if dry_run:
            made = pricing.rehearse_days(acting(), property_id, sheet)
        else:
            made = pricing.put_days(acting(), property_id, sheet, _names(name))
        closed = _close(sheet, rehearse=dry_run)
    _told(sheet, made, closed, as_json)
    if not as_json:
        click.echo(f"{'Nothing was changed. ' if dry_run else ''}{time.monotonic() - began:.1f} s.", err=True)


@click.command("export-days")
@click.argument("slug", metavar="PROPERTY")
@click.argument("file", type=click.File("w", encoding="utf-8", lazy=True), default="-")
@click.option("--from", "first", type=DATE, help="The first day. [default: today at the property]")
@click.option("--to", "last", type=DATE, help="The last day. [default: a year later]")
def export_days(slug: str, file: IO[str], first: dt.datetime | None, last: dt.datetime | None) -> None:
    """Write prices and restrictions as CSV, a row for each room and day, to FILE or to standard output.

    `flask rates import-days` reads it back; as it is, it changes nothing.

    \b
    Example:
        flask rates export-days pier-house days.csv --from 2027-06-01 --to 2027-08-31
    """
    rules = current_services().booking_context.rules
    with refusals_said():
        property_id = catalogue.get_property(slug)
        found = pricing.days_of_property(acting(), property_id, first and first.date(), last and last.date(), rules)
    writer, written = csv.writer(file), 0
    writer.writerow(pricing.DAY_COLUMNS)
    for row in found:
        writer.writerow(row)
        written += 1
    click.echo(f"{count(written, 'row')} exported.", err=True)


COMMANDS = (import_days, export_days)


def _rows(rows: Rows, advance: Callable[[int], None]) -> Iterator[DayRow]:
    for number, (line, cells) in enumerate(rows):
        if number % EVERY == 0:
            advance(rows.position)
        yield DayRow(line, cells)


def _refuse_wrong(sheet: DaySheet) -> None:
    """Raises ClickException where a row is wrong, after each of them has been named."""
    for wrong in sheet.wrong[:SHOWN_LINES]:
        said = "; ".join(f"{name}: {words.problem(name, notice)}" for name, notice in wrong.problems.items())
        click.echo(f"line {wrong.line}: {said}", err=True)
    if (more := sheet.wrong_rows - SHOWN_LINES) > 0:
        click.echo(f"... and {count(more, 'line')} more.", err=True)
    if sheet.wrong_rows:
        raise click.ClickException("Nothing was imported.")


def _names(price: str | None) -> dict[str, str]:
    return {kind: str(name) for kind, name in rate_rules.KINDS.items()} | ({"price": price} if price else {})


def _close(sheet: DaySheet, *, rehearse: bool) -> ClosingsDone:
    rules, done = current_services().booking_context.rules, 0
    with _bar("Closing and opening nights", len(sheet.closings)) as advance:

        def one_more() -> None:
            nonlocal done
            done += 1
            advance(done)

        return pricing.close_days(acting(), sheet, rules, CLOSED, rehearse=rehearse, advance=one_more)


def _told(sheet: DaySheet, made: RulesDone, closed: ClosingsDone, as_json: bool) -> None:
    nights = closed.closings
    facts: dict[str, Any] = {
        "rows": sheet.rows,
        "runs": sheet.runs,
        "rulesAdded": made.added,
        "rulesChanged": made.changed,
        "rulesEnded": made.ended,
        "nightsClosed": nights.closed,
        "nightsOpened": nights.opened,
        "nightsTaken": nights.taken,
        "nightsOutOfReach": nights.out_of_reach,
        "nightsStillClosed": nights.still_closed,
    }
    if as_json:
        show([facts])
        return
    click.echo(
        f"{count(sheet.rows, 'row')}: {made.added} rules added, {made.changed} changed, {made.ended} ended;"
        f" {count(nights.closed, 'night')} closed, {nights.opened} opened."
    )
    for number, told in (
        (nights.taken, "to be closed were held, sold or closed already"),
        (nights.still_closed, "to be opened stay as they are: held, sold, or closed by somebody else"),
        (nights.out_of_reach, "to be closed are over or too far ahead"),
    ):
        if number:
            click.echo(f"{count(number, 'night')} {told}.")


@contextlib.contextmanager
def _bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A function to call with how far it has come; shown where somebody watches."""
    if not sys.stderr.isatty():
        yield lambda _done: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=total or None)
        yield lambda done: bar.update(task, completed=done)
