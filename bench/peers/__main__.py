"""`make bench-peers`: bookings, searches and the last room, of this product, Indico and pretix, turn by turn.

python -m bench.peers --rounds 3 --seconds 6

The peers are installed from PyPI below var/peers, each in an environment of its own, which stays there. Everybody works
on the same Postgres and Valkey, asked by the same clients. Who cannot be started is named, with the reason.
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import shlex
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import machine, mood, rounds, workload
from bench.clients import Make, measure, rush
from bench.copy_of_its_own import ROOT, WORKERS, running, take
from bench.filled import PLACES, Filling, fill
from bench.peers.indico import Indico
from bench.peers.peer import MODES, Peer, PeerError
from bench.peers.pretix import Pretix
from bench.rounds import Case, Side, Target
from bench.sides import FEW, Sides, delivered
from bench.workload import Window
from booking.infra import signals

TOGETHER = 50  # who want the last one at the same time
BOOKED, FOUND = f"bookings, any room, {FEW} clients", "searches, uncached"
AIMS = {"Indico": 8.0, "pretix": 15.0}  # how many times as many bookings


@dataclass
class Found:
    """All that was measured: cases, by who was asked; and of each rush who got it and how long it took."""

    ours: dict[str, Case]
    theirs: dict[tuple[str, str, str], Case]  # by peer, by what was asked, by mode
    last: dict[str, list[tuple[int, float]]]


def main() -> int:
    """Get ready, measure, report. 1 where no peer could be measured."""
    signals.end_by_exception()
    asked = _arguments(sys.argv[1:])
    began = time.monotonic()
    filling = Filling(asked.rooms, asked.bookings)
    take(asked.home)
    left_out: dict[str, str] = {}
    with running(asked.home, keep=False) as copy:
        fill(copy, filling)
        peers = list(ready([Indico(copy), Pretix(copy)], filling, left_out))
        moods = mood.Mood(copy)
        moods.look(asked.seconds)
        with delivered(copy, filling) as sides:
            found = _measure(sides, peers, asked, left_out)
        moods.look(asked.seconds)
        versions = ", ".join(peer.version() for peer in peers)
        about = [
            *machine.described(copy),
            f"peers: {versions or 'none'}",
            *_described(asked),
            mood.told(moods.per_second),
        ]
    command = shlex.join(["make", "bench-peers", f"ARGS={' '.join(sys.argv[1:])}"])
    when = (
        f"`{command}` on {dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC, {(time.monotonic() - began) / 60:.0f} minutes."
    )
    lines = ["# Beside others", "", when, "", *(f"- {line}" for line in about), "", *report(found, left_out)]
    asked.results.write_text("\n".join(lines) + "\n")
    print("\n" + "\n".join(lines))
    return int(not found.theirs)


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6, help="of one turn")
    parser.add_argument("--rooms", type=int, default=10_000, help="ours and Indico's")
    parser.add_argument("--bookings", type=int, default=500_000, help="ours and Indico's; pretix gets a tenth")
    parser.add_argument("--home", type=Path, default=ROOT / "var" / "bench", help="where the copy lies meanwhile")
    parser.add_argument("--results", type=Path, default=ROOT / "bench" / "RESULTS-peers.md")
    return parser.parse_args(words)


def _described(asked: argparse.Namespace) -> list[str]:
    return [
        f"{asked.rooms:,} rooms in {PLACES} places and {asked.bookings:,} bookings, ours and Indico's; pretix has one"
        f" event, 105 products and {asked.bookings // 10:,} orders",
        f"medians of {asked.rounds} rounds of {asked.seconds:g} s per turn, {FEW} clients, in brackets the range;"
        " ratios are made within a round",
        f"peers run under gunicorn with {WORKERS} processes, once one request at a time in each (sync) and once 8"
        " threads in each, without their Celery workers; ours has its worker beside it",
    ]


def ready(peers: Sequence[Peer], filling: Filling, left_out: dict[str, str]) -> Iterator[Peer]:
    """Those that can be measured; why not, of the others."""
    for peer in peers:
        try:
            peer.make_ready(filling)
        except PeerError as error:
            left_out[peer.name] = str(error)
            print(f"{peer.name} is left out: {error}", flush=True)
        else:
            yield peer


def _measure(sides: Sides, peers: list[Peer], asked: argparse.Namespace, left_out: dict[str, str]) -> Found:
    rows = sides.rows()
    ours = {name: Case(f"ours: {name}", rows[name]) for name in (BOOKED, FOUND, "searches, cached")}
    found = Found(ours, {}, {})
    with ExitStack() as serving:
        ports = dict(_serve(peers, serving, left_out))
        for (peer, mode), port in ports.items():
            for what, name, make, wanted in (
                (BOOKED, peer.sells, peer.book, peer.booked),
                (FOUND, peer.finds, peer.search, 200),
            ):
                side = _side(port, make, wanted)
                found.theirs[peer.name, what, mode] = Case(f"{peer.name}: {name}, {mode}", side)
        by_kind = sorted(found.theirs, key=lambda key: key[1])
        cases = [ours[BOOKED], *(found.theirs[key] for key in by_kind if key[1] == BOOKED)]
        cases += [ours[FOUND], ours["searches, cached"], *(found.theirs[key] for key in by_kind if key[1] == FOUND)]
        for case in found.theirs.values():
            case.warm(asked.seconds)  # they take longer until every thread has answered once
        rounds.run(cases, asked.rounds, asked.seconds)
        for number in range(asked.rounds):
            _rush(sides, ports, number, found)
    return found


def _serve(peers: list[Peer], serving: ExitStack, left_out: dict[str, str]) -> Iterator[tuple[tuple[Peer, str], int]]:
    for peer in peers:
        for mode in MODES:
            try:
                yield (peer, mode), serving.enter_context(peer.serve(mode))
            except PeerError as error:
                left_out[f"{peer.name}, {mode}"] = str(error)
                print(f"{peer.name}, {mode}, is left out: {error}", flush=True)


def _side(port: int, make: Make, wanted: int) -> Side:
    return lambda seconds: measure(port, [make] * FEW, seconds, wanted, expected=200)


def _rush(sides: Sides, ports: dict[tuple[Peer, str], int], number: int, found: Found) -> None:
    """Everybody's last one, once; the next `number` is another thing."""
    day = Window(sides.calendar.window(sides.filling.rooms).first, workload.NIGHTS + 1)
    tokens = [sides.tokens[turn % len(sides.tokens)] for turn in range(TOGETHER)]
    wanted = [workload.booking(token, 1, day)(random.Random()) for token in tokens]
    _note(found, "ours", 201, rush(sides.product.port, wanted))
    for turn, ((peer, mode), port) in enumerate(ports.items()):
        sent = [peer.last_one(number * len(ports) + turn)] * TOGETHER
        _note(found, f"{peer.name}, {mode}", peer.booked, rush(port, sent))


