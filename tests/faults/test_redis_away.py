"""Redis is a convenience: silent, gone or emptied, guests go on booking and signing in, and no mail is lost."""

from __future__ import annotations

import datetime as dt
import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import redis

from tests import oracle
from tests.faults.guests import PASSWORD, Plan, registered, rooms
from tests.faults.line import Line
from tests.faults.product import eventually, running

pytestmark = [pytest.mark.faults, pytest.mark.programme, pytest.mark.timeout(300)]

BOOKINGS_PER_MINUTE = 60
LIMITS = {
    "LIMIT_PUBLIC": "3000 per minute",
    "LIMIT_USER": "3000 per minute",
    "LIMIT_BOOKINGS": f"{BOOKINGS_PER_MINUTE} per minute",
}
NOT_DELIVERED = """
    SELECT id FROM events WHERE sent_at IS NULL AND type = 'booking.confirmed' UNION ALL
    SELECT event_id FROM deliveries WHERE consumer = 'mail' AND state <> 'done'"""
# A hold of somebody's that is over in a second, made of any booking there is, in an order of its own.
RUNNING_OUT = """
    INSERT INTO bookings SELECT (jsonb_populate_record(b, jsonb_build_object('id', gen_random_uuid(), 'order_id', null,
    'reference', 'HELDHELD', 'status', 'PENDING', 'confirmed_at', null, 'held_until', now() + interval '1 second'))).*
    FROM bookings b WHERE b.status = 'CONFIRMED' LIMIT 1"""


@pytest.fixture(scope="module")
def product() -> Iterator[Any]:
    with running(**LIMITS, LOG_LEVEL="WARNING", SWEEP_SECONDS="2", WEB_CONCURRENCY="1") as product:
        yield product


@pytest.fixture(scope="module")
def guests(product: Any) -> list[Any]:
    return [registered(product.port, f"guest-{number}") for number in range(5)]


@pytest.fixture(scope="module")
def plans(guests: list[Any]) -> Iterator[Plan]:
    """Stays that nobody else wants, one after another."""
    first = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=100)
    free = rooms(guests[0], first.isoformat(), (first + dt.timedelta(days=30)).isoformat(), 40)
    days = [first + dt.timedelta(days=day) for day in range(31)]
    return (Plan(room, str(day), str(after)) for day, after in itertools.pairwise(days) for room in free)


@pytest.fixture
def database(product: Any) -> Iterator[Any]:
    connection = product.database()
    yield connection
    connection.close()


class Load:
    """Four guests book and sign in, calmly, while the block runs."""

    def __init__(self, guests: list[Any], plans: Iterator[Plan]) -> None:
        self.guests, self.plans = guests[:4], plans
        self.seen: Counter[Any] = Counter()
        self.seconds: list[float] = []
        self._over, self._turn = threading.Event(), threading.Lock()
        self._threads = [threading.Thread(target=self._live, args=(guest,)) for guest in self.guests]

    def __enter__(self) -> Any:
        for guest in self.guests:
            guest.log.seen.clear()
            guest.log.seconds.clear()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        for guest in self.guests:
            self.seen += guest.log.seen
            self.seconds += guest.log.seconds

    def _live(self, guest: Any) -> None:
        while not self._over.is_set():
            with self._turn:
                plan = next(self.plans)
            guest.attempt(plan)
            self._sign_in(guest)
            time.sleep(1.2)

    def _sign_in(self, guest: Any) -> None:
        me = Line(guest.line.port, guest.line.token)
        email = me.ask("GET", "/me").body["email"]
        reply = me.ask("POST", "/auth/login", {"email": email, "password": PASSWORD})
        me.hang_up()
        guest.log.seen[f"sign-in {reply.status}"] += 1
        guest.log.seconds.append(reply.seconds)

    def p95(self) -> Any:
        return sorted(self.seconds)[int(len(self.seconds) * 0.95)]


def all_went_well(load: Any) -> None:
    print(dict(load.seen), f"p95 {load.p95():.2f} s of {len(load.seconds)}")
    assert load.p95() < 2
    assert set(load.seen) == {"201", "sign-in 200"}


@pytest.mark.parametrize("how", ["silent", "gone"])
def test_booking_and_signing_in_go_on(
    product: Any, guests: list[Any], plans: Iterator[Plan], database: Any, how: str
) -> None:
    greedy = registered(product.port, f"greedy-{how}")
    away = product.stopped("valkey") if how == "silent" else product.without("valkey")
    with Load(guests, plans) as load:
        time.sleep(1.5)
        with away:
            eventually(lambda: (product.readiness() or {}).get("degraded") == ["redis"], 5)
            holds_expire(database)
            limits_hold(greedy)
            time.sleep(3)
        time.sleep(1.5)
    all_went_well(load)
    every_mail_arrives(product, guests, database)


def holds_expire(database: Any) -> None:
    with database.cursor() as cursor:
        cursor.execute(RUNNING_OUT)
    held = "SELECT status FROM bookings WHERE reference = 'HELDHELD'"
    eventually(lambda: oracle.rows(database, held) == [("EXPIRED",)], 8)
    with database.cursor() as cursor:
        cursor.execute("DELETE FROM bookings WHERE reference = 'HELDHELD'")


def limits_hold(guest: Any) -> None:
    """One who asks far more often than allowed is refused, at the latest when every process has counted the limit."""
    most = BOOKINGS_PER_MINUTE * 2 + 10
    statuses = Counter(guest.line.ask("POST", "/bookings", {}).status for _ in range(most))
    assert set(statuses) == {400, 429}
    assert statuses[429] >= 10


def every_mail_arrives(product: Any, guests: list[Any], database: Any) -> None:
    """And whatever else guests were told is true."""
    eventually(lambda: not oracle.rows(database, NOT_DELIVERED), 60)
    start = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    assert oracle.findings(database, [one for guest in guests for one in guest.log.told]) == []
    assert oracle.mail_findings(database, oracle.mails_in(product.home / "mail"), start) == []


def test_emptying_redis_in_the_middle_of_deliveries_loses_no_mail(
    product: Any, guests: list[Any], plans: Iterator[Plan], database: Any
) -> None:
    with Load(guests, plans) as load, emptied_all_the_time(product):
        for _ in range(10):
            guests[4].attempt(next(plans))
    assert set(load.seen) == {"201", "sign-in 200"}
    every_mail_arrives(product, guests, database)


@contextmanager
def emptied_all_the_time(product: Any) -> Iterator[None]:
    client, over = redis.Redis.from_url(product.redis_url()), threading.Event()

    def empty() -> None:
        while not over.wait(0.01):
            client.flushall()

    thread = threading.Thread(target=empty)
    thread.start()
    yield
    over.set()
    thread.join()
    client.close()
