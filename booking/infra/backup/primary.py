"""The server that is backed up, as the role that may replicate it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2.extensions import make_dsn
from psycopg2.extras import PhysicalReplicationConnection
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from booking.infra.backup.errors import BackupError

SLOT = "booking_backup"
PATIENCE = 10  # seconds to connect
UNITS = {"kB": 2**10, "MB": 2**20, "GB": 2**30}
NOT_SET = (
    "BACKUP_DATABASE_URL is not set: it names Postgres and a role that may replicate it, made with"
    " CREATE ROLE booking_backup LOGIN REPLICATION PASSWORD '...'."
)


@dataclass(frozen=True, slots=True)
class Identity:
    """Which cluster this is, and where its WAL stands. `version` is the major one, `segment_size` in bytes."""

    system: str
    timeline: int
    version: int
    segment_size: int


class Primary:
    """How Postgres' programs and we reach it; its password is in no command line."""

    def __init__(self, url: str) -> None:
        """`url` is BACKUP_DATABASE_URL. Raises BackupError where it is empty or cannot be read."""
        if not url:
            raise BackupError(NOT_SET)
        try:
            parts = make_url(url)
        except ArgumentError as error:
            raise BackupError("BACKUP_DATABASE_URL cannot be read: postgresql://role:password@host/postgres") from error
        self._facts: dict[str, Any] = {
            **parts.translate_connect_args(username="user", database="dbname"),
            **parts.query,
        }
        self._password = str(self._facts.pop("password", "") or "")
        self._facts.setdefault("connect_timeout", PATIENCE)

    @property
    def dsn(self) -> str:
        """For --dbname of the programs."""
        return str(make_dsn(**self._facts))

    @property
    def environment(self) -> dict[str, str]:
        """For the programs: ours, the password, and English, because their words are read."""
        secret = {"PGPASSWORD": self._password} if self._password else {}
        return {**os.environ, **secret, "LC_ALL": "C"}

    def identify(self) -> Identity:
        """Ask it who it is. Raises BackupError where it does not answer, or the role may not replicate."""
        with self.replicating() as cursor:
            system, timeline, _, _ = _ask(cursor, "IDENTIFY_SYSTEM")
            (version,) = _ask(cursor, "SHOW server_version_num")
            (size,) = _ask(cursor, "SHOW wal_segment_size")
        [(number, unit)] = re.findall(r"^(\d+)(\w+)$", size)
        return Identity(system, timeline, int(version) // 10_000, int(number) * UNITS[unit])

    @contextmanager
    def replicating(self) -> Iterator[Any]:
        """A cursor that speaks the replication protocol."""
        facts = self._facts | ({"password": self._password} if self._password else {})
        try:
            connection = psycopg2.connect(connection_factory=PhysicalReplicationConnection, **facts)
            with closing(connection), connection.cursor() as cursor:
                yield cursor
        except psycopg2.Error as error:
            said = " ".join(str(error).split())
            raise BackupError(f"Postgres does not let us replicate it (BACKUP_DATABASE_URL): {said}") from error


def ensure_slot(cursor: Any) -> None:
    """The slot that keeps WAL for us, from the last checkpoint on: a base backup that was just made begins there.

    pg_receivewal's own --create-slot reserves nothing, and what was written before it streams would be missing.
    """
    if _ask(cursor, f"READ_REPLICATION_SLOT {SLOT}")[0] is None:
        cursor.execute(f"CREATE_REPLICATION_SLOT {SLOT} PHYSICAL RESERVE_WAL")


def make_slot(cursor: Any) -> bool:
    """Have the server keep WAL for us from the last checkpoint on; whether it did not before, or had given up.

    pg_receivewal's own --create-slot keeps nothing, so what was written before it streams would be missing.
    """
    kind, kept_from, _ = _ask(cursor, f"READ_REPLICATION_SLOT {SLOT}")
    if kept_from is not None:
        return False
    if kind is not None:
        cursor.execute(f"DROP_REPLICATION_SLOT {SLOT}")
    cursor.execute(f"CREATE_REPLICATION_SLOT {SLOT} PHYSICAL RESERVE_WAL")
    return True


def reached(cursor: Any) -> tuple[int, str, str | None]:
    """The timeline, how far the server has written its WAL, and how far the slot's receiver says that it has it."""
    _, timeline, written, _ = _ask(cursor, "IDENTIFY_SYSTEM")
    return timeline, written, _ask(cursor, f"READ_REPLICATION_SLOT {SLOT}")[1]


def _ask(cursor: Any, question: str) -> tuple[Any, ...]:
    cursor.execute(question)
    answer: tuple[Any, ...] = cursor.fetchone()
    return answer
