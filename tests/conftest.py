"""One Postgres and one Valkey for the whole run, a database of its own per test process, emptied between tests."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import redis as redis_client
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from sqlalchemy import create_engine, make_url, text

from booking import create_app
from booking.config import Settings
from booking.infra import clock
from booking.infra.embedded import Servers

pytest_plugins = ["tests.cast", "tests.logs"]

HOME = Path(os.environ.get("TEST_VAR_DIR", Path(__file__).parents[1] / "var" / "test"))
# Durable against a kill, not against a power cut: tests kill processes, not machines.
QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Postgres and Valkey, shared by all test processes; the last one out stops them."""
    running = Servers(HOME, settings=QUICK)
    running.join()
    yield running
    running.leave()


@pytest.fixture(scope="session")
def number(worker_id: str) -> int:
    """Which of the parallel test processes this is."""
    return int(worker_id.removeprefix("gw")) if worker_id.startswith("gw") else 0


@pytest.fixture(scope="session")
def environ(servers: Servers, number: int) -> dict[str, str]:
    """The environment of the application under test; its database is new."""
    name = f"test_{number}"
    superuser = make_url(servers.database_url("postgres", "postgres"))
    with_superuser = psycopg2.connect(
        host=superuser.host, port=superuser.port, user="postgres", password=superuser.password, dbname="postgres"
    )
    with_superuser.autocommit = True
    with with_superuser.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {name} OWNER booking_owner")
    with_superuser.close()
    return {
        "APP_ENV": "development",
        "DATABASE_URL": servers.database_url("booking_app", name),
        "MIGRATION_DATABASE_URL": servers.database_url("booking_owner", name),
        "REDIS_URL": servers.redis_url(number),
        "SECRET_KEY": "a-secret-for-tests-only-0123456789abcdef",
        "JWT_KEYS": "now:a-key-for-tests-only-0123456789abcdef,before:an-older-key-for-tests-0123456789abc",
        "RATELIMIT_ENABLED": "false",
        "LOG_LEVEL": "WARNING",
        "SITE_URL": "http://localhost:8000",
        "DB_POOL_SIZE": "48",
        "GRANIAN_BLOCKING_THREADS": "48",
    }


@pytest.fixture(scope="session")
def application(environ: dict[str, str]) -> Flask:
    """The application, its tables made by the migrations."""
    app = create_app(Settings.from_env(environ))
    assert app.test_cli_runner().invoke(args=["db", "upgrade"]).exit_code == 0
    return app


@pytest.fixture
def empty(application: Flask, environ: dict[str, str]) -> Iterator[None]:
    """Nothing in Postgres, nothing in Redis, the clock as it is. Use-cases commit for real, so this is after each."""
    yield
    clock.shift(dt.timedelta(0))
    owner = create_engine(environ["MIGRATION_DATABASE_URL"])
    with owner.begin() as connection:
        tables = connection.execute(
            text(
                "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables WHERE schemaname = 'public'"
                " AND tablename <> 'alembic_version'"
            )
        ).scalar()
        connection.execute(text(f"TRUNCATE {tables} CASCADE"))
    owner.dispose()
    redis_client.Redis.from_url(environ["REDIS_URL"]).flushdb()


@pytest.fixture
def app(application: Flask, empty: None) -> Iterator[Flask]:
    """The application with its context pushed, for calling use-cases."""
    with application.app_context():
        yield application


@pytest.fixture
def client(application: Flask, empty: None) -> FlaskClient:
    """A program that talks HTTP."""
    return application.test_client()


@pytest.fixture
def runner(application: Flask, empty: None) -> FlaskCliRunner:
    """An operator's command line."""
    return application.test_cli_runner()
