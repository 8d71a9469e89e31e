"""Who starts the servers and who stops them: the first one in, and the last one out.

Every process that uses them holds a shared lock for its life. Whoever leaves tries to hold it alone; if that works,
nobody else is there, and the servers stop. The kernel frees the lock of a process that was killed, so its servers are
found and used, or stopped, by the next one. Starting and stopping happen under a second lock, one at a time.
"""

import os
from pathlib import Path

from booking.infra import signals
from booking.infra.embedded import processes
from booking.infra.embedded.errors import EmbeddedError, SilentError
from booking.infra.embedded.keys import Keys, make_private
from booking.infra.embedded.locks import FileLock
from booking.infra.embedded.postgres import Postgres
from booking.infra.embedded.valkey import Valkey

DRIVER = "postgresql+psycopg2"  # SQLAlchemy 2.1 takes a bare postgresql:// for psycopg 3


class Servers:
    """The embedded servers of one directory, as this process uses them."""

    def __init__(self, home: Path, *, settings: dict[str, str] | None = None) -> None:
        """`home` is the copy's VAR_DIR; `settings` are further settings of Postgres, for tests (such as fsync=off)."""
        self.keys = Keys.of(home)
        run, log = make_private(home / "run"), make_private(home / "log")
        self.postgres = Postgres(home, run=run, log=log / "postgres.log", keys=self.keys, settings=settings)
        self.valkey = Valkey(home / "valkey", run=run, log=log / "valkey.log", password=self.keys.valkey)
        self._used: list[Postgres | Valkey] = []
        self._users, self._start = FileLock(home / "users.lock"), FileLock(home / "start.lock")
        self._process = os.getpid()

    def join(
        self, *, postgres: bool = True, valkey: bool = True, replace: bool = True, within: float | None = None
    ) -> None:
        """Use the servers: find them running, or start them. Leaves again if that fails or is interrupted.

        With `replace` false one that runs and does not answer is left alone (SilentError, within seconds). `within` is
        for how many seconds to wait for another process that starts them, and for servers that start.
        """
        wanted: list[Postgres | Valkey] = [
            server for server, is_wanted in ((self.valkey, valkey), (self.postgres, postgres)) if is_wanted
        ]
        for server in wanted:
            server.recall()
        if not replace:
            for server in wanted:  # before anybody is made to wait for us
                server.refuse_silent()
        if within is not None and not processes.wait_until(self._start.try_to_take, within):
            raise EmbeddedError("Another process is starting or stopping the servers of this copy: try again soon.")
        with self._start.held():
            others = not self._users.try_to_take()
            self._users.share()
            self._used = wanted
            try:
                for server in self._used:
                    server.start(keep_port=others, replace=replace, within=within)
            except BaseException as error:
                with signals.held_back():
                    self._leave(within=2, stop=not isinstance(error, SilentError))
                raise

    def mend(self) -> list[str]:
        """Start again what has ended since, on its old port; the names of what that was."""
        dead = [server for server in self._used if not server.alive()]
        if dead:
            with self._start.held():
                for server in dead:
                    server.start(keep_port=True)
        return [server.name for server in dead]

    def leave(self, within: float = 10) -> None:
        """Use them no more, and stop them if nobody else does, in so many seconds. Safe to call twice."""
        if self._used and os.getpid() == self._process:
            with self._start.held():
                self._leave(within)

    def _leave(self, within: float, *, stop: bool = True) -> None:
        if stop and self._users.try_to_take():
            self.valkey.ask_to_stop()
            self.postgres.stop(within)
            self.valkey.stop(within)
        self._users.free()
        self._used = []  # not before: who was interrupted begins again

    def urls(self) -> dict[str, str]:
        """DATABASE_URL and its like, and REDIS_URL, of the servers in use, or that could not be joined."""
        urls = {}
        if self.postgres.port:
            urls["DATABASE_URL"] = self.database_url("booking_app")
            urls["MIGRATION_DATABASE_URL"] = self.database_url("booking_owner")
            urls["BACKUP_DATABASE_URL"] = self.database_url("booking_backup", "postgres")
        if self.valkey.port:
            urls["REDIS_URL"] = self.redis_url()
        return urls

    def database_url(self, role: str = "booking_app", database: str = "booking") -> str:
        """Where to connect as `booking_app`, `booking_owner`, `booking_backup` or the superuser `postgres`."""
        return f"{DRIVER}://{role}:{getattr(self.keys, role)}@127.0.0.1:{self.postgres.port}/{database}"

    def redis_url(self, database: int = 0) -> str:
        """Where Valkey's numbered database is (0 to 15)."""
        return f"redis://:{self.keys.valkey}@127.0.0.1:{self.valkey.port}/{database}"
