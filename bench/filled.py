"""Rooms and bookings by the million, made inside Postgres: what the product itself would have written.

Of ten nights in a room about four are taken, from some time ago until `FILLED_DAYS` ahead: the cells of a room's
calendar are seven and eight days long in turn, and each holds one stay of one to five nights. Every booking is
confirmed and paid, so `flask bookings verify` finds nothing. New bookings of a measurement go beyond those days.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from string import Template
from typing import Any

from bench.copy_of_its_own import Copy

TODAY = dt.datetime.now(dt.UTC).date()
PLACES = 100
FILLED_DAYS = 60
FIRST_ROOM = 10_000_001
TABLES = "bookings, availability, payments, simulated_ledger, rooms"
# A version from before there were orders is filled, too, to see how they come.
HAS_ORDERS = "SELECT to_regclass('orders') IS NOT NULL"

# A tenth of all rooms in the first place, the others spread over the rest.
PLACE = "10 + CASE WHEN n % 10 = 0 THEN 0 ELSE n % ($places - 1) + 1 END"
ROOM = f"('00000000-0000-7000-8000-0000' || ({FIRST_ROOM} + n))::uuid"
HOUSE = "('00000000-0000-7000-9000-' || lpad(p::text, 12, '0'))::uuid"
GUEST = "('01890000-0000-7000-a000-' || lpad(to_hex(u), 12, '0'))::uuid"
BOOKING = "('01890000-0000-7000-8000-' || lpad(to_hex(b), 12, '0'))::uuid"
POLICY = '"name": "flexible", "tiers": [{"daysBefore": 1, "percent": 100}]'
LINE = """'{"night": "' || check_in + g || '", "amount": "' || price || '.00", "rule": "base"}'"""
# Spread over everything that a reference can be, as if by lot: 8 of 27 letters.
LETTERS = "23456789BCDFGHJKMNPQRSTVWXZ"
REFERENCE = " || ".join(f"substr('{LETTERS}', 1 + (spread / {27**place} % 27)::int, 1)" for place in range(8))


def noise(seed: int) -> str:
    """SQL for a number from 0 to 2^31 that looks like chance and is the same every time."""
    return f"(hashint8(n * 7919::bigint + i * 104729 + {seed}) & 2147483647)"


ADDRESS = "jsonb_build_object('city', 'Place ' || p, 'country', 'Belgium', 'street', 'Main street ' || p)"
NAME = "'Quiet room ' || n || ' by the park'"
# What was sold, where the tables are new enough to keep it: no trigger fills it here.
SOLD = ", location, room_name, property_id, property_name, address, time_zone, check_in_time, check_out_time"
FROZEN = f", 'place-' || p, {NAME}, {HOUSE}, 'House ' || p, {ADDRESS}, 'Europe/Brussels', '15:00', '11:00'"
HAS_SOLD = "SELECT count(*) FROM information_schema.columns WHERE table_name = 'bookings' AND column_name = 'room_name'"

PROPERTIES = f"""
INSERT INTO properties
  (id, name, slug, location, address, time_zone, currency, check_in_time, check_out_time, legal_name)
SELECT {HOUSE}, 'House ' || p, 'house-' || p, 'place-' || p,
  {ADDRESS}, 'Europe/Brussels', 'EUR', '15:00', '11:00', 'House ' || p || ' Ltd'
FROM generate_series(10, 9 + $places) p"""

ROOMS = f"""
INSERT INTO rooms (id, property_id, name, description, location, currency, capacity, price_per_night, amenities,
  cancellation_policy, published)
SELECT {ROOM}, {HOUSE}, {NAME}, repeat('A bright room with a view over the roofs. ', 8),
  'place-' || p, 'EUR', 1 + n / 3 % 8, 40 + n * 37::bigint % 200, '{{wifi,kitchen,heating,tv}}', '{{{POLICY}}}', true
FROM (SELECT n, {PLACE} AS p FROM generate_series(0, $rooms - 1) n) numbered"""

USERS = f"""
INSERT INTO users (id, email, email_key, full_name, role, region)
SELECT {GUEST}, 'guest-' || u || '@example.com', 'guest-' || u || '@example.com', 'Guest ' || u, 'guest', 'eu'
FROM generate_series(1, $users) u"""

# In the order of time: the bookings of one room lie far apart, as in life.
BOOKINGS = f"""
INSERT INTO bookings (id,$order_id user_id, room_id, reference, check_in, check_out, guests, total_price, currency,
  price_lines, policy, status, confirmed_at, version, created_at, updated_at$sold)
SELECT {BOOKING},$booking {GUEST}, {ROOM}, {REFERENCE},
  check_in, check_in + nights, 1, price * nights, 'EUR',
  ('[' || (SELECT string_agg({LINE}, ',') FROM generate_series(0, nights - 1) g) || ']')::jsonb,
  '{{{POLICY}, "timeZone": "Europe/Brussels", "checkInTime": "15:00"}}', 'CONFIRMED', sold, 3, sold, sold$frozen
