"""`make bench-scale`: the same searches and bookings beside more and more rooms, and beside more and more bookings.

python -m bench.scale --hours 1 --rounds 3 --seconds 5

Copies of different sizes run side by side and take turns, so that a busy minute of the machine hits all of them.
What does not fit into the hours or onto the disk is left out, and named.
"""

from __future__ import annotations

import argparse
import datetime as dt
import shlex
import shutil
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench import machine, plans, rounds
from bench.clients import Measured
from bench.copy_of_its_own import LOADING, ROOT, Copy, running, take
from bench.filled import FILLED_DAYS, Filling, fill
from bench.rounds import Case, Target
from bench.sides import FEW, Sides, delivered
from booking.infra import signals

THOUSAND, MILLION = 1_000, 1_000_000
BYTES_PER_BOOKING = 3500  # on disk, with its nights, payment, indexes, and what is there while they are made
BOOKINGS_PER_SECOND = (
    12_000  # that are made on two quiet cores: to judge whether there is time, until one group is done
)
BASE = Filling(10 * THOUSAND, MILLION // 2)
# Together on the disk, and turn by turn; the first of each group is what the others are compared with.
GROUPS = {
    "more rooms": [BASE, Filling(100 * THOUSAND, MILLION), Filling(MILLION, 10 * MILLION)],
    "more bookings": [BASE, Filling(10 * THOUSAND, 10 * MILLION)],
    "more places": [BASE, Filling(100 * THOUSAND, MILLION, 1000)],
}


@dataclass
class Measuring:
    """One size: what is there, what was measured, and how Postgres went about it."""

    filling: Filling
    cases: list[Case] = field(default_factory=list)
    plans: list[plans.Plan] = field(default_factory=list)
    sizes: dict[str, str] = field(default_factory=dict)
    filled_in: float = 0.0

    @property
    def name(self) -> str:
        filling = self.filling
        return f"{short(filling.rooms)} rooms, {short(filling.bookings)} bookings, {short(filling.places)} places"

    def broken(self) -> list[str]:
        """Answers that make the figures worth nothing: faults, and turns in which nothing succeeded."""
        turns = [(case, one) for case in self.cases for one in case.measured]
        return [
            f"{self.name}, {case.name}: {one.statuses}"
            for case, one in turns
            if not one.per_second or any(status >= 500 for status in one.statuses)
        ]

    def begin(self, sides: Sides) -> None:
        """Learn the scripts, look at the plans, and get ready for the rounds."""
        sides.learn()
        rooms, script = self.filling.rooms, "pgbench, the same statements"
        self.plans = list(plans.of_search(sides.copy, sides.search))
        self.sizes = plans.sizes(sides.copy)
        self.cases = [
            Case("searches, 1 client", sides.searches(1), sides.pgbench(sides.search, 1, rooms), script),
            Case("searches", sides.searches(), sides.pgbench(sides.search, FEW, rooms), script),
            Case("bookings", sides.bookings(FEW, rooms), sides.pgbench(sides.booking, FEW, rooms), script),
        ]


def short(number: int) -> str:
    """1_000_000 -> 1 M"""
    for unit, size in ((" M", MILLION), (" k", THOUSAND)):
        if number >= size:
            return f"{number / size:g}{unit}"
    return str(number)


def main() -> int:
    """Fill and measure one group after the other, and report."""
    signals.end_by_exception()
    arguments = _arguments(sys.argv[1:])
    began = time.monotonic()
    done: dict[str, list[Measuring]] = {}
    left_out: list[str] = []
    about: list[str] = []
    for name in arguments.groups:
        left = arguments.hours * 3600 - (time.monotonic() - began)
        wanted = [_smaller(filling, arguments.share) for filling in GROUPS[name]]
        if why := _why_not(wanted, arguments, left, _speed_of_filling(done)):
            left_out.append(f"{name}: {why}")
            continue
        print(f"{name}:", flush=True)
        done[name], about = _group(wanted, arguments)
    lines = _report(done, left_out, about, arguments, time.monotonic() - began)
    arguments.results.write_text("\n".join(lines) + "\n")
    print("\n" + "\n".join(lines))
    broken = [problem for sizes in done.values() for size in sizes for problem in size.broken()]
    print("\n".join(broken))
    return 1 if broken else 0


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=1, help="a group that would not be done by then is left out")
    parser.add_argument("--groups", nargs="+", choices=GROUPS, default=list(GROUPS), help="only some of what grows")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5, help="of one turn")
    parser.add_argument("--share", type=float, default=1, help="of the rooms and bookings, for trying")
    parser.add_argument(
        "--home", type=Path, default=ROOT / "var" / "bench-scale", help="where the copies lie meanwhile"
    )
    parser.add_argument("--results", type=Path, default=ROOT / "bench" / "RESULTS-scale.md")
    return parser.parse_args(words)


