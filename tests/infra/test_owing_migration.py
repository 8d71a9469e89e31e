"""Orders that staff vouches for know whether something is due, from the migration on, whoever writes them."""

from __future__ import annotations

import pytest

from tests.infra.migrating import Database, before
from tests.infra.test_contact_migration import GUEST, WORLD, tell

pytestmark = pytest.mark.slow
AFTER = "0043"
# As the version before writes them: what each owes is 100.
ORDERS = f"""
INSERT INTO orders (id, reference, user_id, channel, property_id, currency, owed, paid, guarantee, guaranteed_by,
  guaranteed_at)
SELECT gen_random_uuid(), %s || n, '{GUEST}', 'desk', gen_random_uuid(), 'EUR', 100, %s, how,
  CASE WHEN how IS NOT NULL THEN 'system' END, CASE WHEN how IS NOT NULL THEN now() END
FROM generate_series(1, %s) AS n, (SELECT nullif(%s, '')::text AS how) AS said
"""
SAID = "SELECT left(reference, 1), is_owing, count(*)::int FROM orders GROUP BY 1, 2 ORDER BY 1, 2"


def test_who_owes_is_known_of_old_orders_and_new_ones_and_forgotten_again(database: Database) -> None:
    database.stands_at(before(AFTER))
    tell(database, WORLD)
    tell(database, ORDERS, "D", 40, 1200, "desk")  # more than one portion
    tell(database, ORDERS, "P", 100, 3, "desk")
    tell(database, ORDERS, "W", 0, 3, "")
    database.flask("upgrade", AFTER)
    assert tell(database, SAID) == [("D", True, 1200), ("P", False, 3), ("W", False, 3)]
    # The version before goes on beside it.
    tell(database, ORDERS, "N", 0, 2, "transfer")
    tell(database, "UPDATE orders SET paid = 100 WHERE reference IN ('D1', 'N1')")
    tell(database, "UPDATE orders SET waived = 60 WHERE reference = 'D2'")
    tell(
        database,
        "UPDATE orders SET guarantee = 'desk', guaranteed_by = 'x', guaranteed_at = now() WHERE reference = 'W1'",
    )
    tell(
        database,
        "UPDATE orders SET guarantee = NULL, guaranteed_by = NULL, guaranteed_at = NULL WHERE reference = 'D3'",
    )
    assert tell(database, SAID) == [
        ("D", False, 3),
        ("D", True, 1197),
        ("N", False, 1),
        ("N", True, 1),
        ("P", False, 3),
        ("W", False, 2),
        ("W", True, 1),
    ]
    database.flask("downgrade", before(AFTER))
    assert tell(database, "SELECT count(*)::int FROM orders") == [(1208,)]
    assert tell(database, "SELECT to_regclass('ix_orders_guaranteed') IS NOT NULL") == [(True,)]
