"""A database of a test's own that is migrated by `flask db`, as an operator does it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from booking import create_app
from booking.config import Settings
from booking.infra.db import db
from booking.infra.embedded import Servers

HOME = Path(__file__).parents[2]
PATIENCE = 90.0  # seconds
INVALID = "SELECT count(*) FROM pg_index WHERE NOT indisvalid"


_standing: dict[str, str] = {}  # by revision: a database that is there already, and only copied from


class Database:
    """An empty one of the test's own, and `flask db` on it."""

    def __init__(self, servers: Servers, environ: dict[str, str], name: str) -> None:
        self._servers, self._environ = servers, environ
        self.name, self.owner_url = name, servers.database_url("booking_owner", name)
        urls = {"DATABASE_URL": servers.database_url("booking_app", name), "MIGRATION_DATABASE_URL": self.owner_url}
        self.environ = {**os.environ, **environ, **urls, "FLASK_APP": "wsgi.py"}
        self.superuser_url = servers.database_url("postgres", name).replace("+psycopg2", "")

    def begin(self, *words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "flask", "db", *words]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=HOME, env=self.environ, stdout=pipe, stderr=subprocess.STDOUT, text=True)

    def flask(self, *words: str) -> None:
        """In this process: a process of its own, which `begin` makes, takes most of its time to start."""
        app = create_app(Settings.from_env(self.environ))
        done = app.test_cli_runner().invoke(args=["db", *words])
        with app.app_context():
            db.engine.dispose()
        assert done.exit_code == 0, f"{done.output} {done.exception!r}"

    def stands_at(self, revision: str) -> None:
        """As `flask db upgrade` leaves an empty database: done once for all tests of this process, then copied.

        For the state that a test begins with; what it is about, it does itself.
        """
        number = scripts().get_revision(revision).revision
        if number not in _standing:
            model = Database(self._servers, self._environ, f"{self.name}_at_{number}")
            order = [one.revision for one in scripts().walk_revisions()]  # the newest first; numbers do not give it
            model.copy(next((one for one in order[order.index(number) :] if one in _standing), None))
            model.flask("upgrade", number)
            _standing[number] = model.name
        self.copy(number)

    def copy(self, revision: str | None = None) -> None:
        """In place of what it was; empty without a revision."""
        like = f" TEMPLATE {_standing[revision]} STRATEGY file_copy" if revision else ""
        self.drop()
        self._tell(f"CREATE DATABASE {self.name} OWNER booking_owner{like}")

    def drop(self) -> None:
        self._tell(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")

    def _tell(self, statement: str) -> None:
        with closing(self._servers.postgres.connect()) as superuser, superuser.cursor() as cursor:
            superuser.autocommit = True
            cursor.execute(statement)

    def connect(self) -> Any:
        return psycopg2.connect(self.superuser_url)

    def scalar(self, query: str) -> Any:
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchone()[0]

    def is_whole(self) -> None:
        """At the newest, no index is left over, and the models are the tables."""
        assert self.scalar(INVALID) == 0
        engine = create_engine(self.owner_url)
        with engine.connect() as connection:
            found = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": _is_ours})
            assert compare_metadata(found, db.metadata) == []
            assert found.get_current_heads() == tuple(scripts().get_heads())
        engine.dispose()


def _is_ours(_: Any, name: str | None, kind: str, reflected: bool, __: Any) -> bool:
    """Not the years of the audit log: the model is the whole."""
    return not (kind == "table" and reflected and str(name).startswith("audit_log_"))


def scripts() -> ScriptDirectory:
    """All migrations there are."""
    config = Config()
    config.set_main_option("script_location", str(HOME / "migrations"))
    return ScriptDirectory.from_config(config)


def before(revision: str) -> str:
    """The migration that comes before this one."""
    return str(scripts().get_revision(revision).down_revision)


def eventually(condition: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
