"""Plays a trace: rooms and guests made, shards played by processes, the tables compared with the trace at the end."""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass
from typing import Any

from booking import create_app
from booking.config import Settings
from tests.replay import stage, trace
from tests.replay.player import STEPS, Played, play
from tests.replay.trace import Recorded

LIFTED = {
    "BOOKING_HORIZON_DAYS": "10000",
    "LONGEST_STAY_NIGHTS": "10000",
    "LOG_LEVEL": "ERROR",
    "DB_POOL_SIZE": "2",
}
TOLD_EVERY = 15.0  # seconds


@dataclass
class Replay:
    """The result: what was played, how long each step took, what was not as it should be."""

    bookings: list[Recorded]
    played: list[Played]
    seconds: float
    findings: list[str]

    def lines(self) -> list[str]:
        head = f"{'step':<20}{'count':>9}{'per second':>12}{'p50 ms':>9}{'p95 ms':>9}"
        return [*known_answers(self.bookings), "", head, *map(self._figures, STEPS), "", *self._verdict()]

    def _figures(self, step: str) -> str:
        took = sorted(seconds for shard in self.played for seconds in shard.seconds[step])
        if not took:
            return f"{step:<20}{0:>9}"
        p50, p95 = statistics.median(took), took[int(len(took) * 0.95)]
        return f"{step:<20}{len(took):>9}{len(took) / self.seconds:>12.1f}{p50 * 1000:>9.1f}{p95 * 1000:>9.1f}"

    def _verdict(self) -> list[str]:
        counted = sum(len(took) for shard in self.played for took in shard.seconds.values())
        return [
            f"{counted} steps in {self.seconds:.0f} s with {len(self.played)} processes",
            f"findings: {len(self.findings)}",
            *self.findings[:20],
        ]


def known_answers(bookings: list[Recorded]) -> list[str]:
    """What the trace says should happen."""
    replayable = [booking for booking in bookings if booking.replayable]
    released = sum(booking.released_at is not None for booking in replayable)
    without = [booking for booking in bookings if not booking.nights]
    return [
        f"{len(bookings)} bookings in the trace, {len(without)} without nights,"
        f" {len(bookings) - len(replayable) - len(without)} with nights but without guests",
        f"to be accepted: {len(replayable)} of {len({booking.room for booking in replayable})} rooms;"
        f" to be released: {released}; staying: {len(replayable) - released}",
    ]


def replay(bookings: list[Recorded], environ: dict[str, str], *, processes: int, overlap_every: int) -> Replay:
    """Play all of it in the empty database that `environ` names."""
    wrong = trace.contradictions(bookings)
    environ = environ | LIFTED
    app = create_app(Settings.from_env(environ))
    with app.app_context():
        houses = stage.furnish(bookings, processes)
        parts = trace.shards(trace.operations(bookings), processes)
        began = time.monotonic()
        played = _play(environ, list(zip(houses, parts, strict=True)), overlap_every)
        seconds = time.monotonic() - began
        findings = [finding for shard in played for finding in shard.findings]
        findings += stage.disagreements(bookings, houses[0].rooms)
    return Replay(bookings, played, seconds, [f"the trace: {line}" for line in wrong] + findings)


def _play(environ: dict[str, str], parts: Sequence[tuple[Any, list[Any]]], overlap_every: int) -> list[Played]:
    # Forked processes would share the connections that are open here.
    context = multiprocessing.get_context("spawn")
    done, total = context.Value("L", 0), sum(len(part) for _, part in parts)
    with ProcessPoolExecutor(len(parts), context, _share, (done,)) as pool:
        running = [pool.submit(_play_shard, environ, house, part, overlap_every) for house, part in parts]
        _watch(running, done, total)
        return [shard.result() for shard in running]


def _share(counter: Any) -> None:
    global _done  # noqa: PLW0603 a shared value can only be inherited
    _done = counter


def _play_shard(*arguments: Any) -> Played:
    return play(*arguments, _done)  # type: ignore[call-arg]  # `arguments` are all but the last


_done: Any = None


def _watch(running: list[Future[Played]], done: Any, total: int) -> None:
    began = time.monotonic()
    while wait_for(running, timeout=TOLD_EVERY).not_done:
        seconds = time.monotonic() - began
        print(f"  {done.value} of {total} operations, {done.value / seconds:.0f} per second", flush=True)
