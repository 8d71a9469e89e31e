"""flask rates: rules of prices and stays, listed, made, changed, ended, imported and exported."""

from __future__ import annotations

import csv
import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import IO, Any, TypeVar

import click

from booking.cli import rate_days
from booking.cli.csv_file import Rows
from booking.cli.json_output import as_json, instant, show
from booking.cli.operator import Group, acting, refusals_said
from booking.cli.values import Id
from booking.domain import catalogue, pricing
from booking.domain.catalogue import BadRow
from booking.domain.errors import Invalid
from booking.domain.pricing import RateRule
from booking.http import words
from booking.infra.ids import encode
from booking.infra.words import count

F = TypeVar("F", bound=Callable[..., Any])
RATE = Id("rate", "see `flask rates list`")
KINDS = click.Choice(pricing.RATE_KINDS)
NAMES = {"room_kind": "--room-kind", "room": "--room", "from": "--from", "to": "--to", "weekdays": "--weekdays"}
OPTIONS = (
    ("--room-kind", "room_kind", "Only for rooms of this kind, such as 'Double room'."),
    ("--room", "room", "Only for this room, and the units like it."),
    ("--from", "from", "The first day that it covers."),
    ("--to", "to", "The last day that it covers."),
    ("--weekdays", "weekdays", "Of these days only some, such as fri,sat."),
    ("--priority", "priority", "Of rules of a kind that cover a day the highest counts; 0 if not given."),
)

group = Group("rates", help="Rules of prices and stays: list, show, add, change, end, import, export.")
for command in rate_days.COMMANDS:
    group.add_command(command)


def _options(command: F) -> F:
    for option, field, told in reversed(OPTIONS):
        command = click.option(option, field, help=told)(command)
    return command


@group.command("list")
@click.argument("slug", metavar="PROPERTY")
@click.option("--ended", is_flag=True, help="Every version there was, too.")
@as_json
def list_them(slug: str, ended: bool, as_json: bool) -> None:
    """List the rules of a property that are in force.

    \b
    Example:
        flask rates list pier-house
    """
    with refusals_said():
        found = pricing.rates_of_property(acting(), catalogue.get_property(slug), ended=ended)
    _told(found, as_json)
    if not as_json:
        click.echo(f"{count(len(found), 'rule')}.", err=True)


@group.command("show")
@click.argument("rate_id", metavar="RATE", type=RATE)
@as_json
def show_one(rate_id: uuid.UUID, as_json: bool) -> None:
    """Show every version of a rule: what it said, from when until when, and who said so.

    \b
    Example:
        flask rates show rate_01k5...
    """
    with refusals_said():
        found = pricing.rate_versions(acting(), rate_id)
    _told(found, as_json)
    if not as_json:
        for rule in found:
            ended = f", ended {instant(rule.ended_at)} by {rule.ended_by}" if rule.ended_at else ""
            click.echo(f"  version {rule.version}: {instant(rule.made_at)} by {rule.made_by}{ended}")


@group.command("add")
@click.argument("slug", metavar="PROPERTY")
@click.argument("kind", type=KINDS)
@click.argument("name")
@click.argument("terms", nargs=-1)
@_options
@as_json
def add(slug: str, kind: str, name: str, terms: tuple[str, ...], as_json: bool, **given: str | None) -> None:
    """Add a rule of a KIND called NAME, as guests will read it beside the price; it counts from now on.

    TERMS by kind: price amount= or percent= of the room's own price; adjust amount= or percent= more (below 0: less);
    guests included= extra= fewer=; length steps=NIGHTS:PERCENT,...; early_bird and last_minute days= percent=;
    min_nights and max_nights nights=; closed_to_arrival and closed_to_departure closed=; notice and horizon days=;
    dynamic steps=OCCUPANCY:DAYS:PERCENT,... floor= ceiling= step= ahead=; fee amount= per=stay|night|guest|guest_night;
    tax amount= per=, or percent= of=nights|all (all: fees too), for the first nights= only, included=true where it is
    in the prices already; cap= of both: at most so much for the stay, or each guest. Fees and taxes of different names
    add up.

    \b
    Examples:
        flask rates add pier-house price Summer percent=130 --from 2027-06-01 --to 2027-08-31
        flask rates add pier-house adjust Weekend percent=20 --weekdays fri,sat
        flask rates add pier-house length "3 nights or more" steps=3:10,7:15
        flask rates add pier-house fee Cleaning amount=45
        flask rates add pier-house tax "City tax" amount=3.50 per=guest_night nights=7
        flask rates add pier-house tax VAT percent=20 of=all included=true
    """
    with refusals_said(**NAMES):
        said = pricing.rate_input(_said(given) | {"kind": kind, "name": name, "terms": " ".join(terms)})
        property_id = catalogue.get_property(slug)
        pricing.rates_of_property(acting(), property_id)  # who may not see rules makes none
        made = pricing.add_rate(acting(), property_id, said)
        found = pricing.rate_versions(acting(), made)
    _told(found, as_json)


