"""Guests book while everything is killed around them; afterwards all that they were told must be true.

    python -m tests.faults.storm --attempts 5000 --clients 32 --kills 3 --seed 1

Prints what happened as it goes, and exits with 1 where anything does not agree.
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests import oracle
from tests.faults.guests import DECLINED, VISA, Guest, Plan, registered, rooms
from tests.faults.product import Product, eventually, running

ROOMS, NIGHTS, FIRST_DAY = 20, 30, 100
# A mail that a killed worker had in hand is somebody else's when its claim has run out, two minutes later.
MAILED_WITHIN = 60.0
SETTLED = "SELECT id::text, kind, state FROM payments WHERE state IN ('started', 'unknown')"


@dataclass
class Storm:
    """How much of it, and what came of it."""

    attempts: int = 5000
    clients: int = 32
    kills: int = 3  # of each: web, worker, Postgres, Valkey
    seed: int = 1
    calm_after: float = 0.75  # of the attempts
    seconds: float = 0.0
    recovery: list[tuple[str, float]] = field(default_factory=list)
    settled_in: float = 0.0
    mailed_in: float = 0.0
    finals: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        slow = sorted(self.latencies) or [0.0]
        return [
            f"seed {self.seed}: {self.attempts} attempts by {self.clients} clients in {self.seconds:.1f} s",
            f"final answers: {dict(self.finals)}",
            f"all answers: {dict(self.seen)}",
            f"latency: median {slow[len(slow) // 2] * 1000:.0f} ms, p95 {slow[int(len(slow) * 0.95)] * 1000:.0f} ms",
            "serving again after: " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in self.recovery),
            f"payments settled after {self.settled_in:.1f} s, every mail sent after {self.mailed_in:.1f} s",
            f"findings: {len(self.findings)}",
            *self.findings[:50],
        ]


def run(storm: Storm) -> Storm:
    """The whole story on a copy of the product."""
    with running(RATELIMIT_ENABLED="false", LOG_LEVEL="WARNING" if storm.kills == 0 else "INFO") as product:
        guests = [registered(product.port, f"guest-{number}", storm.seed) for number in range(storm.clients)]
        start, began = dt.datetime.now(dt.UTC), time.monotonic()
        _blow(storm, product, guests)
        storm.seconds = time.monotonic() - began
        _calm_down(storm, product, start)
        _judge(storm, product, guests)
    return storm


def _blow(storm: Storm, product: Product, guests: list[Guest]) -> None:
    """All guests at once, each its share; the killer beside them."""
    first = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=FIRST_DAY)
    wanted = rooms(guests[0], first.isoformat(), (first + dt.timedelta(days=NIGHTS)).isoformat(), ROOMS)
    left = iter(range(storm.attempts))
    progress, turn = Counter[str](), threading.Lock()

    def book(guest: Guest) -> None:
        while True:
            with turn:
                if next(left, None) is None:
                    return
                progress["begun"] += 1
            guest.attempt(_plan(guest.chance, wanted, first))

    threads = [threading.Thread(target=book, args=(guest,)) for guest in guests]
    for thread in threads:
        thread.start()
    _kill(storm, product, progress)
    for thread in threads:
        thread.join()


def _plan(chance: random.Random, wanted: list[str], first: dt.date) -> Plan:
    nights = chance.randint(1, 4)
    check_in = first + dt.timedelta(days=chance.randint(0, NIGHTS - nights))
    return Plan(
        chance.choice(wanted),
        check_in.isoformat(),
        (check_in + dt.timedelta(days=nights)).isoformat(),
        DECLINED if chance.random() < 0.05 else VISA,
        cancel=chance.random() < 0.10,
    )


def _kill(storm: Storm, product: Product, progress: Counter[str]) -> None:
    """At random moments, one after another: the next kill comes when all serves again."""
    chance = random.Random(storm.seed)
    victims = ["web", "worker", "postgres", "valkey"] * storm.kills
    chance.shuffle(victims)
    moments = sorted(chance.uniform(0.05, storm.calm_after) * storm.attempts for _ in victims)
    for number, (moment, name) in enumerate(zip(moments, victims, strict=True)):
        eventually(lambda moment=moment: progress["begun"] >= moment, 600)
        time.sleep(chance.uniform(0, 0.2))
        victim = "granian" if name == "web" and number % 2 else name
        seconds = product.kill(victim)
        storm.recovery.append((victim, seconds))
        _say(f"  {progress['begun']} attempts begun: {victim} killed, all serves again after {seconds:.1f} s")


def _calm_down(storm: Storm, product: Product, start: dt.datetime) -> None:
    """Recovery settles what nobody knows, and every mail goes out."""
    database, mails = product.database(), product.home / "mail"
    storm.settled_in = _wait_for_none(storm, lambda: oracle.rows(database, SETTLED), 60)
    storm.mailed_in = _wait_for_none(storm, lambda: oracle.mail_findings(database, mails, start), MAILED_WITHIN)
    database.close()


def _wait_for_none(storm: Storm, look: Callable[[], list[Any]], seconds: float) -> float:
    """Seconds until there is nothing to see any more; what is still there after so many is a finding."""
    began = time.monotonic()
    while (left := look()) and time.monotonic() < began + seconds:
        time.sleep(0.5)
    storm.findings += [f"still so after {seconds:.0f} s: {one}" for one in left]
    return time.monotonic() - began


def _judge(storm: Storm, product: Product, guests: list[Guest]) -> None:
    told = [one for guest in guests for one in guest.told]
    storm.finals = Counter(
        f"{one.status} {one.error}".strip() + (" cancelled" if one.cancelled else "") for one in told
    )
    for guest in guests:
        storm.seen += guest.seen
        storm.latencies += guest.seconds
        storm.findings += guest.odd
    database = product.database()
    storm.findings += oracle.findings(database, told)
    database.close()
    storm.findings += [f"{name} took {seconds:.1f} s" for name, seconds in storm.recovery if seconds > 15]
    verified = product.flask("bookings", "verify")
    _say(f"  flask bookings verify: {verified.stdout.strip()}")
    if verified.returncode:
        storm.findings.append(f"flask bookings verify: {verified.stderr}")
    errors = [line for line in product.log("web") if line.get("event") == "unexpected_error"]
    storm.findings += [f"a fault in the log: {line.get('exception', line)}" for line in errors[:3]]


def _say(sentence: str) -> None:
    print(sentence, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("attempts", 5000), ("clients", 32), ("kills", 3), ("seed", random.randrange(10**6))):
        parser.add_argument(f"--{name}", type=int, default=default)
    storm = run(Storm(**vars(parser.parse_args())))
    _say("\n".join(storm.lines()))
    return 1 if storm.findings else 0


if __name__ == "__main__":
    sys.exit(main())
