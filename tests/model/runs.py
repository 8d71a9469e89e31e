"""Runs of a state machine in processes of their own: each has a seed, and counts what it did."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.domain.reservations.machines import Tally

FOLDER = "tests/domain/reservations"
# By what they are called here: the name of their settings, and the test.
MACHINES = {
    "verbs": ("VERBS", f"{FOLDER}/test_all_verbs.py"),
    "agreement": ("MODEL", f"{FOLDER}/test_model.py"),
    "stripe": ("HOSTED", f"{FOLDER}/test_hosted_model.py"),
}
PYTEST = [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
STORY = "Failing test case"  # so Hypothesis begins the shortest story that it knows
CHECKED = ("everybody_has", "no_night_is", "money_is_where", "the_books", "they_agree")  # said after each step


@dataclass(frozen=True)
class Ended:
    """A run, and what it has printed."""

    seed: int
    tally: Tally
    failed: bool
    said: str

    @property
    def story(self) -> list[str]:
        """What was done until it was not so."""
        lines = [line.removeprefix("E").strip() for line in self.said.partition(STORY)[2].splitlines()]
        return [line for line in lines if line.startswith("state.") and not line[6:].startswith(CHECKED)]


class Processes:
    """Those that run now. Once they are to end, nothing is begun any more."""

    def __init__(self) -> None:
        self.over = False
        self._running: set[subprocess.Popen[str]] = set()

    def run(self, command: list[str], root: Path, **environ: str) -> tuple[int, str]:
        """One from its start to its end: its code, and what it has printed."""
        running = subprocess.Popen(
            command,
            cwd=root,
            env=os.environ | environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._running.add(running)
        if self.over:
            running.terminate()
        said, _ = running.communicate()
        self._running.discard(running)
        return running.returncode, said

    def end(self) -> None:
        self.over = True
        for one in list(self._running):
            one.terminate()


@contextmanager
def ending(processes: Processes) -> Iterator[None]:
    """Nothing runs on when this programme is told to end, or has failed."""
    try:
        yield
    finally:
        processes.end()


class Runs:
    """Of one state machine of the tests below `root`, their servers and counts below `home`."""

    def __init__(self, machine: str, home: Path, processes: Processes, *, root: Path, stories: int, steps: int) -> None:
        self.setting, self.test = MACHINES[machine]
        self.home, self.processes, self.root, self.stories, self.steps = home, processes, root, stories, steps
        home.mkdir(parents=True, exist_ok=True)

    def run(self, seed: int) -> Ended:
        file = self.home / f"tally-{seed}.json"
        code, said = self.processes.run(
            [*PYTEST, "--timeout=0", "--tb=short", f"--hypothesis-seed={seed}", self.test],
            self.root,
            TEST_VAR_DIR=str(self.home / "servers"),
            TALLY=str(file),
            **{f"{self.setting}_EXAMPLES": str(self.stories), f"{self.setting}_STEPS": str(self.steps)},
        )
        tally = Tally.read(file) if file.exists() else Tally()
        return Ended(seed, tally, code != 0, said)


def until(runs: Runs, wanted: int, *, seed: int, processes: int, say: Callable[[Ended, int], None]) -> list[Ended]:
    """Runs beside each other, with one seed after another, until so many steps were done or one has failed."""
    ended: list[Ended] = []
    lock, following = threading.Lock(), iter(range(seed, seed + 10**6))

    def work() -> None:
        while True:
            with lock:
                if (
                    runs.processes.over
                    or sum(one.tally.steps.total() for one in ended) >= wanted
                    or any(one.failed for one in ended)
                ):
                    return
                mine = next(following)
            one = runs.run(mine)
            with lock:
                ended.append(one)
                say(one, sum(other.tally.steps.total() for other in ended))

    with ThreadPoolExecutor(processes) as pool, ending(runs.processes):  # threads end once their processes have
        waiting = [pool.submit(work) for _ in range(processes)]
        for one in as_completed(waiting):
            one.result()
    return ended
