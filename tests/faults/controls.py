"""Each guard switched off, alone and with others: what then goes wrong, and what does not.

    python -m tests.faults.controls --attempts 1000

Prints a table; exits with 1 where it is not as expected.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from flask import Flask

from booking import create_app
from booking.config import Settings
from booking.domain import catalogue, inventory
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Room
from booking.infra import signals
from booking.infra.embedded import Servers
from tests.cast import SYSTEM, a_room, beside, person
from tests.faults.guards import (
    GUARDS,
    KEY,
    LOCK,
    ONE_ANSWER,
    ONE_CODE,
    ONE_COUNT,
    ONE_PAYMENT,
    PARTS,
    PIN,
    RETRY,
    ROW_LOCK,
    SERIALIZABLE,
    SUMS,
    VERSION,
)
from tests.faults.product import folder
from tests.faults.scenes import (
    ANSWERS,
    ERRORS,
    GAVE_UP,
    LOST,
    MONEY,
    OVERUSED,
    RETRIES,
    SOLD_TWICE,
    WRONG,
    Count,
    Stage,
    play,
)
from tests.programme import positive

ALL = tuple(GUARDS)

# Which guards are off -> what goes wrong then; anything else must not. The one place that says so.
EXPECTED: dict[tuple[str, ...], set[str]] = {
    (): set(),
    (LOCK,): set(),
    (KEY,): set(),
    (SERIALIZABLE,): set(),
    (RETRY,): set(),
    (KEY, SERIALIZABLE): {SOLD_TWICE},  # the lock keeps crowds away; it is no guard
    (LOCK, KEY): set(),
    (LOCK, SERIALIZABLE): set(),
    (LOCK, RETRY): set(),
    (LOCK, KEY, SERIALIZABLE): {SOLD_TWICE},
    # What is waived goes by the order's row; beneath it Postgres refuses more than is due, and nobody expects that.
    (ROW_LOCK,): {ERRORS},
    (VERSION,): set(),
    (PIN,): set(),
    (ONE_PAYMENT,): set(),
    (SUMS,): set(),
    # Operators who send a declined refund again change no booking; the order refuses, and nobody expects that.
    (ROW_LOCK, ONE_PAYMENT): {ERRORS},
    (ROW_LOCK, ONE_PAYMENT, SUMS): {MONEY},
    (ROW_LOCK, VERSION): set(),  # a second refund is more than was paid
    (ROW_LOCK, VERSION, SUMS): {ERRORS},  # the database refuses a second refund, and nobody expects that
    (ROW_LOCK, VERSION, ONE_PAYMENT): {ERRORS},
    (ROW_LOCK, VERSION, ONE_PAYMENT, SUMS): {MONEY},
    (ROW_LOCK, VERSION, PIN, ONE_PAYMENT, SUMS): {MONEY},
    (ONE_ANSWER,): {ANSWERS},
    (ONE_COUNT,): set(),
    (SERIALIZABLE, ONE_COUNT): {MONEY},
    (PARTS,): {SOLD_TWICE},  # to somebody the whole, to somebody else a bed in it
    (ONE_CODE,): {OVERUSED},
    ALL: {SOLD_TWICE, MONEY, ANSWERS, OVERUSED},
}
# What may come along: a stale booking written over a newer one; money taken beside a waiver, which only the order's row
# keeps apart.
POSSIBLE: dict[tuple[str, ...], set[str]] = {
    (ROW_LOCK,): {MONEY},
    (ROW_LOCK, ONE_PAYMENT): {MONEY},
    (ROW_LOCK, ONE_PAYMENT, SUMS): {ERRORS},
    (ROW_LOCK, VERSION): {LOST, MONEY, ERRORS},
    (ROW_LOCK, VERSION, SUMS): {LOST, MONEY},
    (ROW_LOCK, VERSION, ONE_PAYMENT): {LOST, MONEY},
    (ROW_LOCK, VERSION, ONE_PAYMENT, SUMS): {LOST, ERRORS},
    (ROW_LOCK, VERSION, PIN, ONE_PAYMENT, SUMS): {LOST, ERRORS},
    ALL: {LOST, ERRORS},
}


def stage_for(app: Flask, owner_url: str, desk: BookingContext, rooms: int) -> Stage:
    guests = [person(f"guest-{number}") for number in range(8)]
    # Guests who hold as many rooms as they like: the guards are tried, not the house rule.
    eager = replace(desk, holds_per_guest=1_000_000)
    return Stage(app, owner_url, eager, guests, [a_room() for _ in range(rooms)], *_dorms())


def _dorms() -> tuple[Room, list[Room]]:
    """One of two dorms that are alike, and the bed in each."""
    dorm = a_room()
    dorms = catalogue.make_units(SYSTEM, dorm.id, ["Dorm 1", "Dorm 2"]).units
    beds = [beside(one, f"Bed in {one.name}", 30) for one in dorms]
    for one, bed in zip(dorms, beds, strict=True):
        inventory.link_rooms(SYSTEM, one.id, [bed.id])
    return dorm, beds


def surprises(off: tuple[str, ...], wrong: set[str]) -> list[str]:
    """What is not as expected, as sentences."""
    expected = EXPECTED[off]
    possible = expected | POSSIBLE.get(off, set())
    unexpected = [f"{name(off)}: {what}, which was not expected" for what in sorted(wrong - possible)]
    return unexpected + [f"{name(off)}: no {what}, which was expected" for what in sorted(expected - wrong)]


def name(off: tuple[str, ...]) -> str:
    return "all of them" if off == ALL else " + ".join(off) or "none"


COLUMNS = (*WRONG, RETRIES, GAVE_UP)
HEAD = f"{'guards off':<72}{'attempts':>9}" + "".join(f"{column:>13}" for column in COLUMNS)


def line(off: tuple[str, ...], count: Count) -> str:
    return f"{name(off):<72}{count.attempts:>9}" + "".join(f"{count.times[column]:>13}" for column in COLUMNS)


@contextmanager
def own_application() -> Iterator[tuple[Flask, str]]:
    """On servers of its own, in a folder that is gone afterwards; and the URL of the database's owner."""
    home = folder()
    servers = Servers(home, settings={"fsync": "off"})
    try:
        servers.join()
        urls, keys = servers.urls(), servers.keys
        secrets = {"SECRET_KEY": keys.secret_key, "JWT_KEYS": f"now:{keys.jwt}", "APP_ENV": "development"}
        app = create_app(Settings.from_env({**urls, **secrets, "LOG_LEVEL": "ERROR", "DB_POOL_SIZE": "48"}))
        assert app.test_cli_runner().invoke(args=["db", "upgrade"]).exit_code == 0
        with app.app_context():
            yield app, urls["MIGRATION_DATABASE_URL"]
    finally:
        servers.leave()
        shutil.rmtree(servers.postgres.directory, ignore_errors=True)
        shutil.rmtree(home)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attempts", type=positive, default=1000, help="per line; a few may not show what goes wrong")
    attempts, found = parser.parse_args().attempts, list[str]()
    signals.end_by_exception()
    with own_application() as (app, owner_url):
        stage = stage_for(app, owner_url, app.extensions["services"].booking_context, max(20, attempts // 50))
        print(HEAD, flush=True)
        for off in EXPECTED:
            count = play(stage, off, attempts)
            print(line(off, count), flush=True)
            found += surprises(off, count.wrong())
    print("\n" + ("\n".join(found) or "As expected."))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
