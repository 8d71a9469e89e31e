"""`make model`: steps are counted as they were taken, what fails is told, and the known faults can still be made."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis.stateful import initialize

from tests.cases import each
from tests.domain.reservations import machines
from tests.domain.reservations.machines import KILLED, REFUSED, Tally, Violation
from tests.model.__main__ import summary, table
from tests.model.faults import FAULTS, Edit, Fault, put
from tests.model.runs import Ended, Processes, Runs, until

ROOT = Path(__file__).parents[2]


class Counting(machines.Machine):
    """Fails in the rule, the check or the end that `fails` names, once it has taken ten steps."""

    def __init__(self, fails: str) -> None:
        super().__init__()
        self.fails, self.steps, self.begun = fails, 0, 0

    @initialize()
    def begin(self) -> None:
        self.begun = 1

    @machines.rule()
    def walk(self) -> None:
        self._step()

    @machines.rule()
    def stumble(self) -> None:
        self._step()
        self.tally.ended(REFUSED)

    @machines.invariant
    def it_goes_on(self) -> None:
        self._fail_in("check")

    def in_the_end(self) -> None:
        assert self.fails != "end", "it ended"
        self.walk()  # is no step of the story

    def _step(self) -> None:
        self.steps += 1
        self._fail_in("rule")

    def _fail_in(self, where: str) -> None:
        assert self.fails != where or self.steps < 10, f"it fell in a {where}"


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Tally]:
    """Two stories of ten steps each of such a machine, as they were written down."""

    def run(fails: str) -> Tally:
        file = tmp_path / "tally.json"
        for name, value in {"TALLY": str(file), "COUNTING_EXAMPLES": "2", "COUNTING_STEPS": "11"}.items():
            monkeypatch.setenv(name, value)
        if fails:
            with pytest.raises(AssertionError):
                machines.run(lambda: Counting(fails), "COUNTING", examples=1, steps=1)
        else:
            machines.run(lambda: Counting(fails), "COUNTING", examples=1, steps=1)
        return Tally.read(file)

    return run


def test_steps_are_counted_and_neither_beginnings_nor_ends(counted: Callable[[str], Tally]) -> None:
    tally = counted("")
    assert set(tally.steps) <= {"walk", "stumble"}  # Hypothesis leaves out some rules of a story
    assert tally.steps.total() >= 10
    assert tally.ends[REFUSED] == Counter(stumble=tally.steps["stumble"])
    assert sum(ends.total() for ends in tally.ends.values()) == tally.steps.total()
    assert tally.violation is None


@pytest.mark.parametrize(("fails", "said"), [("rule", "in a rule"), ("check", "in a check"), ("end", "it ended")])
def test_the_first_violation_is_kept_with_its_step(counted: Callable[[str], Tally], fails: str, said: str) -> None:
    violation = counted(fails).violation
    assert violation is not None
    assert violation.step >= 10 or fails == "end"
    assert (violation.verb == "in the end") == (fails == "end")
    assert said in violation.said


def tally(*, walks: int, killed: int = 0, violation: Violation | None = None) -> Tally:
    made = Tally(stories=1, steps=Counter(walk=walks), violation=violation)
    made.ends[KILLED]["walk"] = killed
    return made


def test_the_table_adds_up_all_runs() -> None:
    lines = summary([Ended(1, tally(walks=1200, killed=3), False, ""), Ended(2, tally(walks=34), False, "")], "verbs")
    assert lines[1].split() == ["walk", "1,234", "0", "0", "0", "3"]
    assert lines[-1] == "2 stories, 3 crashes, 0 violations"
    assert table(tally(walks=5))[-1].split()[:2] == ["all", "5"]


def test_a_violation_is_told_with_its_story_and_how_to_see_it_again() -> None:
    said = "E   Failing test case: <state machine>\nE   state = It()\nE   state.walk()\nE   state.the_books_agree()\n"
    failed = Ended(7, tally(walks=5, violation=Violation(5, "walk", "it fell")), True, said)
    told = summary([failed], "verbs")[-3:]
    assert told == [
        "seed 7, step 5, walk: it fell",
        "state.walk()",
        'make model ARGS="--machine verbs --seed 7 --steps 1 --processes 1"',
    ]


class Pretended(Runs):
    """Runs of ten steps each; the one with the seed `bad` fails."""

    def __init__(self, home: Path, bad: int = 0) -> None:
        super().__init__("verbs", home, Processes(), root=ROOT, stories=1, steps=1)
        self.bad = bad

    def run(self, seed: int) -> Ended:
        return Ended(seed, tally(walks=10), seed == self.bad, "")


def nothing(*_: Any) -> None:
    """Nobody listens."""


def test_runs_go_on_with_one_seed_after_another_until_there_are_enough_steps(tmp_path: Path) -> None:
    ended = until(Pretended(tmp_path), 35, seed=5, processes=1, say=nothing)
    assert [one.seed for one in ended] == [5, 6, 7, 8]


def test_a_violation_ends_them(tmp_path: Path) -> None:
    ended = until(Pretended(tmp_path, bad=2), 1000, seed=1, processes=1, say=nothing)
    assert [one.failed for one in ended] == [False, True]


class Stuck(Pretended):
    """The first run breaks, the others wait until they are told to end."""

    def run(self, seed: int) -> Ended:
        if seed == 1:
            raise RuntimeError("there is no Python")
        for _ in range(200):
            if self.processes.over:
                return super().run(seed)
            time.sleep(0.1)
        raise AssertionError("nobody told it")


def test_where_one_breaks_the_others_are_told_to_end(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no Python"):
        until(Stuck(tmp_path), 1000, seed=1, processes=2, say=nothing)


def test_told_to_end_no_process_is_left_and_no_other_begun() -> None:
    processes, long = Processes(), [sys.executable, "-c", "import time; time.sleep(60)"]
    told = threading.Timer(0.5, processes.end)
    told.start()
    assert processes.run(long, ROOT)[0] == -signal.SIGTERM
    told.join()
    assert processes.run(long, ROOT)[0] == -signal.SIGTERM


@each("fault", FAULTS, ids=lambda fault: fault.name)
def test_each_known_fault_can_still_be_made(fault: Fault, tmp_path: Path) -> None:
    for name in {edit.file for edit in fault.edits}:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    put(fault, tmp_path)
    for edit in fault.edits:
        compile((tmp_path / edit.file).read_text(), edit.file, "exec")
    assert not fault.guard or (ROOT / fault.guard.partition("::")[0]).exists()


def test_a_fault_that_is_out_of_date_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "here.py").write_text("one\n")
    with pytest.raises(ValueError, match="0 times"):
        put(Fault("old", (Edit("here.py", "two", "three"),)), tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--steps", "20", "--stories", "3", "--processes", "1"), 0, "0 violations"),
        (("--steps", "2000", "--processes", "1", "--faults", "whole-takes-no-parts"), 0, "1 of 1 faults were found"),
    ],
    ids=["steps", "faults"],
)
def test_the_programme_in_short(words: tuple[str, ...], code: int, told: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.model", "--home", str(tmp_path / "home"), *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, told in done.stdout) == (code, True), done.stdout[-3000:] + done.stderr[-1000:]
    assert not (tmp_path / "home").exists()
