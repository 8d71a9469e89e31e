"""Who starts the embedded servers, who finds them, who stops them; and what is inside them."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest
import redis

from booking.infra import embedded
from booking.infra.embedded import ports
from booking.infra.embedded.locks import FileLock
from tests.cases import each
from tests.embedded.folders import REPOSITORY, Folder, eventually

# A process that uses the servers until it is told to go.
USER = """
import os, sys
from booking.infra import embedded
embedded.provide(os.environ)
print("in", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def servers(place: Folder) -> Iterator[embedded.Servers]:
    """This process uses the servers."""
    joined = embedded.Servers(place.home)
    joined.join()
    yield joined
    joined.leave()


@pytest.fixture
def user(place: Folder) -> Callable[[], subprocess.Popen[bytes]]:
    """A function that starts another process that uses the servers."""

    def start() -> Any:
        process = place.spawn("-c", USER, stdin=-1, stdout=-1)
        assert process.stdout.readline() == b"in\n"
        return process

    return start


@contextmanager
def suspended(server: Any) -> Iterator[None]:
    """All its processes stand still meanwhile."""
    stopped = server.running()
    for process in stopped:
        process.suspend()
    try:
        yield
    finally:
        for process in stopped:
            process.resume()


def query(url: Any, statement: Any) -> Any:
    """The rows of a statement, on a connection of its own; committed."""
    with psycopg2.connect(url.replace("+psycopg2", "")) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def test_the_app_reads_and_writes_but_does_not_change_tables(servers: embedded.Servers) -> None:
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        query(servers.database_url("booking_app"), "CREATE TABLE mine (x int)")
    # What readiness tries to write.
    assert query(servers.database_url("booking_app"), "CREATE TEMP TABLE mine ON COMMIT DROP AS SELECT 1; SELECT 1")


def test_the_owner_makes_tables_and_the_extensions_that_we_use(servers: embedded.Servers) -> None:
    owner = servers.database_url("booking_owner")
    for extension in ("btree_gist", "pg_trgm", "unaccent", "pg_stat_statements"):
        query(owner, f"CREATE EXTENSION IF NOT EXISTS {extension}; SELECT 1")
    assert query(owner, "CREATE TABLE theirs (x int); DROP TABLE theirs; SELECT rolsuper FROM pg_roles "
                        "WHERE rolname = current_user") == [(False,)]  # fmt: skip


@each(
    ("setting", "value"),
    [
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("data_checksums", "on"),
        ("server_encoding", "UTF8"),
        ("default_transaction_isolation", "read committed"),
        ("wal_level", "replica"),
        ("password_encryption", "scram-sha-256"),
        ("listen_addresses", "127.0.0.1"),
    ],
)
def test_the_settings_that_promises_rest_on(servers: embedded.Servers, setting: str, value: str) -> None:
    assert query(servers.database_url(), f"SHOW {setting}") == [(value,)]


def test_trigrams_find_hebrew_and_japanese(servers: embedded.Servers) -> None:
    query(servers.database_url("booking_owner"), "CREATE EXTENSION IF NOT EXISTS pg_trgm; SELECT 1")
    [(hebrew, japanese)] = query(
        servers.database_url(), "SELECT show_trgm('תל אביב') <> '{}', show_trgm('東京') <> '{}'"
    )
    assert hebrew
    assert japanese


def test_valkey_asks_for_the_password_and_keeps_what_it_is_told(servers: embedded.Servers) -> None:
    client = redis.Redis.from_url(servers.redis_url())
    assert client.config_get("append*")["appendonly"] == "yes"
    assert client.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=servers.valkey.port).ping()


def test_finding_them_running_is_quick(place: Folder, servers: embedded.Servers) -> None:
    began = time.monotonic()
    second = embedded.Servers(place.home)
    second.join()
    assert time.monotonic() - began < 0.5  # 0.02 on an idle machine
    assert second.urls() == servers.urls()
    second.leave()
    assert query(servers.database_url(), "SELECT 1")


def test_the_last_one_out_stops_them(place: Folder, user: Callable[[], subprocess.Popen[bytes]]) -> None:
    first, second = user(), user()
    postmaster = place.pid("postgres")
    first.communicate(b"\n")  # it was the one that had started them
    assert place.pid("postgres") == postmaster
    second.communicate(b"\n")
    assert place.processes() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_is_an_ordinary_way_to_leave(
    place: Folder, user: Callable[[], subprocess.Popen[bytes]], number: Any
) -> None:
    only = user()
    only.send_signal(number)
    only.communicate(timeout=10)
    assert place.processes() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_whoever_asks_again_and_again_does_not_leave_them_running(
    place: Folder, user: Callable[[], subprocess.Popen[bytes]], number: Any
) -> None:
    only = user()
    while only.poll() is None:
        only.send_signal(number)
        time.sleep(0.05)
    assert place.processes() == []


def test_a_killed_user_does_not_keep_them_for_ever(place: Folder, user: Callable[[], subprocess.Popen[bytes]]) -> None:
    killed = user()
    postmaster = place.pid("postgres")
    killed.kill()
    killed.wait()
    second = user()
    assert place.pid("postgres") == postmaster  # found, not started again
    second.communicate(b"\n")
    assert place.processes() == []


def test_a_killed_postmaster_is_replaced_by_the_next_user(
    place: Folder, servers: embedded.Servers, user: Callable[[], subprocess.Popen[bytes]]
) -> None:
    query(servers.database_url("booking_owner"), "CREATE TABLE IF NOT EXISTS kept (x int); SELECT 1")
    held = psycopg2.connect(servers.database_url().replace("+psycopg2", ""))  # so that a backend outlives it
    query(servers.database_url("booking_owner"), "INSERT INTO kept VALUES (1) RETURNING x")
    psutil.Process(place.pid("postgres")).kill()
    second = user()
    held.close()
    assert query(servers.database_url("booking_owner"), "SELECT DISTINCT x FROM kept") == [(1,)]
    second.communicate(b"\n")


