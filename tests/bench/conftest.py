"""A place for the copies that programmes make."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that Postgres' own account can get to, which is not so below pytest's."""
    folder = Path(tempfile.mkdtemp(prefix="room-booking-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)
