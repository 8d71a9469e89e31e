"""Who has signed in is kept for seconds, and yet everything that changes about them is seen at the next request."""

from __future__ import annotations

import inspect
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import redis as redis_client
from flask import Flask

from booking.domain.errors import Unauthorized
from booking.domain.people import own_account, sessions
from booking.domain.people.sessions import LONGEST_KEPT
from booking.domain.tables import User
from booking.infra import cache, redis
from tests import databases
from tests.api.program import Program, dates, program_of, refused
from tests.cast import PASSWORD, acting


@pytest.fixture
def questions(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """The statements that asked Postgres for a session."""
    asked, read = [], sessions._read
    monkeypatch.setattr(sessions, "_read", lambda *what: asked.append(what) or read(*what))
    return asked


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What went to Redis: each command, and how many keys it had."""
    made: list[tuple[str, int]] = []
    execute: Callable[..., Any] = redis_client.Redis.execute_command

    def noted(self: redis_client.Redis, name: str, *values: Any, **options: Any) -> Any:
        made.append((name, values[1] if name == "EVALSHA" else len(values)))
        return execute(self, name, *values, **options)

    monkeypatch.setattr(redis_client.Redis, "execute_command", noted)
    return made


def test_postgres_is_asked_once_for_several_requests(api: Program, questions: list[tuple[Any, ...]]) -> None:
    names = [api.get("/me").json["fullName"] for _ in range(3)]
    assert names == ["Alice"] * 3
    assert len(questions) == 1


def test_a_session_that_is_kept_ends_at_once(app: Flask, api: Program) -> None:
    assert api.get("/me").status_code == 200
    assert api.post("/auth/logout").status_code == 204
    refused(api.get("/me"), 401, "UNAUTHORIZED")


def test_a_password_changed_elsewhere_ends_the_others_at_once_and_not_this_one(app: Flask, alice: User) -> None:
    phone, laptop = program_of(app, alice), program_of(app, alice)
    me = sessions.start_api(alice.id).user
    assert (phone.get("/me").status_code, laptop.get("/me").status_code) == (200, 200)
    assert own_account.change_password(acting(me), PASSWORD, "another horse battery") == 2
    refused(phone.get("/me"), 401, "UNAUTHORIZED")
    refused(laptop.get("/me"), 401, "UNAUTHORIZED")
    assert sessions.current(me.session_id, me.id, kept_for=3).id == me.id


def test_a_new_name_is_seen_at_once(api: Program, alice: User) -> None:
    assert api.get("/me").json["fullName"] == "Alice"
    own_account.rename(acting(alice), "Alice Liddell")
    assert api.get("/me").json["fullName"] == "Alice Liddell"


def test_what_a_slow_reader_writes_after_the_end_is_not_believed(
    app: Flask, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    me, read = sessions.start_api(alice.id).user, sessions._read

    def overtaken(*what: Any) -> Any:
        answer = read(*what)
        monkeypatch.setattr(sessions, "_read", read)
        sessions.end(me.session_id)
        return answer

    monkeypatch.setattr(sessions, "_read", overtaken)
    sessions.current(me.session_id, me.id, kept_for=3)
    assert redis.servers.cache.client.keys("session.*")
    with pytest.raises(Unauthorized):
        sessions.current(me.session_id, me.id, kept_for=3)


def test_what_is_written_long_after_it_was_read_is_over_already(
    app: Flask, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The server stood still with the entry on its way, and nobody could tell it of the end meanwhile.
    me, client = sessions.start_api(alice.id).user, redis.servers.cache.client
    about = cache._about

    def long_ago(*what: str) -> Any:
        asked = about(*what)
        assert asked
        return replace(asked, at=asked.at - 1000 * LONGEST_KEPT)

    monkeypatch.setattr(cache, "_about", long_ago)
    sessions.current(me.session_id, me.id, kept_for=3)
    assert not client.keys("session.*")


def test_a_new_name_does_not_wait_for_redis(
    app: Flask, alice: User, api: Program, without_redis: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    sleep, here = time.sleep, threading.get_ident()

    def sleep_elsewhere(seconds: float) -> None:
        assert threading.get_ident() != here, "nobody waits for a name"
        sleep(seconds)

    monkeypatch.setattr(time, "sleep", sleep_elsewhere)
    without_redis()
    own_account.rename(acting(alice), "Alice Liddell")
    assert api.get("/me").json["fullName"] == "Alice Liddell"


def test_a_session_kept_for_its_owner_is_nobody_elses(app: Flask, alice: User, bob: User) -> None:
    me = sessions.start_api(alice.id).user
    assert sessions.current(me.session_id, alice.id, kept_for=3).id == alice.id
    with pytest.raises(Unauthorized):
        sessions.current(me.session_id, bob.id, kept_for=3)


@pytest.mark.slow
def test_without_redis_sessions_are_read_from_postgres_and_end(
    app: Flask, alice: User, api: Program, without_redis: Callable[[], None]
) -> None:
    assert api.get("/me").status_code == 200
    without_redis()
    began = time.monotonic()
    assert api.post("/auth/logout").status_code == 204
    # Nobody could be told: the answer comes when nobody believes what is kept, which is soon.
    assert time.monotonic() - began < cache.ERA + 1
    refused(api.get("/me"), 401, "UNAUTHORIZED")


def test_nothing_is_kept_for_longer_than_a_logout_waits(app: Flask, alice: User) -> None:
    me = sessions.start_api(alice.id).user
    sessions.current(me.session_id, me.id, kept_for=3600)
    client = redis.servers.cache.client
    [key] = client.keys("session.*")
    assert 0 < client.ttl(key) <= LONGEST_KEPT


def test_nothing_is_kept_where_the_operator_says_so(app: Flask, alice: User, questions: list[tuple[Any, ...]]) -> None:
    me = sessions.start_api(alice.id).user
    assert [sessions.current(me.session_id, me.id, kept_for=0).id for _ in range(2)] == [me.id] * 2
    assert len(questions) == 2
    assert not redis.servers.cache.client.keys("session.*")


# --- one round trip


def test_a_kept_search_of_a_kept_session_is_one_round_trip(api: Program, trips: list[tuple[str, int]]) -> None:
    answers = [api.get("/rooms", location="kyoto", **dates())]
    trips.clear()
    answers += [api.get("/rooms", location="kyoto", **dates()) for _ in range(3)]
    assert {answer.text for answer in answers} == {answers[0].text}
    assert trips == [("EVALSHA", 5)] * 3


def test_a_server_that_has_forgotten_its_scripts_is_told_them_again(
    api: Program, trips: list[tuple[str, int]], questions: list[tuple[Any, ...]]
) -> None:
    assert api.get("/me").status_code == 200
    redis.servers.cache.client.script_flush()
    trips.clear()
    assert [api.get("/me").status_code for _ in range(2)] == [200, 200]
    assert [name for name, _ in trips] == ["EVALSHA", "EVAL", "EVALSHA"]
    assert len(questions) == 1


def test_whoever_asks_prolongs_the_era_and_never_often(api: Program, trips: list[tuple[str, int]]) -> None:
    client = redis.servers.cache.client
    assert api.get("/me").status_code == 200
    era = client.get("era")
    for left in (900, 100):
        client.pexpire("era", left)
        assert api.get("/me").status_code == 200
        assert client.get("era") == era
        assert (client.pttl("era") > left) == (left == 100)


def test_the_first_search_after_redis_was_away_tells_it_and_reads_again_what_it_had_read_before(
    app: Flask, api: Program, trips: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    api.get("/rooms", location="kyoto", **dates())
    with monkeypatch.context() as away:
        databases.redis_elsewhere(away, app, cache=redis.Guarded("redis://127.0.0.1:1/0"))
        assert not cache.bump(["kyoto"])
    trips.clear()
    for _ in range(2):
        api.get("/rooms", location="kyoto", **dates())
    # There is nothing in Kyoto: which places there are is read for the hint, and stays in the process.
    assert [keys for name, keys in trips if name in {"EVALSHA", "MGET"}] == [5, 2, 1, 5], str(trips)


def test_what_was_read_ahead_is_used_once(app: Flask, trips: list[tuple[str, int]]) -> None:
    servers_cache = redis.servers.cache.client
    kind = cache.Kind("test", 1)
    servers_cache.mset({"test.1:first": '"one"', "test.1:second": '"two"'})
    with cache.reading_ahead((kind.key("second"),)):
        read = [cache.remembered(kind, rest, 30, lambda: "new") for rest in ("first", "second")]
        servers_cache.delete("test.1:second")
        read.append(cache.remembered(kind, "second", 30, lambda: "new"))
    assert read == ["one", "two", "new"]
    assert [keys for name, keys in trips if name == "MGET"] == [2, 1]


def test_whoever_may_not_ask_is_not_told_what_is_wrong_with_the_question(anonymous: Program, api: Program) -> None:
    refused(anonymous.get("/rooms", checkIn="tomorrow"), 401, "UNAUTHORIZED")
    assert set(refused(api.get("/rooms", checkIn="tomorrow"), 400, "VALIDATION_ERROR")) == {"checkIn", "checkOut"}


# --- the application


def test_no_view_is_a_coroutine(app: Flask) -> None:
    hooks = [app.view_functions.values(), *app.before_request_funcs.values(), *app.after_request_funcs.values()]
    assert not [hook for several in hooks for hook in several if inspect.iscoroutinefunction(hook)]


def test_a_cookie_opens_nothing_in_the_api(app: Flask, alice: User) -> None:
    signed_in = Program(app).post("/auth/login", {"email": alice.email, "password": PASSWORD})
    assert "Set-Cookie" not in signed_in.headers
    client = app.test_client()
    with client.session_transaction("/") as cookie:
        cookie.update(sid="session_x", uid="user_x")
    assert client.get("/api/v1/me").status_code == 401