def test_a_stopped_postgres_that_answers_nobody_is_ended_and_replaced(
    place: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded.server, "COMING_UP", 3.0)
    first = embedded.Servers(place.home)
    first.join()
    for process in first.postgres.running():
        process.suspend()
    first.postgres.stop(within=1)
    assert first.postgres.running() == []
    first.leave()


def test_a_server_that_is_stopped_is_silent_and_one_that_works_is_not(
    servers: embedded.Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded.server, "SILENCE", 2.0)
    for server in (servers.postgres, servers.valkey):
        server.refuse_silent()
        with suspended(server), pytest.raises(embedded.EmbeddedError, match=f"{server.name} .* does not answer"):
            server.refuse_silent()


def test_commands_give_up_on_a_silent_postgres_within_seconds_and_leave_it_alone(
    place: Folder, servers: embedded.Servers
) -> None:
    postmaster, environ = place.pid("postgres"), place.environ(VAR_DIR=str(place.home))
    began, told = time.monotonic(), []
    with suspended(servers.postgres):
        asked = [
            subprocess.Popen(
                [sys.executable, "-m", "flask", *words],
                cwd=REPOSITORY,
                env=environ,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for words in (("payments", "due"), ("bookings", "verify"), ("doctor",))
        ]
        told = [process.communicate(timeout=100) for process in asked]
    assert time.monotonic() - began < 30  # three Pythons start at once here; it was a minute and more
    assert [process.returncode for process in asked] == [1, 1, 1]
    for _, sentence in told[:2]:
        assert sentence.startswith(f"Postgres (process {postmaster}) runs and does not answer; it is left alone.")
        assert len(sentence.splitlines()) == 1
    diagnosis = told[2][0]
    assert f"Postgres (process {postmaster}) runs and does not answer" in diagnosis
    assert re.search(r"^redis +ok", diagnosis, re.MULTILINE)
    assert "DATABASE_URL is not set" not in diagnosis
    assert place.pid("postgres") == postmaster
    assert query(servers.database_url(), "SELECT 1") == [(1,)]


def test_a_pid_file_that_names_somebody_else_is_no_obstacle(place: Folder) -> None:
    with_them = embedded.Servers(place.home)
    with_them.join()
    with_them.leave()
    stale = with_them.postgres.directory / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{with_them.postgres.directory}\n1\n{with_them.postgres.port}\n\n127.0.0.1\n")
    with_them.join()
    assert query(with_them.database_url(), "SELECT 1") == [(1,)]
    with_them.leave()


def test_a_port_that_is_taken_meanwhile_is_not_insisted_on(place: Folder) -> None:
    once = embedded.Servers(place.home)
    once.join()
    port = once.postgres.port
    once.leave()
    with socket.create_server(("127.0.0.1", port)):
        once.join()
        assert once.postgres.port != port
        once.leave()


def test_an_interrupted_initdb_is_begun_again(folder: Folder) -> None:
    servers = embedded.Servers(folder.home)
    half = servers.postgres.directory.with_name("postgres.new")
    half.mkdir()
    (half / "PG_VERSION").write_text("18")
    servers.join()
    assert query(servers.database_url(), "SELECT 1") == [(1,)]
    servers.leave()


def test_a_forked_child_does_not_hold_the_lock_for_its_parent(tmp_path: Path) -> None:
    held = "import os, time; from pathlib import Path; from booking.infra.embedded.locks import FileLock\n"
    held += f"lock = FileLock(Path({str(tmp_path / 'lock')!r})); lock.take()\n"
    held += "child = os.fork()\nif child == 0: time.sleep(60)\nprint(child, flush=True); time.sleep(60)"
    parent = subprocess.Popen([sys.executable, "-c", held], cwd=REPOSITORY, stdout=subprocess.PIPE)
    child = psutil.Process(int(parent.stdout.readline()))
    assert not FileLock(tmp_path / "lock").try_to_take()
    parent.kill()
    parent.wait()
    assert eventually(FileLock(tmp_path / "lock").try_to_take, 5)
    child.kill()


def test_production_is_left_alone() -> None:
    for environ in ({"APP_ENV": "production"}, {"DATABASE_URL": "postgresql://elsewhere/booking"}):
        before = dict(environ)
        assert embedded.provide(environ) is None
        assert environ == before


def test_urls_of_other_servers_are_kept_and_keys_last(tmp_path: Path) -> None:
    given = {"APP_ENV": "development", "DATABASE_URL": "a", "REDIS_URL": "b", "VAR_DIR": str(tmp_path / "var")}
    first, second = dict(given), dict(given)
    assert embedded.provide(first) is embedded.provide(second) is None
    assert first.items() >= given.items()
    assert first == second
    assert len(first["SECRET_KEY"]) > 30
    assert first["JWT_KEYS"].startswith("dev:")
    assert (tmp_path / "var" / "keys.json").stat().st_mode & 0o077 == 0


def test_help_needs_no_servers() -> None:
    assert not embedded.needed(["flask", "rooms", "--help"])
    assert embedded.needed(["flask", "rooms", "list"])


def test_a_port_counts_as_free_again_as_soon_as_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not ports.is_free(port)
        with socket.create_connection(("127.0.0.1", port)):
            server.accept()[0].close()
    assert eventually(lambda: ports.is_free(port))