def _smaller(filling: Filling, share: float) -> Filling:
    rooms = max(80, round(filling.rooms * share))
    bookings = max(50 * rooms, round(filling.bookings * share) // rooms * rooms)
    return Filling(rooms, bookings, min(filling.places, rooms // 40))


def _speed_of_filling(done: dict[str, list[Measuring]]) -> float:
    filled = [size for sizes in done.values() for size in sizes]
    if not filled:
        return BOOKINGS_PER_SECOND
    return sum(size.filling.bookings for size in filled) / sum(size.filled_in for size in filled)


def _why_not(fillings: list[Filling], arguments: argparse.Namespace, left: float, speed: float) -> str:
    """Why these copies cannot be made, empty where they can."""
    bookings = sum(filling.bookings for filling in fillings)
    turns = len(fillings) * (arguments.rounds + 1) * 6 * arguments.seconds
    needed = bookings / speed + turns
    if needed > left:
        return f"about {needed / 60:.0f} minutes, and {max(0, left) / 60:.0f} are left of --hours {arguments.hours:g}"
    place = next(folder for folder in (arguments.home, *arguments.home.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    if bookings * BYTES_PER_BOOKING > free:
        return f"about {bookings * BYTES_PER_BOOKING / 1e9:.0f} GB of disk, and {free / 1e9:.0f} are free"
    return ""


def _group(fillings: list[Filling], arguments: argparse.Namespace) -> tuple[list[Measuring], list[str]]:
    """All copies of a group, side by side; and on what machine."""
    sizes = [Measuring(filling) for filling in fillings]
    take(arguments.home)
    with ExitStack() as stack:
        copies = [stack.enter_context(_filled(size, arguments.home / str(number))) for number, size in enumerate(sizes)]
        for size, copy in zip(sizes, copies, strict=True):
            size.begin(stack.enter_context(delivered(copy, size.filling, kept=False)))
        # One kind of measurement after the other, each on all sizes.
        by_kind = [case for kind in zip(*(size.cases for size in sizes), strict=True) for case in kind]
        rounds.run(by_kind, arguments.rounds, arguments.seconds)
        about = machine.described(copies[0])
    shutil.rmtree(arguments.home, ignore_errors=True)
    return sizes, about


@contextmanager
def _filled(size: Measuring, home: Path) -> Iterator[Copy]:
    print(f"  filling: {size.name} ...", flush=True)
    began = time.monotonic()
    try:
        with running(home, keep=True, settings=LOADING) as copy:
            fill(copy, size.filling)
    except BaseException:
        with running(home, keep=False, revision=None):
            pass
        raise
    size.filled_in = time.monotonic() - began
    with running(home, keep=False, revision=None) as copy:
        yield copy


def _targets(done: dict[str, list[Measuring]]) -> list[Target]:
    found = []
    if more := done.get("more rooms"):
        least, *_, most = more
        for number, who in enumerate(("1 client", f"{FEW} clients")):
            over_http = _growth(least.cases[number].measured, most.cases[number].measured)
            name = f"search p95, {short(most.filling.rooms)} rooms to {short(least.filling.rooms)}, over HTTP, {who}"
            found.append(Target(name, over_http, 3, at_most=True, form=".1f"))
        over_sql = _growth(least.cases[0].compared, most.cases[0].compared)
        found.append(Target("the same, its SQL alone, 1 client", over_sql, 3, at_most=True, form=".1f"))
    if more := done.get("more bookings"):
        least, *_, most = more
        kept = rounds.ratios(most.cases[2].measured, least.cases[2].measured)
        name = f"bookings per second, {short(most.filling.bookings)} bookings to {short(least.filling.bookings)}"
        found.append(Target(name, kept, 0.8, form=".2f"))
    return found


def _growth(least: list[Measured], most: list[Measured]) -> list[float]:
    return [big.p95 / small.p95 for small, big in zip(least, most, strict=True) if small.p95]


def _report(
    done: dict[str, list[Measuring]],
    left_out: list[str],
    about: list[str],
    arguments: argparse.Namespace,
    took: float,
) -> list[str]:
    command = shlex.join(["make", "bench-scale", f"ARGS={' '.join(sys.argv[1:])}"])
    return [
        "# What grows, and what does not",
        "",
        f"`{command}` on {dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC, {took / 60:.0f} minutes.",
        "",
        *(f"- {line}" for line in about),
        f"- medians of {arguments.rounds} rounds of {arguments.seconds:g} s per turn, in brackets the range; the copies"
        " of a group take turns",
        *(f"- left out: {what}" for what in left_out),
        "",
        *rounds.targets(_targets(done)),
        "",
        *(line for name, sizes in done.items() for line in _section(name, sizes)),
        *EXPLAINED,
    ]


def _section(name: str, sizes: list[Measuring]) -> list[str]:
    lines = [f"## {name.capitalize()}", "", *_speeds(sizes), ""]
    lines += [*plans.table([(size.name, plan) for size in sizes for plan in size.plans]), ""]
    for size in sizes:
        shown = ", ".join(f"{table} {taken}" for table, taken in size.sizes.items())
        lines.append(f"- {size.name}: {shown}; filled in {size.filled_in:.0f} s")
    return [*lines, "", *(line for plan in sizes[-1].plans for line in plan.shown(sizes[-1].name))]


def _speeds(sizes: list[Measuring]) -> list[str]:
    head = [
        "size",
        "what",
        "over HTTP, per second",
        rounds.LATENCY,
        "pgbench, per second",
        rounds.LATENCY,
        "to the first",
    ]
    lines = [rounds.row(head), rounds.row(["---"] * len(head))]
    for kind in range(len(sizes[0].cases)):
        first = sizes[0].cases[kind]
        lines += [rounds.row([size.name, *_cells(size.cases[kind], first)]) for size in sizes]
    return lines


def _cells(case: Case, first: Case) -> list[str]:
    over_http, floor = ([one.per_second for one in side] for side in (case.measured, case.compared))
    to_first = statistics.median(rounds.ratios(case.measured, first.measured) or [0])
    speeds = [rounds.spread(over_http), rounds.latency(case.measured)]
    return [case.name, *speeds, rounds.spread(floor), rounds.latency(case.compared), f"{to_first:.2f}"]


EXPLAINED = f"""\
## What is measured, and why it grows

Searches ask for a random place (each as often as any other, so the biggest, with a tenth of all rooms, is one in a
hundred), 3 nights of the next {FILLED_DAYS} days, 1 or 2 guests; of these nights 40 % are taken at every size. More
rooms in as many places means more rooms in each: 91 in a typical place of 10 k, 9,091 of 1 M. "More places" lets the
places grow with the rooms instead.

- The page stops after 20 rooms: it reads the place's rooms in the order of their price, and for each its nights by the
  primary key, until 20 are free. That depends on how many are taken, not on how many there are.
- The total has to look at every room of the place and at every night that is taken there on these dates: two stretches
  of two indexes, which grow with the place. Rooms elsewhere and bookings on other dates cost nothing.
- A booking touches its room's nights, one room, one guest and the newest end of its tables: the indexes become one
  level deeper, and less of them fits into memory.""".splitlines()


if __name__ == "__main__":
    sys.exit(main())
