"""The database: does it answer, is it made as it must be, are its tables those of this code."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection, Row, create_engine, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool

from booking.config import Settings
from booking.infra import clock, leader
from booking.infra.db import AUTOCOMMIT
from booking.infra.doctor.report import Diagnosis, fault, ok, problem, said, warning
from booking.infra.health import TRIGRAMS
from booking.infra.words import count

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

MIGRATIONS = Path(__file__).resolve().parents[3] / "migrations"
OLDEST = 15  # major version
CONNECT_ARGS = {
    "connect_timeout": 3,
    "application_name": "room-booking-doctor",
    "options": "-c statement_timeout=3s -c lock_timeout=1s",
}
DURABLE = ("fsync", "synchronous_commit", "full_page_writes")
LATE = 60  # seconds that a replica is behind
NOTICEABLE, DANGEROUS = 1.0, 30.0  # seconds that two clocks differ
CREATED_ANEW = "create it anew: CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'; restore into it"

Look = Callable[[Connection, Settings], Iterator[Diagnosis]]


@contextmanager
def connection(url: str) -> Iterator[Connection]:
    """A connection of its own, quick to give up."""
    engine = create_engine(
        url, poolclass=NullPool, isolation_level=AUTOCOMMIT, connect_args=CONNECT_ARGS, hide_parameters=True
    )
    with engine.connect() as opened:
        yield opened


def reachable(settings: Settings) -> Iterator[Diagnosis]:
    """The first question; all others need its answer."""
    try:
        with connection(settings.database_url) as opened:
            yield from _server(opened)
    except (ArgumentError, ValueError):
        yield problem("DATABASE_URL cannot be read", "write postgresql://user:password@host:5432/name", blocks=True)
    except DBAPIError as error:
        yield problem(f"Postgres refuses or does not answer: {said(error)}", _remedy(said(error)), blocks=True)


def _remedy(words: str) -> str:
    if "password" in words or "role" in words:
        return "correct user and password in DATABASE_URL"
    if "does not exist" in words:
        return "create the database, or correct its name in DATABASE_URL"
    if "too many" in words or "remaining connection slots" in words:
        return "raise max_connections, or lower DB_POOL_SIZE"
    return "start it, or correct host and port in DATABASE_URL"


def _server(opened: Connection) -> Iterator[Diagnosis]:
    version = str(opened.scalar(text("SHOW server_version")))
    if int(str(opened.scalar(text("SHOW server_version_num")))) < OLDEST * 10000:
        yield problem(f"Postgres {version} is too old", f"move to {OLDEST} or newer")
    if opened.scalar(text("SELECT pg_is_in_recovery()")):
        yield problem("this is a standby, where nothing can be sold", "let DATABASE_URL name the primary", blocks=True)
        return
    if opened.scalar(text("SELECT current_setting('transaction_read_only')::bool")):
        yield problem(
            "it is read-only: nothing can be sold", "reset default_transaction_read_only, or make room for it"
        )
    used, most = opened.execute(_CONNECTIONS).one()
    if used > most * 0.85:
        yield warning(f"{used} of {most} connections are in use", "raise max_connections, or lower DB_POOL_SIZE")
    url = opened.engine.url
    place = f"{url.host or 'a socket'}:{url.port or 5432}/{url.database}"
    yield ok(f"Postgres {version} at {place}, {used} of {most} connections")


_CONNECTIONS = text(
    "SELECT count(*), current_setting('max_connections')::int FROM pg_stat_activity"
    " WHERE backend_type = 'client backend'"
)


def durable(opened: Connection, settings: Settings) -> Iterator[Diagnosis]:
    """Whether a commit survives a power cut."""
    off = [name for name in DURABLE if opened.scalar(text(f"SHOW {name}")) == "off"]
    if off:
        lost = "bookings that were acknowledged are lost in a power cut"
        yield fault(settings.production)(f"{', '.join(off)} off: {lost}", "set it on in postgresql.conf")
    isolation = opened.scalar(text("SHOW default_transaction_isolation"))
    if isolation != "read committed":
        yield warning(f"default_transaction_isolation is {isolation}", "reset it: standbys cannot serve it")
    if not off:
        yield ok("commits are on disk before they are acknowledged")


def locale(opened: Connection, settings: Settings) -> Iterator[Diagnosis]:
    """Search needs a database that knows the letters of all languages, in an order that no upgrade changes."""
    row = opened.execute(_LOCALE).one()
    shown = f"{row.encoding}, {row.provider} {row.datcollate}, {row.datctype}"
    if row.encoding != "UTF8" or not _splits_words(opened, row):
        yield problem(f"searching would not find words outside ASCII (the database is {shown})", CREATED_ANEW)
    elif settings.production and row.datcollate not in {"C.UTF-8", "C.utf8"}:
        yield warning(f"the database is {shown}: a newer libc may order texts anew and break indexes", CREATED_ANEW)
    else:
        yield ok(shown)


def _splits_words(opened: Connection, row: Row[Any]) -> bool:
    if row.has_trigrams:
        return bool(opened.scalar(TRIGRAMS))
    return bool(row.provider == "libc" and row.datctype.upper().replace("-", "").endswith("UTF8"))


_LOCALE = text(
    "SELECT pg_encoding_to_char(encoding) AS encoding, datcollate, datctype,"
    " CASE datlocprovider WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu' ELSE 'builtin' END AS provider,"
    " to_regproc('show_trgm') IS NOT NULL AS has_trigrams FROM pg_database WHERE datname = current_database()"
)


def roles(opened: Connection, settings: Settings) -> Iterator[Diagnosis]:
    """The application's role reads and writes rows and may do nothing else."""
    row = opened.execute(_ROLE).one()
    barred = None if _unknown_revisions(opened) else row.barred  # a newer version's tables have rules of their own
    if row.rolsuper:
        yield problem(f"{row.rolname} is a superuser", "let DATABASE_URL name a role that only reads and writes rows")
    elif row.may_create or row.owned:
        yield warning(
            f"{row.rolname} may create or alter tables",
            "run the application as a role of its own, and migrations as the owner (MIGRATION_DATABASE_URL)",
        )
    if barred:
        yield problem(f"{row.rolname} may not write to {barred}", "run `flask db upgrade` as the owner")
    if row.may_edit_log and not (row.rolsuper or row.owned):
        yield problem(f"{row.rolname} may edit the audit log or counts of cash", "run `flask db upgrade` as the owner")
    if not row.may_try:
        yield warning(
            f"{row.rolname} may not make temporary tables, so readiness cannot try whether the disk is full",
            f"GRANT TEMPORARY ON DATABASE {row.database} TO {row.rolname}",
        )
    if settings.migration_database_url != settings.database_url:
        yield from _owner(settings.migration_database_url)
    if not (row.rolsuper or row.may_create or row.owned or barred or row.may_edit_log or not row.may_try):
        yield ok(f"{row.rolname} reads and writes rows, and may not alter tables")


