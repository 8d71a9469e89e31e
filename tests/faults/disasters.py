"""What happens to the product in a storm: kill -9 of each of its processes, silence, connections cut inside COMMIT."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle, islice

import psycopg2

from tests.faults.fault_proxy import Shears
from tests.faults.product import BACK_WITHIN, Product, eventually

# Whom a kill meets: Postgres most often, for there it would hurt. "web" is the server that starts the web processes,
# "granian" one of these.
VICTIMS = ("postgres", "web", "valkey", "worker", "granian", "postgres", "worker", "valkey", "granian", "postgres")
STOP, CUT = "stop", "cut"
NAMES = {
    "postgres": "Postgres killed",
    "web": "web server killed",
    "granian": "a web process killed",
    "worker": "worker killed",
    "valkey": "Valkey killed",
    STOP: "a web process silent",
    CUT: "connections cut in COMMIT",
}
SILENCE = 8.0  # seconds: longer than the lock in front of a room lives, and than a transaction may idle

# Holds are the product's shortest, one minute, and the rest of a stay is charged in weeks, again after a day, or after
# minutes where a worker died with it; a storm has no time for that.
SOON = 5  # seconds
RUN_OUT = [
    f"""
    WITH over AS (
        UPDATE {table} SET held_until = now() WHERE {pending} AND held_until > now()
        AND created_at < now() - interval '{SOON} seconds' RETURNING id)
    UPDATE availability SET held_until = now() FROM over WHERE claim_id = over.id AND state = 'held'"""
    for table, pending in (("bookings", "status = 'PENDING'"), ("booking_changes", "state = 'pending'"))
]
# The day stands in the steps of an order and in what was sold: the same instant in both, or nothing is due by it.
FALL_DUE = f"""
    WITH due AS (
        UPDATE payment_schedule SET next_at = now(), due_at = least(due_at, now()), updated_at = clock_timestamp()
        WHERE next_at > now() AND updated_at < now() - interval '{SOON} seconds' RETURNING order_id, due_at)
    UPDATE bookings SET policy = jsonb_set(policy, '{{deposit,balanceDueAt}}', to_jsonb(
        to_char(due.due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')))
    FROM due WHERE bookings.order_id = due.order_id
    AND (policy #>> '{{deposit,balanceDueAt}}')::timestamptz > now()"""

# Whoever opens a page to pay a rest early has half an hour there, and nobody else charges it meanwhile.
LEAVE_THE_PAGE = f"""
    UPDATE payments SET next_at = now() WHERE state = 'awaiting_guest' AND purpose = 'balance' AND next_at > now()
    AND created_at < now() - interval '{SOON} seconds'"""


@dataclass(frozen=True)
class Disaster:
    """`moment`: which share of the storm has passed when it happens."""

    kind: str
    moment: float


def drawn(chance: random.Random, kills: int, stops: int, cuts: int, until: float) -> list[Disaster]:
    """So many of each at random moments, in their order."""
    kinds = [*islice(cycle(VICTIMS), kills), *[STOP] * stops, *[CUT] * cuts]
    chance.shuffle(kinds)
    moments = sorted(chance.uniform(0.03, until) for _ in kinds)
    return [Disaster(kind, moment) for kind, moment in zip(kinds, moments, strict=True)]


def strike(kind: str, product: Product, shears: Shears, chance: random.Random) -> float:
    """Let it happen; the seconds from then (from its end, where it lasts) until everything serves again."""
    time.sleep(chance.uniform(0, 0.3))
    if kind == STOP:
        with product.stopped("granian"):
            time.sleep(SILENCE)
    elif kind == CUT:
        _cut(shears, chance.randint(1, 5))
    else:
        return product.kill(kind)
    began = time.monotonic()
    eventually(product.serves, BACK_WITHIN)
    return time.monotonic() - began


def _cut(shears: Shears, number: int) -> None:
    shears.left = number
    with suppress(AssertionError):  # so few statements that not all were cut
        eventually(lambda: not shears.left, 5)
    shears.left = 0


def hurry(product: Product) -> Iterator[None]:
    """With every step, holds that are some seconds old run out, and what is to be charged later is due."""
    database = None
    while True:
        try:
            database = database or product.database()
            with database.cursor() as cursor:
                for statement in (*RUN_OUT, FALL_DUE, LEAVE_THE_PAGE):
                    cursor.execute(statement)
        except (psycopg2.Error, OSError, ValueError):  # it is being killed
            database = None
        yield
