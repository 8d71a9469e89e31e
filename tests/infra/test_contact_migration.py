"""Orders learn whether they were booked in one call while the version before goes on; and the way back works."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from tests.infra.migrating import Database, before

pytestmark = pytest.mark.slow
AFTER = "0025"
GUEST = "019a0000-0000-7000-8000-000000000001"
WORLD = f"""
INSERT INTO users (id, email, email_key, full_name, role, region)
VALUES ('{GUEST}', 'a@example.com', 'a@example.com', 'Alice', 'guest', 'eu')
"""
# As the version before writes them.
ORDERS = f"""
INSERT INTO orders (id, reference, user_id, channel, property_id, currency, owed)
SELECT gen_random_uuid(), %s || n, '{GUEST}', %s, gen_random_uuid(), 'EUR', 100 FROM generate_series(1, %s) AS n
"""
SAID = "SELECT channel, in_one_call, count(*)::int FROM orders GROUP BY 1, 2 ORDER BY 1, 2"


def tell(database: Database, statement: str, *values: Any) -> list[Any]:
    with closing(database.connect()) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []


def test_every_order_says_whether_it_was_booked_in_one_call_and_forgets_it_again(database: Database) -> None:
    database.stands_at(before(AFTER))
    tell(database, WORLD)
    tell(database, ORDERS, "A", "api", 250)  # more than one portion
    tell(database, ORDERS, "W", "web", 20)
    database.flask("upgrade", AFTER)
    assert tell(database, SAID) == [("api", True, 250), ("web", False, 20)]
    tell(database, ORDERS, "B", "api", 1)  # the version before beside it
    assert tell(database, SAID) == [("api", True, 250), ("api", None, 1), ("web", False, 20)]
    tell(database, "UPDATE orders SET channel = 'api' WHERE channel = 'web'")  # holds of programs, since then
    database.flask("downgrade", before(AFTER))
    assert tell(database, "SELECT channel, count(*)::int FROM orders GROUP BY 1 ORDER BY 1") == [
        ("api", 251),
        ("web", 20),
    ]
