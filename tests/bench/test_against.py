"""Two commits beside each other: the turns of a round, and what the ratios are made of."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from bench import against
from bench.__main__ import arguments
from bench.against import STANDS_STILL, WORKS, Round, in_turns, other_copy, table, worker_told
from bench.clients import Measured
from bench.copy_of_its_own import DELIVERED
from bench.filled import Filling
from bench.rounds import Side


def measured(speed: float) -> Measured:
    return Measured(speed, 1.0, 2.0, 3.0, {201: 9, 409: 1}, 0.1, wanted=201)


def a_round(here: tuple[float, float], there: tuple[float, float]) -> Round:
    return Round((measured(here[0]), measured(here[1])), (measured(there[0]), measured(there[1])))


def test_a_round_begins_and_ends_with_this_commit() -> None:
    log: list[tuple[str, float]] = []

    def side(name: str, *speeds: float) -> Side:
        left = list(speeds)

        def measure(seconds: float) -> Measured:
            log.append((name, seconds))
            return measured(left.pop(0))

        return measure

    assert in_turns(side("ours", 100, 120), side("theirs", 110, 90), 1.5) == a_round((100, 120), (110, 90))
    assert log == [("ours", 1.5), ("theirs", 1.5), ("theirs", 1.5), ("ours", 1.5)]


def test_there_is_no_ratio_to_a_commit_that_gives_nothing() -> None:
    refused = Measured(0, 1.0, 2.0, 3.0, {503: 8}, 0.1)
    for ours, theirs, whose in ((measured(1), refused, "The other"), (refused, measured(1), "This")):
        with pytest.raises(SystemExit, match=f"{whose} commit gave nothing that was wanted, but 16 x 503"):
            in_turns(lambda _, one=ours: one, lambda _, one=theirs: one, 1.5)  # type: ignore[misc]


def test_ratios_are_made_within_a_round() -> None:
    rounds = [a_round((110, 110), (100, 100)), a_round((45, 45), (50, 50)), a_round((200, 220), (190, 210))]
    lines, ratios = table("c0ffee", {"a": rounds})
    assert ratios == [1.05]
    assert lines[2:] == ["| a | 100 | 110 | 1.05 (0.90–1.10) | 12 x 409 (10.0%) |"]


def test_what_a_running_worker_costs_is_told_of_both() -> None:
    found = {WORKS: [a_round((90, 90), (60, 60))], STANDS_STILL: [a_round((100, 100), (120, 120))]}
    assert worker_told(found) == ["With the worker running, of what it is without: 0.90 here, 0.50 there."]
    assert worker_told({WORKS: found[WORKS]}) == []


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A commit's folder, in which a small program stands for bench/other_commit.py."""
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    monkeypatch.setattr(against, "OTHER", tmp_path / "other.py")
    return tmp_path


def test_a_copy_of_the_other_commit_is_taken_as_delivered(place: Path) -> None:
    told = {"home": "/there", "environ": {"LOG_LEVEL": "WARNING", "A": "1"}, "urls": {"postgres": "u"}, "parent": 7}
    lines = ["print('filling ...')", f"print('ready', {json.dumps(told)!r}, sep='\\t', flush=True)", "sys.stdin.read()"]
    (place / "other.py").write_text("\n".join(["import sys", *lines]))
    with other_copy(place, Filling(1, 2)) as copy:
        assert copy.environ == {"A": "1"} | DELIVERED
        assert (copy.home, copy.code, copy.parent) == (Path("/there"), place, 7)


def test_a_copy_that_ended_is_told(place: Path) -> None:
    (place / "other.py").write_text("raise SystemExit(3)")
    with pytest.raises(SystemExit, match="has ended"), other_copy(place, Filling(1, 2)):
        pass


def test_senseless_numbers_are_refused() -> None:
    for wrong in (["--rounds", "0"], ["--seconds", "0"], ["--against", "main", "--launches", "0"]):
        with pytest.raises(SystemExit):
            arguments(wrong)


def test_a_comparison_is_short_and_writes_nothing_unless_asked() -> None:
    alone, beside = arguments([]), arguments(["--against", "main"])
    assert (alone.rounds, alone.bookings, alone.results.name) == (3, 500_000, "RESULTS.md")
    assert (beside.rounds, beside.bookings, beside.results) == (2, 100_000, None)
