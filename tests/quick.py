"""What `make check` runs: every rule, and of each file that goes through a door the first test.

Rules are quick to ask; pages, answers to programs, commands, emails and Stripe's pages are whole trips, most of which
tell details. `make test` and CI run them all. What takes long or seldom changes is marked `slow`, and what wants a
browser or servers of its own lies in folders of its own: neither is in the fast loop at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
DOORS = {"admin", "api", "cli", "http", "jobs", "web"}
THROUGH_A_DOOR = {"client", "runner", "stand_in"}  # fixtures: a program that talks HTTP, a command line, Stripe
ELSEWHERE = {"figures", "backup", "bench", "browser", "budgets", "deploy", "embedded", "faults", "fuzz", "replay"}
ELSEWHERE |= {"test_fuzz.py"}  # whose library takes long to import
# As many take three quarters of a minute on two cores. Where there are more: mark what is slow, or tell it in fewer.
MOST = 1_500


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="every rule, and the first test of each file of a door")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--quick"):
        from hypothesis import settings

        settings.register_profile("quick", max_examples=10)
        settings.load_profile("quick")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Files of which nothing would be run are not even read."""
    return True if config.getoption("--quick") and _is_elsewhere(collection_path) else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--quick"):
        kept = set(quick(items))
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = [item for item in items if item in kept]


def quick(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Those of the fast loop, in their order."""
    chosen, told = [], set[Path]()
    for item in items:
        if _is_elsewhere(item.path) or any(item.iter_markers("slow")) or any(item.iter_markers("faults")):
            continue
        through_a_door = _top(item.path) in DOORS or not THROUGH_A_DOOR.isdisjoint(getattr(item, "fixturenames", ()))
        if not (through_a_door and item.path in told):
            chosen.append(item)
        if through_a_door:
            told.add(item.path)
    return chosen


def _is_elsewhere(path: Path) -> bool:
    return not ELSEWHERE.isdisjoint((_top(path), path.name))


def _top(path: Path) -> str:
    """The folder right below tests; empty for what is nowhere there."""
    return path.relative_to(HERE).parts[0] if path.is_relative_to(HERE) and path != HERE else ""


def first_quick(cases: Iterable[Any], quick: int = 1) -> list[Any]:
    """Parameters of a test whose every case takes long: the first in the fast loop, all with `make test`."""
    listed = list(cases)
    return listed[:quick] + [_slow(case) for case in listed[quick:]]


def _slow(case: Any) -> Any:
    return pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.slow)
