"""Rules are tested with a few rows each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests import databases


@pytest.fixture
def empty(application: Flask, environ: dict[str, str]) -> Iterator[None]:
    """Nothing in Postgres, nothing in Redis, the clock as it is, after each test."""
    yield
    databases.sweep(environ)
