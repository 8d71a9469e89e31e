"""What was sold gets into the bookings that are there already, and into those of the version before beside this one."""

from __future__ import annotations

import uuid
from contextlib import closing
from typing import Any

import psycopg2
import pytest

from tests.infra.migrating import Database

pytestmark = pytest.mark.slow

GUEST, HOUSE, ROOM, OTHER = (f"019a0000-0000-7000-8000-00000000000{number}" for number in (1, 2, 3, 4))
WORLD = f"""
INSERT INTO users (id, email, email_key, full_name, role, region)
VALUES ('{GUEST}', 'a@example.com', 'a@example.com', 'Alice', 'guest', 'eu');
INSERT INTO properties
  (id, name, slug, location, address, time_zone, currency, check_in_time, check_out_time, legal_name)
VALUES ('{HOUSE}', 'House', 'house', 'antwerp', '{{"city": "Antwerp"}}', 'Asia/Tokyo', 'EUR', '12:00', '10:30', 'Ltd');
INSERT INTO rooms (id, property_id, name, kind, location, currency, capacity, price_per_night, cancellation_policy,
  published) SELECT id::uuid, '{HOUSE}', 'Suite', 'Double room', 'antwerp', 'EUR', 2, 100, '{{}}', true
FROM unnest(ARRAY['{ROOM}', '{OTHER}']) AS id;
"""
# As every version before writes one. The zone and the hour of its policy were the property's when it was made.
BOOKED = f"""
INSERT INTO bookings (id, user_id, room_id, reference, check_in, check_out, guests, total_price, currency, price_lines,
  policy, status, confirmed_at)
SELECT gen_random_uuid(), '{GUEST}', '{ROOM}', 'B' || n, date '2031-01-01' + n, date '2031-01-02' + n, 1, 100, 'EUR',
  '[{{"night": "2031-01-01", "amount": "100.00", "rule": "base"}}]',
  '{{"name": "flexible", "tiers": [], "timeZone": "Europe/Brussels", "checkInTime": "15:00"}}', 'CONFIRMED', now()
FROM generate_series(%s, %s) AS n
"""
SOLD = """
SELECT count(*), min(concat_ws('|', location, room_name, room_kind, property_id, property_name, address, time_zone,
  check_in_time, check_out_time)), count(DISTINCT (location, room_name, property_id, address, time_zone)) FROM bookings
"""
EXPECTED = f"antwerp|Suite|Double room|{HOUSE}|House|" + '{"city": "Antwerp"}' + "|Europe/Brussels|15:00:00|10:30:00"
KEY = "SELECT count(*) FROM pg_constraint WHERE conname = 'fk_bookings_room_id' AND convalidated"


def tell(database: Database, statement: str, values: Any = None) -> Any:
    with closing(database.connect()) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone() if cursor.description else None


def before(database: Database) -> None:
    """The tables as the version before has them."""
    database.flask("downgrade", "0013")


def test_what_was_sold_gets_into_every_booking_and_out_again(database: Database) -> None:
    database.stands_at("head")
    before(database)
    tell(database, WORLD)
    tell(database, BOOKED, (1, 450))  # more than one portion
    assert tell(database, KEY) == (1,)
    database.flask("upgrade")
    assert tell(database, KEY) == (0,)
    tell(database, BOOKED, (1001, 1002))
    assert tell(database, SOLD) == (452, EXPECTED, 1)
    database.is_whole()
    before(database)
    assert tell(database, KEY) == (1,)
    assert tell(database, "SELECT count(*), sum(total_price) FROM bookings") == (452, 45200)
    database.flask("upgrade")
    assert tell(database, SOLD) == (452, EXPECTED, 1)


def test_rooms_that_are_booked_stay_and_bookings_of_no_room_are_refused_to_the_version_before(
    database: Database,
) -> None:
    database.stands_at("head")
    tell(database, WORLD)
    tell(database, BOOKED, (1, 1))
    with pytest.raises(psycopg2.errors.ForeignKeyViolation, match="take it off sale instead"):
        tell(database, f"DELETE FROM rooms WHERE id = '{ROOM}'")
    tell(database, f"DELETE FROM rooms WHERE id = '{OTHER}'")
    with pytest.raises(psycopg2.errors.NotNullViolation):
        tell(database, BOOKED.replace(ROOM, str(uuid.uuid4())), (2, 2))
