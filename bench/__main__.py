"""`make bench`: bookings, searches and pages over HTTP, beside pgbench and beside a bare Flask, turn by turn.

python -m bench --rounds 3 --seconds 5 --rooms 10000 --bookings 500000
python -m bench --against main --launches 3 --rounds 2 --seconds 1.5

Everything runs in a copy of its own, which is removed at the end (--keep leaves it). What the columns mean stands in
the file that this writes. With --against, another commit is measured in turns with this one, and only the ratios are
told (bench/against.py says how).
"""

from __future__ import annotations

import argparse
import datetime as dt
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench import against, cpu, machine, memory, mood, rounds, units, workload
from bench.clients import measure
from bench.copy_of_its_own import ROOT, Copy, Web, running, take
from bench.filled import FILLED_DAYS, PLACES, Filling, fill
from bench.rounds import Case, Target
from bench.sides import FEW, MANY, STANDS_STILL, Sides, delivered
from bench.workload import HOT, Window, for_each
from booking.infra import signals

ANY_FEW, HOT_FEW, ANY_MANY, HOT_MANY = (
    f"bookings, {where}, {clients} clients" for clients in (FEW, MANY) for where in ("any room", f"{HOT} rooms")
)
UNCACHED, CACHED = "searches, uncached", "searches, cached"


def cases(sides: Sides, bare: Web) -> list[Case]:
    """Everything that is measured, in the order of a round. `bare` is a hello world."""
    rooms, script = sides.filling.rooms, "pgbench, the same statements"
    beside = {
        ANY_FEW: (sides.pgbench(sides.booking, FEW, rooms), script),
        HOT_FEW: (sides.pgbench(sides.booking, FEW, HOT), script),
        ANY_MANY: (sides.pgbench(sides.booking, MANY, rooms), script),
        HOT_MANY: (sides.pgbench(sides.booking, MANY, HOT), script),
        UNCACHED: (sides.pgbench(sides.search, FEW, rooms), script),
        CACHED: (sides.same(bare, workload.hello), "Flask hello world"),
    }
    return [Case(name, side, *beside.get(name, ())) for name, side in sides.rows().items()]


def main() -> int:
    """Fill, measure, report. 1 where the data does not agree afterwards, or a ratio is below `--at-least`."""
    signals.end_by_exception()
    asked = arguments(sys.argv[1:])
    began = time.monotonic()
    told, code = against.run(asked) if asked.against else _alone(asked)
    command = shlex.join(["make", "bench", f"ARGS={' '.join(sys.argv[1:])}"])
    took = f"{(time.monotonic() - began) / 60:.1f} minutes"
    lines = [
        "# What was measured",
        "",
        f"`{command}` on {dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC, {took}.",
        "",
        *told,
    ]
    if asked.results:
        asked.results.write_text("\n".join(lines) + "\n")
    print("\n" + "\n".join(lines))
    return code


def _alone(asked: argparse.Namespace) -> tuple[list[str], int]:
    """This commit beside pgbench and a bare Flask: the report, and the code of `flask bookings verify`."""
    filling = Filling(asked.rooms, asked.bookings)
    take(asked.home)
    with running(asked.home, keep=asked.keep) as copy:
        print(f"{filling.rooms} rooms, {filling.bookings} bookings ...", flush=True)
        fill(copy, filling)
        if asked.units:
            units.make(copy)
        moods = mood.Mood(copy)
        moods.look(asked.seconds)
        measured, own, tokens = _rounds(copy, filling, asked)
        moods.look(asked.seconds)
        taken = _memory(copy, filling, tokens, asked.seconds)
        verified = copy.flask("bookings", "verify")
        about = [*machine.described(copy), *_described(asked), own, mood.told(moods.per_second)]
    said = (verified.stdout + verified.stderr).strip().rpartition("\n")[2]
    return _report(measured, taken, about, said), verified.returncode


