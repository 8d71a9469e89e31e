"""How many links one address may have mailed, to whomever: a setting; others are not slowed by it."""

from __future__ import annotations

import pytest
from flask import Flask

from booking import create_app
from booking.config import Settings
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow


@pytest.fixture
def strict(environ: dict[str, str], empty: None) -> Flask:
    """Two links a day for an address."""
    return create_app(Settings.from_env(environ | {"RATELIMIT_ENABLED": "true", "LIMIT_MAILS": "2 per day"}))


def test_one_address_has_only_so_many_links_mailed(strict: Flask) -> None:
    visitor = Visitor(strict)
    for email in ("one@example.com", "two@example.com"):
        visitor.go("/forgot-password").send("/forgot-password", email=email)
        assert visitor.status == 200
    visitor.go("/forgot-password").send("/forgot-password", email="three@example.com")
    assert visitor.status == 429
    assert int(visitor.headers["Retry-After"]) > 3600
    other = visitor.client.post("/forgot-password", data={}, environ_overrides={"REMOTE_ADDR": "198.51.100.7"})
    assert other.status_code != 429, "another address goes on"


def test_what_is_no_address_costs_nothing(strict: Flask) -> None:
    visitor = Visitor(strict)
    for _ in range(3):
        visitor.go("/forgot-password").send("/forgot-password", email="nobody")
        assert visitor.status == 400
