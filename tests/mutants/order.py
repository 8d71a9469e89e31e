"""A plugin of pytest for mutants: what soon notices one goes first, since the first test that fails ends it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

SLOW = 0.5  # seconds
DURATIONS = Path("mutmut-stats.json")  # in the folder in which mutmut runs the tests


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests without a database, then those of the changed module; the slow ones at last."""
    durations = json.loads(DURATIONS.read_text())["duration_by_test"] if DURATIONS.exists() else {}
    own = f"test_{_module(os.environ.get('MUTANT_UNDER_TEST', ''))}.py"

    def place(item: pytest.Item) -> tuple[bool, bool, bool, float]:
        seconds = durations.get(item.nodeid, 0)
        needs_database = "application" in getattr(item, "fixturenames", ())
        return needs_database, seconds > SLOW, item.path.name != own, seconds

    items.sort(key=place)


def _module(mutant: str) -> str:
    """The module's name of booking.domain.holds.x_place__mutmut_1."""
    return mutant.rpartition(".")[0].rpartition(".")[2]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Where tests are only listed, mutants will be forked from this process: they need not import the doors again."""
    if session.config.option.collectonly:
        from booking import api, cli, doors, limits, operations, web  # noqa: F401
