"""The ticker: one of many works, it needs no Redis, and no chore stops another."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast

import psycopg2
import pytest
from flask import Flask
from sqlalchemy import make_url

from booking.domain import messages, reservations
from booking.domain.messages import consumers
from booking.http.services import current_services
from booking.infra.leader import Leadership
from booking.infra.queue import Jobs
from booking.jobs import ticker
from booking.jobs.ticker import Chore, Ticker, batches, hand_over
from tests.jobs.stories import booked, confirmed, deliveries, happened

KEY = 0x746573740001


class FakeJobs:
    def __init__(self, waiting: int | None = 0) -> None:
        self.calls: list[list[object]] = []
        self._waiting = waiting

    def waiting(self) -> Any:
        return self._waiting

    def put(self, _: Any, calls: Any) -> Any:
        self.calls += list(calls)
        return True


@pytest.fixture
def leadership(app: Flask) -> Iterator[Callable[[], Leadership]]:
    made = []

    def make() -> Leadership:
        made.append(Leadership(current_services().settings.database_url, KEY))
        return made[-1]

    yield make
    for one in made:
        one.give_up()


def until(condition: Any, seconds: Any = 8.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.02)


def test_new_events_are_offered_in_portions(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    mail = consumers._registered["mail"]
    monkeypatch.setitem(consumers._registered, "mail", replace(mail, batch=2))
    for number in range(3):
        confirmed(booked(number))
    happened("room.updated", roomId=None, location="lisbon")
    jobs = FakeJobs()
    assert hand_over(cast(Jobs, jobs)) == 4
    assert [(consumer, len(cast(list[Any], portion))) for consumer, portion in jobs.calls] == [
        ("cache", 1),
        ("mail", 2),
        ("mail", 1),
    ]
    assert hand_over(cast(Jobs, jobs)) == 0


@pytest.mark.parametrize("waiting", [None, ticker.QUEUE_FULL])
def test_while_the_queue_takes_nothing_nothing_is_put_off(app: Flask, waiting: Any) -> None:
    confirmed(booked())
    assert hand_over(cast(Jobs, FakeJobs(waiting))) == 0
    assert [delivery.state for delivery in deliveries()] == ["waiting"]
    assert hand_over(cast(Jobs, FakeJobs())) == 1


def test_a_backlog_larger_than_a_batch_is_handed_over_at_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticker, "BATCH", 3)
    for _ in range(8):
        happened("room.updated", roomId=None, location="lisbon")
    assert hand_over(cast(Jobs, FakeJobs())) == 8


def test_batches_keep_consumers_apart() -> None:
    ids = [uuid.UUID(int=number) for number in range(45)]
    work = [("cache", ids[0])] + [("mail", event_id) for event_id in ids]
    assert [(consumer, len(cast(list[Any], portion))) for consumer, portion in batches(work)] == [
        ("cache", 1), ("mail", 20), ("mail", 20), ("mail", 5),
    ]  # fmt: skip


def test_redis_away_is_an_answer_not_an_error() -> None:
    jobs = Jobs("redis://127.0.0.1:1/0")
    began = time.monotonic()
    assert jobs.waiting() is None
    assert jobs.put("x", [["mail", []]]) is False
    assert time.monotonic() - began < 1


def test_one_leads_and_another_takes_over_when_it_ends(leadership: Callable[[], Leadership]) -> None:
    first, second = leadership(), leadership()
    assert first.held()
    assert first.held()
    assert not second.held()
    first.give_up()
    assert second.held()
    assert not first.held()


def test_a_leader_whose_connection_is_cut_notices_and_tries_again(leadership: Callable[[], Leadership]) -> None:
    leader = leadership()
    assert leader.held()
    _terminate_leaders()
    with pytest.raises(Exception, match=r"closed|terminat"):
        leader.held()
    assert leader.held()


@pytest.mark.slow
def test_only_the_leader_works_and_the_next_one_follows(app: Flask, leadership: Callable[[], Leadership]) -> None:
    worked = []
    first = Ticker(app, [Chore("a", 0.02, lambda: worked.append("first"))], leadership())
    second = Ticker(app, [Chore("a", 0.02, lambda: worked.append("second"))], leadership())
    first.start()
    until(lambda: "first" in worked)
    second.start()
    time.sleep(1.2)
    assert "second" not in worked
    first.stop()
    until(lambda: "second" in worked)
    second.stop()


@pytest.mark.slow
def test_it_goes_on_after_postgres_cut_its_connections(app: Flask, leadership: Callable[[], Leadership]) -> None:
    worked = []
    one = Ticker(app, [Chore("a", 0.02, lambda: worked.append(1))], leadership())
    one.start()
    until(lambda: worked)
    _terminate_leaders()
    time.sleep(1.5)
    worked.clear()
    until(lambda: worked)
    one.stop()


def test_a_chore_that_breaks_is_tried_again_and_stops_no_other(
    app: Flask, leadership: Callable[[], Leadership], said: list[dict[str, Any]]
) -> None:
    worked, tried = [], []

    def broken() -> None:
        tried.append(1)
        if len(tried) < 4:
            raise RuntimeError("not today")

    one = Ticker(app, [Chore("broken", 0.02, broken), Chore("sound", 0.02, lambda: worked.append(1))], leadership())
    one.start()
    until(lambda: len(tried) >= 6 and worked)
    one.stop()
    assert [line["event"] for line in said] == ["ticker_leads", *["chore_failed"] * 3, "chore_works_again"]
    assert ["exception" in line for line in said] == [False, True, False, False, False]  # the first time only


def test_a_slow_chore_delays_no_other(app: Flask, leadership: Callable[[], Leadership]) -> None:
    worked = []
    one = Ticker(
        app, [Chore("slow", 0.01, lambda: time.sleep(3)), Chore("quick", 0.01, lambda: worked.append(1))], leadership()
    )
    one.start()
    until(lambda: len(worked) > 20, seconds=3)
    began = time.monotonic()
    one.stop(patience=0.2)
    assert time.monotonic() - began < 1.5


def test_its_own_chores_run_against_the_application(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    called = []
    for module, name in ((reservations, "expire_holds"), (reservations, "recover_payments")):
        monkeypatch.setattr(module, name, lambda *_, name=name, **__: called.append(name) or 0)
    monkeypatch.setattr(reservations, "look_at_providers", lambda *_: called.append("look") or [])
    monkeypatch.setattr(messages, "prune_events", lambda _: called.append("prune") or 0)
    monkeypatch.setattr(reservations, "prune_keys", lambda _: called.append("keys") or 0)
    for chore in ticker.chores(current_services().settings):
        chore.work()
    assert called == ["expire_holds", *["recover_payments"] * ticker.PAYMENT_SWEEPERS, "look", "keys", "prune"]


def _terminate_leaders() -> None:
    url = make_url(current_services().settings.database_url)
    with (
        suppress(psycopg2.Error),
        psycopg2.connect(
            host=url.host, port=url.port, user=url.username, password=url.password, dbname=url.database
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'room-booking-ticker'"
            " AND usename = current_user AND datname = current_database()"
        )
