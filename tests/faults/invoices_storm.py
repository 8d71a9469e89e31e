"""Many issue invoices at once while their processes are killed; then no number is missing, and none there twice.

    python -m tests.faults.invoices_storm --orders 10000 --at-once 64 --kills 10

Orders that were paid are put into a database of their own; processes of several threads each claim the deliveries of
their events as the worker does, and issue. One after the other they die by SIGKILL in the middle of it, and another one
takes their place. Exits with 1 where something happened that must not.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg2
from flask import Flask
from sqlalchemy import text

from booking import create_app
from booking.config import Settings
from booking.domain import invoicing
from booking.domain.actors import Actor
from booking.domain.maintenance import verification
from booking.infra.db import Unavailable, db, reading
from booking.infra.embedded import Servers
from tests import databases
from tests.programme import natural, positive

THREADS = 8  # of one process: at 64 at once, 8 processes
HOUSES = 3  # two of one legal entity, so that its series is shared
FILL = """
INSERT INTO properties (id, name, slug, location, address, time_zone, currency, check_in_time, check_out_time,
 legal_name, tax_number) SELECT ('00000000-0000-7000-8000-00000000000' || n)::uuid, 'House ' || n, 'house-' || n,
 'antwerp', '{}', 'Europe/Brussels', 'EUR', '15:00', '11:00', 'Entity ' || n %% 2, 'BE ' || n %% 2
FROM generate_series(1, %(houses)s) n;
INSERT INTO orders (id, reference, contact_name, contact_email, channel, property_id, currency, owed)
SELECT ('00000001-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'R' || n, 'Guest ' || n, 'g@example.com', 'api',
 ('00000000-0000-7000-8000-00000000000' || 1 + n %% %(houses)s)::uuid, 'EUR', 0 FROM generate_series(1, %(orders)s) n;
INSERT INTO bookings (id, order_id, room_id, reference, check_in, check_out, guests, total_price, currency, price_lines,
 policy, location, room_name, property_id, property_name, address, time_zone, check_in_time, check_out_time, status,
 confirmed_at)
SELECT id, id, id, reference, current_date + 9, current_date + 11, 2, 200, 'EUR',
 '[{"kind": "night", "date": "2030-01-01", "amount": "120.00", "rule": "base", "version": 1},
   {"kind": "night", "date": "2030-01-02", "amount": "80.00", "rule": "base", "version": 1}]',
 '{}', 'antwerp', 'Room', property_id, 'House', '{}', 'Europe/Brussels', '15:00', '11:00', 'CONFIRMED',
 now() - interval '1 day' FROM orders;
