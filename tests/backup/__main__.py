"""`make drill`: guests book while the receiver and Postgres are killed; every moment that was noted comes back exactly.

Then the house goes on from a restored copy: the archive follows it, and what was before can still be had.
"""

from __future__ import annotations

import argparse
import datetime as dt
import secrets
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psutil
from sqlalchemy.exc import SQLAlchemyError

from booking.domain.errors import BookingError
from booking.infra import signals
from booking.infra.db import Unavailable
from booking.infra.embedded import processes
from tests.backup.house import House, restored_bookings
from tests.faults.product import eventually, folder
from tests.programme import positive


@dataclass
class Guests:
    """Book as quickly as they can; what they were told is in `acknowledged`."""

    house: House
    acknowledged: list[str] = field(default_factory=list)
    refused: int = 0
    _done: threading.Event = field(default_factory=threading.Event)
    _calm: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def booking(self) -> Iterator[None]:
        thread = threading.Thread(target=self._book)
        thread.start()
        try:
            yield
        finally:
            self._done.set()
            thread.join()

    @contextmanager
    def pausing(self) -> Iterator[None]:
        """Nobody books meanwhile."""
        with self._calm:
            yield

    def _book(self) -> None:
        while not self._done.is_set():
            with self._calm:
                try:
                    self.acknowledged.append(self.house.book())
                except (BookingError, Unavailable, SQLAlchemyError):  # Postgres has just been killed
                    self.refused += 1
            time.sleep(0.02)


@dataclass(frozen=True)
class Moment:
    at: dt.datetime
    bookings: frozenset[str]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=positive, default=4, help="each: bookings, a kill, a moment to come back to")
    parser.add_argument("--seconds", type=positive, default=5, help="of bookings in each round")
    arguments = parser.parse_args()
    signals.end_by_exception()
    house = House(environ())
    try:
        house.open(valkey=True)
        return report(run(house, arguments.rounds, arguments.seconds))
    finally:
        house.close()


def environ() -> dict[str, str]:
    keys = {"SECRET_KEY": secrets.token_urlsafe(48), "JWT_KEYS": f"now:{secrets.token_urlsafe(48)}"}
    return {"APP_ENV": "development", **keys}


def run(house: House, rounds: int, seconds: int) -> list[str]:
    """What did not hold."""
    wrong, guests = [], Guests(house)
    with guests.booking():
        moments = [moment for number in range(rounds) if (moment := one_round(house, guests, seconds, number))]
    say(f"{len(guests.acknowledged)} bookings acknowledged, {guests.refused} refused while Postgres was away")
    if not moments[-1].bookings >= set(guests.acknowledged[: len(moments[-1].bookings) // 2]):
        wrong.append("an acknowledged booking is not confirmed")
    say(drilled(house, wrong))
    for moment in moments:
        wrong += compared(house, moment)
    return wrong + went_on(house, moments)


def one_round(house: House, guests: Guests, seconds: int, number: int) -> Moment:
    """The receiver is killed in even rounds, Postgres in odd ones; both are started again."""
    with house.receiving() as receiver:
        if number:
            time.sleep(seconds / 2)
            kill(house, receiver.pid) if number % 2 == 0 else kill_postgres(house)
        if number and number % 2 == 0:
            return moment_with_new_receiver(house, guests, seconds)
        time.sleep(seconds)
        return noted(house, guests)


def moment_with_new_receiver(house: House, guests: Guests, seconds: int) -> Moment:
    with house.receiving():
        time.sleep(seconds)
        return noted(house, guests)


def noted(house: House, guests: Guests) -> Moment:
    eventually(lambda: house.run("backup", "list", "--json").stdout.count('"label"'), 60)
    with guests.pausing():
        bookings = frozenset(house.confirmed())
        at = house.archived(seconds=60)
    say(f"{len(bookings)} bookings are in the archive, at {at:%H:%M:%S}")
    return Moment(at, bookings)


def kill(house: House, pid: int) -> None:
    psutil.Process(pid).kill()
    psutil.Process(pid).wait(10)
    say("the receiver was killed")


def kill_postgres(house: House) -> None:
    processes.kill_all(partial(processes.working_in, house.servers.postgres.directory, "postgres"))
    house.servers.mend()
    say("Postgres was killed, and started again")


def drilled(house: House, wrong: list[str]) -> str:
    done = house.run("backup", "drill")
    if done.returncode:
        wrong.append(f"the drill failed: {done.stdout}{done.stderr}")
    return done.stdout.strip()


@contextmanager
def somewhere() -> Iterator[Path]:
    place = folder()
    try:
        yield place / "restored"
    finally:
        shutil.rmtree(place)


def compared(house: House, moment: Moment, *more: str) -> list[str]:
    """What is wrong with the copy as of that moment."""
    with somewhere() as target:
        done = house.run("backup", "restore", "--to", str(target), "--at", moment.at.isoformat(), *more)
        if done.returncode:
            return [f"{moment.at:%H:%M:%S} does not come back: {done.stdout}{done.stderr}"]
        found = restored_bookings(house, target)
    if found != moment.bookings:
        return [f"{moment.at:%H:%M:%S}: {len(found ^ moment.bookings)} bookings too many or too few"]
    say(f"{moment.at:%H:%M:%S} came back exactly, with {len(found)} bookings")
    return []


def went_on(house: House, moments: list[Moment]) -> list[str]:
    """The second moment becomes the present; the archive goes on with it and keeps the other past."""
    before, after = moments[0], moments[-1]
    data = house.servers.postgres.directory
    restored = data.with_name("restored")
    done = house.run("backup", "restore", "--to", str(restored), "--at", before.at.isoformat())
    if done.returncode:
        return [f"no copy to go on with: {done.stdout}{done.stderr}"]
    house.servers.postgres.stop()
    data.rename(data.with_name("lost"))
    restored.rename(data)
    house.servers.mend()
    with house.receiving():
        eventually(lambda: house.run("backup", "list", "--json").stdout.count('"timeline": 2'), 90)
        added = [house.book() for _ in range(5)]
        house.archived(seconds=60)
    wrong: list[str] = []
    say(drilled(house, wrong))
    if house.confirmed() != before.bookings | set(added):
        wrong.append("the house that went on has other bookings than its past and its present")
    return wrong + compared(house, after, "--timeline", "1")


def say(line: str) -> None:
    print(f"  {line}", flush=True)


def report(wrong: list[str]) -> int:
    for line in wrong:
        print(line, file=sys.stderr)
    print("Everything came back." if not wrong else f"{len(wrong)} things did not hold.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
