"""Making a base backup: pg_basebackup writes into the archive as it reads, so no disk in between has to be as large."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import IO

from booking.infra import clock, signals
from booking.infra.backup import catalogue, programs
from booking.infra.backup.archive import Archive
from booking.infra.backup.catalogue import Backup
from booking.infra.backup.errors import BackupError
from booking.infra.backup.primary import Primary

PIECE = 2**20  # bytes
OPTIONS = (
    "--pgdata=-",
    "--format=tar",
    "--wal-method=fetch",  # with its own WAL, a backup can be restored even where no receiver runs
    "--checkpoint=fast",  # without: minutes
    "--compress=client-gzip:1",
    "--manifest-checksums=SHA256",
    "--no-password",
    "--verbose",
)
START = re.compile(r"log start point: ([0-9A-F]+/[0-9A-F]+) on timeline (\d+)")
END = re.compile(r"log end point: ([0-9A-F]+/[0-9A-F]+)")

Watch = Callable[[subprocess.Popen[bytes]], object]


def create(archive: Archive, primary: Primary, *, pg_bin: str = "", watch: Watch = lambda _: None) -> Backup:
    """Make one, beside a server that goes on working. Whatever interrupts it leaves nothing that counts.

    `watch` gets the running pg_basebackup, for whoever may want to end it. Raises BackupError.
    """
    identity = primary.identify()
    program = programs.find("pg_basebackup", identity.version, pg_bin=pg_bin)
    catalogue.require_same_cluster(archive, identity)
    began = clock.now().replace(microsecond=0)
    label = began.strftime(catalogue.LABEL)
    ours = False
    try:
        with signals.held_back():
            ours = archive.claim(catalogue.file_of(label, catalogue.BEGUN), json.dumps({"began": str(began)}).encode())
        if not ours:
            raise BackupError(f"Another backup began in this very second ({label}): try again.")
        stream = _Stream([program, *OPTIONS, f"--dbname={primary.dsn}"], primary.environment, watch)
        archive.write(catalogue.file_of(label, catalogue.DATA), stream.pieces())
        start, timeline, end = stream.places()
        backup = Backup(
            label=label,
            began=began,
            finished=clock.now(),
            system=identity.system,
            timeline=timeline,
            version=identity.version,
            segment_size=identity.segment_size,
            start=start,
            end=end,
            size=stream.size,
            sha256=stream.digest.hexdigest(),
        )
        catalogue.describe(archive, backup)
    except BaseException:
        if ours:
            with signals.held_back():
                catalogue.remove(archive, label)
        raise
    return backup


class _Stream:
    """The output of a running pg_basebackup; whole, or an exception."""

    def __init__(self, command: list[str], environment: dict[str, str], watch: Watch) -> None:
        self.size, self.digest, self.said = 0, hashlib.sha256(), ""
        self._command, self._environment, self._watch = command, environment, watch

    def pieces(self) -> Iterator[bytes]:
        # To a file: a pipe that nobody reads would fill up and stop the program.
        with tempfile.TemporaryFile("w+", errors="replace") as said, ExitStack() as running:
            with signals.held_back():
                process = running.enter_context(self._start(said))
                running.callback(process.kill)
            self._watch(process)
            assert process.stdout
            while piece := process.stdout.read(PIECE):
                self.size += len(piece)
                self.digest.update(piece)
                yield piece
            code = process.wait()
            said.seek(0)
            self.said = said.read()
        if code:
            raise BackupError(f"pg_basebackup ended with {code}: {_last_words(self.said)}")

    def _start(self, said: IO[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 (Postgres' own program, our arguments)
            self._command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            start_new_session=True,
        )

    def places(self) -> tuple[str, int, str]:
        """Start, timeline and end in the WAL, as the program says."""
        start, end = START.search(self.said), END.search(self.said)
        if not start or not end:
            raise BackupError(f"pg_basebackup did not say which WAL the backup needs: {_last_words(self.said)}")
        return start[1], int(start[2]), end[1]


def _last_words(said: str) -> str:
    return " ".join(line.strip() for line in said.splitlines()[-4:])[:600]
