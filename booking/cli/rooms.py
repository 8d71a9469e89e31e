"""`flask rooms`: rooms come in from files and go out into them.

Beside: they are made and changed (room_editing.py), nights are taken off sale (room_blocks.py).
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import click

from booking.cli import room_blocks, room_editing, room_status, room_units
from booking.cli.csv_file import Rows
from booking.cli.operator import Group, acting, unavailable
from booking.domain import catalogue, spelling
from booking.domain.catalogue import BadRow, ImportDefaults, ImportFormat, OptionsMissing, PropertyMisfit, RoomDraft
from booking.domain.errors import Invalid
from booking.domain.notices import Notice
from booking.http import words
from booking.infra import signals
from booking.infra.db import Unavailable
from booking.infra.words import count as counted

ENCODING = "utf-8-sig"  # with a byte order mark: without, Excel takes it for the machine's old code page

group = Group("rooms", help="Make, change and link rooms, bring them in from files, and take nights off sale.")
for command in (
    *room_editing.COMMANDS,
    *room_units.COMMANDS,
    *room_blocks.COMMANDS,
    *room_status.COMMANDS,
):
    group.add_command(command)


@dataclass(slots=True)
class Tally:
    """What became of every row of the file."""

    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    held_back: Counter[Notice] = field(default_factory=Counter)
    bad: list[tuple[int, BadRow, str]] = field(default_factory=list)  # with line and id
    seen: dict[tuple[str | None, str], int] = field(default_factory=dict)

    def refuse(self, line: int, problem: BadRow, room_id: str) -> None:
        self.bad.append((line, problem, room_id))


@group.command("import")
@click.argument("file")
@click.option("--currency", help="ISO code of the prices, such as EUR. Inside Airbnb files do not say it.")
@click.option("--location", help="Slug of the city the rooms go to, such as tel-aviv.")
@click.option("--time-zone", help="IANA zone of the city, such as Europe/Brussels.")
@click.option("--country", help="Country of the city, such as Belgium or BE.")
@click.option("--property-name", help="Name of a property made for the rooms. [default: the city's]")
@click.option("--dry-run", is_flag=True, help="Do everything but keep nothing.")
@click.option("--strict", is_flag=True, help="Exit with 1 when a row was bad (the others go in all the same).")
def import_(
    file: str,
    *,
    currency: str | None,
    location: str | None,
    time_zone: str | None,
    country: str | None,
    property_name: str | None,
    dry_run: bool,
    strict: bool,
) -> None:
    """Import rooms from FILE: an Inside Airbnb listings.csv or our own CSV, plain or gzipped ("-": standard input).

    Every row goes in, or is named on standard error with its line and the reason. Rooms are told apart by their id in
    the source: importing again updates what changed and touches nothing else. Rooms without a price, or with a shortest
    stay over 365 nights, go in unpublished. All rooms of an Inside Airbnb file go into one property per location; its
    coordinates, hosts and reviews are left aside. Our own CSV says currency, location and zone itself. A property that
    is there already is used as it is; only a country it lacks is added.

    \b
    Examples:
      flask rooms import listings.csv.gz --currency EUR --location antwerp --time-zone Europe/Brussels --country BE
      flask rooms import rooms.csv --dry-run
    """
    began = time.monotonic()
    rows = Rows(file)
    layout = _layout(rows.header, ImportDefaults(location, currency, time_zone, property_name, country))
    tally = Tally()
    try:
        with _progress(rows) as advance:
            _import(rows, layout, tally, rehearse=dry_run, advance=advance)
    except Unavailable as error:
        raise click.ClickException(f"{unavailable(error)} Import again to bring in the rest.") from error
    finally:
        _report(tally, dry_run=dry_run, seconds=time.monotonic() - began)
    if strict and tally.bad:
        sys.exit(1)


@group.command("export")
@click.argument("file", default="-")
@click.option("--location", help="Only the rooms of this city, such as tel-aviv.")
def export(file: str, location: str | None) -> None:
    """Write all rooms as our own CSV to FILE (gzipped where it ends in .gz) or to standard output.

    `flask rooms import` reads it back, here or in another installation. Cells that a spreadsheet would take for a
    formula begin with an apostrophe; the file begins with a byte order mark, so that Excel reads it as UTF-8.

    \b
    Examples:
      flask rooms export rooms.csv.gz
      flask rooms export --location tel-aviv > tel-aviv.csv
    """
    if location is not None:
        _require_rooms(location)
    try:
        with signals.ending_by_exception(), _output(file) as out:
            count = _write(out, location)
    except BrokenPipeError:
        raise  # the reader has seen enough: click ends quietly
    except OSError as error:
        raise click.ClickException(f"Cannot write {file}: {error.strerror or error}.") from error
    click.echo(f"{counted(count, 'room')} exported.", err=True)


def _require_rooms(location: str) -> None:
    """A misspelt city writes nothing, least of all over the last export."""
    known = catalogue.import_locations()
    if location not in known:
        meant = spelling.perhaps_meant(spelling.close(location, known))
        hint = words.told(meant) if isinstance(meant, Notice) else ""
        raise click.ClickException(f"No room is in {location!r}, so nothing was written.{hint}")


def _layout(header: list[str], options: ImportDefaults) -> ImportFormat:
    """How to read the file, everything about the options checked first."""
    try:
        layout = catalogue.recognise_format(header, catalogue.checked_drafts(options))
        if layout.into:
            catalogue.check_property(layout.into)
    except Invalid as error:
        if isinstance(error, OptionsMissing):
            wanted = ", ".join(f"--{option.replace('_', '-')}" for option in error.details)
            raise click.UsageError(f"{words.message(error)} Add {wanted}.") from error
        if error.details:
            raise click.UsageError(" ".join(map(words.told, error.details.values()))) from error
        raise click.ClickException(words.message(error)) from error
    except PropertyMisfit as error:
        why = "; ".join(map(words.told, error.details.values()))
        raise click.ClickException(f"Nothing was imported: {why}.") from error
    return layout


def _import(rows: Rows, layout: ImportFormat, tally: Tally, *, rehearse: bool, advance: Callable[[int], None]) -> None:
    for batch in _batches(rows, layout, tally):
        _put(batch, tally, rehearse=rehearse)
        advance(tally.rows)


def _batches(rows: Rows, layout: ImportFormat, tally: Tally) -> Iterator[list[RoomDraft]]:
    """The good rows, so many at a time; those before a damage of the file are handed out before it is reported."""
    batch: list[RoomDraft] = []
    try:
        for line, cells in rows:
            tally.rows += 1
            if draft := _draft(line, cells, layout, tally):
                batch.append(draft)
            if len(batch) == catalogue.IMPORT_BATCH:
                yield batch
                batch = []
    except click.ClickException:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def _draft(line: int, cells: dict[str, str] | BadRow, layout: ImportFormat, tally: Tally) -> RoomDraft | None:
    """The room of a row, None where it is bad; of two with one id the first counts."""
    if isinstance(cells, BadRow):
        tally.refuse(line, cells, "")
        return None
    try:
        draft = layout.read(cells, line)
        if (earlier := tally.seen.setdefault(draft.key, line)) != line:
            raise BadRow("id", "row_twice", earlier=earlier)
    except BadRow as problem:
        tally.refuse(line, problem, cells.get("source_id", cells.get("id", "")))
        return None
    return draft


def _put(batch: list[RoomDraft], tally: Tally, *, rehearse: bool) -> None:
    outcome = catalogue.put_rooms(acting(), batch, rehearse=rehearse)
    tally.counts["created"] += len(outcome.created)
    tally.counts["updated"] += len(outcome.updated)
    tally.counts["unchanged"] += len(outcome.unchanged)
    tally.held_back.update(draft.held_back for draft in outcome.held_back if draft.held_back)
    for draft, column, reason in outcome.refused:
        tally.refuse(draft.line, BadRow(column, reason.code, **reason.params), draft.key[1])


def _report(tally: Tally, *, dry_run: bool, seconds: float) -> None:
    for line, problem, room_id in sorted(tally.bad, key=lambda entry: entry[0]):
        of_room = f" (id {room_id[:64]})" if room_id.strip() else ""
        click.echo(f"line {line}: {problem.field}: {words.told(problem.notice)}{of_room}", err=True)
    counts = ", ".join(f"{tally.counts[what]:,} {what}" for what in ("created", "updated", "unchanged"))
    click.echo(f"{counted(tally.rows, 'row')} in {seconds:.1f} s: {counts}, {len(tally.bad):,} bad.")
    for reason, count in tally.held_back.most_common():
        click.echo(f"{count:,} of them unpublished: {words.told(reason)}.")
    if dry_run:
        click.echo("This was a dry run: nothing was kept.")


@contextlib.contextmanager
def _progress(rows: Rows) -> Iterator[Callable[[int], None]]:
    """A function to call with the number of rows read; it shows them where somebody watches."""
    if not sys.stderr.isatty():
        yield lambda _count: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Reading rooms", total=rows.size or None)

        def advance(count: int) -> None:
            bar.update(task, completed=rows.position, description=f"{count:,} rows")

        yield advance


@contextlib.contextmanager
def _output(file: str) -> Iterator[IO[str]]:
    """Standard output, or a file that appears whole or not at all."""
    if file == "-":
        stdout = io.TextIOWrapper(sys.stdout.buffer, encoding=ENCODING, newline="", write_through=True)
        yield stdout
        stdout.detach()  # the stream is not ours to close
        return
    unfinished = Path(f"{file}.{os.getpid()}.part")
    try:
        with _opened(unfinished, packed=file.endswith(".gz")) as out:
            yield out
        unfinished.replace(file)
    finally:
        with signals.held_back():
            unfinished.unlink(missing_ok=True)


def _opened(path: Path, *, packed: bool) -> IO[str]:
    if packed:
        return gzip.open(path, "wt", encoding=ENCODING, newline="")
    return path.open("w", encoding=ENCODING, newline="")


def _write(out: IO[str], location: str | None) -> int:
    writer = csv.writer(out)
    writer.writerow(catalogue.SHEET_COLUMNS)
    count = 0
    for room, house in catalogue.exported_rooms(acting(), location):
        writer.writerow(catalogue.sheet_row(room, house))
        count += 1
    return count
