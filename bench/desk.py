"""`make bench-desk`: the pages of the front desk beside a recorded booking history, asked for by one person.

python -m bench.desk --trace hotel_trace.csv.gz
python -m bench.desk --rounds 2 --each 20 --only calendar

The history (tests/replay/trace.py says in which form) is loaded into a copy of its own as the product would have
written it, moved so that one of its days is today; rows that no house could have are left out, and counted. Without a
trace there is a small one by lot.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import random
import shlex
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean

from bench import background, history_store, machine
from bench.browsing import Answer, Browser, percentile
from bench.copy_of_its_own import ROOT, Copy, running, take
from bench.cpu import POSTGRES, WEB, Meter, per_answer
from bench.desk_pages import ROOMS_WANTED, Known, Look, looks
from bench.history import History
from bench.rounds import Target, row, targets
from booking.infra import signals
from booking.infra.embedded import EmbeddedError
from tests.replay import synthetic, trace

DAY = dt.date(2017, 5, 1)  # of the hotels' trace: nearly all has been booked, and a season is to come
MADE_UP, MADE_UP_DAY = 2000, dt.date(2016, 6, 1)
HEAD = ["page", "p50", "p95", "max", "CPU: web", "Postgres", "kB", "other answers"]
# The longest that p95 may be, in ms; of CPU where the name says so.
LIMITS = {"today": 150, "search by a whole name": 150, "one booking": 150, "calendar, 90 days": 400}
ON_THE_SERVER = 300


@dataclass
class Row:
    """What came of one kind of look: all answers, and the mean CPU of each part in each round, in ms."""

    look: Look
    answers: list[Answer] = field(default_factory=list)
    spent: list[dict[str, float]] = field(default_factory=list)

    def cells(self) -> list[str]:
        figures = [percentile(self.answers, share) for share in (0.5, 0.95, 1)]
        others = sum(answer.status != 200 for answer in self.answers)
        size = mean(answer.size for answer in self.answers) / 1000
        used = [f"{self.used(part):.1f}" if self.spent else "-" for part in (WEB, POSTGRES)]
        return [self.look.name, *(f"{figure:.1f}" for figure in figures), *used, f"{size:.0f}", str(others or "none")]

    def used(self, *parts: str) -> float:
        return sum(mean(one[part] for one in self.spent) for part in parts)


def main() -> int:
    """Load, measure, report. 1 where the books do not agree, or something was answered otherwise than with a page."""
    signals.end_by_exception()
    asked = _arguments(sys.argv[1:])
    began = time.monotonic()
    try:
        recorded = _recorded(asked)
        take(asked.home)
        with running(asked.home, keep=asked.keep) as copy:
            lines, code = _measured(copy, recorded, asked)
    except (trace.TraceError, EmbeddedError) as error:
        print(error, file=sys.stderr)
        return 2
    command = shlex.join(["make", "bench-desk", f"ARGS={' '.join(sys.argv[1:])}"])
    took = f"{(time.monotonic() - began) / 60:.1f} minutes"
    head = f"`{command}` on {dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC, {took}."
    report = ["# The front desk beside a recorded history", "", head, "", *lines]
    if asked.results:
        asked.results.write_text("\n".join(report) + "\n")
    print("\n" + "\n".join(report))
    return code


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trace", type=Path, help="CSV, plain or gzipped; else a small one by lot")
    parser.add_argument("--day", type=dt.date.fromisoformat, help=f"of the trace: today [{DAY}; by lot {MADE_UP_DAY}]")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--each", type=int, default=30, help="pages of each kind that are asked for in a round")
    parser.add_argument("--only", default="", help="rows whose name has this in it")
    parser.add_argument("--left-out", type=Path, help="a file for the numbers of all rows left out, with the reason")
    parser.add_argument("--keep", action="store_true", help="leave the copy, to look into it")
    parser.add_argument("--home", type=Path, default=ROOT / "var" / "bench-desk", help="where the copy lies meanwhile")
    parser.add_argument("--results", type=Path, help="write the report there, too")
    asked = parser.parse_args(words)
    asked.home = asked.home.resolve()
    asked.day = asked.day or (DAY if asked.trace else MADE_UP_DAY)
    if min(asked.rounds, asked.each) < 1:
        parser.error("--rounds and --each must be above zero")
    return asked


def _recorded(asked: argparse.Namespace) -> list[trace.Recorded]:
    if asked.trace:
        return trace.read(asked.trace)
    with tempfile.TemporaryDirectory() as folder:
        made_up = Path(folder) / "trace.csv.gz"
        synthetic.write(made_up, MADE_UP)
        return trace.read(made_up)


def _measured(copy: Copy, recorded: Sequence[trace.Recorded], asked: argparse.Namespace) -> tuple[list[str], int]:
    """The report, and the code of the programme."""
    began = time.monotonic()
    history = history_store.store(copy, recorded, asked.day)
    loaded = f"{len(history.bookings):,} of {len(recorded):,} rows loaded in {time.monotonic() - began:.0f} s"
    print(loaded, flush=True)
    verified = copy.flask("bookings", "verify")
    rows, loads = _rounds(copy, Known.of(copy, history), asked)
    said = (verified.stdout + verified.stderr).strip().rpartition("\n")[2]
    if asked.left_out:
        asked.left_out.write_text(_listed(history))
    broken = [one.look.name for one in rows if any(answer.status != 200 for answer in one.answers)]
    about = [*machine.described(copy), f"load of the machine before each round: {', '.join(loads)}", loaded]
    lines = _report(rows, about, _about(history), said)
    return lines, 1 if verified.returncode or broken else 0


def _rounds(copy: Copy, known: Known, asked: argparse.Namespace) -> tuple[list[Row], list[str]]:
    rows, loads = [Row(look) for look in looks(known) if asked.only in look.name], []
    with ExitStack() as stack:
        worker = stack.enter_context(background.working(copy))
        web = stack.enter_context(copy.web("product"))
        browser = Browser(web.port, history_store.OWNER, history_store.PASSWORD)
        meter, chance = Meter(copy, ["product"]), random.Random(1)
        for one in rows:  # both processes have seen each page before it counts
            for _ in range(-(-min(6, asked.each) // one.look.pages)):
                one.look.by(browser, chance)
        with worker.running():
            for number in range(1, asked.rounds + 1):
                loads.append(f"{os.getloadavg()[0]:.1f}")
                print(f"round {number} of {asked.rounds}, load {loads[-1]}", flush=True)
                for one in rows:
                    _turn(one, browser, meter, chance, -(-asked.each // one.look.pages))
    return rows, loads


def _turn(one: Row, browser: Browser, meter: Meter, chance: random.Random, times: int) -> None:
    before = meter.look()
    new = [one.look.by(browser, chance) for _ in range(times)]
    if spent := per_answer(before, meter.look(), len(new)):
        one.spent.append(spent)
    one.answers += new
    print(f"  {one.look.name:48} p50 {percentile(new, 0.5):7.1f}  p95 {percentile(new, 0.95):7.1f}", flush=True)


# --- the report


def _listed(history: History) -> str:
    """Every row that is left out, with why."""
    found = sorted((number, reason) for reason, numbers in history.left_out.items() for number in numbers)
    return "".join(f"{number},{reason}\n" for number, reason in [("create_seq", "reason"), *found])


def _about(history: History) -> list[str]:
    out = [f"{len(numbers):,} {reason}" for reason, numbers in history.left_out.items() if numbers]
    states = {
        "have left": sum(one.left_at is not None for one in history.bookings),
        "are in house": sum(one.arrived_at is not None and one.left_at is None for one in history.bookings),
        "did not come": sum(one.missed_at is not None for one in history.bookings),
        "cancelled": sum(one.cancelled_at is not None for one in history.bookings),
    }
    states["are to come"] = len(history.bookings) - sum(states.values())
    told = ", ".join(f"{number:,} {state}" for state, number in states.items())
    return [
        f"today is {history.day} of the trace: of the guests {told}",
        f"left out: {', '.join(out) or 'nothing'}",
        f"of those who cancelled, {history.resold:,} did not come, and their nights were sold again",
    ]


def _report(rows: Sequence[Row], about: Sequence[str], history: Sequence[str], verified: str) -> list[str]:
    return [
        *(f"- {line}" for line in (*about, *history)),
        "- one client, who waits for each answer: ms until all of it is there; CPU for each answer, in ms; kB as it"
        " came, compressed",
        "",
        f"`flask bookings verify` after loading: {verified}",
        "",
        row(HEAD),
        row(["---"] * len(HEAD)),
        *(row(one.cells()) for one in rows),
        "",
        *targets(_targets(rows)),
    ]


def _targets(rows: Sequence[Row]) -> list[Target]:
    found = {one.look.name: one for one in rows}
    wanted = [
        Target(f"{name}: p95 in ms", [percentile(found[name].answers, 0.95)], limit, at_most=True, form=".0f")
        for name, limit in LIMITS.items()
        if name in found
    ]
    whole = f"calendar, 30 days, {ROOMS_WANTED} rooms one after the other"
    if whole in found and found[whole].spent:
        used = found[whole].used(WEB, POSTGRES)
        wanted.append(Target(f"{whole}: ms on the server", [used], ON_THE_SERVER, at_most=True, form=".0f"))
    return wanted


if __name__ == "__main__":
    sys.exit(main())
