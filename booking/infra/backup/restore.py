"""The way back: a data directory out of a base backup and the WAL since, as of the newest moment or an earlier one."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import io
import os
import shutil
import subprocess
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from booking.infra import signals
from booking.infra.backup import catalogue, programs, wal
from booking.infra.backup.archive import Archive
from booking.infra.backup.catalogue import Backup
from booking.infra.backup.errors import BackupError
from booking.infra.backup.recovery import EndedBefore, Server
from booking.infra.backup.wal import Missing, Wal
from booking.infra.embedded.account import for_data

WAITING = "restored_wal"  # beside the data while recovery reads it
# Clocks of this machine and of Postgres may differ; so much WAL more than needed does no harm.
MARGIN = dt.timedelta(minutes=2)
OWN_SETTINGS = "postgresql.auto.conf"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a restore will do: from which backup, along which timeline, with which WAL, up to when."""

    backup: Backup
    timeline: int
    segments: list[str]
    partial: frozenset[str]
    missing: str  # the segment that is not there, "" where none is missing
    at: dt.datetime | None


def plan(archive: Archive, *, at: dt.datetime | None = None, label: str = "", timeline: int = 0) -> Plan:
    """Choose the newest backup that leads there. Raises BackupError where nothing does, saying why."""
    backups = catalogue.backups(archive)
    if not backups:
        raise BackupError(f"{archive.url} holds no backup: make one with `flask backup create`.")
    _require_known(archive, backups, at)
    there = catalogue.stored_wal(archive, backups[-1].segment_size)
    on = timeline or max(there.timelines, default=backups[-1].timeline)
    fit = [backup for backup in backups if _leads(backup, there, on, at) and label in ("", backup.label)]
    if not fit:
        raise BackupError(_none_fits(archive, backups, label, at))
    return _plan(fit[-1], backups, there, on, at)


def _plan(backup: Backup, backups: list[Backup], there: Wal, on: int, at: dt.datetime | None) -> Plan:
    # What was committed before `at` stands before the start of any backup that began after it.
    after = [later for later in backups if at and later.began > at + MARGIN and later.timeline == on]
    # The backup itself holds the WAL of its own making.
    names = list(there.chain(backup.last_segment + 1, on, after[0].last_segment if after else None))
    missing = next((name.name for name in names if isinstance(name, Missing)), "")
    if missing and at is None:
        raise BackupError(
            f"WAL segment {missing} is missing in the archive, and there is WAL after it. What stands before it can be"
            " restored with --at, to a moment before it."
        )
    partial = there.partial - there.segments
    segments = [name for name in names if isinstance(name, str)]
    return Plan(backup, on, segments, partial, missing, at)


def _leads(backup: Backup, there: Wal, on: int, at: dt.datetime | None) -> bool:
    ancestor = backup.timeline == on or there.follows(backup.timeline, backup.last_segment, on)
    return ancestor and (at is None or backup.finished <= at)


def _require_known(archive: Archive, backups: list[Backup], at: dt.datetime | None) -> None:
    received = catalogue.received(archive)
    end = max(backups[-1].finished, received.at if received else backups[-1].finished)
    if at and at > end:
        raise BackupError(
            f"The archive ends at {end:%Y-%m-%d %H:%M:%S} UTC: nothing later is known. Without --at you get the newest."
        )


def _none_fits(archive: Archive, backups: list[Backup], label: str, at: dt.datetime | None) -> str:
    if label and label not in {backup.label for backup in backups}:
        return f"{archive.url} holds no backup {label}: see `flask backup list`."
    if at:
        return f"No backup is older than {at:%Y-%m-%d %H:%M:%S} UTC: the first was finished at " + (
            f"{backups[0].finished:%Y-%m-%d %H:%M:%S} UTC."
        )
    return "No backup leads to that timeline: choose another one with --timeline, or another backup with --from."


@dataclass(frozen=True, slots=True)
class Restored:
    """A data directory that is ready to be started. `upto`: its last transaction, None where WAL brought none."""

    data: Path
    plan: Plan
    upto: dt.datetime | None
    size: int


