"""Migrations run as the owner of the database; the role that runs the application gets rows, never tables.

Any number may start at once, and one that was killed may be started again: one works at a time, each migration commits
by itself, and what a killed one left half done (an invalid index, a backend still building it) is cleared first. A
change of a table never queues for long behind somebody who reads it, for everybody else would queue behind the change.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic import context
from click import ClickException
from flask import current_app
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from booking.infra.db import AUTOCOMMIT
from booking.infra.doctor.report import said
from booking.infra.sql_errors import cannot_work, lost_connection, sqlstate
from booking.infra.telemetry import log

settings = current_app.extensions["services"].settings
metadata = current_app.extensions["migrate"].db.metadata

WORKING, WAITING = "room-booking-migration", "room-booking-migration-lock"  # application names
TRIES = 30
LOCK_TIMEOUT = "2s"
# Rows that the application adds and reads, and can neither change nor delete.
LOG = "audit_log"
APPEND_ONLY = (LOG, "cash_closings", "invoices", "invoice_lines")
READ_ONLY = ("invoice_series",)  # a trigger writes it, as the owner
NEVER_CHANGED = ("invoice_buyers",)  # deleted after years, when a trigger lets it
PARTITIONS = text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = to_regclass(:table)")
LOCK_NOT_AVAILABLE, DEADLOCK = "55P03", "40P01"

# Asked for again and again instead of waited for: a waiting statement has a snapshot, and whoever builds an index
# concurrently would wait for that while we wait for them.
ONLY_ONE = text("SELECT pg_try_advisory_lock(7203114)")
ORPHANS = text(
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
    " WHERE application_name = :name AND datname = current_database() AND pid <> pg_backend_pid()"
)
INVALID = text(
    "SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_index i"
    " JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE NOT i.indisvalid AND n.nspname = 'public'"
    " AND i.indexrelid NOT IN (SELECT index_relid FROM pg_stat_progress_create_index)"
)


def connect(name: str, **options: Any) -> Engine:
    """An engine whose connections Postgres knows by that name."""
    arguments = {"application_name": name, "connect_timeout": 10, "keepalives_idle": 5, "keepalives_interval": 2}
    return create_engine(
        settings.migration_database_url, poolclass=NullPool, hide_parameters=True, connect_args=arguments, **options
    )


def grant(connection: Connection) -> None:
    """Give the application's role what it needs: rows of every table, and nothing else."""
    role = make_url(settings.database_url).username
    if role is None or role == make_url(settings.migration_database_url).username:
        return
    name = connection.dialect.identifier_preparer.quote(role)
    connection.execute(text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}"))
    if connection.execute(text("SELECT to_regclass('alembic_version') IS NOT NULL")).scalar():
        connection.execute(text(f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {name}"))
    taken = {
        **dict.fromkeys(APPEND_ONLY, "UPDATE, DELETE"),
        **dict.fromkeys(READ_ONLY, "INSERT, UPDATE, DELETE"),
        **dict.fromkeys(NEVER_CHANGED, "UPDATE"),
    }
    for table, rights in taken.items():
        if connection.scalar(text("SELECT to_regclass(:table) IS NOT NULL"), {"table": table}):
            connection.execute(text(f"REVOKE {rights} ON {table} FROM {name}"))
    # Through the whole it may add and read; a part alone it does not see.
    for partition in connection.scalars(PARTITIONS, {"table": LOG}).all():
        connection.execute(text(f"REVOKE ALL ON {partition} FROM {name}"))


@contextmanager
def trouble_said() -> Iterator[None]:
    """Where Postgres is away, goes away or takes no writes, it is said in one line; the command ends with 1."""
    try:
        yield
    except DBAPIError as error:
        if not (lost_connection(error) or cannot_work(error)):
            raise
        why = f"Postgres cannot do this now ({said(error)})."
        raise ClickException(
            f"{why} What was migrated is done; run it again once Postgres works. See `flask doctor`."
        ) from None


@contextmanager
def alone() -> Iterator[None]:
    """Nobody else migrates while the block runs. The lock is this connection's, and ends with it in whatever way."""
    with connect(WAITING, isolation_level=AUTOCOMMIT).connect() as connection:
        told = False
        while not connection.scalar(ONLY_ONE):
            if not told:
                log.warning("migration_waits_for_another")
            told = True
            time.sleep(random.uniform(0.2, 0.5))  # noqa: S311 spreading tries is no secret
        connection.execute(ORPHANS, {"name": WORKING})
        yield


def clear() -> None:
    """What a killed migration has left: an index that is not used, but stands in the way of its successor."""
    with connect(WORKING, isolation_level=AUTOCOMMIT).connect() as connection:
        for index in connection.scalars(INVALID).all():
            log.warning("invalid_index_dropped", index=index)
            connection.execute(text(f"DROP INDEX CONCURRENTLY IF EXISTS {index}"))


def patient(_: Connection, cursor: Any, statement: str, *__: Any) -> None:
    """Only what is done concurrently may wait for others: nobody waits behind it."""
    timeout = "0" if "CONCURRENTLY" in statement.upper() else LOCK_TIMEOUT
    cursor.execute(f"SET lock_timeout = '{timeout}'")


def is_ours(_: Any, name: str | None, kind: str, reflected: bool, __: Any) -> bool:
    """Whether `flask db migrate` compares it with the models: not the years of the audit log, which is one table."""
    return not (kind == "table" and reflected and str(name).startswith(f"{LOG}_"))


def migrate() -> None:
    """Each migration in a transaction of its own: what is done stays done."""
    with connect(WORKING).connect() as connection:
        event.listen(connection, "before_cursor_execute", patient)
        context.configure(
            connection=connection,
            target_metadata=metadata,
            compare_type=True,
            include_object=is_ours,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()  # where there was nothing to do, what was read has begun a transaction
        with connection.begin():
            grant(connection)


def run() -> None:
    """Again after a pause where somebody held a table for too long, from the migration that met them."""
    with alone():
        for attempt in range(1, TRIES + 1):
            try:
                clear()
                migrate()
            except DBAPIError as error:
                if sqlstate(error) not in {LOCK_NOT_AVAILABLE, DEADLOCK} or attempt == TRIES:
                    raise
                log.warning("migration_waits_for_a_table", attempt=attempt)
                time.sleep(random.uniform(0.5, 1) * min(attempt, 5))  # noqa: S311 spreading tries is no secret
            else:
                return


if context.is_offline_mode():
    context.configure(url=settings.migration_database_url, target_metadata=metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    with trouble_said():
        run()
