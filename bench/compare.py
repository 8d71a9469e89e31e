"""`make bench-compare`: this commit beside another one, run by run in turns, so that the machine's mood falls on both.

python -m bench.compare COMMIT --runs 3 --seconds 5

The other commit is checked out below var/, with an environment of its own, and measured by its own `python -m bench`.
Which of the two begins changes from run to run.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.copy_of_its_own import ROOT

ROW = re.compile(r"^\| ([^|]+) \| ([\d,]+)(?: \([\d,]+–[\d,]+\))? \| [\d.]+ / [\d.]+ / [\d.]+ \|")
Figures = dict[str, float]  # what was measured, per second


def main(words: Sequence[str]) -> int:
    """Measure both in turns and print the ratios. 1 where a ratio is below `--at-least`."""
    asked = _arguments(words)
    here: list[Figures] = []
    there: list[Figures] = []
    with checked_out(asked.commit) as other:
        for run in range(asked.runs):
            sides = [(ROOT, here), (other, there)]
            for place, figures in sides if run % 2 == 0 else reversed(sides):
                print(
                    f"run {run + 1} of {asked.runs}: {'this commit' if place == ROOT else asked.commit} ...", flush=True
                )
                figures.append(measured(place, asked.seconds))
    lines, ratios = table(asked.commit, here, there)
    print("\n" + "\n".join(lines))
    return int(min(ratios) < asked.at_least)


def table(commit: str, here: list[Figures], there: list[Figures]) -> tuple[list[str], list[float]]:
    """Medians, and the median of the ratios within each run, for every row that both have."""
    lines = [f"| what | {commit}, per second | this commit | ratio (range) |", "|---|---|---|---|"]
    ratios = []
    for name in (name for name in here[0] if name in there[0]):
        each = [new[name] / old[name] for new, old in zip(here, there, strict=True)]
        ratios.append(statistics.median(each))
        before, now = (statistics.median(side[name] for side in sides) for sides in (there, here))
        lines.append(f"| {name} | {before:,.0f} | {now:,.0f} | {ratios[-1]:.2f} ({min(each):.2f}–{max(each):.2f}) |")
    return lines, ratios


def figures_of(report: str) -> Figures:
    """What a report of bench says per second, by row."""
    rows = (ROW.match(line) for line in report.splitlines())
    return {row[1]: float(row[2].replace(",", "")) for row in rows if row}


def measured(place: Path, seconds: float) -> Figures:
    """One round of that folder's own bench."""
    results = place / "var" / "compared.md"
    results.parent.mkdir(exist_ok=True)
    python = str(place / ".venv" / "bin" / "python")
    command = [python, "-m", "bench", "--rounds", "1", "--seconds", str(seconds), "--results", str(results)]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{done.stdout}\n{done.stderr}\nThe bench of {place} failed.")
    return figures_of(results.read_text())


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
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5.0, help="of one turn")
    parser.add_argument("--at-least", type=float, default=0.95, help="the ratio that must not be missed")
    asked = parser.parse_args(words)
    if asked.runs < 1 or asked.seconds <= 0:
        parser.error("--runs and --seconds must be above zero")
    return asked


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
