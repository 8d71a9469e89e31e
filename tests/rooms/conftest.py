"""Importing and exporting as an operator does it."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskCliRunner

from tests.rooms.files import Files


@pytest.fixture
def files(runner: FlaskCliRunner, tmp_path: Path) -> Files:
    return Files(runner, tmp_path)
