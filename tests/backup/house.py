"""A house of its own to back up: a Postgres that nobody else uses, the application on it, and an archive beside it."""

from __future__ import annotations

import datetime as dt
import itertools
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from click.testing import Result
from flask import Flask
from sqlalchemy import text

from booking import create_app
from booking.config import Settings
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.stays import Stay
from booking.infra import clock
from booking.infra.backup import Archive, catalogue, programs
from booking.infra.backup.primary import SLOT, Primary
from booking.infra.backup.receiver import Receiver
from booking.infra.backup.recovery import Server
from booking.infra.db import db
from booking.infra.embedded import Servers
from booking.infra.embedded.account import for_data
from tests.cast import VISA, a_room, acting, order, person
from tests.conftest import QUICK
from tests.faults.product import eventually, folder

CONFIRMED = "SELECT reference FROM bookings WHERE status = 'CONFIRMED'"
ROOMS = 4
HOME = Path(__file__).parents[2]


class House:
    """Postgres, the application, some rooms and one guest."""

    def __init__(self, base: dict[str, str], **settings: str) -> None:
        self.path = folder()
        self.servers = Servers(self.path / "var", settings=QUICK | {"synchronous_commit": "on"})
        self._base, self._settings = base, settings
        self._log = self.path / "receive.log"
        self.app: Flask
        self._nights = itertools.count(1)

    def open(self, *, valkey: bool = False) -> None:
        """Start it; with a Valkey of its own, or with the one that the environment names."""
        self.servers.join(valkey=valkey)
        urls = self.servers.urls()
        self.environ = {
            **self._base,
            **urls,
            "BACKUP_URL": f"file://{self.path}/archive",
            "BACKUP_WORK_DIR": str(self.path / "work"),
            "BACKUP_KEEP": "20",
            "BOOKING_HORIZON_DAYS": "3650",
            "LOG_LEVEL": "INFO",
            "VAR_DIR": str(self.path / "var"),
            **self._settings,
        }
        self.app = create_app(Settings.from_env(self.environ))
        with self.app.app_context():
            said = self.app.test_cli_runner().invoke(args=["db", "upgrade"])
            assert said.exit_code == 0, said.output
            self.rooms, self.alice = [a_room() for _ in range(ROOMS)], person("alice")

    def close(self) -> None:
        with self.app.app_context():
            for engine in db.engines.values():
                engine.dispose()
        self.servers.leave()
        data = self.servers.postgres.directory
        shutil.rmtree(data, ignore_errors=True)
        shutil.rmtree(self.path)

    # --- life

    @property
    def archive(self) -> Path:
        return self.path / "archive"

    def book(self) -> str:
        """The reference of a booking that was paid for; the next night that nobody has."""
        desk: BookingContext = self.app.extensions["services"].booking_context
        night, place = divmod(next(self._nights), ROOMS)
        first = clock.now().date() + dt.timedelta(days=night + 1)
        with self.app.app_context():
            booked = bookings.book(
                acting(self.alice),
                order(self.alice, self.rooms[place], Stay(first, first + dt.timedelta(days=1))),
                VISA,
                desk,
            )
        return str(booked.reference)

    def confirmed(self) -> set[str]:
        return {reference for (reference,) in self.superuser(CONFIRMED)}

    def archived(self, url: str = "", seconds: float = 30) -> dt.datetime:
        """Wait until everything that was committed by now is in the archive; the instant up to which it is."""
        asked = clock.now()

        def there() -> dt.datetime | None:
            received = catalogue.received(Archive(url or self.environ["BACKUP_URL"]))
            if received and received.at >= asked:
                return received.at
            # The receiver notes the instant before it asks how far the WAL is, and tells it where that has moved on.
            self.superuser("SELECT pg_logical_emit_message(false, 'archived', '')")
            return None

        instant: dt.datetime = eventually(there, seconds)
        return instant

    def superuser(self, statement: str) -> list[tuple[Any, ...]]:
        """What one statement answers."""
        with closing(self.servers.postgres.connect("booking")) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []

    # --- commands

    home = HOME

    @staticmethod
    def words(*words: str) -> list[str]:
        """A command line."""
        return [sys.executable, "-m", "flask", *words]

    def run(self, *words: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """A flask command as an operator runs it."""
        return subprocess.run(
            self.words(*words),
            cwd=HOME,
            env=self.environment(**changes),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def command(self, *words: str, **changes: Any) -> Result:
        """The same in this process, with other settings (by the names of Settings)."""
        services = self.app.extensions["services"]
        self.app.extensions["services"] = replace(services, settings=replace(services.settings, **changes))
        try:
            return self.app.test_cli_runner().invoke(args=["backup", *words])
        finally:
            self.app.extensions["services"] = services

    def primary(self) -> Primary:
        return Primary(self.environ["BACKUP_DATABASE_URL"])

    @contextmanager
    def receiver(self, archive: Archive, work: Path) -> Iterator[Receiver]:
        """A receiver in this process, which makes no base backup while one is younger than a day."""
        stopping = threading.Event()
        receiver = Receiver(archive, self.primary(), work, every=dt.timedelta(days=1), keep=20)
        thread = threading.Thread(target=receiver.run, args=(stopping,))
        thread.start()
        try:
            eventually(lambda: self.superuser("SELECT 1 FROM pg_replication_slots WHERE active"))
            yield receiver
        finally:
            stopping.set()
            thread.join(30)
            assert not thread.is_alive()

    def forget_slot(self) -> None:
        """As if nobody had ever received."""
        self.superuser(f"SELECT pg_drop_replication_slot('{SLOT}') FROM pg_replication_slots")

    @contextmanager
    def receiving(self, **changes: str) -> Iterator[subprocess.Popen[str]]:
        """`flask backup receive` beside us, up to date when the block begins; ended by TERM."""
        with self._log.open("a") as output:
            process = subprocess.Popen(
                self.words("backup", "receive"),
                cwd=HOME,
                env=self.environment(**changes),
                stdout=output,
                stderr=output,
                text=True,
            )
        try:
            yield process
        finally:
            killed = process.poll() is not None
            process.terminate()
            assert process.wait(30) == 0 or killed, self.said()

    def said(self) -> str:
        """What the receiver has logged."""
        return self._log.read_text()

    def environment(self, **changes: str) -> dict[str, str]:
        """Of a process of this house."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        return {**kept, **self.environ, **changes}


def restored_bookings(house: House, target: Path) -> set[str]:
    """The confirmed bookings of a restored data directory, started as an operator would."""
    account = for_data(target)
    version = int((target / "PG_VERSION").read_text())
    server = Server(target, programs.find("postgres", version, account=account), account, house.environ["DATABASE_URL"])
    server.start()
    try:
        with server.connection() as opened:
            return set(opened.scalars(text(CONFIRMED)))
    finally:
        server.stop()
