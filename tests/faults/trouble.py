"""Postgres hangs, is read-only, full or gone: what guests, /health and readiness are told, and how soon.

python -m tests.faults.trouble [--seconds 6]        prints a table; a full disk needs root, for a small tmpfs
"""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import os
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlencode

import psutil

from tests.faults.guests import PASSWORD, Guest, registered, rooms
from tests.faults.line import Line, Reply
from tests.faults.product import Product, eventually, folder

SETTINGS = {
    "RATELIMIT_ENABLED": "false",
    "LOG_LEVEL": "WARNING",
    "SEARCH_CACHE_SECONDS": "0",
    "SESSION_CACHE_SECONDS": "0",
    "WEB_CONCURRENCY": "1",
}
WITHIN = 5.0  # seconds for every answer (the first promise about Postgres in trouble)
SLACK = 1.0  # for a busy machine
QUICK = 2.0  # seconds for /health
BACK_WITHIN = 15.0  # seconds until bookings work again
FULL_DISK = 420  # MB of the small disk
EXPECTED = {200, 201, 402, 409, 503}
BOOKING, SIGN_IN, SEARCH, HEALTH, READY = WHAT = ("booking", "sign-in", "search", "/health", "readiness")


@dataclass
class Seen:
    """What was answered while it lasted."""

    statuses: dict[str, Counter[int]] = field(default_factory=lambda: {what: Counter() for what in WHAT})
    slowest: dict[str, float] = field(default_factory=lambda: dict.fromkeys(WHAT, 0.0))
    without_wait: int = 0  # 503 without Retry-After
    acknowledged: list[str] = field(default_factory=list)  # ids of bookings
    back_after: float = 0.0

    def note(self, what: str, reply: Reply) -> None:
        self.statuses[what][reply.status] += 1
        self.slowest[what] = max(self.slowest[what], reply.seconds)
        self.without_wait += reply.status == 503 and "retry-after" not in reply.headers
        if what == BOOKING and reply.status == 201:
            self.acknowledged.append(str(reply.body["id"]))


class Load:
    """Guests and probes, each asking one thing again and again on a connection of its own while the block runs."""

    def __init__(self, product: Product, guest: Guest, number: int) -> None:
        self.product, self.guest, self.seen = product, guest, Seen()
        self._over, self._turn = threading.Event(), threading.Lock()
        first = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=40 + 60 * number)
        self._stay = {"checkIn": str(first), "checkOut": str(first + dt.timedelta(days=1))}
        days = [first + dt.timedelta(days=day) for day in range(50)]
        free = rooms(guest, str(days[0]), str(days[-1]), 30)
        self._plans = ((room, day, after) for day, after in itertools.pairwise(days) for room in free)
        email = guest.line.ask("GET", "/me").body["email"]
        self._login = {"email": email, "password": PASSWORD}
        asked: list[tuple[str, Callable[[Line], Reply], int]] = [
            (BOOKING, self._book, 6),
            (SIGN_IN, lambda line: line.ask("POST", "/auth/login", self._login), 2),
            (SEARCH, lambda line: line.ask("GET", f"/rooms?{urlencode({'location': 'tel-aviv', **self._stay})}"), 12),
            (HEALTH, lambda line: line.ask("GET", "/health"), 1),
            (READY, lambda line: line.ask("GET", "/health/ready"), 1),
        ]
        self._threads = [
            threading.Thread(target=self._live, args=(what, ask)) for what, ask, times in asked for _ in range(times)
        ]

    def _book(self, line: Line) -> Reply:
        with self._turn:
            room, day, after = next(self._plans)
        wish = {"roomId": room, "checkIn": str(day), "checkOut": str(after), "guests": 1}
        return line.ask("POST", "/bookings", {**wish, "paymentMethodId": "pm_card_visa"})

    def _live(self, what: str, ask: Callable[[Line], Reply]) -> None:
        line = Line(self.product.port, self.guest.line.token)
        while not self._over.is_set():
            self.seen.note(what, ask(line))
            self._over.wait(0.1)

    def __enter__(self) -> Seen:
        for thread in self._threads:
            thread.start()
        return self.seen

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()


# --- the troubles


@contextmanager
def silent(product: Product) -> Iterator[None]:
    """Every process of Postgres is stopped."""
    master = product.process("postgres")
    stopped = [master, *master.children(recursive=True)]
    for process in stopped:
        with suppress(psutil.NoSuchProcess):
            process.suspend()
    try:
        yield
    finally:
        for process in stopped:
            with suppress(psutil.NoSuchProcess):
                process.resume()


@contextmanager
def deaf(product: Product) -> Iterator[None]:
    """Only its master is stopped: who is connected goes on, nobody else gets in."""
    with product.stopped("postgres"):
        yield


@contextmanager
def read_only(product: Product) -> Iterator[None]:
    """As an operator, or a failover, makes it."""

    def make(how: str) -> None:
        connection = product.database()
        with connection.cursor() as cursor:
            cursor.execute("SET default_transaction_read_only = off")
            cursor.execute(f"ALTER SYSTEM {how}")
            cursor.execute("SELECT pg_reload_conf()")
        connection.close()

    make("SET default_transaction_read_only = on")
    try:
        yield
    finally:
        make("RESET default_transaction_read_only")


