"""The worker as a process: killed, stopped, and left without Redis or Postgres; every confirmation arrives."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import redis
from flask import Flask
from sqlalchemy import make_url

from tests.jobs.conftest import MailServer
from tests.jobs.stories import booked, confirmed, deliveries, time_passes

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
Start = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
def start(app: Flask, environ: dict[str, str], mail_server: MailServer, tmp_path: Path) -> Iterator[Start]:
    """Starts a worker that sends to `mail_server`."""
    running: list[subprocess.Popen[bytes]] = []
    more = {"SMTP_URL": mail_server.url, "TICKER_SECONDS": "0.2", "SWEEP_SECONDS": "1", "LOG_LEVEL": "INFO"}
    log = (tmp_path / "worker.log").open("ab")

    def worker() -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "worker.py"], cwd=ROOT, env={**os.environ, **environ, **more}, stderr=log, stdout=log
        )
        running.append(process)
        return process

    yield worker
    for process in running:
        process.kill()
        process.wait()
    log.close()


def until(condition: Callable[[], object], seconds: float = 20.0) -> float:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "did not happen in time"
        time.sleep(0.05)
    return time.monotonic() - began


def all_done() -> bool:
    return {delivery.state for delivery in deliveries()} == {"done"}


@pytest.mark.parametrize("polite", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_sends_what_is_due_and_ends_when_asked(start: Start, mail_server: MailServer, polite: Any) -> None:
    confirmed(booked())
    process = start()
    until(lambda: mail_server.messages)
    process.send_signal(polite)
    assert process.wait(timeout=8) == 0


def test_it_finishes_the_mail_at_hand_before_it_ends(start: Start, mail_server: MailServer) -> None:
    mail_server.delay = 0.7
    for number in range(5):
        confirmed(booked(number))
    process = start()
    until(lambda: mail_server.messages)
    process.terminate()
    assert process.wait(timeout=8) == 0
    assert 1 <= len(mail_server.messages) < 5
    assert not [delivery for delivery in deliveries() if delivery.state == "running"]


@pytest.mark.faults
def test_no_confirmation_is_missing_after_kills_and_a_flush(
    start: Start, mail_server: MailServer, environ: dict[str, str]
) -> None:
    mail_server.delay = 0.01
    stays = [booked(number) for number in range(60)]
    kills = 0
    for round_, stay in enumerate(stays):
        confirmed(stay)
        if round_ % 15 == 0:
            workers = [start(), start()]
            seen = len(mail_server.messages)
            until(lambda: len(mail_server.messages) > seen)  # noqa: B023 called at once
            for process in workers:
                process.kill()
                process.wait()
                kills += 1
            redis.Redis.from_url(environ["REDIS_URL"]).flushall()
            time_passes(121)
    start()
    time_passes(121)
    until(lambda: all_done() and len(deliveries()) == 60, seconds=30)
    times = Counter(mail_server.message_ids())
    assert len(times) == 60
    assert sum(times.values()) - 60 <= kills


@pytest.mark.faults
def test_it_outlives_a_crash_of_postgres(start: Start, mail_server: MailServer, environ: dict[str, str]) -> None:
    confirmed(booked(1))
    start()
    until(lambda: mail_server.messages)
    url = make_url(environ["DATABASE_URL"])
    with (
        psycopg2.connect(
            host=url.host, port=url.port, user=url.username, password=url.password, dbname=url.database
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            " AND usename = current_user AND datname = current_database()"
        )
    until(lambda: _booked_again(2))
    until(lambda: len(mail_server.messages) == 2)


def _booked_again(number: int) -> bool:
    confirmed(booked(number))
    return True
