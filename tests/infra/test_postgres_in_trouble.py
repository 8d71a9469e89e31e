"""Postgres read-only, full, hanging or slow: who asks is told so in time, and what was asked later works again."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import psycopg2
import pytest
from flask import Flask, current_app
from flask.testing import FlaskClient
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from booking.config import Settings
from booking.config_values import postgres_url
from booking.infra import deadline, health, redis, watchdog
from booking.infra.db import (
    AUTOCOMMIT,
    READ_COMMITTED,
    OutcomeUnknown,
    Unavailable,
    db,
    engine_options,
    fetch,
    reading,
    transaction,
)
from booking.infra.embedded import Servers

pytestmark = pytest.mark.slow
LOGIN = {"email": "nobody@example.com", "password": "whatever it is"}
SOON = 5.0  # seconds


@pytest.fixture
def read_only(application: Flask, servers: Servers, number: int) -> Iterator[Callable[[bool], None]]:
    """Make the database read-only for whoever connects from now on, or writable again."""

    def make(wanted: bool) -> None:
        url = servers.database_url("postgres", "postgres").replace("+psycopg2", "")
        superuser = psycopg2.connect(url)
        superuser.autocommit = True
        with superuser.cursor() as cursor:
            how = "SET default_transaction_read_only = on" if wanted else "RESET default_transaction_read_only"
            cursor.execute(f"ALTER DATABASE test_{number} {how}")
        superuser.close()

    yield make
    make(False)
    drop_connections(application)


def drop_connections(application: Flask) -> None:
    with application.app_context():
        for engine in db.engines.values():
            engine.dispose()


def register(client: FlaskClient, name: str) -> tuple[int, str]:
    given = {"email": f"{name}@example.com", "password": "a copper kettle sings", "fullName": name.title()}
    answer = client.post("/api/v1/auth/register", json=given)
    return answer.status_code, answer.headers.get("Retry-After", "")


def test_read_only_is_503_says_when_to_ask_again_and_recovers_by_itself(
    client: FlaskClient, application: Flask, read_only: Callable[[bool], None]
) -> None:
    read_only(True)
    drop_connections(application)
    status, wait = register(client, "carol")
    assert (status, int(wait) >= 1) == (503, True)
    page = client.get("/api/v1/health/ready")
    assert page.status_code == 503
    assert "postgres" in page.json["degraded"]  # type: ignore[index]  # a busy machine may be slow to reach Redis, too
    assert client.get("/api/v1/health").status_code == 200
    assert client.get("/").status_code == 200  # what only reads goes on
    read_only(False)
    end = time.monotonic() + SOON
    while client.get("/api/v1/health/ready").status_code != 200:  # which is all that a balancer asks
        assert time.monotonic() < end
        time.sleep(0.1)
    assert register(client, "carol")[0] == 201


def test_a_form_that_read_only_refuses_is_a_page_that_says_so(
    client: FlaskClient, application: Flask, read_only: Callable[[bool], None]
) -> None:
    application.config["WTF_CSRF_ENABLED"] = False
    read_only(True)
    drop_connections(application)
    try:
        answer = client.post("/forgot-password", data={"email": "carol@example.com"})
    finally:
        application.config["WTF_CSRF_ENABLED"] = True
    assert (answer.status_code, answer.mimetype) == (503, "text/html")
    assert int(answer.headers["Retry-After"]) >= 1
    assert "<h1" in answer.text


def raising(state: str, message: str = "no") -> Callable[[], None]:
    """A transaction in which Postgres says that."""

    @transaction
    def refused() -> None:
        db.session.execute(text(f"DO $$ BEGIN RAISE EXCEPTION '{message}' USING ERRCODE = '{state}'; END $$"))

    return refused


@pytest.mark.parametrize("state", ["25006", "53000", "53100", "53200", "53300", "53400", "58030", "57014", "55P03"])
def test_what_postgres_cannot_do_now_is_unavailable_at_once(app: Flask, state: str) -> None:
    began = time.monotonic()
    with pytest.raises(Unavailable):
        raising(state)()
    assert time.monotonic() - began < 2


def test_a_standby_refuses_to_be_serializable_and_is_unavailable(app: Flask) -> None:
    with pytest.raises(Unavailable):
        raising("0A000", "cannot use serializable mode in a hot standby")()
    with pytest.raises(Unavailable):
        raising("55000", "recovery is in progress")()


@pytest.mark.parametrize("state", ["0A000", "55000", "22012", "42P01"])
def test_a_fault_of_ours_stays_one(app: Flask, state: str) -> None:
    with pytest.raises(DBAPIError):
        raising(state)()


def test_a_refused_write_is_remembered_until_one_succeeds(client: FlaskClient, application: Flask) -> None:
    tried: list[object] = []
    with application.app_context(), pytest.raises(Unavailable):
        raising("53100")()

    def full(connection: object) -> None:
        tried.append(connection)
        raise Unavailable

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("booking.infra.health._try_to_write", full)
        assert client.get("/api/v1/health/ready").status_code == 503
        assert client.get("/api/v1/health/ready").status_code == 503
    assert len(tried) == 2
    assert client.get("/api/v1/health/ready").status_code == 200


def test_where_nothing_can_be_tried_a_refusal_counts_for_some_seconds(client: FlaskClient, application: Flask) -> None:
    with application.app_context(), pytest.raises(Unavailable):
        raising("53100")()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("booking.infra.health._TRIAL", text("SELECT pg_read_file('PG_VERSION')"))  # not for our role
        assert client.get("/api/v1/health/ready").status_code == 503
        patch.setattr("booking.infra.health.REMEMBERED", 0.0)
        assert client.get("/api/v1/health/ready").status_code == 200


# --- hanging


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """One of Postgres' processes is silent while the block runs."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_readiness_does_not_come_and_go_with_the_connection_that_is_asked(
    client: FlaskClient, application: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, hung = [time.monotonic()], [True]
    monkeypatch.setattr(health, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(health._Silence, "last", None)  # and again, when this is over

    def sells() -> bool:
        if hung[0]:
            now[0] += health.WAITED + 0.1
            raise Unavailable
        return True

    def ready() -> int:
        return client.get("/api/v1/health/ready").status_code

    monkeypatch.setattr(health, "_sells", sells)
    assert ready() == 503
    hung[0] = False
    with monkeypatch.context() as other_process:
        other_process.setattr(health._Silence, "last", None)
        assert ready() == 503, "all processes behind the port say the same"
    redis.servers.main.client.delete(health._silence_key())  # which is over by then, by a clock that is not moved here
    for _ in range(4):
        now[0] += 1.0
        assert ready() == 503, "one connection answers, and the next may hang again"
    now[0] += 1.5
    assert ready() == 200


def test_a_server_that_only_takes_no_new_connections_is_not_silent(
    app: Flask, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = watchdog.Server(watchdog.server(current_app.config["SQLALCHEMY_DATABASE_URI"]).url)
    one.began("somebody", None)
    one.ended("somebody")
    end = time.monotonic() + SOON
    while one.probe is None:
        assert time.monotonic() < end, "it asks on a connection that it has made beforehand"
        time.sleep(0.05)
    monkeypatch.setattr(psycopg2, "connect", lambda *_, **__: time.sleep(2))
    one.began("somebody", None)  # who waits for a new one
    time.sleep(deadline.STUCK + 1.0)
    assert not one.silent
    one.ended("somebody")


def own_pid() -> int:
    return int(db.session.execute(text("SELECT pg_backend_pid()")).scalar_one())


def test_who_waits_for_a_silent_process_is_cut_off_in_time(app: Flask) -> None:
    frozen: list[int] = []

    @transaction
    def hangs() -> None:
        if not frozen:
            frozen.append(own_pid())
            os.kill(frozen[0], signal.SIGSTOP)
        db.session.execute(text("SELECT 1"))

    began = time.monotonic()
    try:
        with deadline.limit(1.0), pytest.raises(Unavailable):
            hangs()
        assert 0.9 < time.monotonic() - began < 4
        assert [row.one for row in fetch(text("SELECT 1 AS one"))] == [1]
        with deadline.limit(1.0):
            hangs()  # on another connection
    finally:
        os.kill(frozen[0], signal.SIGCONT)


def test_silence_inside_commit_is_an_unknown_outcome(app: Flask) -> None:
    frozen: list[int] = []

    @transaction(isolation=READ_COMMITTED)
    def hangs() -> None:
        frozen.append(own_pid())
        os.kill(frozen[0], signal.SIGSTOP)

    try:
        with deadline.limit(1.0), pytest.raises(OutcomeUnknown):
            hangs()
    finally:
        os.kill(frozen[0], signal.SIGCONT)


def test_without_a_deadline_a_long_statement_is_left_alone(app: Flask) -> None:
    @reading
    def slow() -> None:
        db.session.execute(text("SELECT pg_sleep(1.2)"))

    slow()
    with deadline.limit(0.6), pytest.raises(Unavailable):
        slow()


def test_time_spent_elsewhere_does_not_count_but_time_in_postgres_adds_up(app: Flask) -> None:
    @reading
    def takes(seconds: float) -> None:
        db.session.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": seconds})

    with deadline.limit(0.8):
        takes(0.3)
        time.sleep(0.6)
        takes(0.3)
        with pytest.raises(Unavailable):
            takes(1.0)
        with pytest.raises(Unavailable):
            takes(0.0)


# --- several hosts


def test_of_several_hosts_the_one_that_answers_and_takes_writes_is_used(environ: dict[str, str]) -> None:
    url = make_url(environ["DATABASE_URL"])
    both = f"postgresql://{url.username}:{url.password}@127.0.0.1:1,{url.host}:{url.port}/{url.database}"
    settings = Settings.from_env(environ | {"DATABASE_URL": both})
    engine = create_engine(settings.database_url, **engine_options(settings))
    watchdog.watch(engine, settings.database_url)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT NOT pg_is_in_recovery()"))
    engine.dispose()
    assert "target_session_attrs=read-write" in settings.database_url
    assert "target_session_attrs=read-only" in postgres_url("postgres://a,b/c?target_session_attrs=read-only")
    assert watchdog.server(settings.database_url)._answers()


# --- taking turns


def test_one_thread_is_left_for_who_needs_no_database(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    deadline.configure(3)
    inside, over, refused = threading.Semaphore(0), threading.Event(), []

    def waits() -> None:
        deadline.begin_request()
        with deadline.spent():
            inside.release()
            over.wait(10)

    threads = [threading.Thread(target=waits) for _ in range(2)]
    try:
        for thread in threads:
            thread.start()
            assert inside.acquire(timeout=5)
        monkeypatch.setattr(deadline, "STUCK", 0.0)  # they have waited for long
        deadline.begin_request()
        began = time.monotonic()
        with pytest.raises(Unavailable), deadline.spent():
            refused.append("it was let in")
        assert time.monotonic() - began < 0.1
        assert refused == []
        deadline.end_request()
        with deadline.spent():
            pass  # who is no request takes no turn
    finally:
        over.set()
        for thread in threads:
            thread.join()
        deadline.configure(48)
    deadline.begin_request()
    with deadline.spent():
        pass
    deadline.end_request()


def test_a_server_that_has_fallen_silent_keeps_nobody_waiting(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    primary = watchdog.of(db.engines[AUTOCOMMIT])
    monkeypatch.setattr(primary, "_answers", lambda: False, raising=False)
    primary.silent = True
    try:
        began = time.monotonic()
        with deadline.limit(3.0), pytest.raises(Unavailable):
            fetch(text("SELECT 1"))
        assert time.monotonic() - began < 0.5
        assert len(fetch(text("SELECT 1"))) == 1  # what has no deadline waits as long as it takes
    finally:
        primary.silent = False


def test_a_question_with_a_time_of_its_own_is_part_of_its_callers_time() -> None:
    with deadline.limit(1.0):
        with deadline.limit(0.5), deadline.spent():
            time.sleep(0.2)
        assert not deadline.worth_waiting(0.81)
        with deadline.spent(), deadline.limit(0.5):  # within an action its own end counts, once
            time.sleep(0.2)
        assert not deadline.worth_waiting(0.61)
        assert deadline.worth_waiting(0.3)
