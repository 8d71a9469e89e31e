"""`make bench`: bookings, searches and pages over HTTP, beside pgbench and beside a bare Flask, turn by turn.

python -m bench --rounds 3 --seconds 5 --rooms 10000 --bookings 500000

Everything runs in a copy of its own, which is removed at the end (--keep leaves it). What the columns mean stands in
the file that this writes.
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

from bench import machine, memory, rounds, workload
from bench.clients import measure
from bench.copy_of_its_own import ROOT, Copy, Web, running, take
from bench.filled import FILLED_DAYS, PLACES, Filling, fill
from bench.rounds import Case, Target
from bench.sides import FAR_AHEAD, FEW, MANY, UNCACHED, Sides
from bench.workload import HOT, Window, for_each
from booking.infra import signals


def cases(sides: Sides, product: Web, bare: Web) -> list[Case]:
    """Everything that is measured, in the order of a round. `product` is as it is delivered, `bare` a hello world."""
    rooms, script = sides.filling.rooms, "pgbench, the same statements"
    booked = [
        Case(
            f"bookings, {where}, {clients} clients",
            sides.bookings(clients, among),
            sides.pgbench(sides.booking, clients, among),
            script,
        )
        for clients in (FEW, MANY)
        for where, among in (("any room", rooms), (f"{HOT} rooms", HOT))
    ]
    found = sides.searches(sides.uncached), sides.pgbench(sides.search, FEW, rooms)
    kept = sides.popular(product), sides.same(bare, workload.hello)
    return [
        *booked,
        Case("searches, uncached", *found, script),
        Case("searches, cached", *kept, "Flask hello world"),
        Case("page of a room", sides.same(product, workload.room_page(rooms))),
        Case("page of results", sides.same(product, workload.results_page())),
    ]


def main() -> int:
    """Fill, measure, report. 1 where the data does not agree afterwards."""
    signals.end_by_exception()
    arguments = _arguments(sys.argv[1:])
    began = time.monotonic()
    filling = Filling(arguments.rooms, arguments.bookings)
    take(arguments.home)
    with running(arguments.home, keep=arguments.keep) as copy:
        print(f"{filling.rooms} rooms, {filling.bookings} bookings ...", flush=True)
        fill(copy, filling)
        measured, own, tokens = _rounds(copy, filling, arguments)
        taken = _memory(copy, filling, tokens, arguments.seconds)
        verified = copy.flask("bookings", "verify")
        about = [*machine.described(copy), *_described(arguments), own]
    lines = _report(measured, taken, about, _last_line(verified.stdout + verified.stderr), time.monotonic() - began)
    arguments.results.write_text("\n".join(lines) + "\n")
    print("\n" + "\n".join(lines) + f"\n{verified.stderr}")
    return verified.returncode


def _last_line(told: str) -> str:
    return told.strip().rpartition("\n")[2]


def _rounds(copy: Copy, filling: Filling, arguments: argparse.Namespace) -> tuple[list[Case], str, list[str]]:
    """All rounds; what our own clients cost; and tokens of those who asked."""
    uncached = copy.web("uncached", **UNCACHED, **FAR_AHEAD)
    with uncached as web, copy.web("product") as product, copy.web("hello", "bench.hello:app") as bare:
        sides = Sides(copy, web, filling)
        sides.learn()
        measured = cases(sides, product, bare)
        rounds.run(measured, arguments.rounds, arguments.seconds)
        return measured, _own_cost(sides, bare, arguments.seconds), sides.tokens


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5, help="of one turn")
    parser.add_argument("--rooms", type=int, default=10_000)
    parser.add_argument("--bookings", type=int, default=500_000)
    parser.add_argument("--keep", action="store_true", help="leave the copy, to look into it")
    parser.add_argument("--home", type=Path, default=ROOT / "var" / "bench", help="where the copy lies meanwhile")
    parser.add_argument("--results", type=Path, default=ROOT / "bench" / "RESULTS.md")
    return parser.parse_args(words)


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
    # What the measurements left unsent would keep this worker busy for minutes.
    copy.rows("UPDATE events SET sent_at = now() WHERE sent_at IS NULL")
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
    any_few, hot_few, any_many, hot_many, uncached, cached, *_ = measured
    hot = rounds.ratios(hot_few.measured, any_few.measured)
    hot_of_many = rounds.ratios(hot_many.measured, any_many.measured)
    every = [*hot_few.measured, *hot_many.measured]
    retries = sum(one.retries for one in every) / max(1, sum(one.statuses.get(201, 0) for one in every))
    webs = [one.rss for one in taken[1] if one.name.startswith("web ") and "own" not in one.name]
    return [
        Target(f"bookings over HTTP, {FEW} clients, to pgbench", any_few.ratios, 0.35, 0.50),
        Target("uncached searches to pgbench of their SQL", uncached.ratios, 0.40, 0.60),
        Target("cached searches to Flask hello world", cached.ratios, 0.30, 0.60),
        Target(f"{HOT} hot rooms to any room, {FEW} clients", hot, 0.80),
        Target(f"{HOT} hot rooms to any room, {MANY} clients", hot_of_many, 0.80),
        Target(f"{HOT} hot rooms: retries per booking", [retries], 0.01, at_most=True, form=".2%"),
        Target("bookings given up (5xx)", [sum(one.given_up for one in every)], 0, at_most=True, form=".0f"),
        Target("memory of a web process after the load, MB (RSS)", [max(webs)], 150, at_most=True, form=".0f"),
    ]


def _described(arguments: argparse.Namespace) -> list[str]:
    return [
        f"{arguments.rooms:,} rooms in {PLACES} places (the biggest has a tenth of them), {arguments.bookings:,} paid"
        f" bookings; of the nights of the next {FILLED_DAYS} days 40 % are taken",
        f"medians of {arguments.rounds} rounds of {arguments.seconds:g} s per turn, in brackets the range; ratios are"
        " made within a round",
        f"searches and pages by {FEW} clients; a booking is three nights with an Idempotency-Key of its own; the worker"
        " stands still meanwhile: the outbox is written, not read",
    ]


def _report(
    measured: list[Case], taken: list[list[memory.Taken]], about: list[str], verified: str, took: float
) -> list[str]:
    command = shlex.join(["make", "bench", f"ARGS={' '.join(sys.argv[1:])}"])
    over_http = sum(one.retries for case in measured for one in case.measured)
    by_pgbench = sum(one.retries for case in measured for one in case.compared)
    return [
        "# What was measured",
        "",
        f"`{command}` on {dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC, {took / 60:.1f} minutes.",
        "",
        *(f"- {line}" for line in about),
        "",
        *rounds.table(measured),
        "",
        f"Transactions tried again: {over_http} over HTTP, {by_pgbench} by pgbench.",
        f"`flask bookings verify` afterwards: {verified}",
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
  captured from the server's log, in the same transactions, on other rooms, days and guests: authentication, idempotency
  key, claim, payment, ledger, confirmation, outbox. Before anything is measured, Postgres' own count
  (pg_stat_statements) must show the same calls and rows per booking on both sides.
- Over HTTP there is everything: token, validation, Redis lock, cache generations, outbox; only rate limits and the log
  line of each request (LOG_LEVEL=WARNING) are off. Bookings
  and uncached searches are asked of a web server that keeps neither answers nor sessions (SESSION_CACHE_SECONDS=0), so
  that both sides say the same to Postgres; cached searches and pages of one with the default settings.
- What the web server costs is Python: Flask, validation, the pool, psycopg2 and JSON; a cached search is one round
  trip to Redis for session, generation and answer. Eight threads per process are there for slow payments and slow
  clients, and hand one interpreter lock round: fewer would answer more per second, and stand still sooner.
- 409 among the other answers: two clients wanted overlapping nights, and one got them.
- PSS counts memory shared between processes by halves and thirds, RSS counts it in full in each.""".splitlines()


if __name__ == "__main__":
    sys.exit(main())
