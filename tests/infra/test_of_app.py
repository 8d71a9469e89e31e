"""Two applications in one process keep apart what is theirs."""

from __future__ import annotations

import pytest
from flask import Flask

from booking import create_app
from booking.config import Settings
from booking.infra import cache, redis, replica
from booking.infra.embedded import Servers
from tests.api.program import Program

pytestmark = pytest.mark.slow

WRONG = {"email": "nobody@example.com", "password": "something wrong"}


def test_a_second_application_leaves_the_first_its_servers(
    application: Flask, environ: dict[str, str], servers: Servers, empty: None
) -> None:
    with application.app_context():
        mine = redis.servers.main, redis.servers.cache, cache._states.get(), replica._engines.get()
    changes = {"REDIS_URL": servers.redis_url(15), "READ_DATABASE_URL": environ["DATABASE_URL"]}
    other = create_app(Settings.from_env(environ | changes))
    with application.app_context():
        assert (redis.servers.main, redis.servers.cache, cache._states.get(), replica._engines.get()) == mine
    with other.app_context():
        theirs = redis.servers.main, redis.servers.cache, cache._states.get(), replica._engines.get()
    assert all(one is not another for one, another in zip(mine, theirs, strict=True))
    assert (mine[2].replica, theirs[2].replica) == (False, True)


def test_each_application_counts_by_its_own_limits(environ: dict[str, str], empty: None) -> None:
    strict, lenient = (
        create_app(Settings.from_env(environ | {"RATELIMIT_ENABLED": "true", "LIMIT_PUBLIC": f"{most} per minute"}))
        for most in (1, 50)
    )
    asked = [Program(app).post("/auth/login", WRONG).status_code for app in (strict, lenient, strict, lenient)]
    assert asked == [401, 401, 429, 401]
