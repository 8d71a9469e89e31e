"""How much one address or one user may ask: 429 says how long to wait, and nothing fails open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import redis as redis_client
from flask import Flask
from redis.connection import AbstractConnection

from booking import create_app
from booking.config import Settings
from booking.domain.tables import Room, User
from booking.infra.ids import encode
from tests.api.program import Program, an_order, program_of, refused
from tests.cast import a_room, all_at_once, in_days, person
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow

LIMITS = {
    "RATELIMIT_ENABLED": "true",
    "LIMIT_PUBLIC": "5 per 15 minutes",
    "LIMIT_USER": "8 per 15 minutes",
    "LIMIT_BOOKINGS": "3 per minute",
}
WRONG = {"email": "nobody@example.com", "password": "whatever it is"}


@pytest.fixture
def limited(environ: dict[str, str], empty: None) -> Callable[..., Flask]:
    """Makes an application with small limits."""
    redis_client.Redis.from_url(environ["REDIS_URL"]).flushdb()

    def make(**settings: str) -> Flask:
        return create_app(Settings.from_env(environ | LIMITS | settings))

    return make


def sign_in(app: Flask, **request: Any) -> Any:
    return Program(app).ask("POST", "/auth/login", json=WRONG, **request)


def statuses(asked: Any, times: Any) -> Any:
    return Counter(asked().status_code for _ in range(times))


def user_program(app: Flask, name: Any) -> Any:
    with app.app_context():
        return program_of(app, person(name))


def test_requests_are_counted_by_the_client_that_is_loaded_anyway(limited: Callable[..., Flask]) -> None:
    assert set(limited().extensions["limits"].limiter.storage.dependencies) == {"redis"}


def test_requests_are_not_looked_through_for_limits_that_nobody_asked_for(limited: Callable[..., Flask]) -> None:
    app = limited()
    hooks = (*app.before_request_funcs[None], *app.after_request_funcs[None])
    assert [hook for hook in hooks if "imiter" in repr(hook)] == []


def test_an_address_may_ask_public_endpoints_so_often_and_then_waits(limited: Callable[..., Flask]) -> None:
    app = limited()
    assert statuses(lambda: sign_in(app), 5) == {401: 5}
    answer = sign_in(app)
    refused(answer, 429, "RATE_LIMIT_EXCEEDED")
    assert answer.json["message"] == "Too many requests. Please try again later."
    assert 1 <= int(answer.headers["Retry-After"]) <= 901
    assert answer.headers["RateLimit-Limit"] == "5"
    assert answer.headers["RateLimit-Remaining"] == "0"
    assert 1 <= int(answer.headers["RateLimit-Reset"]) <= 901


def test_all_public_endpoints_count_together(limited: Callable[..., Flask]) -> None:
    app = limited()
    nobody = Program(app)
    for path, body in (("login", WRONG), ("refresh", {"refreshToken": "x"}), ("register", {})) * 2:
        last = nobody.post(f"/auth/{path}", body)
    refused(last, 429, "RATE_LIMIT_EXCEEDED")


def test_another_address_is_counted_on_its_own(limited: Callable[..., Flask]) -> None:
    app = limited()
    assert statuses(lambda: sign_in(app), 6)[429] == 1
    assert sign_in(app, environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code == 401


def test_a_made_up_forwarded_address_does_not_help(limited: Callable[..., Flask]) -> None:
    app = limited()
    answers = [sign_in(app, headers={"X-Forwarded-For": f"198.51.100.{n}"}).status_code for n in range(7)]
    assert answers == [401] * 5 + [429] * 2


def test_behind_a_trusted_proxy_the_address_it_saw_counts(limited: Callable[..., Flask]) -> None:
    app = limited(TRUSTED_PROXIES="1")

    def through_the_proxy(forwarded: Any) -> Any:
        return sign_in(app, headers={"X-Forwarded-For": forwarded}).status_code

    # What the client itself wrote stands left of what the proxy added, and counts for nothing.
    assert [through_the_proxy(f"6.6.6.{n}, 198.51.100.1") for n in range(6)] == [401] * 5 + [429]
    assert through_the_proxy("198.51.100.2") == 401


@pytest.mark.parametrize(
    "written",
    [
        lambda n: f"2001:db8:0:1::{n:x}",
        lambda n: f"[2001:db8:0:1:{n:x}::1]:{4000 + n}",
        lambda n: ["198.51.100.1", "::ffff:198.51.100.1", "198.51.100.1:80", "[::ffff:c633:6401]"][n % 4],
        lambda n: f"garbage-{n}",
    ],
    ids=["one /64", "one /64 with ports", "one address in four spellings", "no address"],
)
def test_other_spellings_of_one_client_give_no_other_budget(limited: Callable[..., Flask], written: Any) -> None:
    app = limited(TRUSTED_PROXIES="1")
    answers = [sign_in(app, headers={"X-Forwarded-For": written(n)}).status_code for n in range(7)]
    assert answers == [401] * 5 + [429] * 2


def test_health_and_the_contract_are_not_limited(limited: Callable[..., Flask]) -> None:
    app = limited()
    nobody = Program(app)
    for path in ("/health", "/health/ready", "/openapi.json", "/docs"):
        assert statuses(lambda path=path: nobody.get(path), 8) == {200: 8}


def test_a_user_is_counted_by_who_they_are_not_where(limited: Callable[..., Flask]) -> None:
    app = limited()
    alice, bob = user_program(app, "alice"), user_program(app, "bob")
    assert statuses(lambda: alice.get("/me"), 8) == {200: 8}
    refused(alice.get("/bookings"), 429, "RATE_LIMIT_EXCEEDED")
    refused(alice.ask("GET", "/me", environ_base={"REMOTE_ADDR": "203.0.113.9"}), 429, "RATE_LIMIT_EXCEEDED")
    assert bob.get("/me").status_code == 200
    assert sign_in(app).status_code == 401


def test_bookings_have_a_limit_of_their_own(limited: Callable[..., Flask], room: Room) -> None:
    app = limited()
    alice = user_program(app, "alice")
    assert statuses(lambda: alice.post("/bookings", an_order(room, guests=0)), 4) == {400: 3, 429: 1}
    answer = alice.post("/bookings", an_order(room))
    refused(answer, 429, "RATE_LIMIT_EXCEEDED")
    assert int(answer.headers["Retry-After"]) <= 61
    assert alice.get("/bookings").status_code == 200


def test_a_refused_booking_is_not_stored_under_its_key(
    limited: Callable[..., Flask], environ: dict[str, str], room: Room
) -> None:
    app = limited()
    alice = user_program(app, "alice")
    for _ in range(3):
        alice.post("/bookings", an_order(room, guests=0))
    refused(alice.post("/bookings", an_order(room), Idempotency_Key="k-1"), 429, "RATE_LIMIT_EXCEEDED")
    redis_client.Redis.from_url(environ["REDIS_URL"]).flushdb()
    assert alice.post("/bookings", an_order(room, guests=1), Idempotency_Key="k-1").status_code == 201


# --- in one round trip


@pytest.fixture
def counted(environ: dict[str, str]) -> Callable[[str], int]:
    """How many requests the windows of a scope hold."""
    client: Any = redis_client.Redis.from_url(environ["REDIS_URL"], decode_responses=True)

    def present(word: str) -> int:
        return sum(int(client.get(key)) for key in client.keys("LIMITS:*") if f"/{word}/" in key)

    return present


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is sent to Redis."""
    sent: list[str] = []
    send: Callable[..., None] = AbstractConnection.send_packed_command

    def noted(self: AbstractConnection, command: Any, check_health: bool = True) -> None:
        sent.append(b"".join(command).decode().split("\r\n")[2])
        send(self, command, check_health)

    monkeypatch.setattr(AbstractConnection, "send_packed_command", noted)
    return sent


