"""Folders to run in. Not below pytest's own directory, which nobody but its owner can enter."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.embedded.folders import Folder


@pytest.fixture
def folder() -> Iterator[Folder]:
    """A folder that has never run; as root, one that Postgres' account can enter."""
    path = Path(tempfile.mkdtemp(prefix="room-booking-")).resolve()
    path.chmod(0o755)
    made = Folder(path).fill()
    yield made
    made.remove()


@pytest.fixture(scope="module")
def place() -> Iterator[Folder]:
    """One folder for several tests, each of which leaves its servers stopped."""
    path = Path(tempfile.mkdtemp(prefix="room-booking-")).resolve()
    path.chmod(0o755)
    made = Folder(path).fill()
    yield made
    made.remove()
