"""Asking `flask doctor`, and importing and exporting as an operator does it."""

from __future__ import annotations

import json
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from flask.testing import FlaskCliRunner
from sqlalchemy import make_url

from booking.infra.doctor import environment
from booking.infra.embedded import Servers
from tests.jobs.conftest import mail_server  # noqa: F401 a fixture
from tests.room_files import Files


class Report:
    """What the doctor said."""

    def __init__(self, output: str, exit_code: int) -> None:
        self.output, self.exit_code = output, exit_code
        self.lines = json.loads(output)["checks"]
        assert json.loads(output)["healthy"] == (exit_code == 0)

    def states(self, check: str) -> list[str]:
        return [line["state"] for line in self.lines if line["check"] == check]

    def checks(self, state: str) -> set[str]:
        return {line["check"] for line in self.lines if line["state"] == state}

    def said(self, check: str) -> str:
        """The first trouble of a check, with its advice."""
        line = next(line for line in self.lines if line["check"] == check and line["state"] != "ok")
        return f"{line['state']}: {line['finding']} -> {line['advice']}"


Ask = Callable[..., Report]


@pytest.fixture
def healthy(environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An environment without fault, also where the Python that runs the tests has one."""
    monkeypatch.setattr(environment, "FIXED_IN", ())
    keys = {"SECRET_KEY": secrets.token_urlsafe(48), "JWT_KEYS": f"now:{secrets.token_urlsafe(48)}"}
    return {**environ, **keys, "MAIL_DIR": str(tmp_path / "mail"), "SMTP_URL": ""}


@pytest.fixture
def ask(runner: FlaskCliRunner, healthy: dict[str, str]) -> Ask:
    """Ask the doctor, with some variables changed."""

    def run(**changes: str) -> Report:
        result = runner.invoke(args=["doctor", "--json"], env={**healthy, **changes})
        return Report(result.stdout, result.exit_code)

    return run


@pytest.fixture
def another_database(servers: Servers, number: int) -> Iterator[Callable[..., str]]:
    """Make an empty database; the URL for the application's role."""
    superuser = make_url(servers.database_url("postgres", "postgres"))
    name = f"doctor_{number}"
    facts = {"host": superuser.host, "port": superuser.port, "user": "postgres", "password": superuser.password}

    def make(options: str = "", statement: str = "") -> str:
        execute(facts, "postgres", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        execute(facts, "postgres", f"CREATE DATABASE {name} OWNER booking_owner TEMPLATE template0 {options}")
        if statement:
            execute(facts, name, statement)
        return servers.database_url("booking_app", name)

    yield make
    execute(facts, "postgres", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def execute(facts: dict[str, Any], database: str, statement: str) -> None:
    connection = psycopg2.connect(**facts, dbname=database)
    connection.autocommit = True
    with closing(connection), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of somebody who takes calls and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def files(runner: FlaskCliRunner, tmp_path: Path) -> Files:
    return Files(runner, tmp_path)
