"""What is inside the cluster: three roles, one database, and the one extension that only a superuser may create."""

from collections.abc import Callable
from contextlib import closing
from typing import Any

from psycopg2 import sql

from booking.infra.embedded.keys import Keys

DATABASE, OWNER, APP, BACKUP = "booking", "booking_owner", "booking_app", "booking_backup"


def prepare(connect: Callable[[str], Any], keys: Keys) -> None:
    """Make what is missing. Runs at every start, so that a start that was killed half-way is completed by the next.

    `connect(database)` opens a psycopg2 connection as superuser.
    """
    with closing(connect("postgres")) as connection:
        connection.autocommit = True  # a database cannot be created within a transaction
        with connection.cursor() as cursor:
            _make_role(cursor, OWNER, keys.booking_owner)
            _make_role(cursor, APP, keys.booking_app)
            _make_role(cursor, BACKUP, keys.booking_backup)
            cursor.execute(sql.SQL("ALTER ROLE {} REPLICATION").format(*_names(BACKUP)))
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if cursor.fetchone() is None:
                cursor.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(*_names(DATABASE, OWNER)))
            cursor.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(*_names(DATABASE)))
            # Temporary tables: by writing one, readiness finds out that the disk is full (booking/infra/health.py).
            cursor.execute(sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(*_names(DATABASE, APP)))
    with closing(connect(DATABASE)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(sql.SQL("ALTER SCHEMA public OWNER TO {}").format(*_names(OWNER)))
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")


def _make_role(cursor: Any, name: str, password: str) -> None:
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
    if cursor.fetchone() is None:
        cursor.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(*_names(name), sql.Literal(password)))


def _names(*names: str) -> list[sql.Identifier]:
    return [sql.Identifier(name) for name in names]
