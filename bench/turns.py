"""A copy of the commit in whose folder this runs, which measures when it is told to: for `bench.compare`.

Run with that commit's own Python, in its folder, but from this commit's file: of the other commit's bench it uses only
what has been there since c53804f. It fills its copy, says `ready`, and then answers each
line `row seconds` with a number and the answers that it got.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))  # whose bench and product are meant, not those beside this file
sys.path.remove(str(Path(__file__).parent))

from bench import workload
from bench.clients import sign_in
from bench.copy_of_its_own import ROOT, running, take
from bench.filled import Filling, fill
from bench.rounds import Side
from bench.sides import FEW, MANY, UNCACHED, Sides
from bench.workload import HOT

FAR_AHEAD = {"BOOKING_HORIZON_DAYS": "2000000"}


def main(rooms: int, bookings: int, told: Iterable[str]) -> None:
    """Until `told` ends."""
    home, filling = ROOT / "var" / "bench-turns", Filling(rooms, bookings)
    take(home)
    with running(home, keep=False) as copy:
        fill(copy, filling)
        with copy.web("uncached", **{**UNCACHED, **FAR_AHEAD}) as uncached, copy.web("product") as product:
            sides = Sides(copy, uncached, filling)
            sides.tokens = [sign_in(uncached.port, f"client-{number}") for number in range(MANY)]
            rows: dict[str, Side] = {
                **{
                    f"bookings, {where}, {clients} clients": sides.bookings(clients, among)
                    for clients in (FEW, MANY)
                    for where, among in (("any room", rooms), (f"{HOT} rooms", HOT))
                },
                "searches, uncached": sides.searches(uncached),
                "searches, cached": sides.popular(product),
                "page of a room": sides.same(product, workload.room_page(rooms)),
                "page of results": sides.same(product, workload.results_page()),
            }
            print("ready", *rows, sep="\t", flush=True)
            for line in told:
                row, _, seconds = line.strip().rpartition("\t")
                measured = rows[row](float(seconds))
                print(measured.per_second, measured.statuses or "no answer at all", sep="\t", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.stdin)