def test_a_request_is_counted_once_whether_its_session_is_kept_or_not(
    limited: Callable[..., Flask], counted: Callable[[str], int], room: Room
) -> None:
    alice = user_program(limited(), "alice")
    for times in (1, 2, 3):
        alice.post("/bookings", an_order(room, guests=0))
        assert (counted("user"), counted("bookings")) == (times, times)


def test_session_and_windows_are_one_round_trip(limited: Callable[..., Flask], trips: list[str], room: Room) -> None:
    alice = user_program(limited(), "alice")
    alice.get("/me")
    trips.clear()
    assert alice.post("/bookings", an_order(room, guests=0)).status_code == 400
    assert trips == ["EVALSHA"]


def test_windows_are_one_round_trip_where_no_session_is_kept(
    limited: Callable[..., Flask], trips: list[str], room: Room
) -> None:
    alice = user_program(limited(SESSION_CACHE_SECONDS="0"), "alice")
    alice.get("/me")
    trips.clear()
    assert alice.post("/bookings", an_order(room, guests=0)).status_code == 400
    assert trips == ["EVALSHA"]


def test_whoever_has_used_up_the_first_window_is_not_counted_in_the_second(
    limited: Callable[..., Flask], counted: Callable[[str], int], room: Room
) -> None:
    alice = user_program(limited(LIMIT_USER="2 per 15 minutes"), "alice")
    answers = [alice.post("/bookings", an_order(room, guests=0)) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [400, 400, 429, 429]
    assert answers[-1].headers["RateLimit-Limit"] == "2"
    assert (counted("user"), counted("bookings")) == (2, 2)


def test_an_ended_session_uses_up_nothing(limited: Callable[..., Flask], counted: Callable[[str], int]) -> None:
    alice = user_program(limited(), "alice")
    assert alice.get("/me").status_code == 200
    assert alice.post("/auth/logout").status_code == 204
    assert statuses(lambda: alice.get("/me"), 12) == {401: 12}
    assert counted("user") == 2


def test_a_forged_token_uses_up_nothing(limited: Callable[..., Flask], counted: Callable[[str], int]) -> None:
    alice = user_program(limited(), "alice")
    assert alice.get("/me").status_code == 200
    forged = Program(alice.app, alice.token[:-4] + "AAAA")
    assert statuses(lambda: forged.get("/me"), 12) == {401: 12}
    assert counted("user") == 1


def test_a_limit_may_have_several_windows(limited: Callable[..., Flask], room: Room) -> None:
    alice = user_program(limited(LIMIT_USER="6 per hour; 3 per minute"), "alice")
    assert statuses(lambda: alice.get("/me"), 5) == {200: 3, 429: 2}
    answer = alice.get("/me")
    assert answer.headers["RateLimit-Limit"] == "3"


def test_requests_are_counted_on_the_main_server_though_sessions_are_kept_on_another(
    limited: Callable[..., Flask], environ: dict[str, str], counted: Callable[[str], int]
) -> None:
    address, _, number = environ["REDIS_URL"].rpartition("/")
    beside = f"{address}/{int(number) + 1 if int(number) < 15 else 0}"
    alice = user_program(limited(CACHE_REDIS_URL=beside), "alice")
    assert statuses(lambda: alice.get("/me"), 10) == {200: 8, 429: 2}
    assert counted("user") == 8
    assert not redis_client.Redis.from_url(beside).keys("LIMITS:*user:*")


def test_pages_and_api_count_together(limited: Callable[..., Flask], alice: User, room: Room) -> None:
    app, stay, pressed = limited(), in_days(30), []
    api, visitor = user_program(app, "alice"), Visitor(app).sign_in("alice")
    assert statuses(lambda: api.post("/bookings", an_order(room, guests=0)), 2) == {400: 2}
    for _ in range(2):
        address = f"/rooms/{encode('room', a_room().id)}"
        visitor.go(f"{address}?checkIn={stay.check_in}&checkOut={stay.check_out}")
        pressed.append(visitor.send(f"{address}/reserve").status)
    assert pressed == [200, 429]


# --- crowds, and Redis away


def test_a_crowd_does_not_slip_through(limited: Callable[..., Flask]) -> None:
    app = limited()
    answers = all_at_once(app, [lambda: sign_in(app)] * 16)
    assert Counter(answer.status_code for answer in answers) == {401: 5, 429: 11}


def test_without_redis_limits_go_on_in_the_process_and_nothing_is_500(limited: Callable[..., Flask]) -> None:
    app = limited(REDIS_URL="redis://127.0.0.1:1/0")
    answers = all_at_once(app, [lambda: sign_in(app)] * 16)
    told = Counter(answer.status_code for answer in answers)
    assert set(told) == {401, 429}
    assert told[401] <= 6
    alice = user_program(app, "alice")
    assert statuses(lambda: alice.get("/me"), 10) == {200: 8, 429: 2}


def test_limits_can_be_switched_off(limited: Callable[..., Flask]) -> None:
    app = limited(RATELIMIT_ENABLED="false")
    assert statuses(lambda: sign_in(app), 8) == {401: 8}


def test_an_address_may_press_reserve_so_often_whoever_signs_in(
    limited: Callable[..., Flask], alice: User, bob: User
) -> None:
    app = limited(LIMIT_RESERVATIONS="2 per minute", LIMIT_USER="100 per minute", LIMIT_BOOKINGS="100 per minute")
    stay, pressed = in_days(30), []
    for name in ("alice", "alice", "bob"):
        page = f"/rooms/{encode('room', a_room().id)}"
        visitor = Visitor(app).sign_in(name).go(f"{page}?checkIn={stay.check_in}&checkOut={stay.check_out}")
        pressed.append(visitor.send(f"{page}/reserve"))
    assert [visitor.status for visitor in pressed] == [200, 200, 429]
    assert int(pressed[2].headers["Retry-After"]) <= 61
