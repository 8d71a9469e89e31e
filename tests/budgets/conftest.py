"""A Postgres and a Valkey of their own: nobody else writes, nothing is vacuumed, no checkpoint comes in between."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import make_url

from booking import create_app
from booking.config import Settings
from booking.domain.tables import Room, User
from booking.infra import cache, kept, prepared
from booking.infra.embedded import Servers
from tests import databases
from tests.budgets.meter import Meter, counting, position_of
from tests.cast import a_room, person
from tests.faults.fault_proxy import proxy

ALONE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "checkpoint_timeout": "1h",
    "bgwriter_lru_maxpages": "0",
}
# Counted as in production, and never refused here.
LIMITS = {
    "RATELIMIT_ENABLED": "true",
    "HOLDS_PER_GUEST": "1000",
    "SESSION_CACHE_SECONDS": "60",
    **{f"LIMIT_{name}": "100000 per minute" for name in ("PUBLIC", "USER", "BOOKINGS", "RESERVATIONS", "MAILS")},
}
ROOMS = 30


@dataclass(frozen=True)
class House:
    """The application, what it spends, and who is there."""

    app: Flask
    meter: Meter
    rooms: list[Room]
    guest: User


@pytest.fixture(scope="module")
def servers_alone() -> Iterator[Servers]:
    path = Path(tempfile.mkdtemp(prefix="room-booking-")).resolve()
    path.chmod(0o755)  # Postgres' account enters it
    running = Servers(path / "var", settings=ALONE)
    running.join()
    yield running
    running.leave()
    shutil.rmtree(running.postgres.directory, ignore_errors=True)
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def house(servers_alone: Servers) -> Iterator[House]:
    """Thirty rooms, one guest, and everything counted."""
    postgres = servers_alone.postgres
    meter = Meter(position_of(lambda: postgres.connect("booking")))
    with proxy(lambda: ("127.0.0.1", postgres.port), meter.heard) as port, pytest.MonkeyPatch.context() as patched:
        patched.setattr(prepared, "KEPT_SECONDS", 3600.0)
        # Each process says three times a second that what is kept of users counts on: by time, not for an action.
        patched.setattr(cache, "ERA", 3600.0)
        patched.setattr(kept, "SECONDS", 3600.0)  # likewise
        environ = databases.environ(servers_alone, "booking", 0) | LIMITS
        migrating = create_app(Settings.from_env(environ | {"DB_POOL_SIZE": "2"}))
        databases.migrate(migrating)
        url = make_url(environ["DATABASE_URL"]).set(port=port).render_as_string(hide_password=False)
        app = create_app(Settings.from_env(environ | {"DATABASE_URL": url}))
        with app.app_context():
            rooms, guest = [a_room(name=f"Room {number}") for number in range(ROOMS)], person("alice")
        with postgres.connect("booking") as opened, opened.cursor() as cursor:
            cursor.execute("ANALYZE")
        opened.close()
        with counting(app, meter, patched):
            yield House(app, meter, rooms, guest)
