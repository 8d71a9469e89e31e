"""flask backup: base backups and WAL in a safe place, and the way back."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click
from sqlalchemy.exc import DBAPIError

from booking.cli.operator import Group, acting
from booking.config import Settings
from booking.domain import maintenance, system
from booking.domain.notices import Notice
from booking.http import words
from booking.http.services import current_services
from booking.infra import clock, embedded, signals
from booking.infra.backup import Archive, BackupError, base, catalogue, retention
from booking.infra.backup.primary import Primary
from booking.infra.backup.receiver import Receiver
from booking.infra.backup.restore import Restore, plan
from booking.infra.db import Unavailable
from booking.infra.doctor.report import said
from booking.infra.words import count

group = Group("backup", help="Back up Postgres, restore it, and prove that both work.")
NO_ARCHIVE = "BACKUP_URL is not set: file:///backups, or s3://bucket/prefix."
INSTANTS = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S")
_which = (
    click.option("--at", "instant", help="A moment, such as '2026-11-28 20:37' (UTC) or with a zone: ...T20:37+01:00."),
    click.option("--from", "label", default="", help="A backup of the list, instead of the newest that leads there."),
    click.option("--timeline", type=click.IntRange(1), help="Another timeline than the newest."),
)


@group.command("create")
def create() -> None:
    """Make a base backup now, then forget those beyond BACKUP_KEEP. Guests notice nothing.

    \b
    Example:
        flask backup create
    """
    settings = _settings()
    with _said(), signals.ending_by_exception():
        archive = Archive(_url(settings))
        backup = base.create(archive, Primary(settings.backup_database_url), pg_bin=settings.pg_bin)
        seconds = (backup.finished - backup.began).total_seconds()
        click.echo(f"{backup.label}: {_size(backup.size)} in {seconds:.0f} s.")
        pruned = retention.prune(archive, settings.backup_keep)
    _tell_pruned(pruned)


@group.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_backups(as_json: bool) -> None:
    """Show the backups, the newest last, and how far they can be brought forward.

    \b
    Example:
        flask backup list
    """
    with _said():
        archive = Archive(_url(_settings()), only_reads=True)
        backups, received = catalogue.backups(archive), catalogue.received(archive)
        unfinished = catalogue.unfinished(archive)
    if as_json:
        rows = [
            {"label": one.label, "finished": one.finished.isoformat(), "bytes": one.size, "timeline": one.timeline}
            for one in backups
        ]
        upto = received.at.isoformat() if received else None
        click.echo(json.dumps({"backups": rows, "unfinished": unfinished, "walUpTo": upto}, indent=1))
        return
    for one in backups:
        click.echo(f"{one.label}  finished {_shown(one.finished)}  {_size(one.size):>9}  timeline {one.timeline}")
    if not backups:
        click.echo("No backup yet: make one with `flask backup create`.")
    if unfinished:
        click.echo(f"Unfinished: {', '.join(unfinished)} (running, or interrupted: removed after a day).")
    upto = (
        f"WAL is archived up to {_shown(received.at)}." if received else "No WAL is archived: `flask backup receive`."
    )
    click.echo(upto)


@group.command("prune")
def prune() -> None:
    """Forget base backups beyond BACKUP_KEEP, and WAL older than the oldest kept one. `create` does this too.

    \b
    Example:
        flask backup prune
    """
    settings = _settings()
    with _said():
        pruned = retention.prune(Archive(_url(settings), only_reads=True), settings.backup_keep)
    _tell_pruned(pruned)
    if not pruned.labels and not pruned.wal:
        click.echo("Nothing to remove.")


@group.command("receive")
def receive() -> None:
    """Archive WAL as it is written, and make a base backup every BACKUP_HOURS. Runs until it is stopped.

    One process for each archive, beside web and worker. Whatever dies, start it again: it goes on where it was.

    \b
    Example:
        flask backup receive
    """
    settings = _settings()
    stopping = threading.Event()
    work = Path(settings.backup_work_dir or embedded.var_dir(os.environ) / "backup")
    every = dt.timedelta(hours=settings.backup_hours)
    for number in signals.ENDING:
        signals.heed(number, lambda _: stopping.set())
    with _said():
        archive, primary = Archive(_url(settings)), Primary(settings.backup_database_url)
        retention.require_some(settings.backup_keep)
        Receiver(archive, primary, work, every=every, keep=settings.backup_keep, pg_bin=settings.pg_bin).run(stopping)


@group.command("restore")
@click.option("--to", "target", required=True, type=click.Path(path_type=Path), help="An empty folder, or a new one.")
@_which[0]
@_which[1]
@_which[2]
def restore(target: Path, instant: str | None, label: str, timeline: int | None) -> None:
    """Make a data directory of Postgres as of the newest moment, or of a moment you name. Replaces nothing.

    \b
    Example:
        flask backup restore --to /srv/postgres-restored --at '2026-11-28 20:37'
    """
    with _said(), signals.ending_by_exception():
        copy = _inspected(target, instant, label, timeline or 0)
    _tell(copy)
    click.echo(f"\n{target.absolute()} is ready. What to do next:")
    for number, step in enumerate(_next_steps(target.absolute()), 1):
        click.echo(f"  {number}. {step}")


@group.command("drill")
@_which[0]
@_which[1]
@_which[2]
@click.option("--in", "room", type=click.Path(path_type=Path), help="Where the copy is made; it needs room for it.")
def drill(instant: str | None, label: str, timeline: int | None, room: Path | None) -> None:
    """Restore the newest backup beside the house, verify its bookings, and remove it again.

    Exits with 1 where it cannot be restored, where anything in it does not agree, or where bookings are missing.
    A refund that is owed is named, and is no fault of the backup.

    \b
    Example:
        flask backup drill
    """
    if room is not None and not room.is_dir():
        raise click.BadParameter(f"{room} is not a folder.", param_hint="--in")
    with _said(), signals.ending_by_exception(), ExitStack() as afterwards:
        with signals.held_back():
            folder = Path(tempfile.mkdtemp(prefix="drill-", dir=room))
            afterwards.callback(_remove, folder)
        folder.chmod(0o755)  # as root, Postgres runs as somebody else below it
        copy = _inspected(folder / "data", instant, label, timeline or 0)
    _tell(copy)
    _note(copy)
    if not copy.agrees:
        sys.exit(1)
    click.echo("The backup can be trusted.")


def _inspected(target: Path, instant: str | None, label: str, timeline: int) -> maintenance.RestoredCopy:
    settings = _settings()
    archive = Archive(_url(settings), only_reads=True)
    chosen = plan(archive, at=_moment(instant), label=label, timeline=timeline)
    way = Restore(archive, chosen, target, database_url=settings.database_url, pg_bin=settings.pg_bin)
    return maintenance.inspect_copy(way)


def _note(copy: maintenance.RestoredCopy) -> None:
    """For the page about the system. A house that is lost cannot be told: that is what drills are for, and no fault."""
    facts = {
        "agrees": copy.agrees,
        "label": copy.restored.plan.backup.label,
        "upTo": copy.restored.upto.isoformat() if copy.restored.upto else None,
        "seconds": round(copy.seconds, 1),
        "bookings": copy.bookings,
        "lost": copy.lost,
    }
    try:
        system.note_facts(acting(), system.NOTED_DRILL, facts)
    except (Unavailable, DBAPIError) as error:
        click.echo(f"The house could not be told of this drill: {said(error)}", err=True)


def _remove(folder: Path) -> None:
    with signals.held_back():
        shutil.rmtree(folder)


def _tell(copy: maintenance.RestoredCopy) -> None:
    restored, report = copy.restored, copy.report
    upto = _shown(restored.upto) if restored.upto else "the end of the backup"
    click.echo(f"Backup {restored.plan.backup.label}, {_size(restored.size)}, restored in {copy.seconds:.1f} s.")
    click.echo(f"Last transaction: {upto}. WAL segments read: {len(restored.plan.segments)}.")
    if report is None:
        click.echo(f"Its bookings cannot be verified: {copy.trouble}", err=True)
        return
    for finding in report.damage:
        click.echo(f"{words.told(Notice(finding.rule))}: {finding.subject}", err=True)
    for debt in report.debts:
        click.echo(f"A refund is {words.told(Notice(debt.rule))}, which is no fault of the backup: {debt.subject}")
    click.echo(f"{count(len(report.damage), 'finding') if report.damage else 'All agree'}: {report.scope()}.")
    if copy.live is None:
        click.echo("The running database cannot be asked: nothing to compare with.")
    elif copy.lost:
        click.echo(f"Missing: {count(copy.lost, 'booking')} made before {_shown(copy.compared)}.", err=True)
    else:
        click.echo(
            f"{count(copy.bookings, 'booking')} made before {_shown(copy.compared)}: all that the house has are there."
        )


def _next_steps(target: Path) -> Iterator[str]:
    yield "Stop web, worker and the receiver of WAL, then Postgres."
    if embedded.development(os.environ):
        yield "Move the data directory of Postgres away (`make run` shows where it is) and this one into its place."
    else:
        yield f"Start Postgres on this folder with the options of the old one: postgres -D {target} ..."
    yield "Start the rest. `flask doctor` and `flask bookings verify` should find nothing."
    yield "Make a new base backup: `flask backup create`. The archive keeps the old timeline, too (--timeline)."


def _tell_pruned(pruned: retention.Pruned) -> None:
    if pruned.labels or pruned.wal:
        click.echo(f"Removed: {count(len(pruned.labels), 'old backup')}, {count(pruned.wal, 'file')} of WAL.")


def _settings() -> Settings:
    return current_services().settings


def _url(settings: Settings) -> str:
    if not settings.backup_url:
        raise BackupError(NO_ARCHIVE)
    return settings.backup_url


def _moment(text: str | None) -> dt.datetime | None:
    if text is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        raise BackupError(f"--at {text!r} is no moment: write it like '2026-11-28 20:37' (UTC).") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    if moment > clock.now():
        raise BackupError(f"--at {text!r} lies ahead: choose a moment that has been.")
    return moment


def _shown(instant: dt.datetime) -> str:
    return f"{instant.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC"


def _size(number: int) -> str:
    return f"{number / 2**20:.1f} MB" if number < 2**30 else f"{number / 2**30:.1f} GB"


@contextmanager
def _said() -> Iterator[None]:
    """Sentences instead of tracebacks, and exit code 1."""
    try:
        yield
    except (BackupError, embedded.EmbeddedError) as error:
        raise click.ClickException(str(error)) from error