def _rounds(copy: Copy, filling: Filling, asked: argparse.Namespace) -> tuple[list[Case], str, list[str]]:
    """All rounds; what our own clients cost; and tokens of those who asked."""
    with delivered(copy, filling) as sides, copy.web("hello", "bench.hello:app") as bare:
        sides.learn()
        measured = [case for case in cases(sides, bare) if asked.only in case.name]
        rounds.run(measured, asked.rounds, asked.seconds)
        return measured, _own_cost(sides, bare, asked.seconds), sides.tokens


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """What was asked for, and what is usual where nothing was."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", metavar="COMMIT", help="measure it in turns with this one; tell the ratios")
    parser.add_argument("--launches", type=int, default=3, help="of both, with --against")
    parser.add_argument("--at-least", type=float, default=0.95, help="the ratio that must not be missed")
    parser.add_argument("--rounds", type=int, help="3; with --against 2 for each launch")
    parser.add_argument("--seconds", type=float, help="of one turn: 5; with --against 1.5")
    parser.add_argument("--rooms", type=int, default=10_000)
    parser.add_argument("--bookings", type=int, help="500,000; with --against 100,000 in each copy")
    parser.add_argument("--units", action="store_true", help="half of the rooms are identical units, in groups of ten")
    parser.add_argument("--only", default="", help="rows whose name has this in it; alone, no target is looked at")
    parser.add_argument("--keep", action="store_true", help="leave the copy, to look into it")
    parser.add_argument("--home", type=Path, default=ROOT / "var" / "bench", help="where the copy lies meanwhile")
    parser.add_argument("--results", type=Path, help="bench/RESULTS.md; with --against or --only nothing is written")
    asked = parser.parse_args(words)
    usual = (
        (2, 1.5, 100_000, None)
        if asked.against
        else (3, 5.0, 500_000, None if asked.only else ROOT / "bench" / "RESULTS.md")
    )
    for name, value in zip(("rounds", "seconds", "bookings", "results"), usual, strict=True):
        if getattr(asked, name) is None:
            setattr(asked, name, value)
    if min(asked.launches, asked.rounds) < 1 or asked.seconds <= 0:
        parser.error("--launches, --rounds and --seconds must be above zero")
    return asked


def _own_cost(sides: Sides, bare: Web, seconds: float) -> str:
    """What our clients cost, told by what a client written in C gets out of the same server."""
    ours = sides.same(bare, workload.hello)(seconds)
    told = f"our clients used {ours.own_cpu:.0%} of one core for {ours.per_second:.0f} hello worlds per second"
    wrk = shutil.which("wrk")
    if not wrk:
        return f"{told}; wrk is not installed, so there is nothing to compare that with"
    command = [wrk, "-t1", f"-c{FEW}", f"-d{max(1, round(seconds))}s", f"http://127.0.0.1:{bare.port}/"]
    answered = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    speed = float(answered.split("Requests/sec:")[1].split()[0])
    return f"{told}; wrk, written in C, got {speed:.0f} just after"


def _memory(copy: Copy, filling: Filling, tokens: list[str], seconds: float) -> list[list[memory.Taken]]:
    """Of the whole product, before and after bookings, searches and pages on it."""
    window = Window(FILLED_DAYS + 10, 400)
    asked = (
        (for_each(tokens[:FEW], lambda token: workload.booking(token, filling.rooms, window)), 201),
        (for_each(tokens[:FEW], workload.search), 200),
        ([workload.results_page(), workload.room_page(filling.rooms)] * (FEW // 2), 200),
    )
    with memory.whole_product(copy) as (port, look):
        before = look()
        for makes, wanted in asked:
            answered = measure(port, makes, seconds, wanted).statuses
            if answered and wanted not in answered:
                raise SystemExit(f"While memory was measured, nothing was answered with {wanted}, but {answered}.")
        return [before, look()]


def _targets(measured: list[Case], taken: list[list[memory.Taken]]) -> list[Target]:
    case = {one.name: one for one in measured}
    if not {ANY_FEW, STANDS_STILL, HOT_FEW, ANY_MANY, HOT_MANY, UNCACHED, CACHED} <= set(case):
        return []
    hot, any_room, still = (case[name].measured for name in (HOT_FEW, ANY_FEW, STANDS_STILL))
    hot_of_many = rounds.ratios(case[HOT_MANY].measured, case[ANY_MANY].measured)
    every = [*hot, *case[HOT_MANY].measured]
    retries = sum(one.retries for one in every) / max(1, sum(one.statuses.get(201, 0) for one in every))
    both = [one.cpu[cpu.WEB] + one.cpu[cpu.POSTGRES] for one in any_room if one.cpu]
    webs = [one.rss for one in taken[1] if one.name.startswith("web ") and "own" not in one.name]
    return [
        Target(f"bookings over HTTP, {FEW} clients, to pgbench", case[ANY_FEW].ratios, 0.35, 0.50),
        Target("uncached searches to pgbench of their SQL", case[UNCACHED].ratios, 0.40, 0.60),
        Target("cached searches to Flask hello world", case[CACHED].ratios, 0.30, 0.60),
        Target("bookings with the worker running to those without", rounds.ratios(any_room, still), 0.85),
        Target("CPU of web and Postgres per booking, ms", both, 6, at_most=True, form=".1f"),
        Target(f"{HOT} hot rooms to any room, {FEW} clients", rounds.ratios(hot, any_room), 0.80),
        Target(f"{HOT} hot rooms to any room, {MANY} clients", hot_of_many, 0.80),
        Target(f"{HOT} hot rooms: retries per booking", [retries], 0.01, at_most=True, form=".2%"),
        Target("bookings given up (5xx)", [sum(one.given_up for one in every)], 0, at_most=True, form=".0f"),
        Target("memory of a web process after the load, MB (RSS)", [max(webs)], 150, at_most=True, form=".0f"),
    ]


def _described(asked: argparse.Namespace) -> list[str]:
    return [
        f"{asked.rooms:,} rooms{against.told_units(asked)} in {PLACES} places (the biggest has a tenth of them),"
        f" {asked.bookings:,} paid bookings; of the nights of the next {FILLED_DAYS} days 40 % are taken",
        f"medians of {asked.rounds} rounds of {asked.seconds:g} s per turn, in brackets the range; ratios are"
        " made within a round",
        f"searches and pages by {FEW} clients; a booking is three nights with an Idempotency-Key of its own",
    ]


def _report(measured: list[Case], taken: list[list[memory.Taken]], about: list[str], verified: str) -> list[str]:
    over_http = sum(one.retries for case in measured for one in case.measured)
    by_pgbench = sum(one.retries for case in measured for one in case.compared)
    return [
        *(f"- {line}" for line in about),
        "",
        *rounds.table(measured),
        "",
        f"Transactions tried again: {over_http} over HTTP, {by_pgbench} by pgbench.",
        f"`flask bookings verify` afterwards: {verified}",
        "",
        *cpu.table([(case.name, case.measured) for case in measured]),
        "",
        *rounds.targets(_targets(measured, taken)),
        "",
        *memory.table(*taken),
        "",
        *EXPLAINED,
    ]


EXPLAINED = """\
How to read it:

