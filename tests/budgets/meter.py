"""What an action spends, in counts that no machine changes: statements, round trips, commits, WAL, Redis, templates."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg2
from flask import Flask, template_rendered
from redis.connection import AbstractConnection

from tests.faults.fault_proxy import PASS

TOGETHER = ";\n"  # between statements of one message
CONTROL = re.compile(r"(BEGIN|COMMIT|ROLLBACK|SET|DISCARD|DEALLOCATE)\b")
NO_WAIT = "SET LOCAL synchronous_commit = off"
PREPARED = re.compile(r"EXECUTE ([a-z_]+?)_\d+\b")
TITLE = re.compile(r"(?:WITH .*?\b)?(INSERT INTO|UPDATE|DELETE FROM|SELECT)\b(?:.*?\bFROM)?\s+(\w+)", re.DOTALL)


@dataclass(frozen=True)
class Spent:
    """Of one action. `statements` are titles in their order: what makes begin and end of a transaction is no statement.

    A round trip is a message that Postgres answers, with however many statements; `redis` counts those to Redis. `wal`
    is in bytes.
    """

    statements: tuple[str, ...]
    round_trips: int
    commits: int
    wal: int
    redis: int
    templates: int


@dataclass
class Meter:
    """Counts from the moment it is reset."""

    position: Callable[[], int]
    sent: list[str] = field(default_factory=list)
    redis: int = 0
    templates: int = 0

    def heard(self, statement: bytes) -> str:
        """For the proxy in front of Postgres: every statement passes."""
        self.sent.append(statement.rstrip(b"\0").decode().strip())
        return PASS

    def spent_by(self, action: Callable[[], object]) -> Spent:
        self.sent.clear()
        self.redis = self.templates = 0
        began = self.position()
        action()
        wal = self.position() - began
        said = [text for message in self.sent for text in message.split(TOGETHER)]
        statements = tuple(title(text) for text in said if not CONTROL.match(text))
        return Spent(statements, len(self.sent), commits(said), wal, self.redis, self.templates)


def spends(statements: str, *, round_trips: int, commits: int, wal: int, redis: int, templates: int) -> Spent:
    """A budget, its statements separated by commas."""
    listed = tuple(part.strip() for part in statements.split(",") if part.strip())
    return Spent(listed, round_trips, commits, wal, redis, templates)


def title(statement: str) -> str:
    """select rooms, insert bookings: the same whether it is prepared or not."""
    if prepared := PREPARED.match(statement):
        return prepared[1].replace("_", " ", 1)
    found = TITLE.match(statement)
    return f"{found[1].split()[0].lower()} {found[2].lower()}" if found else statement.split(maxsplit=1)[0].lower()


def commits(sent: list[str]) -> int:
    """Transactions that end with COMMIT, and statements that write outside of one: each waits for the disk, unless it
    says that it need not.
    """
    number, inside, waits = 0, False, True
    for text in sent:
        waits = not text.startswith(NO_WAIT) and (waits or not inside)
        if (text.startswith("COMMIT") and waits) or (
            not inside and title(text).startswith(("insert", "update", "delete"))
        ):
            number += 1
        inside = text.startswith("BEGIN") or (inside and not text.startswith(("COMMIT", "ROLLBACK")))
    return number


@contextmanager
def counting(app: Flask, meter: Meter, monkeypatch: Any) -> Iterator[None]:
    """Everything that the application sends to Redis, and every template that it renders."""
    send: Callable[..., None] = AbstractConnection.send_packed_command

    def sent(self: AbstractConnection, command: Any, check_health: bool = True) -> None:
        meter.redis += 1
        send(self, command, check_health)

    def rendered(_: Flask, **__: Any) -> None:
        meter.templates += 1

    with monkeypatch.context() as patched, template_rendered.connected_to(rendered, app):
        patched.setattr(AbstractConnection, "send_packed_command", sent)
        yield


def usual(prepare: Callable[[], Callable[[], object]], meter: Meter, *, warm: int = 8, times: int = 7) -> Spent:
    """What an action spends once everything is prepared and kept: the most frequent count, and the mean of the WAL.

    One in a minute may find something that has just ended (a kept session), which is not its own.
    """
    for _ in range(warm):
        prepare()()
    runs = [meter.spent_by(prepare()) for _ in range(times)]
    counted = Counter((run.statements, run.round_trips, run.commits, run.redis, run.templates) for run in runs)
    (statements, round_trips, committed, redis, templates), _ = counted.most_common(1)[0]
    return Spent(statements, round_trips, committed, sum(run.wal for run in runs) // times, redis, templates)


def position_of(connect: Callable[[], Any]) -> Callable[[], int]:
    """Where the WAL ends, in bytes, asked on a connection of its own."""
    connection: psycopg2.extensions.connection = connect()
    connection.autocommit = True

    def position() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')")
            return int(cursor.fetchone()[0])

    return position