def _owner(url: str) -> Iterator[Diagnosis]:
    try:
        with connection(url) as opened:
            if not opened.scalar(text("SELECT has_schema_privilege('public', 'CREATE')")):
                yield problem(
                    "the role for migrations may not create tables", "let MIGRATION_DATABASE_URL name the owner"
                )
    except (ArgumentError, ValueError, DBAPIError) as error:
        yield problem(f"the role for migrations cannot sign in: {said(error)}", "correct MIGRATION_DATABASE_URL")


_ROLE = text(
    """
    WITH mine AS (SELECT oid, relname, relowner,
                  relname IN ('audit_log', 'cash_closings', 'invoices', 'invoice_lines') AS append_only FROM pg_class
                  WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition)
    SELECT rolname, rolsuper, has_schema_privilege('public', 'CREATE') AS may_create,
      has_database_privilege(current_database(), 'TEMPORARY') AS may_try, current_database() AS database,
      EXISTS (SELECT FROM mine WHERE pg_has_role(relowner, 'MEMBER')) AS owned,
      (SELECT string_agg(relname, ', ' ORDER BY relname) FROM mine WHERE
         relname NOT IN ('alembic_version', 'invoice_series', 'invoice_buyers') AND NOT (
         has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT')
         AND (append_only OR has_table_privilege(oid, 'UPDATE') AND has_table_privilege(oid, 'DELETE')))) AS barred,
      EXISTS (SELECT FROM mine WHERE append_only AND (
         has_table_privilege(oid, 'UPDATE') OR has_table_privilege(oid, 'DELETE'))) AS may_edit_log
    FROM pg_roles WHERE rolname = current_user
    """
)


def _revisions(opened: Connection) -> set[str] | None:
    """Where the database is; None where nothing was ever migrated."""
    if not opened.scalar(text("SELECT to_regclass('public.alembic_version') IS NOT NULL")):
        return None
    return set(opened.scalars(text("SELECT version_num FROM alembic_version")))


def _migrations() -> ScriptDirectory:
    from alembic.script import ScriptDirectory  # a page offers to look, so every process would start later

    return ScriptDirectory(str(MIGRATIONS))


def _unknown_revisions(opened: Connection) -> set[str]:
    """Those of a newer version."""
    known = (step.revision for step in _migrations().walk_revisions())
    return (_revisions(opened) or set()).difference(known)


