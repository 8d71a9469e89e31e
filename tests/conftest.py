"""One Postgres and one Valkey for the whole run, a database of its own per test process, emptied between tests."""

from __future__ import annotations

import functools
import gc
import hashlib
import os
import signal
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any
from weakref import WeakSet

import pytest
import redis as redis_client
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import Pool, event

from booking import create_app
from booking.config import Settings
from booking.http.application import Application
from booking.infra import signals, telemetry
from booking.infra.embedded import Servers
from booking.infra.embedded.locks import FileLock
from tests import databases

pytest_plugins = ["tests.cast", "tests.homes", "tests.logs", "tests.mails", "tests.photos", "tests.quick"]

HOME = Path(os.environ.get("TEST_VAR_DIR", Path(__file__).parents[1] / "var" / "test"))
# Durable against a kill, not against a power cut: tests kill processes, not machines.
# Passwords are as quick to check as to make up, for connections come and go; nobody asks what statements cost.
QUICK = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "scram_iterations": "1",
    "pg_stat_statements.track": "none",
    "compute_query_id": "off",
}
DATABASES = 16  # of Valkey

# What takes longest begins first. In between stands what needs the processor most, then what needs to be in time.
LONGEST = [
    "bench/test_programmes.py",
    "infra/test_migrations.py",
    "api/test_settings_at_their_edges.py",
    "embedded/test_install.py",
    "bench/test_background.py",
    "fuzz/test_wire.py",
    "faults/test_redis_away.py",
    "embedded/test_up.py",
    "browser/test_booking.py",
    "browser/test_waiting.py",
    "faults/test_trouble.py",
    "browser/test_finding.py",
    "faults/test_crash_points.py",
    "jobs/test_worker.py",
    "backup/test_commands.py",
    "backup/test_drill.py",
    "backup/test_s3.py",
    "embedded/test_servers.py",
    "browser/test_accounts.py",
    "faults/test_controls.py",
    "faults/test_storm.py",
    "domain/reservations/test_model.py",
    "replay/test_replay.py",
]


def pytest_configure() -> None:
    """Under nohup signals are ignored, and children would be born deaf to them: a handler is not handed on."""
    for number in signals.ENDING:
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long before all others, whose order stays."""
    places = {Path(__file__).parent / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(LONGEST)))


def pytest_collection_finish() -> None:
    """What stands by now stays to the end: the collector need not look through it again and again, nor so often."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Postgres and Valkey, shared by all test processes; the last one out stops them."""
    running = Servers(HOME, settings=QUICK)
    running.join()
    yield running
    running.leave()


@pytest.fixture(scope="session")
def number(servers: Servers) -> Iterator[int]:
    """Which of the test processes that run now this is: the first number that no other one holds, up to 15."""
    for number in range(DATABASES):
        lock = FileLock(HOME / f"process.{number}.lock")
        if lock.try_to_take():
            yield number
            lock.free()
            return
    pytest.exit(f"Only {DATABASES} test processes can run at once: that is how many databases Valkey has.")


MORE_CONNECTIONS = 30  # than after the last time
_connections: WeakSet[Any] = WeakSet()
_kept = [0]


@event.listens_for(Pool, "connect")
def _counted(_: Any, entry: Any) -> None:
    _connections.add(entry)


@pytest.fixture(autouse=True)
def few_connections() -> Iterator[None]:
    """Applications of a test keep theirs until the collector finds them, which may be after all are taken."""
    yield
    if len(_connections) > _kept[0] + MORE_CONNECTIONS:
        gc.collect()
        _kept[0] = len(_connections)


@pytest.fixture(scope="session")
def environ(servers: Servers, number: int) -> dict[str, str]:
    """The environment of the application under test; its database is new."""
    databases.make(servers, f"test_{number}")
    return databases.environ(servers, f"test_{number}", number)


class Compiled(FileSystemBytecodeCache):
    """Templates as Jinja has compiled them, until they or the product change (filters of constants are worked out)."""

    def get_source_checksum(self, source: str) -> str:
        return super().get_source_checksum(source + _product())


@functools.cache
def _product() -> str:
    files = sorted((Path(__file__).parents[1] / "booking").rglob("*.py"))
    return hashlib.sha256(b"\0".join([version("jinja2").encode(), *(file.read_bytes() for file in files)])).hexdigest()


@pytest.fixture(scope="session", autouse=True)
def compiled(pytestconfig: pytest.Config) -> Iterator[None]:
    """Each template is compiled once for all applications of all processes: that takes longer than most tests."""
    with pytest.MonkeyPatch.context() as patched:
        if cache := getattr(pytestconfig, "cache", None):  # mutants run without
            patched.setattr(Application, "jinja_options", {"bytecode_cache": Compiled(str(cache.mkdir("templates")))})
        yield


@pytest.fixture(scope="session")
def application(environ: dict[str, str]) -> Flask:
    """The application, its tables made by the migrations."""
    redis_client.Redis.from_url(environ["REDIS_URL"]).flushdb()  # a process that was killed may have left something
    return create_app(Settings.from_env(environ))


@pytest.fixture
def survivor() -> Iterator[None]:
    """A signal that nobody heeds fails the test, and does not end its process. Handlers are as before afterwards."""

    def nobody(number: int, _: Any) -> None:
        raise AssertionError(f"nobody heeds signal {number}")

    before = {number: signal.getsignal(number) for number in signals.ENDING}
    for number in before:
        signal.signal(number, nobody)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def empty(application: Flask, environ: dict[str, str]) -> Iterator[None]:
    """Nothing is left. Use-cases commit for real, so this is after each."""
    telemetry.configure_logging(environ["LOG_LEVEL"])  # a test before may have made an application that says less
    yield
    databases.sweep(environ)
    databases.forget_trouble(application)


@pytest.fixture
def unmeasured(environ: dict[str, str]) -> None:
    """For tests of plans, which go by what Postgres knows of the tables: nothing."""
    databases.forget_statistics(environ)


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
