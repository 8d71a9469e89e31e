"""Two guests are never in one room, from the migration on; where two are, it says so and goes on without."""

from __future__ import annotations

import re
import uuid

import pytest
from psycopg2.errors import UniqueViolation

from booking.domain.maintenance import verification
from tests.infra.migrating import INVALID, Database, before
from tests.infra.test_contact_migration import GUEST, WORLD, tell

pytestmark = pytest.mark.slow
AFTER = "0047"
TWO = verification.RULES["room_with_two_in_house"]
IN_HOUSE = f"""
INSERT INTO bookings (id, order_id, user_id, room_id, reference, check_in, check_out, guests, total_price, currency,
  price_lines, policy, location, room_name, property_id, property_name, address, time_zone, check_in_time,
  check_out_time, status, confirmed_at, checked_in_at)
SELECT gen_random_uuid(), gen_random_uuid(), '{GUEST}', %s, %s, '2030-05-01', '2030-05-04', 1, 100, 'EUR', '[]', '{{}}',
  'antwerp', 'Room', gen_random_uuid(), 'House', '{{}}', 'UTC', '15:00', '11:00', 'CONFIRMED', now(), now()
"""
INDEXES = "SELECT indexname FROM pg_indexes WHERE indexname LIKE '%bookings_in_house'"


def test_two_guests_in_one_room_are_said_and_left_alone_until_one_has_left(database: Database) -> None:
    database.stands_at(before(AFTER))
    tell(database, WORLD)
    room = str(uuid.uuid4())
    for reference in ("AAAAAAAA", "BBBBBBBB"):
        tell(database, IN_HOUSE, room, reference)
    process = database.begin("upgrade", AFTER)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert (tell(database, INDEXES), database.scalar(INVALID)) == ([("ix_bookings_in_house",)], 0)
    assert len(tell(database, TWO)) == 1
    [statements] = re.findall(r"as the owner of the database: ([^\"\n]+)", said)
    tell(database, "UPDATE bookings SET checked_out_at = now() WHERE reference = 'AAAAAAAA'")
    for statement in statements.split("; "):
        tell(database, statement.replace("CONCURRENTLY ", ""))  # which is for a house at work
    assert tell(database, INDEXES) == [("uq_bookings_in_house",)]
    with pytest.raises(UniqueViolation):
        tell(database, IN_HOUSE, room, "CCCCCCCC")
    database.flask("downgrade", before(AFTER))
    assert tell(database, INDEXES) == [("ix_bookings_in_house",)]
