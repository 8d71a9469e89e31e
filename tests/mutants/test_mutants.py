"""`make mutants` without mutmut: the copy means the same, and the table counts right."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.mutants import order, results
from tests.mutants.source import left_alone, undecorated

DECORATED = '''
import functools

@functools.lru_cache(maxsize=None)
@functools.wraps(len)
def length(word):
    """How long."""
    return len(word)

def plain():
    return 1

class Word:
    @property
    def letters(self):
        return 4

    @classmethod
    def made(cls):
        return cls()
'''


def ran(source: str) -> Any:
    module = ModuleType("sample")
    exec(source, module.__dict__)
    return module


def test_no_function_is_left_decorated_but_those_that_mutmut_knows() -> None:
    assert [line.strip() for line in undecorated(DECORATED).splitlines() if "@" in line] == ["@classmethod"]


@pytest.mark.parametrize("source", [DECORATED, undecorated(DECORATED)], ids=["as written", "undecorated"])
def test_decorators_act_as_before_and_in_their_order(source: str) -> None:
    module = ran(source)
    assert isinstance(module.length, functools._lru_cache_wrapper)
    assert module.length.__wrapped__.__name__ == "len"
    assert (module.length("four"), module.plain(), module.Word.made().letters) == (4, 1, 4)


def test_only_what_the_import_itself_calls_is_left_alone() -> None:
    source = "def built(state):\n    return state\n\ndef called():\n    return built(2)\n\nPIN = built(1)\n"
    assert left_alone(source).splitlines()[0] == "def built(state):  # pragma: no mutate block"
    assert left_alone(source).count("pragma") == 1


def written(folder: Path, codes: Sequence[int | None]) -> results.Module:
    """The results of a module whose mutants ended with these exit codes."""
    file = folder / "booking" / "domain" / "reservations" / "holds.py.meta"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"exit_code_by_key": {f"mutant {place}": code for place, code in enumerate(codes)}}))
    return results.read(folder, "reservations.holds")


def test_what_no_test_reaches_counts_as_much_as_what_none_noticed(tmp_path: Path) -> None:
    module = written(tmp_path, [1] * 7 + [36] + [0, 33])
    assert (len(module.killed), len(module.survived), len(module.no_tests), module.score) == (8, 1, 1, 80)
    assert module.holds


def test_under_eighty_per_cent_is_too_little(tmp_path: Path) -> None:
    module = written(tmp_path, [1] * 79 + [0] * 21)
    assert not module.holds
    assert "79 %  under 80 %" in results.table([module])


@pytest.mark.parametrize("code", [None, 2, -9, -11])
def test_what_was_interrupted_is_no_result(tmp_path: Path, code: int | None) -> None:
    module = written(tmp_path, [1] * 99 + [code])
    assert module.unsettled == ["mutant 99"]
    assert not module.holds


def test_of_a_sample_only_its_own_mutants_count(tmp_path: Path) -> None:
    written(tmp_path, [None, 1, None, None, 0, None, None, 1])
    sample = results.read(tmp_path, "reservations.holds", "*[147]")
    assert (sample.killed, sample.left) == (["mutant 1", "mutant 7"], ["mutant 4"])


def test_a_module_that_was_not_tried_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        results.read(tmp_path, "reservations.holds")


def sorted_by(names: dict[str, str]) -> list[str]:
    """Tests by their names, each in the file of a module, in the order in which a mutant meets them."""
    items: list[Any] = [
        SimpleNamespace(
            nodeid=name,
            path=Path(f"tests/domain/test_{module}.py"),
            fixturenames=() if name == "plain" else ("application",),
            module=SimpleNamespace(**{"holds": None} if name == "naming" else {}),
        )
        for name, module in names.items()
    ]
    order.pytest_collection_modifyitems(items)
    return [item.nodeid for item in items]


@pytest.fixture
def holds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A mutant of the holds is being tried."""
    monkeypatch.setenv("MUTANT_UNDER_TEST", "booking.domain.reservations.holds.x_place__mutmut_1")
    monkeypatch.chdir(tmp_path)
    order.DURATIONS.write_text(
        json.dumps({"duration_by_test": {"slow": 2, "long": 0.2, "short": 0.1, "own": 0.3, "naming": 0.4}})
    )


PLACES = {"slow": "holds", "long": "trips", "short": "races", "plain": "money", "own": "holds", "naming": "races"}


def test_what_needs_no_database_or_is_about_the_module_goes_first_and_slow_ones_at_last(holds: None) -> None:
    assert sorted_by(PLACES) == ["plain", "own", "naming", "short", "long", "slow"]


def test_what_noticed_others_of_the_function_goes_before_what_noticed_others_of_the_module(holds: None) -> None:
    module, function = "holds", "booking.domain.reservations.holds.x_place"
    order.NOTICED.write_text(f"{module} own\n{module} own\n{module} long\n{function} long\n{module} short\n")
    assert sorted_by(PLACES) == ["plain", "long", "own", "short", "naming", "slow"]


def test_a_mutant_meets_the_likeliest_tests_only_and_everything_else_all(
    holds: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = {f"test {place}": "races" for place in range(order.MOST + 10)}
    assert len(sorted_by(many)) == order.MOST
    for other in ("", "stats", "list_all_tests"):
        monkeypatch.setenv("MUTANT_UNDER_TEST", other)
        assert len(sorted_by(many)) == len(many)


def test_whatever_fails_is_remembered_with_its_module_and_function(holds: None) -> None:
    for failed in (True, False):
        report: Any = SimpleNamespace(failed=failed, nodeid="own")
        order.pytest_runtest_logreport(report)
    assert order.NOTICED.read_text().splitlines() == ["holds own", "booking.domain.reservations.holds.x_place own"]
