"""`make model ARGS="--steps 50000 --processes 2"`: what guests, staff, provider and worker may do, in any order.

A state machine of Hypothesis (tests/domain/reservations/test_all_verbs.py) takes so many steps; a process may die
between any two of them, and after each everybody has what they were told. Prints how many steps were taken, by verb
and by how they ended, and exits with 1 where something was not so: with the story, and the seed that tells it again.
`--faults` puts known faults into copies of the product instead, one at a time: each has to be found.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.copy_of_its_own import remove
from booking.infra import signals
from booking.infra.embedded import Servers
from tests.domain.reservations.machines import ENDS, KILLED, Tally
from tests.model import faults
from tests.model.runs import MACHINES, Ended, Processes, Runs, until
from tests.programme import natural, positive

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "var" / "model"
STORIES, STEPS = 60, 50  # of one run: a minute or two; a story may end earlier


def table(tally: Tally) -> list[str]:
    """For reading: a line for each verb."""
    lines = [f"{'step':<48}{'taken':>8}" + "".join(f"{end:>10}" for end in ENDS)]
    for verb, number in tally.steps.most_common():
        lines.append(f"{verb:<48}{number:>8,}" + "".join(f"{tally.ends[end][verb]:>10,}" for end in ENDS))
    sums = "".join(f"{tally.ends[end].total():>10,}" for end in ENDS)
    return [*lines, f"{'all':<48}{tally.steps.total():>8,}{sums}"]


def summary(ended: Sequence[Ended], machine: str, stories: int = STORIES) -> list[str]:
    """The table, the figures, and the story of each violation."""
    tally = Tally()
    for one in ended:
        tally.add(one.tally)
    failed = [one for one in ended if one.failed]
    crashes = tally.ends[KILLED].total()
    lines = [*table(tally), "", f"{tally.stories:,} stories, {crashes:,} crashes, {len(failed)} violations"]
    same = f"--machine {machine} --stories {stories}" if stories != STORIES else f"--machine {machine}"
    for one in failed:
        found = one.tally.violation
        told = f"step {found.step}, {found.verb}: {found.said}" if found else "it could not run"
        again = f'make model ARGS="{same} --seed {one.seed} --steps 1 --processes 1"'
        lines += ["", f"seed {one.seed}, {told}", *(one.story or one.said.splitlines()[-40:]), again]
    return lines


def walked(options: argparse.Namespace, wanted: int, home: Path) -> int:
    runs = Runs(options.machine, home, Processes(), root=ROOT, stories=options.stories, steps=STEPS)
    began = time.monotonic()

    def say(one: Ended, steps: int) -> None:
        minutes = (time.monotonic() - began) / 60
        result = "a violation" if one.failed else f"{one.tally.steps.total():,} steps"
        print(f"  seed {one.seed}: {result}; {steps:,} of {wanted:,} in {minutes:.1f} min", flush=True)

    ended = until(runs, wanted, seed=options.seed, processes=options.processes, say=say)
    print("\n".join(["", *summary(ended, options.machine, options.stories)]))
    return 1 if any(one.failed for one in ended) else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--steps", type=positive, default=50_000, help="at least so many; with --faults, of each (4000)"
    )
    parser.add_argument("--stories", type=positive, default=STORIES, help=f"of one run, each of up to {STEPS} steps")
    parser.add_argument("--processes", type=positive, default=2)
    parser.add_argument("--seed", type=natural, default=1, help="of the first run")
    parser.add_argument("--machine", choices=MACHINES, default="verbs")
    parser.add_argument("--faults", nargs="*", metavar="NAME", help="find these, or all: " + ", ".join(faults.NAMES))
    parser.add_argument("--home", type=Path, default=HOME, help="for copies and servers")
    options = parser.parse_args()
    signals.end_by_exception()
    home = options.home.resolve()
    try:
        if options.faults is not None:
            return faults.found(options.faults, options.steps or 8_000, home, ROOT, options.processes, options.seed)
        return walked(options, options.steps or 50_000, home)
    finally:
        remove(home, Servers(home / "servers"))


if __name__ == "__main__":
    sys.exit(main())
