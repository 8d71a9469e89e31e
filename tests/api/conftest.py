"""Programs that talk to the API: an anonymous one, alice's and bob's; every answer is held to the OpenAPI document."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from booking.domain.tables import Room, User
from booking.infra import redis
from tests import databases
from tests.api.program import Program, program_of
from tests.cast import a_room, person

# Alice's program and a room, kept from one test that changes nothing to the next.
_standing: list[tuple[Program, Room]] = []


def forget(application: Flask, environ: dict[str, str]) -> None:
    """Nothing is left, and nothing is kept for the next test."""
    databases.sweep(environ)
    databases.forget_trouble(application)
    _standing.clear()


@pytest.fixture(scope="package", autouse=True)
def _swept(application: Flask, environ: dict[str, str]) -> Iterator[None]:
    yield
    forget(application, environ)


@pytest.fixture
def empty(application: Flask, environ: dict[str, str]) -> Iterator[None]:
    if _standing:
        forget(application, environ)
    yield
    forget(application, environ)


@pytest.fixture
def standing(application: Flask) -> tuple[Program, Room]:
    """Alice's program and a room, for tests that change nothing: they share them."""
    if not _standing:
        with application.app_context():
            _standing.append((program_of(application, person("alice")), a_room(min_nights=2, max_nights=10)))
    return _standing[0]


@pytest.fixture
def anonymous(application: Flask) -> Program:
    """Nobody in particular; leaves nothing behind unless the test asks for `app`, too."""
    return Program(application)


@pytest.fixture
def api(app: Flask, alice: User) -> Program:
    """Alice's program."""
    return program_of(app, alice)


@pytest.fixture
def bobs(app: Flask, bob: User) -> Program:
    """Bob's program."""
    return program_of(app, bob)


@pytest.fixture
def without_redis(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Call it, and Redis is away for the rest of the test."""
    main, cache = redis.servers.main, redis.servers.cache
    nowhere = "redis://127.0.0.1:1/0"

    def leave() -> None:
        databases.redis_elsewhere(monkeypatch, app, main=redis.Guarded(nowhere), cache=redis.Guarded(nowhere))

    assert main.takes_writes()
    assert cache.takes_writes()
    return leave