def _note(found: Found, who: str, wanted: int, told: tuple[dict[int, int], float]) -> None:
    statuses, last = told
    found.last.setdefault(who, []).append((statuses.get(wanted, 0), last))
    print(f"  the last one, {who:20} {statuses}, after {last:.2f} s", flush=True)


def report(found: Found, left_out: dict[str, str]) -> list[str]:
    """The tables, and how many times as many bookings and searches we answer as each peer in its better mode."""
    cases = [*found.ours.values(), *found.theirs.values()]
    ratios = [_ratio(found, peer, what) for peer in AIMS for what in (BOOKED, FOUND)]
    return [
        *(f"- left out: {who}: {why}" for who, why in left_out.items()),
        *([""] if left_out else []),
        *rounds.table(cases),
        "",
        *rounds.targets([target for target in ratios if target]),
        "",
        f"| the last one, {TOGETHER} at once | got it (1 is right) | last answer after, s |",
        "|---|---|---|",
        *(
            rounds.row(
                [who, ", ".join(str(sold) for sold, _ in rushes), rounds.spread([took for _, took in rushes], ".1f")]
            )
            for who, rushes in found.last.items()
        ),
    ]


def _ratio(found: Found, peer: str, what: str) -> Target | None:
    """Of ours to the peer's better mode."""
    modes = [case for (name, asked, _), case in found.theirs.items() if (name, asked) == (peer, what)]
    if not modes:
        return None
    better = max(modes, key=lambda case: statistics.median(one.per_second for one in case.measured))
    ratios = rounds.ratios(found.ours[what].measured, better.measured)
    limit = AIMS[peer] if what == BOOKED else 1.0
    return Target(f"{found.ours[what].name}, to {better.name}", ratios, limit, form=".1f")


if __name__ == "__main__":
    sys.exit(main())
