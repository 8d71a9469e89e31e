"""A database that is migrated, empty at first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from booking.infra.embedded import Servers
from tests.infra.migrating import Database


@pytest.fixture
def database(servers: Servers, environ: dict[str, str], number: int) -> Iterator[Database]:
    own = Database(servers, environ, f"migrated_{number}")
    own.copy()
    yield own
    own.drop()
