"""Backups: is there one, how old is it, and does the WAL since then arrive."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from sqlalchemy import Connection, text

from booking.config import Settings
from booking.infra import clock
from booking.infra.backup import Archive, BackupError, catalogue
from booking.infra.backup.primary import SLOT
from booking.infra.doctor.report import Diagnosis, fault, ok, problem, said, warning
from booking.infra.words import count

PATIENCE = dt.timedelta(seconds=4)
SLACK = dt.timedelta(hours=1)  # a base backup takes its time
LATE = dt.timedelta(minutes=5)  # of WAL, which should be seconds behind
MUCH = 2**30  # bytes that the server keeps for a receiver that does not take them
RECEIVE = "start `flask backup receive`, or read its log"

_SLOT = text(
    "SELECT active, wal_status, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) AS behind,"
    " current_setting('max_slot_wal_keep_size') AS keep FROM pg_replication_slots WHERE slot_name = :name"
)


def archive(settings: Settings) -> Iterator[Diagnosis]:
    """The newest base backup, and how far it can be brought forward."""
    if not settings.backup_url:
        yield ok("not looked at from here: BACKUP_URL is not set")
        return
    try:
        place = Archive(settings.backup_url, patience=PATIENCE, only_reads=True)
        backups, received = catalogue.backups(place), catalogue.received(place)
    except BackupError as error:
        yield problem(said(error).rstrip("."), "correct BACKUP_URL, the rights to it, and the AWS_* variables of S3")
        return
    if not backups:
        yield fault(settings.production)("the archive holds no backup", "make one: `flask backup create`")
        return
    age, often = clock.now() - backups[-1].finished, dt.timedelta(hours=settings.backup_hours)
    if age > often + SLACK:
        yield warning(f"the newest backup is {_long(age)} old", f"`flask backup create` makes one; {RECEIVE}")
    if received is None or clock.now() - received.at > LATE:
        upto = f"the WAL in the archive ends {_long(clock.now() - received.at)} ago" if received else "no WAL arrives"
        yield warning(f"{upto}: what was booked since is in no backup", RECEIVE)
    elif age <= often + SLACK:
        yield ok(f"{count(len(backups), 'backup')}, the newest {_long(age)} old; WAL up to {received.at:%H:%M:%S} UTC")


def wal(opened: Connection, settings: Settings) -> Iterator[Diagnosis]:
    """The replication slot: whether somebody receives what the server keeps for backups."""
    slot = opened.execute(_SLOT, {"name": SLOT}).one_or_none()
    if slot is None:
        if settings.backup_url:
            yield warning("nobody has received WAL yet: what was booked since the last backup is in none", RECEIVE)
        elif settings.production:
            yield warning("no backup is configured: what the disk loses is lost", f"set BACKUP_URL, and {RECEIVE}")
        else:
            yield ok("no backup is configured")
    elif slot.wal_status == "lost":
        yield problem(
            "the server has dropped WAL that was not received yet", f"{RECEIVE}; it makes a new base backup at once"
        )
    elif not slot.active or slot.behind > MUCH:
        yield warning(f"the receiver of WAL is {'behind' if slot.active else 'away'}, by {_megabytes(slot)}", RECEIVE)
    elif slot.keep == "-1":
        yield warning(
            "max_slot_wal_keep_size is -1: a receiver that dies fills the server's disk", "set it, to 8GB for example"
        )
    else:
        yield ok(f"received, {_megabytes(slot)} behind")


def _megabytes(slot: object) -> str:
    return f"{int(getattr(slot, 'behind', 0) or 0) / 2**20:.0f} MB"


def _long(age: dt.timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    return (
        f"{minutes // 1440} days" if minutes >= 2880 else f"{minutes // 60} h" if minutes >= 120 else f"{minutes} min"
    )