FROM (SELECT *, {PLACE} AS p, 40 + n * 37::bigint % 200 AS price, b * 150094635297 % 282429536481 AS spread,
        1 + b * 7919 % $users AS u,
        least(check_in, date '$today' - 2) - make_interval(days => {noise(3)} % 60) AS sold
      FROM (SELECT *, start + {noise(2)} % (8 - nights) AS check_in
            FROM (SELECT n, i, i::bigint * $rooms + n AS b, 1 + {noise(1)} % 5 AS nights,
                    date '$today' + $filled - $per_room * 15 / 2 + i * 15 / 2 + n % 7 AS start
                  FROM generate_series(0, $per_room - 1) i, generate_series(0, $rooms - 1) n) cells
           ) stays) sales"""

NIGHTS = """
INSERT INTO availability (room_id, night, location, state, claim_id, version)
SELECT b.room_id, b.check_in + g, r.location, 'booked', b.id, 3
FROM bookings b JOIN rooms r ON r.id = b.room_id, generate_series(0, b.check_out - b.check_in - 1) g"""

ORDERS = """
INSERT INTO orders (id, reference, user_id, channel, property_id, currency, owed, paid, created_at, updated_at)
SELECT b.id, b.reference, b.user_id, 'web', r.property_id, b.currency, b.total_price, b.total_price, b.created_at,
  b.created_at FROM bookings b JOIN rooms r ON r.id = b.room_id"""

PAYMENTS = """
INSERT INTO payments (id,$order_id booking_id, kind, amount, currency, state, method, provider, provider_reference,
  created_at, updated_at)
SELECT overlay(id::text PLACING '9' FROM 20)::uuid,$payment_order id, 'charge', total_price, currency, 'succeeded',
  'pm_card_visa', 'simulated', 'sim_' || md5(id::text), created_at, created_at FROM bookings"""

LEDGER = """
INSERT INTO simulated_ledger (key, kind, reference, amount, currency)
SELECT id, kind, provider_reference, amount, currency FROM payments"""


@dataclass(frozen=True)
class Filling:
    """How much there is."""

    rooms: int
    bookings: int
    places: int = PLACES


def fill(copy: Copy, filling: Filling) -> None:
    """Exactly so many rooms and places, as many bookings in each room, and nothing else."""
    values: dict[str, Any] = {"rooms": filling.rooms, "places": filling.places, "today": TODAY, "filled": FILLED_DAYS}
    values |= {"per_room": filling.bookings // filling.rooms, "users": max(1000, filling.bookings // 20)}
    with closing(copy.connect()) as connection, connection.cursor() as cursor:
        # As superuser: rows that were made to fit need not be looked up one by one for their foreign keys.
        cursor.execute("SET session_replication_role = replica; SET maintenance_work_mem = '1GB'")
        tables, statements = _tables(cursor, values)
        cursor.execute(HAS_SOLD)
        values |= {"sold": SOLD, "frozen": FROZEN} if cursor.fetchone()[0] else {"sold": "", "frozen": ""}
        cursor.execute("BEGIN")  # with wal_level=minimal, tables emptied in the same transaction need no log
        cursor.execute(f"TRUNCATE users, properties, events, {tables} CASCADE")
        with _without_indexes(cursor, tables):
            for statement in statements:
                cursor.execute(Template(statement).substitute(values))
        cursor.execute("COMMIT")
        cursor.execute("VACUUM (ANALYZE)")
        cursor.execute("CHECKPOINT")


def _tables(cursor: Any, values: dict[str, Any]) -> tuple[str, list[str]]:
    """Which tables are filled anew, and how; `values` for the statements are added to."""
    statements = [PROPERTIES, ROOMS, USERS, BOOKINGS, NIGHTS, PAYMENTS, LEDGER]
    cursor.execute(HAS_ORDERS)
    if not cursor.fetchone()[0]:
        values |= {"order_id": "", "booking": "", "payment_order": ""}
        return TABLES, statements
    values |= {"order_id": " order_id,", "booking": f" {BOOKING},", "payment_order": " id,"}
    return f"{TABLES}, orders", [*statements, ORDERS]


@contextmanager
def _without_indexes(cursor: Any, tables: str) -> Iterator[None]:
    """Indexes are made at the end, all at once: many times quicker than row by row."""
    cursor.execute(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid), i.indrelid::regclass::text, c.conname,"
        " pg_get_constraintdef(c.oid) FROM pg_index i LEFT JOIN pg_constraint c"
        " ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u') WHERE i.indrelid = ANY (%s::regclass[])"
        " AND NOT EXISTS (SELECT FROM pg_constraint f WHERE f.contype = 'f' AND f.conindid = i.indexrelid)",
        [tables.split(", ")],
    )
    found = cursor.fetchall()
    for index, _, table, constraint, _ in found:
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}" if constraint else f"DROP INDEX {index}")
    yield
    for _, definition, table, constraint, rule in found:
        cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {constraint} {rule}" if constraint else definition)
