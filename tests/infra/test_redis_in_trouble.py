"""Redis full, read-only, at odds with its disk or silent: that is seen, and an ended session is over at once."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis as redis_client
from flask import Flask

from booking import create_app
from booking.config import Settings
from booking.domain.errors import Unauthorized
from booking.domain.people import sessions
from booking.domain.people.users import CurrentUser
from booking.domain.tables import User
from booking.infra import cache, redis
from booking.infra.embedded import ports
from booking.infra.embedded.valkey import binary
from tests import databases
from tests.api.program import program_of

pytestmark = pytest.mark.slow
AT_ONCE = 1.0  # seconds


@pytest.fixture
def process(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server of the test's own, that may be hurt."""
    port = next(port for port in range(ports.RANGE.start, ports.RANGE.stop) if ports.is_free(port))
    data = tmp_path / "data"
    data.mkdir()
    command = [binary(), "--port", str(port), "--bind", "127.0.0.1", "--save", "3600 1", "--dir", str(data)]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert started.stdout
        next(line for line in started.stdout if "Ready to accept connections" in line)
        yield started, port
    finally:
        started.kill()
        started.wait(10)


@pytest.fixture
def server(app: Flask, process: tuple[object, int], monkeypatch: pytest.MonkeyPatch) -> redis_client.Redis:
    """The operator's connection to it; the application uses it instead of the tests' server."""
    address = f"redis://127.0.0.1:{process[1]}/0"
    mine = redis.Guarded(address)
    databases.redis_elsewhere(monkeypatch, app, main=mine, cache=mine)
    return redis_client.Redis.from_url(address, decode_responses=True)


def full(server: redis_client.Redis) -> None:
    server.config_set("maxmemory-policy", "noeviction")
    server.config_set("maxmemory", "1")


def read_only(server: redis_client.Redis) -> None:
    server.replicaof("127.0.0.1", "1")


def without_disk(server: redis_client.Redis) -> None:
    Path(str(server.config_get("dir")["dir"])).rmdir()
    server.bgsave()
    end = time.monotonic() + 10
    while server.info()["rdb_last_bgsave_status"] == "ok":
        assert time.monotonic() < end
        time.sleep(0.05)


TROUBLE = pytest.mark.parametrize("trouble", [full, read_only, without_disk])


@TROUBLE
def test_it_is_degraded_and_sells(
    app: Flask, server: redis_client.Redis, trouble: Callable[[redis_client.Redis], None]
) -> None:
    client = app.test_client()
    assert client.get("/api/v1/health/ready").json["degraded"] == []  # type: ignore[index]
    trouble(server)
    answer = client.get("/api/v1/health/ready")
    assert (answer.status_code, answer.json["degraded"]) == (200, ["redis"])  # type: ignore[index]


def kept(alice: User) -> CurrentUser:
    """A session that everybody has just kept."""
    me = sessions.start_api(alice.id).user
    for _ in range(2):
        sessions.current(me.session_id, alice.id, kept_for=3)
    return me


def as_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what this one has found out about the server."""
    monkeypatch.setattr(redis.servers.cache, "_away_until", 0.0)


def refuse(me: CurrentUser, monkeypatch: pytest.MonkeyPatch) -> None:
    as_another_process(monkeypatch)
    with pytest.raises(Unauthorized):
        sessions.current(me.session_id, me.id, kept_for=3)


@TROUBLE
def test_an_ended_session_is_over_for_everybody_who_still_reads(
    server: redis_client.Redis,
    alice: User,
    trouble: Callable[[redis_client.Redis], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    me = kept(alice)
    assert server.keys("session.*")
    trouble(server)
    cache._about("changing:somebody", "else")  # the last that was asked for before anybody noticed
    began = time.monotonic()
    sessions.end(me.session_id)
    assert time.monotonic() - began < cache.ERA + AT_ONCE
    refuse(me, monkeypatch)


def test_a_full_server_still_forgets_so_that_nobody_waits(server: redis_client.Redis, alice: User) -> None:
    me = kept(alice)
    full(server)
    began = time.monotonic()
    sessions.end(me.session_id)
    assert time.monotonic() - began < AT_ONCE / 2


def test_in_a_lasting_outage_nobody_waits(
    server: redis_client.Redis, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = kept(alice), kept(alice)
    read_only(server)
    sessions.end(first.session_id)
    began = time.monotonic()
    sessions.end(second.session_id)
    assert time.monotonic() - began < AT_ONCE / 2
    server.replicaof("NO", "ONE")  # it takes writes again while the entries are still there
    refuse(first, monkeypatch)
    refuse(second, monkeypatch)


def test_what_was_kept_before_a_short_silence_is_not_believed_after_it(
    server: redis_client.Redis,
    process: tuple[subprocess.Popen[str], int],
    alice: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    me = kept(alice)
    server.client_pause(1500)
    began = time.monotonic()
    sessions.end(me.session_id)
    assert time.monotonic() - began < cache.ERA + AT_ONCE
    time.sleep(max(0.0, 1.6 - (time.monotonic() - began)))
    refuse(me, monkeypatch)


def test_where_nothing_is_kept_nobody_waits(
    server: redis_client.Redis, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    me = sessions.start_api(alice.id).user
    read_only(server)
    monkeypatch.setattr(cache._states.get(), "keeps", False)
    began = time.monotonic()
    sessions.end(me.session_id)
    assert time.monotonic() - began < AT_ONCE / 2
    monkeypatch.setattr(cache._states.get(), "keeps", True)
    refuse(me, monkeypatch)


@TROUBLE
def test_limits_go_on_in_the_process_where_it_takes_no_writes(
    server: redis_client.Redis,
    process: tuple[object, int],
    environ: dict[str, str],
    alice: User,
    trouble: Callable[[redis_client.Redis], None],
) -> None:
    mine = {"REDIS_URL": f"redis://127.0.0.1:{process[1]}/0", "RATELIMIT_ENABLED": "true"}
    app = create_app(Settings.from_env(environ | mine | {"LIMIT_USER": "4 per 15 minutes"}))
    with app.app_context():
        api = program_of(app, alice)
    assert [api.get("/me").status_code for _ in range(3)] == [200] * 3  # the session is kept by now
    trouble(server)
    assert [api.get("/me").status_code for _ in range(6)] == [200] * 4 + [429] * 2  # counted anew, in this process
