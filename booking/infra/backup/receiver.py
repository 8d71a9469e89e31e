"""Keeping the archive up to date: WAL as it is written, a base backup from time to time, nothing older than needed.

pg_receivewal streams into a work folder through a replication slot, so that the server keeps what was not received.
Every two seconds whole segments move to the archive, and the one being written is copied there. What is lost with
the server's machine is what was written since. The server drops the slot's WAL beyond max_slot_wal_keep_size: then a
segment is missing, and a new base backup is made at once.
"""

from __future__ import annotations

import datetime as dt
import gzip
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from booking.infra import clock
from booking.infra.backup import base, catalogue, programs, retention, wal
from booking.infra.backup.archive import Archive
from booking.infra.backup.catalogue import Backup, Received
from booking.infra.backup.errors import BackupError
from booking.infra.backup.primary import SLOT, Identity, Primary, make_slot, reached
from booking.infra.backup.wal import PARTIAL, Missing
from booking.infra.embedded import processes
from booking.infra.embedded.keys import make_private
from booking.infra.embedded.locks import FileLock
from booking.infra.embedded.logs import appending, last_lines
from booking.infra.telemetry import log

SWEEP = 2.0  # seconds
LOOK = 30.0  # seconds between two looks at whether a base backup is due
PAUSE = 5.0  # seconds before what failed is tried again
BASE_PAUSE = 300.0
TOLD = 60.0  # seconds after which "received up to" is written again although nothing happened
STOPPING = 10.0


