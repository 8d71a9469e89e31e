"""One house for all tests of backups; each test has an archive of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from booking.infra.backup import Archive
from tests.backup.house import House
from tests.faults.product import folder


@pytest.fixture(scope="session")
def house(environ: dict[str, str]) -> Iterator[House]:
    """A house that is open."""
    made = House(environ)
    try:
        made.open()
        yield made
    finally:
        made.close()


@pytest.fixture
def target() -> Iterator[Path]:
    """A folder that is not there yet, where Postgres' account can enter."""
    place = folder()
    yield place / "restored"
    shutil.rmtree(place)


@pytest.fixture
def place(tmp_path: Path) -> Archive:
    """An empty archive in a folder."""
    return Archive(f"file://{tmp_path}/archive")
