"""The fast loop stays fast as the suite grows, and leaves out what its rule says."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.quick import DOORS, ELSEWHERE, MOST, quick

HERE = Path(__file__).parent


def test_the_fast_loop_is_no_longer_than_it_may_be(request: pytest.FixtureRequest) -> None:
    """In whole runs, which know all tests; time would tell more of the machine than of them."""
    assert len(quick(request.session.items)) <= MOST


def item(path: str, *marks: str, fixtures: tuple[str, ...] = ()) -> Any:
    marked = lambda name: [name] if name in marks else []  # noqa: E731
    return SimpleNamespace(path=HERE / path, iter_markers=marked, fixturenames=fixtures)


def test_every_rule_is_in_it_and_the_first_of_what_goes_through_a_door() -> None:
    rules = [item("domain/test_money.py"), item("domain/test_money.py"), item("test_layers.py")]
    doors = [item("web/people/test_leaving.py"), item("web/people/test_leaving.py"), item("api/test_orders.py")]
    hosted = [item("domain/test_hosted.py", fixtures=("alice", "stand_in")) for _ in range(2)]
    assert quick([*rules, *doors, *hosted]) == [*rules, doors[0], doors[2], hosted[0]]


def test_a_file_of_rules_is_in_it_whatever_else_is_in_the_file() -> None:
    mixed = [item("domain/test_debts.py", fixtures=fixtures) for fixtures in (("runner",), (), ("runner",), ())]
    assert quick(mixed) == [mixed[0], mixed[1], mixed[3]]


def test_what_takes_long_or_wants_servers_of_its_own_is_not() -> None:
    slow = [item("domain/test_money.py", "slow"), item("infra/test_claims.py", "faults")]
    elsewhere = [item("browser/test_looks.py"), item("backup/test_s3.py"), item("api/test_fuzz.py")]
    assert quick([*slow, *elsewhere]) == []


def test_every_door_of_the_product_is_one_here() -> None:
    beside = {"demo", "domain", "infra", "model", "mutants"}  # rules, and what is as quick
    named = {path.name for path in HERE.iterdir() if list(path.rglob("test_*.py"))}
    assert named - DOORS - ELSEWHERE == beside, "say in tests/quick.py what a new folder is"


def test_a_first_that_is_slow_gives_way_to_the_next() -> None:
    told = [item("web/test_legal.py", "slow"), item("web/test_legal.py")]
    assert quick(told) == told[1:]
