"""`make bench-compare`: this commit beside another one, both running, turn by turn: the machine's mood falls on both.

python -m bench.compare COMMIT --launches 3 --rounds 2 --seconds 1.5

The other commit is checked out below var/, with an environment of its own. A round has four short turns, ours first and
last: what the machine gains or loses meanwhile falls on both alike. (Whole benches one after the other gave ratios
between 0.6 and 1.4 for the same two commits: a bare Flask went from 7,000 to 15,000 per second within minutes.) Both
are launched several times: one and the same commit, launched twice, differed by a tenth as long as both ran.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.copy_of_its_own import ROOT

TURNS = Path(__file__).with_name("turns.py")


@dataclass(frozen=True, slots=True)
class Round:
    """Per second: this commit's two turns, and the other's two between them."""

    here: tuple[float, float]
    there: tuple[float, float]

    @property
    def ratio(self) -> float:
        return sum(self.here) / sum(self.there)


class Copy:
    """One commit's running copy (bench/turns.py)."""

    def __init__(self, place: Path, port: int, sizes: Sequence[int]) -> None:
        command = [str(place / ".venv" / "bin" / "python"), str(TURNS), *map(str, sizes)]
        environ = {**os.environ, "BENCH_PORT": str(port)}
        self._process = subprocess.Popen(
            command, cwd=place, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._place = place

    def rows(self) -> list[str]:
        """What it can measure, once it is ready."""
        while not (said := self._line()).startswith("ready\t"):
            pass
        return said.split("\t")[1:]

    def measure(self, row: str, seconds: float) -> float:
        """Per second. Where nothing came that was wanted, what came instead is said on stderr."""
        assert self._process.stdin
        self._process.stdin.write(f"{row}\t{seconds}\n")
        self._process.stdin.flush()
        speed, _, answers = self._line().partition("\t")
        if not float(speed):
            print(f"{self._place}, {row}: nothing that was wanted in {seconds} s, but {answers}", file=sys.stderr)
        return float(speed)

    def end(self) -> None:
        """It removes what it made."""
        self._process.communicate()

    def _line(self) -> str:
        assert self._process.stdout
        if line := self._process.stdout.readline():
            return line.strip()
        raise SystemExit(f"The copy of {self._place} has ended: see above.")


def main(words: Sequence[str]) -> int:
    """Measure both in turns and print the ratios. 1 where a ratio is below `--at-least`."""
    asked = _arguments(words)
    found: dict[str, list[Round]] = {}
    with checked_out(asked.commit) as other:
        for _ in range(asked.launches):
            with _both(other, (asked.rooms, asked.bookings)) as (ours, theirs):
                _measure(ours, theirs, asked, found)
    lines, ratios = table(asked.commit, found)
    print("\n" + "\n".join(lines))
    return int(min(ratios) < asked.at_least)


def _measure(ours: Copy, theirs: Copy, asked: argparse.Namespace, found: dict[str, list[Round]]) -> None:
    both = set(theirs.rows())
    for row in (one for one in ours.rows() if one in both and asked.only in one):
        for copy in (ours, theirs):
            copy.measure(row, asked.seconds)  # connections, statements and caches say hello
        rounds = [in_turns(ours, theirs, row, asked.seconds) for _ in range(asked.rounds)]
        found.setdefault(row, []).extend(rounds)
        print(f"  {row:32} {' '.join(f'{one.ratio:.2f}' for one in rounds)}", flush=True)


def in_turns(ours: Copy, theirs: Copy, row: str, seconds: float) -> Round:
    """One round."""
    first = ours.measure(row, seconds)
    there = theirs.measure(row, seconds), theirs.measure(row, seconds)
    if not any(there):
        raise SystemExit(f"{row}: there is no ratio to a commit that gives nothing; see above what it answered.")
    return Round((first, ours.measure(row, seconds)), there)


def table(commit: str, found: dict[str, list[Round]]) -> tuple[list[str], list[float]]:
    """Medians, and the median of the ratios within each round."""
    lines = [f"| what | {commit}, per second | this commit | ratio (range) |", "|---|---|---|---|"]
    medians = []
    for name, rounds in found.items():
        before = statistics.median(turn for one in rounds for turn in one.there)
        now = statistics.median(turn for one in rounds for turn in one.here)
        ratios = [one.ratio for one in rounds]
        medians.append(statistics.median(ratios))
        lines.append(
            f"| {name} | {before:,.0f} | {now:,.0f} | {medians[-1]:.2f} ({min(ratios):.2f}–{max(ratios):.2f}) |"
        )
    return lines, medians


@contextmanager
def _both(other: Path, sizes: Sequence[int]) -> Iterator[tuple[Copy, Copy]]:
    copies = Copy(ROOT, 8300, sizes), Copy(other, 8500, sizes)
    try:
        yield copies
    finally:
        for copy in copies:
            copy.end()


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """The commit in a folder of its own, its packages installed."""
    place = ROOT / "var" / "compare" / commit
    if not place.exists():
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", place, commit], cwd=ROOT, check=True)
    subprocess.run(["make", "--silent", "everything"], cwd=place, check=True)
    yield place
    subprocess.run(["git", "worktree", "remove", "--force", place], cwd=ROOT, check=True)


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commit")
    parser.add_argument("--launches", type=int, default=3, help="of both")
    parser.add_argument("--rounds", type=int, default=2, help="for each row and launch")
    parser.add_argument("--seconds", type=float, default=1.5, help="of one turn")
    parser.add_argument("--rooms", type=int, default=10_000)
    parser.add_argument("--bookings", type=int, default=100_000)
    parser.add_argument("--only", default="", help="rows whose name has this in it")
    parser.add_argument("--at-least", type=float, default=0.95, help="the ratio that must not be missed")
    asked = parser.parse_args(words)
    if min(asked.launches, asked.rounds) < 1 or asked.seconds <= 0:
        parser.error("--rounds and --seconds must be above zero")
    return asked


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