@contextmanager
def gone(product: Product) -> Iterator[None]:
    """Killed, and not started again as long as it lasts."""
    with product.without("postgres"):
        yield


@contextmanager
def locked(product: Product) -> Iterator[None]:
    """Somebody holds the tables of every request."""
    connection = product.database()
    connection.autocommit = False
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE sessions, rooms, bookings IN ACCESS EXCLUSIVE MODE")
    try:
        yield
    finally:
        connection.rollback()
        connection.close()


@contextmanager
def full(product: Product) -> Iterator[None]:
    """Not a byte is left on the disk that its data is on."""
    ballast = product.home / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for portion in (2**20, 2**12):
            with suppress(OSError):
                while file.write(b"\0" * portion) == portion:
                    pass
    try:
        yield
    finally:
        ballast.unlink()


TROUBLES = {"silent": silent, "deaf": deaf, "read-only": read_only, "locked": locked, "gone": gone}
# Readiness may stay green. Some guests are served meanwhile (deaf). And it tries no table of bookings (locked), on
# purpose: all web processes would see the lock, so a load balancer would take out all of them, and guests would get its
# error page in place of ours (503, Retry-After) and lose what still works. Whoever holds such a lock is somebody who
# changes tables; that lasts seconds, and no other process would fare better.
SELLS_ON = {"locked", "deaf"}


def go_through(product: Product, guest: Guest, name: str, number: int, seconds: float) -> Seen:
    """Let it happen under load, wait until all serves again, and look whether what was acknowledged is there."""
    trouble = TROUBLES.get(name, full)
    with Load(product, guest, number) as seen:
        time.sleep(1)
        for counter in seen.statuses.values():
            counter.clear()
        with trouble(product):
            time.sleep(seconds)
        began = time.monotonic()
        eventually(product.serves, 60)
        seen.back_after = time.monotonic() - began
    return seen


def findings(product: Product, name: str, seen: Seen) -> list[str]:
    """What should not have been."""
    late = [what for what in WHAT if seen.slowest[what] > (QUICK if what == HEALTH else WITHIN) + SLACK]
    odd = [
        f"{what} {status}" for what in WHAT for status in seen.statuses[what] if status not in {200, 201, 402, 409, 503}
    ]
    found = [f"{what} took {seen.slowest[what]:.1f} s" for what in late] + odd
    if set(seen.statuses[HEALTH]) != {200}:
        found.append(f"/health said {dict(seen.statuses[HEALTH])}")
    if name not in SELLS_ON and 503 not in seen.statuses[READY]:
        found.append("readiness stayed green")
    if seen.without_wait:
        found.append(f"{seen.without_wait} times 503 without Retry-After")
    if seen.back_after > BACK_WITHIN:
        found.append(f"back after {seen.back_after:.0f} s")
    return found + _lost(product, seen.acknowledged)


def _lost(product: Product, acknowledged: list[str]) -> list[str]:
    from booking.infra.ids import decode

    connection = product.database()
    with connection.cursor() as cursor:
        cursor.execute("SELECT id::text FROM bookings WHERE status = 'CONFIRMED'")
        there = {row[0] for row in cursor.fetchall()}
    connection.close()
    lost = [name for name in acknowledged if str(decode("booking", name)) not in there]
    return [f"acknowledged and lost: {', '.join(lost)}"] if lost else []


@contextmanager
def copy(*, small_disk: bool = False) -> Iterator[Product]:
    """The product, maybe on a disk of its own that can be filled."""
    product = Product(folder(), **SETTINGS)
    if small_disk:
        product.home.mkdir()
        kind = ["-t", "tmpfs", "-o", f"size={FULL_DISK}m,mode=755", "tmpfs"]
        subprocess.run(["mount", *kind, product.home], check=True)
    try:
        product.fill()
        product.start()
        yield product
    finally:
        product.stop()
        if small_disk:
            subprocess.run(["umount", "-l", product.home], check=True)
        product.remove()


def line(name: str, seen: Seen) -> str:
    told = " ".join(f"{'/'.join(map(str, sorted(seen.statuses[what]))):>11} {seen.slowest[what]:4.1f}" for what in WHAT)
    return f"{name:<10} {told} {seen.back_after:8.1f}"


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--seconds", type=float, default=8.0, help="how long each trouble lasts")
    seconds = given.parse_args().seconds
    print(f"{'':<10} " + " ".join(f"{what:>16}" for what in WHAT) + "    back s   (statuses, slowest answer in s)")
    wrong: list[str] = []

    def tell(product: Product, guest: Guest, name: str, number: int) -> None:
        seen = go_through(product, guest, name, number, seconds)
        print(line(name, seen), flush=True)
        wrong.extend(f"{name}: {what}" for what in findings(product, name, seen))

    with copy() as product:
        guest = registered(product.port, "watcher")
        for number, name in enumerate(TROUBLES):
            tell(product, guest, name, number)
    if os.geteuid() == 0:
        with copy(small_disk=True) as product:
            tell(product, registered(product.port, "watcher"), "full", 0)
    else:
        print("full       skipped: a disk small enough to be filled is mounted by root only")
    print("\n".join(wrong) or "Nothing that should not have been.")
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
