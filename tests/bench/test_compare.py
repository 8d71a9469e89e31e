"""Two commits beside each other: the turns of a round, and what the ratios are made of."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from bench import compare
from bench.compare import Copy, Round, in_turns, main, table


class Told:
    """A copy that measures what it is told to, and notes that it was asked."""

    def __init__(self, name: str, log: list[str], *answers: float) -> None:
        self.name, self.log, self.answers = name, log, list(answers)

    def measure(self, row: str, seconds: float) -> float:
        self.log.append(f"{self.name} {row} {seconds}")
        return self.answers.pop(0)


def test_a_round_begins_and_ends_with_this_commit() -> None:
    log: list[str] = []
    ours, theirs = Told("ours", log, 100, 120), Told("theirs", log, 110, 90)
    assert in_turns(ours, theirs, "a", 1.5) == Round((100, 120), (110, 90))  # type: ignore[arg-type]
    assert log == ["ours a 1.5", "theirs a 1.5", "theirs a 1.5", "ours a 1.5"]


def test_ratios_are_made_within_a_round() -> None:
    rounds = [Round((110, 110), (100, 100)), Round((45, 45), (50, 50)), Round((200, 220), (190, 210))]
    lines, ratios = table("c0ffee", {"a": rounds})
    assert ratios == [1.05]
    assert lines[2:] == ["| a | 100 | 110 | 1.05 (0.90–1.10) |"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A commit's folder, in which a small program stands for bench/turns.py."""
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    monkeypatch.setattr(compare, "TURNS", tmp_path / "turns.py")
    return tmp_path


def copy_that(place: Path, *lines: str, sizes: Sequence[int] = (1, 2)) -> Copy:
    (place / "turns.py").write_text("\n".join(("import sys", *lines)))
    return Copy(place, 8300, sizes)


def test_a_copy_says_what_it_can_and_measures_it(place: Path) -> None:
    copy = copy_that(
        place,
        "print('filling ...')",
        "print('ready', 'a row', 'another', sep='\\t', flush=True)",
        "for line in sys.stdin:",
        "    row, seconds = line.split('\\t')",
        "    print(len(row) + float(seconds), {200: 1}, sep='\\t', flush=True)",
    )
    assert copy.rows() == ["a row", "another"]
    assert copy.measure("another", 1.5) == 8.5
    copy.end()


def test_where_nothing_came_that_was_wanted_it_says_what_came(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = copy_that(place, "for line in sys.stdin: print(0.0, {503: 8}, sep='\\t', flush=True)")
    assert copy.measure("a row", 1.5) == 0
    assert "a row: nothing that was wanted in 1.5 s, but {503: 8}" in capsys.readouterr().err
    copy.end()
    silent = Told("theirs", [], 0, 0)
    with pytest.raises(SystemExit, match="a row: there is no ratio"):
        in_turns(Told("ours", [], 1, 1), silent, "a row", 1.5)  # type: ignore[arg-type]


def test_a_copy_that_ended_is_told(place: Path) -> None:
    copy = copy_that(place, "sys.exit(3)")
    with pytest.raises(SystemExit, match="has ended"):
        copy.rows()
    copy.end()


@pytest.mark.parametrize("wrong", [["c0ffee", "--rounds", "0"], ["c0ffee", "--seconds", "0"], []])
def test_senseless_numbers_are_refused(wrong: list[str]) -> None:
    with pytest.raises(SystemExit):
        main(wrong)
