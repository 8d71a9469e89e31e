"""`make migrate-under-load`: the newest migrations while guests book, then the version before beside this one.

python -m bench.migrate_under_load --bookings 2000000 --seconds 60

The version before is checked out beside and serves guests all the time. It must not notice: no booking fails, and
nobody waits for a lock of a migration for longer than 200 ms. Afterwards both versions serve the same guests, who book
with one and cancel or ask again with the other; then `flask bookings verify` must find nothing.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.script import ScriptDirectory

from bench.clients import sign_in
from bench.copy_of_its_own import POSTGRES, ROOT, Copy, running, take
from bench.filled import FILLED_DAYS, TODAY, Filling, fill
from bench.lock_waits import SETTINGS, Waits
from bench.sides import FAR_AHEAD
from bench.workload import API, day, room_id

FIRST = "migrations/versions/0011_actors.py"  # the first migration that the version before does not know
MOST_WAIT = 0.2  # seconds
CANCELLED, ASKED_AGAIN = 0.3, 0.1  # of all bookings
FINE = {201, 409}  # 409: somebody else was there first
# Nights off sale as the version before keeps them: without a claim. Far beyond what guests ask for.
OFF_SALE = f"""
    INSERT INTO availability (room_id, night, location, state, version)
    SELECT r.id, DATE '{TODAY}' + 6000 + w * 7 + g, r.location, 'blocked', 1
    FROM rooms r, generate_series(0, 3) w, generate_series(0, 4) g"""


@dataclass
class Guest:
    """Books, cancels and asks again, at any of `ports`."""

    token: str
    rooms: int
    ports: list[int]
    chance: random.Random
    seen: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    slowest: float = 0.0
    _lines: dict[int, http.client.HTTPConnection] = field(default_factory=dict)

    def live(self, over: threading.Event) -> None:
        while not over.is_set():
            self.step()

    def step(self) -> None:
        """One booking, and perhaps what follows."""
        first, nights = FILLED_DAYS + 30 + self.chance.randrange(4000), self.chance.randint(1, 4)
        order: dict[str, Any] = {"roomId": room_id(self.chance.randrange(self.rooms)), "checkIn": day(first)}
        order |= {"checkOut": day(first + nights), "guests": 1, "paymentMethodId": "pm_card_visa"}
        key = f"{self.chance.getrandbits(96):024x}"
        status, booked = self._ask("book", f"{API}/bookings", FINE, order, key)
        if status == 201 and self.chance.random() < ASKED_AGAIN:
            _, again = self._ask("ask again", f"{API}/bookings", {201}, order, key)
            if again.get("id") != booked["id"]:
                self.failed.append(f"asked again: {again} instead of {booked}")
        if status == 201 and self.chance.random() < CANCELLED:
            self._ask("cancel", f"{API}/bookings/{booked['id']}/cancel", {200}, {}, "")

    def _ask(self, what: str, path: str, fine: set[int], body: dict[str, Any], key: str) -> tuple[int, dict[str, Any]]:
        port = self.chance.choice(self.ports)
        head = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        began = time.monotonic()
        try:
            line = self._lines.setdefault(port, http.client.HTTPConnection("127.0.0.1", port, timeout=30))
            line.request("POST", path, json.dumps(body), head | ({"Idempotency-Key": key} if key else {}))
            answer = line.getresponse()
            status, told = answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._lines.pop(port, None)
            status, told = 0, {"error": repr(error)}
        self.slowest = max(self.slowest, time.monotonic() - began)
        self.seen[f"{what}: {status}"] += 1
        if status not in fine:
            self.failed.append(f"{what}: {status} {told}")
        return status, told


@contextmanager
def booking(guests: list[Guest]) -> Iterator[None]:
    """All of them at once, as long as this lasts."""
    over = threading.Event()
    threads = [threading.Thread(target=guest.live, args=(over,), daemon=True) for guest in guests]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


@dataclass
class Outcome:
    """What was measured. Times in seconds."""

    bookings: int
    took: float
    waits: Waits
    during: Counter[str]
    slowest: float
    beside: Counter[str]
    failed: list[str]
    verified: str

    @property
    def is_good(self) -> bool:
        return not self.failed and self.waits.worst <= MOST_WAIT and "All agree" in self.verified

    def lines(self) -> list[str]:
        return [
            f"migrated {self.bookings:,} bookings in {self.took:.1f} s",
            f"wanted: no wait for a lock over {MOST_WAIT * 1000:.0f} ms, nothing failed",
            *self.waits.lines(),
            f"the version before meanwhile: {_told(self.during)}; slowest answer {self.slowest * 1000:.0f} ms",
            f"both versions side by side: {_told(self.beside)}",
            f"failed: {len(self.failed)}",
            *self.failed[:10],
            f"`flask bookings verify`: {self.verified}",
        ]


def _told(seen: Counter[str]) -> str:
    return ", ".join(f"{what} {number:,}" for what, number in sorted(seen.items())) or "nothing asked"


def run(asked: argparse.Namespace, before: Path) -> Outcome:
    """Fill the version before, migrate under load, then serve with both."""
    filling = Filling(asked.rooms, asked.bookings)
    with running(asked.home, keep=False, settings=POSTGRES | SETTINGS, revision=_newest(before)) as copy:
        if not asked.filled:
            _fill(copy, filling)
        with replace(copy, code=before).web("before", **FAR_AHEAD) as old:
            tokens = [sign_in(old.port, f"client-{number}-{secrets.token_hex(3)}") for number in range(asked.clients)]
            guests = [Guest(token, asked.rooms, [old.port], random.Random(token)) for token in tokens]
            waits = Waits()
            with waits.watched(copy), booking(guests):
                time.sleep(min(2, asked.seconds))
                took = _migrate(copy)
                time.sleep(min(2, asked.seconds))
            during = sum((guest.seen for guest in guests), Counter[str]())
            slowest = max(guest.slowest for guest in guests)
            with copy.web("after", **FAR_AHEAD) as new:
                for guest in guests:
                    guest.ports, guest.seen = [old.port, new.port], Counter()
                with booking(guests):
                    time.sleep(asked.seconds)
            beside = sum((guest.seen for guest in guests), Counter[str]())
        verified = copy.flask("bookings", "verify")
    failed = [one for guest in guests for one in guest.failed]
    told = (verified.stdout + verified.stderr).strip()
    return Outcome(filling.bookings, took, waits, during, slowest, beside, failed, told)


def _fill(copy: Copy, filling: Filling) -> None:
    fill(copy, filling)
    copy.rows(OFF_SALE)


def fill_only(asked: argparse.Namespace, before: Path) -> None:
    """Leave the filled version before in `--home`, for runs with `--filled`."""
    with running(asked.home, keep=True, revision=_newest(before)) as copy:
        _fill(copy, Filling(asked.rooms, asked.bookings))


def _newest(code: Path) -> str:
    """The last migration that this code knows."""
    config = Config()
    config.set_main_option("script_location", str(code / "migrations"))
    return str(ScriptDirectory.from_config(config).get_current_head())


def _migrate(copy: Copy) -> float:
    began = time.monotonic()
    done = copy.flask("db", "upgrade")
    if done.returncode:
        raise SystemExit(done.stderr)
    return time.monotonic() - began


@contextmanager
def checked_out(commit: str, place: Path) -> Iterator[Path]:
    """The product as it was, in a folder; it runs with the packages of this one."""
    place.mkdir(parents=True, exist_ok=True)
    archived = subprocess.run(
        ["git", "archive", commit, "booking", "migrations", "wsgi.py", "worker.py"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    subprocess.run(["tar", "-x"], cwd=place, input=archived.stdout, check=True)
    yield place


def version_before() -> str | None:
    """The last commit without the new migrations; None where the history does not say."""
    with suppress(OSError, subprocess.CalledProcessError):
        added = ["git", "log", "--diff-filter=A", "--format=%H", "--", FIRST]
        found = subprocess.run(added, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
        parent = ["git", "rev-parse", "--verify", "--quiet", f"{found[-1]}^"] if found else ["false"]
        return subprocess.run(parent, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    return None


def main(words: Sequence[str]) -> int:
    """1 where something went wrong, or somebody waited for too long."""
    asked = arguments(words)
    commit = asked.before or version_before()
    if not commit:
        raise SystemExit("The version before is not in git's history here: name its commit with --before.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    take(asked.home)
    if asked.filled:
        subprocess.run(["cp", "-a", f"{asked.filled}/.", asked.home], check=True)  # with the owners of its files
    with checked_out(commit, asked.home / "before") as before:
        if asked.fill_only:
            fill_only(asked, before)
            return 0
        outcome = run(asked, before)
    print("\n".join(outcome.lines()))
    return 0 if outcome.is_good else 1


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bookings", type=int, default=2_000_000)
    parser.add_argument("--rooms", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=60, help="of both versions side by side")
    parser.add_argument("--before", help="the commit of the version before; found in git's history where not given")
    parser.add_argument("--home", type=Path, default=ROOT / "var" / "migrate-under-load", help="where the copy lies")
    parser.add_argument("--fill-only", action="store_true", help="fill --home, keep it, and do no more")
    parser.add_argument("--filled", type=Path, help="a home that was filled so, of as many bookings: it is copied")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
