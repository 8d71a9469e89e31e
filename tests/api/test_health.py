"""/health says that the process lives, /health/ready whether it can sell."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from booking import create_app
from booking.config import Settings
from tests.api.program import Program


@pytest.fixture
def elsewhere(application: Flask, environ: dict[str, str]) -> Callable[..., Program]:
    """Makes an application with other servers."""
    return lambda **settings: Program(create_app(Settings.from_env(environ | settings)))


def test_health_says_that_it_lives_since_when_and_what(anonymous: Program) -> None:
    answer = anonymous.get("/health")
    assert answer.json.keys() == {"status", "uptimeSeconds", "version"}
    assert answer.json["status"] == "ok"
    assert answer.json["uptimeSeconds"] >= 0


def test_ready_means_that_bookings_work(anonymous: Program) -> None:
    answer = anonymous.get("/health/ready")
    assert (answer.status_code, answer.json["status"], answer.json["degraded"]) == (200, "ok", [])


def test_without_redis_it_is_degraded_and_sells(elsewhere: Callable[..., Program]) -> None:
    answer = elsewhere(REDIS_URL="redis://127.0.0.1:1/0").get("/health/ready")
    assert (answer.status_code, answer.json["status"], answer.json["degraded"]) == (200, "ok", ["redis"])


def test_without_the_cache_alone_it_is_degraded_and_sells(elsewhere: Callable[..., Program]) -> None:
    answer = elsewhere(CACHE_REDIS_URL="redis://127.0.0.1:1/0").get("/health/ready")
    assert (answer.status_code, answer.json["degraded"]) == (200, ["cache"])


def test_without_postgres_it_lives_but_is_not_ready_and_says_when_to_ask_again(
    elsewhere: Callable[..., Program],
) -> None:
    program = elsewhere(DATABASE_URL="postgresql://booking_app:x@127.0.0.1:1/booking")
    assert program.get("/health").status_code == 200
    answer = program.get("/health/ready")
    assert (answer.status_code, answer.json["status"], answer.json["degraded"]) == (503, "unavailable", ["postgres"])
    assert int(answer.headers["Retry-After"]) >= 1


def test_without_postgres_everything_else_is_503_with_retry_after(elsewhere: Callable[..., Program]) -> None:
    program = elsewhere(DATABASE_URL="postgresql://booking_app:x@127.0.0.1:1/booking")
    answer = program.post("/auth/login", {"email": "a@example.com", "password": "whatever it is"})
    assert (answer.status_code, answer.json["error"]) == (503, "UNAVAILABLE")
    assert int(answer.headers["Retry-After"]) >= 1
    assert "127.0.0.1" not in answer.text
