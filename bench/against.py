"""This commit beside another one, both as delivered, turn by turn: the machine's mood falls on both.

The other commit is checked out below var/, with an environment of its own. A round has four short turns, ours first and
last: what the machine gains or loses meanwhile falls on both alike. (Whole benches one after the other gave ratios
between 0.6 and 1.4 for the same two commits: a bare Flask went from 7,000 to 15,000 per second within minutes.) Both
are launched several times: one and the same commit, launched twice, differed by a tenth as long as both ran.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import cpu, machine, rounds, units
from bench.clients import Measured
from bench.copy_of_its_own import DELIVERED, ROOT, Copy, running, take
from bench.filled import Filling, fill
from bench.mood import Mood
from bench.mood import told as mood_told
from bench.rounds import Side
from bench.sides import FEW, STANDS_STILL, delivered

OTHER = Path(__file__).with_name("other_commit.py")
WORKS = f"bookings, any room, {FEW} clients"


@dataclass(frozen=True)
class Round:
    """This commit's two turns, and the other's two between them."""

    here: tuple[Measured, Measured]
    there: tuple[Measured, Measured]

    @property
    def ratio(self) -> float:
        """Of this commit's speed to the other's."""
        return sum(one.per_second for one in self.here) / sum(one.per_second for one in self.there)


Found = dict[str, list[Round]]


def run(asked: argparse.Namespace) -> tuple[list[str], int]:
    """Measure both in turns. The report, and 1 where a ratio is below `--at-least`."""
    found: Found = {}
    moods: list[float] = []
    filling = Filling(asked.rooms, asked.bookings)
    with checked_out(asked.against) as other:
        for _ in range(asked.launches):
            about = _launch(other, filling, asked, found, moods)
    lines, medians = table(asked.against, found)
    here = [(name, [turn for one in turns for turn in one.here]) for name, turns in found.items()]
    there = [(name, [turn for one in turns for turn in one.there]) for name, turns in found.items()]
    about += [
        f"{asked.rooms:,} rooms{told_units(asked)} and {asked.bookings:,} paid bookings in each copy;"
        f" {asked.launches} launches of both,"
        f" each of {asked.rounds} rounds of four turns of {asked.seconds:g} s; medians, in brackets the range",
        mood_told(moods),
    ]
    report = [*(f"- {line}" for line in about), "", *lines, "", *worker_told(found), ""]
    report += ["This commit:", "", *cpu.table(here), "", f"{asked.against}:", "", *cpu.table(there)]
    return report, int(min(medians) < asked.at_least)


def told_units(asked: argparse.Namespace) -> str:
    """Of the report's line about the rooms."""
    return f" (half of them units in groups of {units.IN_A_GROUP}, where the version has any)" if asked.units else ""


def _launch(other: Path, filling: Filling, asked: argparse.Namespace, found: Found, moods: list[float]) -> list[str]:
    """Both anew; on what machine."""
    take(asked.home)
    with other_copy(other, filling) as theirs, running(asked.home, keep=asked.keep) as ours:
        fill(ours, filling)
        for copy in (ours, theirs) if asked.units else ():
            units.make(copy)
        mood = Mood(ours)
        mood.look(asked.seconds)
        with delivered(ours, filling) as here, delivered(theirs, filling) as there:
            _measure(here.rows(), there.rows(), asked, found)
        mood.look(asked.seconds)
        moods += mood.per_second
        return machine.described(ours)


def _measure(ours: dict[str, Side], theirs: dict[str, Side], asked: argparse.Namespace, found: Found) -> None:
    for row in (one for one in ours if asked.only in one):
        for sides in (ours, theirs):
            sides[row](min(1.0, asked.seconds))  # connections, statements and caches say hello
        turns = [in_turns(ours[row], theirs[row], asked.seconds) for _ in range(asked.rounds)]
        found.setdefault(row, []).extend(turns)
        print(f"  {row:36} {' '.join(f'{one.ratio:.2f}' for one in turns)}", flush=True)


def in_turns(ours: Side, theirs: Side, seconds: float) -> Round:
    """One round. Ends the run where one of them gives nothing to compare."""
    first = ours(seconds)
    there = theirs(seconds), theirs(seconds)
    found = Round((first, ours(seconds)), there)
    for whose, turns in (("This commit", found.here), ("The other commit", found.there)):
        if not any(one.per_second for one in turns):
            raise SystemExit(f"{whose} gave nothing that was wanted, but {rounds.others(turns)}: there is no ratio.")
    return found


def table(commit: str, found: Found) -> tuple[list[str], list[float]]:
    """Medians, and the median of the ratios within each round."""
    lines = [f"| what | {commit}, per second | this commit | ratio (range) | other answers |", "|---|---|---|---|---|"]
    medians = []
    for name, turns in found.items():
        here, there = ([turn for one in turns for turn in getattr(one, side)] for side in ("here", "there"))
        ratios = [one.ratio for one in turns]
        medians.append(statistics.median(ratios))
        now, before = (statistics.median(one.per_second for one in side) for side in (here, there))
        shown = f"{medians[-1]:.2f} ({min(ratios):.2f}–{max(ratios):.2f})"
        lines.append(rounds.row([name, f"{before:,.0f}", f"{now:,.0f}", shown, rounds.others([*here, *there])]))
    return lines, medians


def worker_told(found: Found) -> list[str]:
    """What a running worker leaves to the bookings, of this commit and of the other."""
    if not {WORKS, STANDS_STILL} <= set(found):
        return []
    shares = []
    for side in ("here", "there"):
        runs, stands = (
            statistics.median(turn.per_second for one in found[row] for turn in getattr(one, side))
            for row in (WORKS, STANDS_STILL)
        )
        shares.append(runs / stands)
    return [f"With the worker running, of what it is without: {shares[0]:.2f} here, {shares[1]:.2f} there."]


@contextmanager
def other_copy(place: Path, filling: Filling) -> Iterator[Copy]:
    """A copy of the commit that is checked out in `place`, on filled servers."""
    command = [str(place / ".venv" / "bin" / "python"), str(OTHER), str(filling.rooms), str(filling.bookings)]
    with subprocess.Popen(command, cwd=place, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        ready = next((line for line in process.stdout if line.startswith("ready\t")), "")
        if not ready:
            raise SystemExit(f"The copy of {place} has ended: see above.")
        told = json.loads(ready.partition("\t")[2])
        environ = told["environ"] | DELIVERED
        yield Copy(Path(told["home"]), environ, told["urls"], place, command[0], told["parent"])


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """The commit in a folder of its own, its packages installed."""
    place = ROOT / "var" / "compare" / machine.commit(commit)
    if not place.exists():
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", place, commit], cwd=ROOT, check=True)
    try:
        subprocess.run(["make", "--silent", "everything"], cwd=place, check=True)
        yield place
    finally:
        subprocess.run(["git", "worktree", "remove", "--force", place], cwd=ROOT, check=True)