class Receiver:
    """`run()` it in a process of its own, one for each archive."""

    def __init__(
        self, archive: Archive, primary: Primary, work: Path, *, every: dt.timedelta, keep: int, pg_bin: str = ""
    ) -> None:
        """`work` is a folder that should survive a restart: what is in it is not in the archive yet."""
        self._archive, self._primary, self._pg_bin = archive, primary, pg_bin
        self._work, self._every, self._keep = work, every, keep
        self._log = work / "pg_receivewal.log"
        self._child: subprocess.Popen[bytes] | None = None
        self._uploaded: dict[str, float] = {}  # partial segments, by the time of their last change
        self._told: tuple[str, float] = ("", 0.0)
        self._base: threading.Thread | None = None
        self._dumping: subprocess.Popen[bytes] | None = None
        self._next_look = 0.0
        self._stopping = threading.Event()

    def run(self, stopping: threading.Event) -> None:
        """Until it is told to stop. Raises BackupError where it cannot begin; later trouble is logged and lasts."""
        make_private(self._work)
        lock = FileLock(self._work / "lock")
        if not lock.try_to_take():
            raise BackupError(f"Another receiver works in {self._work}: one is enough.")
        self._stopping = stopping
        broken = ""
        try:
            self._end_leftovers()
            self._start()
            while not stopping.wait(PAUSE if broken else SWEEP):
                broken = self._turn(broken)
            self._end()
            self._turn(broken, (self._upload,))
        finally:
            self._end()
            lock.free()

    def _turn(self, broken: str, steps: Sequence[Callable[[], None]] = ()) -> str:
        """One round; the trouble it met. Said once, not every few seconds. Each step has its own luck."""
        trouble = ""
        for step in steps or (self._keep_running, self._upload, self._look):
            try:
                step()
            except (BackupError, OSError) as error:
                trouble = trouble or str(error)
        if trouble and trouble != broken:
            log.warning("backup_trouble", error=trouble)
        elif broken and not trouble:
            log.info("backup_works_again")
        return trouble

    # --- pg_receivewal

    def _keep_running(self) -> None:
        if self._child is not None and (code := self._child.poll()) is not None:
            self._child = None
            raise BackupError(f"pg_receivewal ended with {code}: {' '.join(last_lines(self._log, 2).split())}")
        if self._child is None:
            self._start()

    def _start(self) -> None:
        """Also after the database was restored, or has given up waiting: then the WAL goes on elsewhere."""
        identity = self._primary.identify()
        catalogue.require_same_cluster(self._archive, identity)
        program = programs.find("pg_receivewal", identity.version, pg_bin=self._pg_bin)
        with self._primary.replicating() as cursor:
            if make_slot(cursor):
                self._put_away()
        command = [program, f"--directory={self._work}", f"--slot={SLOT}", f"--dbname={self._primary.dsn}", "-w"]
        with appending(self._log) as output:
            self._child = subprocess.Popen(  # noqa: S603 (Postgres' own program, our arguments)
                [*command, "--synchronous", "--no-loop"],
                env=self._primary.environment,
                cwd=self._work,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def _put_away(self) -> None:
        """What was begun is not continued: pg_receivewal would ask for what comes after it, and not get it."""
        self._upload_files()
        for path in self._work.glob(f"*{PARTIAL}"):
            path.unlink()

    def _end_leftovers(self) -> None:
        """Of a receiver that was killed: its child lives on, and has the slot."""
        try:
            processes.kill_all(lambda: processes.working_in(self._work, "pg_receivewal"))
        except ImportError:  # without psutil the slot's server says which process has it
            return

    # --- into the archive

    def _upload(self) -> None:
        """What is there, and then how far that is: the server is asked before the files are read."""
        began = clock.now()
        try:
            with self._primary.replicating() as cursor:
                timeline, written, received = reached(cursor)
        except BackupError:
            self._upload_files()
            raise
        self._upload_files()
        if received and wal.position(received) >= wal.position(written):
            self._tell(Received(began, received, timeline))

    def _upload_files(self) -> None:
        for path in sorted(self._work.iterdir()):
            name = path.name.removesuffix(PARTIAL)
            if not wal.SEGMENT.fullmatch(name) and not wal.HISTORY.fullmatch(name):
                continue
            if path.name == name:
                self._move(path)
            else:
                with suppress(FileNotFoundError):  # it is whole by now: the next round moves it
                    self._copy(path, name)

    def _copy(self, path: Path, name: str) -> None:
        changed = path.stat().st_mtime
        if self._uploaded.get(name) != changed:
            self._archive.write(wal.file_of(name, partial=True), gzip.compress(path.read_bytes(), 1))
            self._uploaded[name] = changed

    def _move(self, path: Path) -> None:
        self._archive.write(wal.file_of(path.name), gzip.compress(path.read_bytes(), 1))
        if self._uploaded.pop(path.name, None) or self._archive.find(wal.file_of(path.name, partial=True)):
            self._archive.remove([wal.file_of(path.name, partial=True)])
        path.unlink()
        log.info("wal_archived", segment=path.name)

    def _tell(self, received: Received) -> None:
        lsn, at = self._told
        if received.lsn != lsn or time.monotonic() > at + TOLD:
            catalogue.note_received(self._archive, received)
            self._told = (received.lsn, time.monotonic())

    # --- base backups

    def _look(self) -> None:
        if time.monotonic() < self._next_look or (self._base and self._base.is_alive()):
            return
        self._next_look = time.monotonic() + LOOK
        if reason := due(self._archive, self._primary.identify(), self._every):
            log.info("backup_due", reason=reason)
            self._base = threading.Thread(target=self._make_base, name="base backup")
            self._base.start()

    def _make_base(self) -> None:
        def watch(process: subprocess.Popen[bytes]) -> None:
            self._dumping = process
            if self._stopping.is_set():  # since before there was a process to be ended
                process.terminate()

        try:
            made = base.create(self._archive, self._primary, pg_bin=self._pg_bin, watch=watch)
            pruned = retention.prune(self._archive, self._keep)
        except (BackupError, OSError) as error:
            if not self._stopping.is_set():
                log.warning("backup_failed", error=str(error))
            self._next_look = time.monotonic() + BASE_PAUSE
        else:
            log.info("backup_made", label=made.label, bytes=made.size, removed=len(pruned.labels), wal=pruned.wal)

    def _end(self) -> None:
        for process in (self._child, self._dumping):
            if process is not None and process.poll() is None:
                process.terminate()
                try:
                    process.wait(STOPPING)
                except subprocess.TimeoutExpired:
                    process.kill()
        if self._base is not None:
            self._base.join(STOPPING)


def due(archive: Archive, identity: Identity, every: dt.timedelta) -> str:
    """Why a base backup should be made now; "" where there is no reason."""
    backups = catalogue.backups(archive)
    newest = backups[-1] if backups else None
    if newest is None:
        return "there is none"
    if newest.finished < clock.now() - every:
        return "the newest is too old"
    if newest.timeline != identity.timeline:
        return "the database was restored"
    gap = missing_since(archive, newest, identity.timeline)
    return f"WAL segment {gap} is missing" if gap else ""


def missing_since(archive: Archive, backup: Backup, timeline: int) -> str:
    """The first WAL segment after a backup that the archive does not have, "" where it has all."""
    there = catalogue.stored_wal(archive, backup.segment_size)
    chain = there.chain(backup.last_segment + 1, timeline)
    return next((part.name for part in chain if isinstance(part, Missing)), "")
