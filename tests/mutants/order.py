"""A plugin of pytest for mutants: first the tests that need no database, since one that fails ends the run."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: "application" in getattr(item, "fixturenames", ()))
