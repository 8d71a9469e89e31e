"""Somebody with an account, and the device that keeps their passkeys."""

from __future__ import annotations

import pytest

from booking.domain.actors import Actor
from booking.domain.people import sessions
from booking.domain.tables import User
from tests.cast import acting
from tests.domain.people.devices import SITE, Device


@pytest.fixture
def me(alice: User) -> Actor:
    return acting(sessions.start_web(alice.id, "Firefox"))


@pytest.fixture
def device() -> Device:
    return Device(SITE.origin)
