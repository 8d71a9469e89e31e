"""The worker beside the bookings: it runs during a measurement, and brings no work of one into the next."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import psycopg2.errors
import redis

from bench.copy_of_its_own import Copy

NAME = "worker"
PATIENCE = 30.0  # seconds for it to start, and for what it is doing to end
LEADS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
# Events are kept: `flask bookings verify` looks at them.
FORGET = "UPDATE events SET sent_at = now() WHERE sent_at IS NULL", "TRUNCATE deliveries"
BUSY = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'booking_app' AND xact_start IS NOT NULL"


class Worker:
    """One process, stopped and continued: starting it anew would cost seconds of both cores each time."""

    def __init__(self, copy: Copy) -> None:
        self._copy, self._process = copy, psutil.Process(copy.pid(NAME))
        self._queue = redis.Redis.from_url(copy.environ["REDIS_URL"])

    @contextmanager
    def running(self) -> Iterator[None]:
        """It runs, and had nothing left to do when this began."""
        self._forget()
        self._process.resume()
        yield
        self.rest()

    def rest(self) -> None:
        """Stand still, outside of any transaction."""
        until = time.monotonic() + PATIENCE
        while True:
            self._forget()
            time.sleep(0.05)
            self._process.suspend()
            if not self._copy.rows(BUSY)[0][0]:
                return
            self._process.resume()
            _within(until, "The worker's transactions do not end")

    def _forget(self) -> None:
        """What the last measurement left to be done, which would keep it busy for minutes."""
        for key in self._queue.scan_iter("rq:queue:*"):
            self._queue.delete(key)
        until = time.monotonic() + PATIENCE
        while True:
            try:
                for statement in FORGET:
                    self._copy.rows(statement)
            except psycopg2.errors.DeadlockDetected:  # it was at work on them
                _within(until, "The worker's events are not to be had")
            else:
                return


@contextmanager
def working(copy: Copy) -> Iterator[Worker]:
    """The copy's worker, once it does the house's chores."""
    with copy.child(NAME, "worker.py") as child:
        until = time.monotonic() + PATIENCE
        while not copy.rows(LEADS)[0][0]:
            _within(until, f"The worker did not start: see {child.log}")
            time.sleep(0.1)
        worker = Worker(copy)
        worker.rest()
        try:
            yield worker
        finally:
            psutil.Process(copy.pid(NAME)).resume()  # what is stopped cannot end by itself


def _within(until: float, problem: str) -> None:
    if time.monotonic() > until:
        raise SystemExit(f"{problem}.")
