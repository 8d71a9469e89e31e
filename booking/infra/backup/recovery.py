"""A restored data directory, brought to its moment by a Postgres that nobody else can reach.

It listens on a socket in a private folder only, archives nothing, and takes nothing from the directory's own
configuration that could reach outside of it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
from sqlalchemy import URL, Connection, create_engine, make_url
from sqlalchemy.pool import NullPool

from booking.infra import signals
from booking.infra.backup.errors import BackupError
from booking.infra.embedded.account import Account
from booking.infra.embedded.logs import last_lines

PORT = 5432  # of the socket's name
PAUSE = 0.05
STOPPING = 60.0  # seconds
ENDED_BEFORE = "recovery ended before configured recovery target was reached"
TOO_EARLY = "requested recovery stop point is before consistent recovery point"
NOTHING_OUTSIDE = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "archive_mode": "off",
    "archive_library": "",
    "primary_conninfo": "",
    "synchronous_standby_names": "",  # nobody would confirm its commits
    "shared_preload_libraries": "",
    "ssl": "off",
    "external_pid_file": "",
    "logging_collector": "off",
    "log_destination": "stderr",
    "lc_messages": "C",  # its words are read
    # On, recovery would ask for as many connections as the original was started with.
    "hot_standby": "off",
}


class EndedBefore(BackupError):
    """The WAL ended, and no transaction in it is as late as the moment that was asked for."""


class Server:
    """A Postgres on a restored data directory. `start()` returns when recovery is over."""

    def __init__(self, data: Path, postgres: str, account: Account | None, database_url: str) -> None:
        """`database_url` tells database and role; `postgres` is the program."""
        self._data, self._postgres, self._account = data, postgres, account
        self._private = Path(tempfile.mkdtemp(prefix="restored-"))
        self._log = self._private / "postgres.log"
        self._process: subprocess.Popen[bytes] | None = None
        wanted = make_url(database_url)
        self.url = URL.create(
            "postgresql+psycopg2",
            wanted.username,
            database=wanted.database,
            query={"host": str(self._private), "port": str(PORT)},
        )

    def start(self) -> None:
        """Recover and open. Raises EndedBefore, or BackupError with the end of Postgres' log."""
        access = self._private / "hba.conf"
        access.write_text("local all all trust\n")  # whoever may enter the folder
        if self._account:
            for path in (access, self._private):
                self._account.own(path)
        with signals.held_back():
            self._process = self._spawn(access)
        while not self._open():
            if self._process.poll() is not None:
                raise self._why()
            time.sleep(PAUSE)

    def stop(self) -> None:
        """In order, so that the directory can be started again; then the socket's folder goes."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(STOPPING)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait()
        shutil.rmtree(self._private, ignore_errors=True)

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """One that only reads, in one snapshot."""
        engine = create_engine(self.url, poolclass=NullPool, isolation_level="REPEATABLE READ", hide_parameters=True)
        with engine.connect() as opened:
            yield opened

    def _spawn(self, access: Path) -> subprocess.Popen[bytes]:
        settings = NOTHING_OUTSIDE | {"unix_socket_directories": str(self._private), "hba_file": str(access)}
        command = [self._postgres, "-D", str(self._data)]
        command += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
        with self._log.open("wb") as log:
            return subprocess.Popen(  # noqa: S603 (Postgres' own program, our arguments)
                command,
                cwd=self._data,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **(self._account.options if self._account else {}),
            )

    def _open(self) -> bool:
        """Whether recovery is over. Until then it lets nobody in, or says that it recovers."""
        facts = self.url.translate_connect_args(username="user", database="dbname") | dict(self.url.query)
        try:
            with closing(psycopg2.connect(**facts, connect_timeout=5)) as opened, opened.cursor() as cursor:
                cursor.execute("SELECT pg_is_in_recovery()")
                return not cursor.fetchone()[0]
        except psycopg2.OperationalError as error:
            if "does not exist" in str(error):  # it is open, and has no such role or database
                said = str(error).rpartition("FATAL:")[2].strip()
                raise BackupError(f"The restored database is another one than DATABASE_URL names: {said}.") from error
        return False

    def _why(self) -> BackupError:
        said = self._log.read_text(errors="replace")
        if ENDED_BEFORE in said:
            return EndedBefore("The WAL ends before that moment.")
        if TOO_EARLY in said:
            return BackupError("That moment lies within the making of the backup: choose an older one with --from.")
        return BackupError(f"The restored database does not start:\n{last_lines(self._log)}")
