"""What the ground floor can do now."""

from __future__ import annotations

import os
import socket
import time

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from booking.infra import deadline, leader, telemetry, watchdog
from booking.infra.db import (
    AUTOCOMMIT,
    Unavailable,
    asking,
    db,
    note_refusal,
    refused_lately,
    since_refusal,
    works_again,
)
from booking.infra.redis import servers
from booking.infra.sql_errors import READ_ONLY, sqlstate

# Under the C locale trigrams find nothing in Hebrew or Japanese (libc C.UTF-8 is right).
TRIGRAMS = text("SELECT array_length(show_trgm('שלום'), 1) > 0")

PATIENCE = 2.0  # seconds
REMEMBERED = 5.0  # seconds that a refused write counts where nothing can be tried
WAITED = 1.0  # seconds after which a failure counts as silence
STEADY = 5.0  # seconds without silence until it is over
WRITTEN_EVERY = 30.0  # seconds between two trial writes, as long as nobody was refused

# True of a standby, of a server or role that was made read-only, and of a database that was.
_READ_ONLY = text("SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool")
# A new table needs new blocks, some 200 kB of them: a full disk has none, though an old page may have room for a row.
_TRIAL = text("CREATE TEMP TABLE trial_write ON COMMIT DROP AS SELECT md5(n::text) FROM generate_series(1, 3000) n")
_NOT_ALLOWED = "42501"


class WrongLocale(RuntimeError):
    """The database cannot search words of all languages."""


class _Trial:
    last = 0.0


class _Silence:
    """When (by the monotonic clock) Postgres last kept a check of this process waiting. One connection may answer while
    another hangs: whoever asked several times would be told another thing each time.
    """

    last: float | None = None


class _Worker:
    """Since when (by the monotonic clock) this process finds that nobody keeps the house; None: somebody does."""

    missing_since: float | None = None


MISSED_AFTER = 60.0  # seconds; exchanging the workers takes less


def check() -> tuple[bool, list[str]]:
    """Whether bookings can be made, and what is missing otherwise: "postgres", "redis", "cache", "worker".

    Without a worker bookings go on: no email is sent, and nobody is told of anything but here.
    """
    works = _postgres()
    away = [] if works else ["postgres"]
    if works and worker_missing_for() > MISSED_AFTER:
        away.append("worker")
    if not servers.main.takes_writes():
        away.append("redis")
    if servers.cache is not servers.main and not servers.cache.takes_writes():
        away.append("cache")
    return works, away


def require_locale() -> None:
    """Refuse to start on a database whose locale breaks searching; one that cannot be reached is left to readiness."""
    try:
        with deadline.limit(PATIENCE), asking(), db.engine.connect() as connection:
            fit = connection.execute(TRIGRAMS).scalar()
    except (DBAPIError, PoolTimeout, Unavailable) as error:
        telemetry.log.warning("locale_unchecked", error=str(error.__cause__ or error).strip())
        return
    if not fit:
        raise WrongLocale("The database needs the libc locale C.UTF-8: create it with LOCALE 'C.UTF-8' from template0.")


def worker_missing_for() -> float:
    """Seconds since a check first found no worker, 0 where the last one found one."""
    return 0.0 if _Worker.missing_since is None else time.monotonic() - _Worker.missing_since


def _look_for_worker(opened: Connection) -> None:
    if leader.is_there(opened):
        _Worker.missing_since = None
    elif _Worker.missing_since is None:
        _Worker.missing_since = time.monotonic()


def _postgres() -> bool:
    """Whether it takes writes, and says so in time, now and in the checks of the last seconds."""
    began = time.monotonic()
    try:
        with deadline.limit(PATIENCE), asking():
            works = _sells()
    except (DBAPIError, PoolTimeout, Unavailable) as error:
        telemetry.log.warning("postgres_unavailable", error=str(error.__cause__ or error).strip())
        if time.monotonic() - began > WAITED or watchdog.of(db.engine).silent:
            _note_silence()
        return False
    return works and not _was_silent()


def _note_silence() -> None:
    """For all processes behind one port: which of them is asked next is chance."""
    _Silence.last = time.monotonic()
    servers.main.call(lambda client: client.set(_silence_key(), 1, px=int(STEADY * 1000)), away=None)


def _was_silent() -> bool:
    if _Silence.last is not None and time.monotonic() - _Silence.last <= STEADY:
        return True
    return bool(servers.main.call(lambda client: client.exists(_silence_key()), away=0))


def _silence_key() -> str:
    return f"silence:{socket.gethostname()}:{os.getppid()}"


def _sells() -> bool:
    with db.engines[AUTOCOMMIT].connect() as connection:
        if connection.execute(_READ_ONLY).scalar():
            note_refusal(READ_ONLY)
            return False
        if refused_lately() or time.monotonic() - _Trial.last > WRITTEN_EVERY:
            tried = _try_to_write(connection)
            _Trial.last = time.monotonic()
            if not tried and since_refusal() < REMEMBERED:
                return False
            works_again()
        _look_for_worker(connection)
    return True


def _try_to_write(connection: Connection) -> bool:
    """False where the role may not try: then only what was refused lately is known."""
    try:
        connection.execute(_TRIAL)
    except DBAPIError as error:
        if sqlstate(error) == _NOT_ALLOWED:
            return False
        raise
    return True
