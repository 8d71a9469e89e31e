"""A plugin of pytest for mutants: what soon notices one goes first, since the first test that fails ends it.

A mutant has to be noticed by the `MOST` likeliest of the tests that reach it: the others could go on for a minute.
"""

from __future__ import annotations

import gc
import json
import os
from collections import Counter
from pathlib import Path

import pytest

MOST = int(os.environ.get("MUTANT_TESTS", "50"))
SLOW = 0.5  # seconds
# In the folder in which mutmut runs the tests: how long each took, and which ones have noticed a mutant so far.
DURATIONS, NOTICED = Path("mutmut-stats.json"), Path("noticed.txt")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a database first, slow ones at last. Between them: what noticed others of the function, of the module,
    then the module's own tests, then those whose file names it.
    """
    durations = json.loads(DURATIONS.read_text())["duration_by_test"] if DURATIONS.exists() else {}
    noticed = Counter(NOTICED.read_text().splitlines() if NOTICED.exists() else ())
    module, function = _changed()

    def place(item: pytest.Item) -> tuple[object, ...]:
        seconds = durations.get(item.nodeid, 0)
        needs_database = "application" in getattr(item, "fixturenames", ())
        likely = noticed[f"{function} {item.nodeid}"], noticed[f"{module} {item.nodeid}"]
        about = item.path.name == f"test_{module}.py", hasattr(getattr(item, "module", None), module)
        return needs_database, seconds > SLOW, *(-one for one in (*likely, *about)), seconds

    items.sort(key=place)
    if function:
        del items[MOST:]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember which test it was, for the next mutants."""
    module, function = _changed()
    if report.failed and function:
        with NOTICED.open("a") as file:
            file.write(f"{module} {report.nodeid}\n{function} {report.nodeid}\n")


def _changed() -> tuple[str, str]:
    """Module and function of the mutant booking.domain.reservations.holds.x_place__mutmut_1; empty where none is."""
    name, _, number = os.environ.get("MUTANT_UNDER_TEST", "").rpartition("__mutmut_")
    return (name.split(".")[-2], name) if number and name else ("", "")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Where tests are only listed, mutants will be forked from this process: they need not import the doors again."""
    if session.config.option.collectonly:
        from booking.http import limits, operations, services  # noqa: F401

        gc.freeze()