def migrations(opened: Connection, _: Settings) -> Iterator[Diagnosis]:
    """Whether the tables are those that this code expects."""
    done = _revisions(opened)
    if done is None:
        yield problem("the database has no tables yet", "run `flask db upgrade` as the owner", blocks=True)
        return
    if foreign := _unknown_revisions(opened):
        yield problem(
            f"the database is at {', '.join(sorted(foreign))}, which this code does not know",
            "run the newer code, or go back with it: `flask db downgrade`",
        )
        return
    script = _migrations()
    known = [step.revision for step in script.walk_revisions()]
    reached = {step.revision for revision in done for step in script.iterate_revisions(revision, "base")}
    if pending := [revision for revision in reversed(known) if revision not in reached]:
        yield problem(f"pending: {', '.join(pending)}", "run `flask db upgrade` as the owner", blocks=not done)
    else:
        yield ok(f"at {', '.join(sorted(done))}, the newest")


def clocks(opened: Connection, _: Settings) -> Iterator[Diagnosis]:
    """Holds end by Postgres' clock, sign-ins by this machine's: they should agree."""
    opened.execute(text("SELECT 1"))  # whatever the first statement of a connection costs is paid
    began = time.monotonic()
    theirs = opened.scalar(text("SELECT clock_timestamp()"))
    took = time.monotonic() - began
    assert theirs
    ours = clock.now() - timedelta(seconds=took / 2)
    apart = abs((theirs - ours).total_seconds()) - took / 2
    if apart > NOTICEABLE:
        yield fault(apart > DANGEROUS)(
            f"this machine's clock and Postgres' differ by {apart:.0f} s", "let both follow a time server (NTP)"
        )
    else:
        yield ok(f"this machine's clock and Postgres' agree within {max(apart, 0) + took:.2f} s")


def time_zones(opened: Connection, _: Settings) -> Iterator[Diagnosis]:
    """Whether Python and Postgres mean the same by the zones of the properties."""
    used = sorted(opened.scalars(text("SELECT DISTINCT time_zone FROM properties")))
    offsets = {row.name: row.utc_offset for row in opened.execute(_OFFSETS, {"names": used})}
    unknown = [name for name in used if name not in offsets or _offset(name) is None]
    apart = [
        f"{name} (UTC{_hours(_offset(name))} and UTC{_hours(offsets[name])})"
        for name in used
        if name not in unknown and offsets[name] != _offset(name)
    ]
    if unknown:
        yield problem(
            f"unknown time zones of properties: {', '.join(unknown)}", "correct them, or install newer tzdata"
        )
    if apart:
        yield warning(
            f"Python and Postgres disagree about the time in {', '.join(apart)}",
            "update the older data; PYTHONTZPATH='' makes Python use the tzdata of requirements.txt, not the system's",
        )
    if not unknown and not apart:
        yield ok(f"Python and Postgres agree about the {count(len(used), 'time zone')} of properties")


_OFFSETS = text("SELECT name, utc_offset FROM pg_timezone_names WHERE name = ANY(:names)")


def _hours(offset: timedelta | None) -> str:
    return f"{(offset or timedelta(0)).total_seconds() / 3600:+g}"


def _offset(name: str) -> timedelta | None:
    try:
        return clock.now().astimezone(ZoneInfo(name)).utcoffset()
    except (ZoneInfoNotFoundError, ValueError):
        return None


def worker(opened: Connection, settings: Settings) -> Iterator[Diagnosis]:
    """Whether some worker holds the lock of the one that keeps the house."""
    if leader.is_there(opened):
        yield ok("a worker keeps the house")
    else:
        yield fault(settings.production)(
            "no worker runs: no email is sent, and nights nobody paid for stay taken", "start `python worker.py`"
        )


def replica(settings: Settings) -> Iterator[Diagnosis]:
    """The standby for searches, where there is one."""
    if not settings.read_database_url:
        yield ok("none is configured; the primary serves searches")
        return
    try:
        with connection(settings.read_database_url) as opened:
            standby, behind = opened.execute(_REPLAYED).one()
    except (ArgumentError, ValueError, DBAPIError) as error:
        yield warning(f"the replica cannot be asked: {said(error)}", "mend it, or remove READ_DATABASE_URL")
        return
    if not standby:
        yield warning("READ_DATABASE_URL names a primary", "let it name a streaming replica of this database")
    elif behind is None or behind > LATE:
        how_far = "has replayed nothing" if behind is None else f"is {behind:.0f} s behind"
        yield warning(f"the replica {how_far}", "see whether it streams: pg_stat_wal_receiver")
    else:
        yield ok(f"the replica is {behind:.0f} s behind")


_REPLAYED = text(
    "SELECT pg_is_in_recovery(), CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0"
    " ELSE extract(epoch FROM now() - pg_last_xact_replay_timestamp()) END"
)
