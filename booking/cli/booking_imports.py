"""`flask bookings import`: reservations that were made elsewhere come in from a file."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Sequence
from typing import Any

import click
from flask.cli import with_appcontext

from booking.cli.csv_file import Rows
from booking.cli.json_output import as_json, show
from booking.cli.operator import acting, refusals_said
from booking.domain import catalogue
from booking.domain.errors import Invalid
from booking.domain.money import as_text
from booking.domain.notices import Notice
from booking.domain.reservations import importing
from booking.domain.reservations.importing import ReadRow, RowOutcome
from booking.http import money_format, words
from booking.http.services import current_services
from booking.infra.words import count

SAID = {
    "ready": "would come in",
    "imported": "came in",
    "there": "here already",
    "differs": "here with another stay",
    "conflict": "in conflict",
    "bad": "cannot come in",
}
MOST_TOLD = 50  # rows that would come in


@click.command("import")
@click.argument("file")
@click.option("--property", "slug", required=True, help="The property they are for, by its slug.")
@click.option(
    "--source", default="import", show_default=True, help="What they come from: ids are told apart within it."
)
@click.option("--dry-run", is_flag=True, help="Only look: change nothing.")
@click.option("--strict", is_flag=True, help="Exit with 1 when a row did not come in (the others do all the same).")
@as_json
@with_appcontext
def import_(file: str, slug: str, source: str, *, dry_run: bool, strict: bool, as_json: bool) -> None:
    """Import reservations that were made elsewhere from FILE, a CSV in UTF-8, plain or gzipped ("-": standard input).

    Columns: sourceId, room (its id, name or number), checkIn, checkOut, guests, name, email, phone, total, currency,
    paid, note; email, phone, currency, paid and note may be missing. Each becomes a confirmed booking: nobody is
    charged and nobody gets an email; what was paid stands as paid elsewhere, the rest is due. A row whose nights
    somebody has is a conflict, and is named on standard error with its line, as bad rows are; the others come in.
    Importing again changes nothing that is here.

    \b
    Example:
        flask bookings import reservations.csv --property seaside --source "old system" --dry-run
    """
    done = list(_done(file, _property(slug), source, dry_run=dry_run))
    found = importing.tally(done)
    if dry_run and not as_json:
        _tell_coming(found.coming)
    for one in [] if as_json else found.in_the_way:
        click.echo(f"line {one.line}: {_why(one)}{_of(one)}", err=True)
    if as_json:
        show(map(_facts, sorted(done, key=lambda one: one.line)))
    else:
        told = (f"{found.counts[outcome]:,} {said}" for outcome, said in SAID.items() if found.counts[outcome])
        click.echo(f"{count(found.rows, 'row')}: {', '.join(told) or 'nothing to do'}{_past(found.past)}.")
    if dry_run:
        click.echo("This was a dry run: nothing was kept.", err=as_json)
    if strict and found.in_the_way:
        sys.exit(1)


def _property(slug: str) -> uuid.UUID:
    with refusals_said():
        return catalogue.get_property(slug)


def _done(file: str, house_id: uuid.UUID, source: str, *, dry_run: bool) -> Any:
    """Each row's outcome, as it comes."""
    rules = current_services().booking_context.rules
    rows = Rows(file, importing.DELIMITERS)
    try:
        importing.check_columns(rows.header)
        house = importing.house_of(acting(), house_id)
        if dry_run:
            yield from importing.rehearse(acting(), house, source, rows, rules)
        else:
            yield from importing.take_over(acting(), house, source, rows, rules)
    except Invalid as refusal:
        said = "; ".join(words.sentence(*one) for one in refusal.details.items())
        raise click.UsageError(said.replace("File ", f"{file} ", 1)) from None


def _tell_coming(rows: Sequence[RowOutcome]) -> None:
    for one in rows[:MOST_TOLD]:
        if one.read:
            click.echo(f"line {one.line}: {_shown(one.read)}{_of(one)}")
    if len(rows) > MOST_TOLD:
        click.echo(f"and {count(len(rows) - MOST_TOLD, 'more row')} that would come in.")


def _shown(row: ReadRow) -> str:
    total, paid = (money_format.plain(amount, row.currency) for amount in (row.total, row.paid))
    past = ", in the past" if row.is_past else ""
    stay = f"{row.stay.check_in} to {row.stay.check_out}{past}"
    return f"{row.guest}, {row.room}, {stay}, {count(row.guests, 'guest')}, {total}, {paid} paid"


def _past(number: int) -> str:
    return f" ({number:,} of them in the past)" if number else ""


def _why(one: RowOutcome) -> str:
    return "; ".join(_problem(*problem) for problem in one.problems.items())


def _problem(field: str, notice: Notice) -> str:
    return f"{field}: {words.problem(field, notice)}"


def _of(one: RowOutcome) -> str:
    return f" ({one.source_id[:64]})" if one.source_id else ""


def _facts(one: RowOutcome) -> dict[str, Any]:
    problems = {field: words.problem(field, notice) for field, notice in one.problems.items()}
    known = {"line": one.line, "sourceId": one.source_id or None, "outcome": one.outcome, "reference": one.reference}
    return known | {"problems": problems} | ({"row": _read_facts(one.read)} if one.read else {})


def _read_facts(row: ReadRow) -> dict[str, Any]:
    return {
        "name": row.guest,
        "room": row.room,
        "checkIn": row.stay.check_in.isoformat(),
        "checkOut": row.stay.check_out.isoformat(),
        "guests": row.guests,
        "total": as_text(row.total, row.currency),
        "paid": as_text(row.paid, row.currency),
        "currency": row.currency,
        "inThePast": row.is_past,
    }


COMMANDS = (import_,)