- pgbench is Postgres' own load generator, written in C. It runs every statement of one booking (or search), as it was
  captured from the server's log, in the same transactions, on other rooms, days and guests: idempotency key, claim,
  payment, ledger, confirmation, outbox. Before anything is measured, Postgres' own count (pg_stat_statements) must show
  the same calls and rows per booking on both sides. The worker stands still beside it.
- Over HTTP there is everything: token, validation, rate limits, Redis lock, cache generations, outbox, compression, the
  log line of each request, and beside it the worker, which hands events over and writes emails as fast as it can. What
  it has not done when a turn ends is taken away, so that it does not slow down the next one.
- Uncached searches are asked of a web server that keeps no answers (SEARCH_CACHE_SECONDS=0).
- CPU per request is what the kernel counted for all threads of each part, by all answers of a turn; the worker's share
  is what it did meanwhile, not all that follows from a request. Clients and pgbench are not in it.
- What the web server costs is Python: Flask, validation, the pool, psycopg2 and JSON; a cached search is one round
  trip to Redis for session, generation and answer. Eight threads per process are there for slow payments and slow
  clients, and hand one interpreter lock round: fewer would answer more per second, and stand still sooner.
- 409 among the other answers: two clients wanted overlapping nights, and one got them.
- PSS counts memory shared between processes by halves and thirds, RSS counts it in full in each.""".splitlines()


if __name__ == "__main__":
    sys.exit(main())