@group.command("change")
@click.argument("rate_id", metavar="RATE", type=RATE)
@click.argument("terms", nargs=-1)
@click.option("--name", "name", help="What it is called.")
@_options
@as_json
def change(rate_id: uuid.UUID, terms: tuple[str, ...], as_json: bool, **given: str | None) -> None:
    """Change what is given of a rule; the rest stays as it is. An empty value takes away what was said.

    What was sold before keeps its price.

    \b
    Example:
        flask rates change rate_01k5... percent=25 --to 2027-09-15
    """
    with refusals_said(**NAMES):
        latest = pricing.rate_versions(acting(), rate_id)[-1]
        was = dict(zip(pricing.RATE_COLUMNS, pricing.rate_row(latest), strict=True))
        whole = was | {name: value for name, value in given.items() if value is not None}
        whole |= {"terms": " ".join(terms)} if terms else {}
        said = pricing.rate_input({name: value for name, value in whole.items() if value and name != "rule"})
        pricing.change_rate(acting(), rate_id, said, seen_version=latest.version)
        found = pricing.rate_versions(acting(), rate_id)[-1:]
    _told(found, as_json)


@group.command("end")
@click.argument("rate_id", metavar="RATE", type=RATE)
@as_json
def end(rate_id: uuid.UUID, as_json: bool) -> None:
    """End a rule: it counts no longer. What was sold keeps its price.

    \b
    Example:
        flask rates end rate_01k5...
    """
    with refusals_said():
        pricing.rate_versions(acting(), rate_id)  # who may not see it ends nothing
        pricing.end_rate(acting(), rate_id)
        found = pricing.rate_versions(acting(), rate_id)[-1:]
    _told(found, as_json)


@group.command("export")
@click.argument("slug", metavar="PROPERTY")
@click.argument("file", type=click.File("w", encoding="utf-8", lazy=True), default="-")
def export(slug: str, file: IO[str]) -> None:
    """Write the rules in force as CSV to FILE or to standard output; `flask rates import` reads them back.

    \b
    Example:
        flask rates export pier-house rates.csv
    """
    with refusals_said():
        rows = list(pricing.rate_rows(acting(), catalogue.get_property(slug)))
    writer = csv.writer(file)
    writer.writerow(pricing.RATE_COLUMNS)
    writer.writerows(rows)
    click.echo(f"{count(len(rows), 'rule')} exported.", err=True)


@group.command("import")
@click.argument("slug", metavar="PROPERTY")
@click.argument("file")
@as_json
def import_them(slug: str, file: str, as_json: bool) -> None:
    """Bring in rules from a CSV as `export` writes it: all of them or none.

    A row with the id of a rule changes it, one without is a new rule. What stands there already stays as it is; rules
    that are not in the file, too.

    \b
    Example:
        flask rates import pier-house rates.csv
    """
    with refusals_said(**NAMES):
        property_id = catalogue.get_property(slug)
        new, changed = pricing.put_rates(acting(), property_id, _rows(file))
    if as_json:
        show([{"added": new, "changed": changed}])
    else:
        click.echo(f"{new} added, {changed} changed.")


def _rows(file: str) -> list[tuple[uuid.UUID | None, pricing.RateInput]]:
    """Raises ClickException with every line that is wrong."""
    read, wrong = [], []
    for line, row in Rows(file):
        try:
            if isinstance(row, BadRow):
                wrong.append(f"line {line}: {words.told(row.notice)}")
                continue
            read.append(pricing.read_rate_row(row))
        except Invalid as problem:
            said = "; ".join(f"{field}: {words.problem(field, notice)}" for field, notice in problem.details.items())
            wrong.append(f"line {line}: {said}")
        if len(read) > pricing.MOST_RATES:
            raise click.ClickException(f"More than {pricing.MOST_RATES} rows: a property has fewer rules.")
    if wrong:
        click.echo("\n".join(wrong), err=True)
        raise click.ClickException("Nothing was imported.")
    return read


def _said(given: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in given.items() if value}


def _told(found: Sequence[RateRule], as_json: bool) -> None:
    if as_json:
        show(map(_facts, found))
        return
    for rule in found:
        click.echo(_line(rule))


def _line(rule: RateRule) -> str:
    """rate_01k5… (version 1) price “Summer” percent=130, all rooms, 2027-06-01 to 2027-08-31."""
    facts = dict(zip(pricing.RATE_COLUMNS, pricing.rate_row(rule), strict=True))
    period = " to ".join((facts["from"] or "always", facts["to"] or "always")) if facts["from"] or facts["to"] else ""
    parts: Iterable[str] = (
        f"{facts['kind']} “{facts['name']}” {facts['terms']}".rstrip(),
        facts["room"] or facts["room_kind"] or "all rooms",
        period,
        facts["weekdays"],
        f"priority {rule.priority}" if rule.priority else "",
        "ended" if rule.until is not None else "",
    )
    return f"{facts['rule']} (version {rule.version}) {', '.join(part for part in parts if part)}"


def _facts(rule: RateRule) -> dict[str, Any]:
    return {
        "rateId": encode("rate", rule.rule_id),
        "version": rule.version,
        "propertyId": encode("property", rule.property_id),
        "kind": rule.kind,
        "name": rule.name,
        "terms": rule.terms,
        "priority": rule.priority,
        "roomKind": rule.room_kind,
        "roomId": encode("room", rule.room_id) if rule.room_id else None,
        "from": rule.first_day.isoformat() if rule.first_day else None,
        "to": rule.last_day.isoformat() if rule.last_day else None,
        "weekdays": list(rule.weekdays or ()),
        "madeBy": rule.made_by,
        "madeAt": instant(rule.made_at),
        "endedBy": rule.ended_by,
        "endedAt": instant(rule.ended_at),
    }