ANALYZE orders; ANALYZE bookings;
"""
OPEN = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'booking_app' AND xact_start IS NOT NULL"
JUDGED = {
    "missing or twice": """
        SELECT s.issuer_id || ' has ' || count(i.id) || ' of ' || s.last FROM invoice_series s
        JOIN invoices i USING (issuer_id, region, year) GROUP BY s.issuer_id, s.last
        HAVING (count(i.id), count(DISTINCT i.number), min(i.number), max(i.number)) <> (s.last, s.last, 1, s.last)""",
    "not invoiced, or twice": """
        SELECT o.reference || ': ' || count(i.id) FROM orders o LEFT JOIN invoices i ON i.order_id = o.id
        GROUP BY o.id HAVING count(i.id) <> 1 OR max(i.total) <> 200""",
    "without its lines or buyer": """
        SELECT i.reference FROM invoices i WHERE (SELECT count(*) FROM invoice_lines WHERE invoice_id = i.id) <> 2
        OR NOT EXISTS (SELECT FROM invoice_buyers WHERE invoice_id = i.id)""",
}


@dataclass
class Outcome:
    orders: int
    kills: int = 0
    seconds: float = 0.0
    open: int = 0  # transactions of all processes at the moments of the kills
    series: list[tuple[int, int]] = field(default_factory=list)  # issuer, last number
    findings: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        shown = ", ".join(f"1 to {last} of entity {issuer}" for issuer, last in self.series)
        rate = self.orders / self.seconds if self.seconds else 0
        return [
            f"{self.orders} invoices in {self.seconds:.1f} s ({rate:.0f} a second), {self.kills} kills"
            f" with {self.open} transactions open: {shown}",
            *(f"WRONG {finding}" for finding in self.findings),
        ]


def run(orders: int, at_once: int, kills: int, seed: int, servers: Servers, name: str) -> Outcome:
    """The whole story in a database of its own on these servers."""
    databases.make(servers, name)
    environ = {**databases.environ(servers, name, 15), "DB_POOL_SIZE": str(THREADS), "GRANIAN_BLOCKING_THREADS": "2"}
    outcome, chance = Outcome(orders), random.Random(seed)
    with _owner(servers, name) as database, _issuing(environ, at_once) as processes:
        _fill(database, orders)
        began = time.monotonic()
        for process in processes:
            process.begin()
        with closing(servers.postgres.connect()) as superuser:
            superuser.autocommit = True
            _kill(outcome, chance, processes, superuser, database, kills)
        for process in processes:
            process.end()
        outcome.seconds = time.monotonic() - began
        _judge(outcome, environ, database)
    return outcome


class Issuers:
    """A process of several threads that issue invoices until every order has one."""

    def __init__(self, environ: dict[str, str], threads: int) -> None:
        self._environ, self._threads = environ, str(threads)
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        command = [sys.executable, "-m", "tests.faults.invoices_storm", "--issue", self._threads]
        home = Path(__file__).parents[2]
        self._process = subprocess.Popen(command, cwd=home, env={**os.environ, **self._environ})

    def kill(self) -> bool:
        """Whether it was still at work; another one has its place by then."""
        assert self._process is not None
        if self._process.poll() is not None:
            return False
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(10)
        self.begin()
        return True

    def end(self) -> None:
        if self._process is not None:
            assert self._process.wait(600) == 0, "a process that issues invoices broke"

    def remove(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(10)


@contextmanager
def _issuing(environ: dict[str, str], at_once: int) -> Iterator[list[Issuers]]:
    threads = min(THREADS, at_once)
    processes = [Issuers(environ, threads) for _ in range(at_once // threads)]
    try:
        yield processes
    finally:
        for process in processes:
            process.remove()


@contextmanager
def _owner(servers: Servers, name: str) -> Iterator[Any]:
    opened = psycopg2.connect(servers.database_url("booking_owner", name).replace("+psycopg2", ""))
    opened.autocommit = True
    try:
        yield opened
    finally:
        opened.close()


def _fill(database: Any, orders: int) -> None:
    with database.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # no trigger adds up what is put in at once
        cursor.execute(FILL, {"houses": HOUSES, "orders": orders})
        cursor.execute("UPDATE orders SET owed = 200, paid = 200")
        cursor.execute("SET session_replication_role = origin")


def _kill(
    outcome: Outcome, chance: random.Random, processes: list[Issuers], superuser: Any, database: Any, kills: int
) -> None:
    """One after the other, evenly over the invoices that are to be issued: while they are issued."""
    for number in range(kills):
        _wait(database, (number + 1) * outcome.orders // (kills + 2))
        with superuser.cursor() as cursor:
            cursor.execute(OPEN)
            [(before,)] = cursor.fetchall()
        if chance.choice(processes).kill():
            outcome.kills += 1
            outcome.open += before


def _wait(database: Any, issued: int) -> None:
    end = time.monotonic() + 300
    with database.cursor() as cursor:
        while time.monotonic() < end:
            cursor.execute("SELECT coalesce(sum(last), 0) FROM invoice_series")
            if cursor.fetchone()[0] >= issued:
                return
            time.sleep(0.01)
    raise AssertionError(f"after five minutes there are not {issued} invoices")


def _judge(outcome: Outcome, environ: dict[str, str], database: Any) -> None:
    with database.cursor() as cursor:
        for what, query in JUDGED.items():
            cursor.execute(query)
            outcome.findings += [f"{what}: {subject}" for (subject,) in cursor.fetchmany(20)]
        cursor.execute("SELECT issuer_id, last FROM invoice_series ORDER BY issuer_id")
        outcome.series = list(cursor.fetchall())
    if sum(last for _, last in outcome.series) != outcome.orders:
        outcome.findings.append("there are not as many numbers as orders")
    app = create_app(Settings.from_env(environ))
    with app.app_context():
        found = [one for one in verification.verify().findings if one.rule.startswith(("invoice", "credit"))]
        outcome.findings += [f"{one.rule}: {one.subject}" for one in found]
        for engine in db.engines.values():
            engine.dispose()


def issue(threads: int) -> None:
    """What each process does until every order is invoiced: a few of those that are not, as a worker settles them.

    Several take the same ones: whoever comes second finds the invoice.
    """
    app, broken = create_app(Settings.from_env(dict(os.environ))), list[str]()
    running = [threading.Thread(target=_work, args=(app, broken)) for _ in range(threads)]
    for one in running:
        one.start()
    for one in running:
        one.join()
    if broken:
        sys.exit(broken[0])


def _work(app: Flask, broken: list[str]) -> None:
    worker, terms = Actor.system("worker"), invoicing.InvoiceTerms("eu")
    with app.app_context():
        while not broken and (waiting := _not_invoiced()):
            for booking_id in waiting:
                try:
                    invoicing.settle_invoices(worker, booking_id, terms)
                except Unavailable:  # it is among those that are not invoiced, the next time
                    time.sleep(0.05)
                except Exception as error:  # noqa: BLE001 said at the end
                    broken.append(repr(error))


@reading
def _not_invoiced() -> list[uuid.UUID]:
    rows = db.session.execute(
        text("""SELECT b.id FROM bookings b TABLESAMPLE BERNOULLI (20) WHERE NOT EXISTS
        (SELECT FROM invoices i WHERE i.order_id = b.order_id) LIMIT 20""")
    )
    found = [row[0] for row in rows]
    if not found:  # a sample may miss the last ones
        rows = db.session.execute(
            text("""SELECT b.id FROM bookings b WHERE NOT EXISTS
            (SELECT FROM invoices i WHERE i.order_id = b.order_id) LIMIT 20""")
        )
        found = [row[0] for row in rows]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=positive, default=10_000)
    parser.add_argument("--at-once", type=positive, default=64, help="threads, in processes of 8")
    parser.add_argument("--kills", type=natural, default=10)
    parser.add_argument("--seed", type=natural, default=1)
    parser.add_argument("--issue", type=positive, help=argparse.SUPPRESS)  # one of our own processes
    asked = parser.parse_args()
    if asked.issue:
        issue(asked.issue)
        return
    with TemporaryDirectory(prefix="invoices-") as folder:
        servers = Servers(Path(folder), settings={"max_connections": "200"})
        servers.join()
        try:
            outcome = run(asked.orders, asked.at_once, asked.kills, asked.seed, servers, "invoices")
        finally:
            servers.leave()
    print("\n".join(outcome.lines()))
    sys.exit(1 if outcome.findings else 0)


if __name__ == "__main__":
    main()
