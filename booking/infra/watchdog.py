"""Cuts connections to Postgres that are waited for too long, and notices when Postgres has fallen silent.

libpq knows no time limit for an answer, and a stopped server's kernel goes on acknowledging packets: neither keepalives
nor tcp_user_timeout help. So one thread per server looks at the connections in use, and shuts down the socket of one
whose caller's deadline is over; the caller sees a lost connection. (psycopg2's wait callback would do it without a
thread, but takes every statement through Python twice.)

Where a connection has waited for half a second, the thread asks on a connection of its own. No answer there either, and
the server counts as silent: whoever waits with a deadline is cut off at once, and nobody else begins to wait, until the
thread has got an answer. That connection is made beforehand: a server that only takes no new ones goes on answering on
those there are.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import psycopg2
from sqlalchemy import Connection, Engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from booking.infra import deadline, lost_connections, telemetry
from booking.infra.deadline import STUCK, Unavailable

LOOK = 0.1  # seconds between two looks
PATIENCE = 1.5  # seconds until a server that does not answer the thread itself counts as silent
CONNECTING = 2  # seconds for each host that is tried


@dataclass(slots=True)
class _Use:
    since: float
    until: float | None  # None: may last
    line: socket.socket | None = None  # None while it is being made


@dataclass
class Server:
    """One Postgres, as several engines of this process see it."""

    url: str
    silent: bool = False
    uses: dict[object, _Use] = field(default_factory=dict)
    thread: threading.Thread | None = None
    starting: threading.Lock = field(default_factory=threading.Lock)
    probe: Any = None

    def refuse_if_silent(self) -> None:
        """Raises Unavailable for callers with a deadline: they would wait in vain."""
        if self.silent and deadline.until() is not None:
            raise Unavailable("Postgres does not answer")

    def began(self, key: object, line: socket.socket | None) -> None:
        self.uses[key] = _Use(time.monotonic(), deadline.until(), line)
        if self.thread is None:
            self._start()

    def ended(self, key: object) -> None:
        self.uses.pop(key, None)

    def _start(self) -> None:
        # Not when the engine is made: a server of many processes forks between the two.
        with self.starting:
            if self.thread is None:
                self.thread = threading.Thread(target=self._watch, name="postgres-watchdog", daemon=True)
                self.thread.start()

    def _watch(self) -> None:
        self._answers()
        while True:
            time.sleep(LOOK)
            now = time.monotonic()
            waiting = [use for use in list(self.uses.values()) if now - use.since > STUCK]
            for use in waiting:
                if use.until is not None and (self.silent or now > use.until):
                    _cut(use)
            if waiting or self.silent:
                self._note(self._answers())

    def _note(self, answers: bool) -> None:
        if answers == self.silent:
            self.silent = not answers
            telemetry.log.warning("postgres_answers_again" if answers else "postgres_silent", seconds=PATIENCE)

    def _answers(self) -> bool:
        """False only where it keeps us waiting: one that refuses at once keeps nobody waiting."""
        began = time.monotonic()
        try:
            if self.probe is None:
                self.probe = psycopg2.connect(self.url, connect_timeout=int(PATIENCE) + 1)
                self.probe.autocommit = True
            _ask(self.probe)
        except psycopg2.Error:
            if self.probe is not None:
                self.probe.close()
            self.probe = None
            return time.monotonic() - began < PATIENCE * 0.9
        return True


def _ask(connection: Any) -> None:
    with _own_socket(connection) as line:
        alarm = threading.Timer(PATIENCE, _shut_down, [line])
        alarm.start()
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        finally:
            alarm.cancel()
            alarm.join()  # the socket is ours until then


def _cut(use: _Use) -> None:
    if use.line is not None:
        telemetry.log.warning("postgres_connection_cut", seconds=round(time.monotonic() - use.since, 1))
        _shut_down(use.line)
        use.until = None  # once


def _shut_down(line: socket.socket) -> None:
    try:
        line.shutdown(socket.SHUT_RDWR)
    except OSError as error:  # gone already, which is as good
        telemetry.log.debug("postgres_connection_gone", error=str(error))


def _own_socket(connection: Any) -> socket.socket:
    """Ours to shut down whatever libpq does meanwhile: the number of its own might be somebody else's by then."""
    return socket.socket(fileno=os.dup(connection.fileno()))


_LINE = "line"  # in what a pool notes about a connection: our own hold of its socket
_servers: dict[str, Server] = {}
_watched: WeakKeyDictionary[Engine, Server] = WeakKeyDictionary()


def server(url: str) -> Server:
    """The one behind this address."""
    return _servers.setdefault(url, Server(_for_libpq(url)))


def of(engine: Engine) -> Server:
    """The one behind a watched engine."""
    return _watched[engine]


def watch(engine: Engine, url: str) -> Server:
    """From now on the connections of this engine are looked after, as long as somebody has taken them from the pool."""
    watched = watch_kept(engine, url)
    lost_connections.watch(engine)

    @event.listens_for(engine, "checkout")
    def _taken(_: DBAPIConnection, entry: ConnectionPoolEntry, __: Any) -> None:
        watched.began(id(entry), entry.info.get(_LINE))

    @event.listens_for(engine, "checkin")
    def _returned(_: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
        watched.ended(id(entry))

    return watched


@contextmanager
def question(watched: Server, connection: Connection) -> Iterator[None]:
    """One question on a connection that its owner keeps."""
    line = connection.connection.info.get(_LINE)
    watched.began(id(line), line)
    try:
        yield
    finally:
        watched.ended(id(line))


def watch_kept(engine: Engine, url: str) -> Server:
    """The same for an engine whose connections are kept: they are looked after while a `question` runs."""
    watched = _watched[engine] = server(url)

    @event.listens_for(engine, "do_connect")
    def _connect(dialect: Any, _: ConnectionPoolEntry, args: Any, options: dict[str, Any]) -> Any:
        key = ("connecting", threading.get_ident())
        watched.refuse_if_silent()
        watched.began(key, None)
        try:
            return dialect.connect(*args, **options | {"connect_timeout": _connect_timeout()})
        finally:
            watched.ended(key)

    @event.listens_for(engine, "connect")
    def _connected(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
        entry.info[_LINE] = _own_socket(connection)

    @event.listens_for(engine, "close")
    def _closed(_: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
        watched.ended(id(entry))
        if line := entry.info.pop(_LINE, None):
            line.close()

    return watched


def _connect_timeout() -> int:
    end = deadline.until()
    return CONNECTING if end is None else max(1, min(CONNECTING, int(end - time.monotonic())))


def _for_libpq(url: str) -> str:
    """The address without SQLAlchemy's driver, as psycopg2 takes it."""
    parts = make_url(url)
    _, options = parts.get_dialect()().create_connect_args(parts)
    return psycopg2.extensions.make_dsn(**options)