class Restore:
    """Making one data directory. Use as a context: inside, `server` runs on it; afterwards the directory is complete.

    An exception leaves the directory empty, as it was.
    """

    def __init__(self, archive: Archive, chosen: Plan, target: Path, *, database_url: str, pg_bin: str = "") -> None:
        """`target` has to be an empty folder, or none yet. Raises BackupError where it is anything else."""
        self._archive, self.plan, self.data = archive, chosen, target.absolute()
        self._database_url = database_url
        if self.data.exists() and (not self.data.is_dir() or any(self.data.iterdir())):
            raise BackupError(f"{self.data} is not empty: nothing is restored over anything. Choose another folder.")
        if file := next((one for one in self.data.parents if one.exists() and not one.is_dir()), None):
            raise BackupError(f"{file} is a file, and nothing can be restored below it. Choose another folder.")
        if archive.holds(self.data):
            raise BackupError(f"{self.data} is inside of the archive. Choose another folder.")
        self._account = for_data(self.data)
        version = chosen.backup.version
        self._verify = programs.find("pg_verifybackup", version, pg_bin=pg_bin)
        self._postgres = programs.find("postgres", version, pg_bin=pg_bin, account=self._account)
        self.server: Server
        self._made = False

    def __enter__(self) -> Restored:
        try:
            self._make_folder()
            size = self._unpack()
            self._check()
            self._fetch_wal()
            self._recover()
            with self.server.connection() as opened:
                upto = opened.scalar(text("SELECT pg_last_xact_replay_timestamp()"))
        except BaseException:
            self._undo()
            raise
        return Restored(self.data, self.plan, upto, size)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._undo()
            return
        try:
            self.server.stop()
            self._tidy()
        except BaseException:
            self._undo()
            raise

    def _undo(self) -> None:
        with signals.held_back():
            if hasattr(self, "server"):
                self.server.stop()
            if self._made:
                _empty(self.data)

    def _make_folder(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        self._made = True
        self.data.chmod(0o700)
        if self._account:
            self._account.own(self.data)
            if not self._account.can("/bin/sh", "-c", 'cd "$0"', str(self.data)):
                raise BackupError(
                    f"Postgres runs as {self._account.name}, who cannot enter {self.data}: choose a folder elsewhere."
                )

    def _unpack(self) -> int:
        """Bytes of the data. What was written is compared with what was read when the backup was made."""
        backup, digest = self.plan.backup, hashlib.sha256()

        def pieces() -> Iterator[bytes]:
            for piece in self._archive.stream(backup.data):
                digest.update(piece)
                yield piece

        try:
            stream = _Reader(pieces())
            # Not "r|gz": with that tarfile copies its buffer for every small file, ten times as slow.
            buffered = io.BufferedReader(stream, 2**20)  # type: ignore[type-var]  # RawIOBase, as it wants
            with gzip.open(buffered) as plain, tarfile.open(fileobj=plain, mode="r|") as tar:
                size = sum(_unpack(tar, member, self.data) for member in tar)
            stream.finish()
        except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
            raise BackupError(f"The backup {backup.label} is damaged: {error}") from error
        if digest.hexdigest() != backup.sha256:
            raise BackupError(
                f"The backup {backup.label} is damaged: its checksum is another one than when it was made."
            )
        return size

    def _check(self) -> None:
        command = [self._verify, "--no-parse-wal", "--quiet", str(self.data)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            raise BackupError(
                f"The backup {self.plan.backup.label} is damaged: {' '.join(done.stderr.splitlines()[:3])}"
            )

    def _fetch_wal(self) -> None:
        folder = self.data / WAITING
        folder.mkdir(mode=0o700)
        for name in self.plan.segments:
            segment = wal.unzipped(self._archive, name, partial=name in self.plan.partial)
            if len(segment) != self.plan.backup.segment_size:
                raise BackupError(f"WAL segment {name} is damaged: it has {len(segment)} bytes.")
            (folder / name).write_bytes(segment)
        # All of them, so that the copy's own new timeline gets a number that no other has.
        for name in wal.histories(self._archive):
            (folder / name).write_bytes(wal.unzipped(self._archive, name))

    def _recover(self) -> None:
        if not (self.data / "postgresql.conf").exists():  # Debian keeps it in /etc
            (self.data / "postgresql.conf").write_text("# Its settings were not among the data that was backed up.\n")
        self._start(self.plan.at)

    def _start(self, at: dt.datetime | None) -> None:
        own = self.data / OWN_SETTINGS
        kept = own.read_bytes() if own.exists() else b""
        own.write_bytes(kept + _recovery_settings(self.plan.timeline, at).encode())
        (self.data / "recovery.signal").touch()
        self._own_everything()
        with signals.held_back():
            self.server = Server(self.data, self._postgres, self._account, self._database_url)
        try:
            self.server.start()
        except EndedBefore as error:
            if self.plan.missing:
                raise BackupError(
                    f"WAL segment {self.plan.missing} is missing in the archive: that moment cannot be reached."
                ) from error
            self.server.stop()
            own.write_bytes(kept)
            self._start(None)  # nothing happened between the end of the WAL and the moment
        finally:
            own.write_bytes(kept)

    def _own_everything(self) -> None:
        if self._account:
            for folder, folders, files in os.walk(self.data):
                for name in (*folders, *files):
                    os.chown(Path(folder, name), self._account.uid, self._account.gid)

    def _tidy(self) -> None:
        shutil.rmtree(self.data / WAITING)
        for name in ("backup_manifest", "backup_label.old", "tablespace_map.old"):
            (self.data / name).unlink(missing_ok=True)


def _recovery_settings(timeline: int, at: dt.datetime | None) -> str:
    settings = {
        # Relative to the data, which is where the server stands: no path that a shell could misread.
        "restore_command": f'cp {WAITING}/%f "%p"',
        "recovery_target_timeline": str(timeline),
        "recovery_target_action": "promote",
    }
    if at:
        settings["recovery_target_time"] = at.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S.%f+00")
    return "\n" + "".join(f"{name} = '{value}'\n" for name, value in settings.items())


def _unpack(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> int:
    place = target / member.name
    if ".." in member.name.split("/") or member.name.startswith("/") or not (member.isfile() or member.isdir()):
        raise BackupError(f"The backup holds {member.name}, which is neither file nor folder of a data directory.")
    if member.isdir():
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        return 0
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    source = tar.extractfile(member)
    assert source
    with source, place.open("xb") as file:
        shutil.copyfileobj(source, file, 2**20)
    place.chmod(0o600)
    return member.size


class _Reader(io.RawIOBase):
    """Pieces as a file that can be read once."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._left = pieces, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = piece
        number = min(len(buffer), len(self._left))
        buffer[:number], self._left = self._left[:number], self._left[number:]
        return number

    def finish(self) -> None:
        """Read what stands behind the end of the tar file, too: it belongs to the checksum."""
        for _ in self._pieces:
            self._left = b""


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
