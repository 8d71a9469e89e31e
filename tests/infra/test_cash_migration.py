"""Cash that was entered before drawers were counted is in none; what comes in later is, whichever version writes it."""

from __future__ import annotations

import pytest

from booking.infra.ids import encode, new_id
from tests.infra.migrating import Database, before
from tests.infra.test_contact_migration import GUEST, tell

pytestmark = pytest.mark.slow
AFTER = "0045"
CLERK = new_id()
WHO = f"staff:{encode('user', CLERK)}"
# As the version before writes them. Rules of other tables are not what this is about.
WORLD = f"""
SET session_replication_role = replica;
INSERT INTO orders (id, reference, user_id, channel, property_id, currency, owed)
VALUES ('{GUEST}', 'A', '{GUEST}', 'desk', '{GUEST}', 'EUR', 100);
RESET session_replication_role"""
ENTERED = f"""
ALTER TABLE payments DISABLE TRIGGER ALL; ALTER TABLE payments ENABLE TRIGGER USER;
INSERT INTO payments (id, order_id, booking_id, kind, purpose, amount, currency, state, method, provider,
  provider_reference, recorded_by, value_date)
SELECT gen_random_uuid(), '{GUEST}', '{GUEST}', 'charge', 'balance', %s, 'EUR', 'succeeded', way, way, '1', %s, now()
FROM (SELECT %s::text AS way) AS said"""
SAID = "SELECT amount::int, user_id::text, before_drawers FROM cash_movements ORDER BY created_at, amount"


def test_what_was_entered_before_is_in_no_drawer_and_the_version_before_goes_on(database: Database) -> None:
    database.stands_at(before(AFTER))
    tell(database, WORLD)
    tell(database, ENTERED, 10, WHO, "desk")
    tell(database, ENTERED, 20, WHO, "transfer")
    database.flask("upgrade", AFTER)
    assert tell(database, SAID) == [(10, str(CLERK), True)]
    tell(database, ENTERED, 30, WHO, "desk")
    tell(database, ENTERED, 40, "system:cli payments received (anna)", "desk")
    tell(database, ENTERED, 50, WHO, "terminal")
    assert tell(database, SAID)[1:] == [(30, str(CLERK), False), (40, None, False)]
    database.flask("downgrade", before(AFTER))
    assert tell(database, "SELECT count(*)::int FROM payments WHERE provider = 'elsewhere' AND method = provider") == [
        (1,)
    ]
    database.flask("upgrade", AFTER)
    assert [row[2] for row in tell(database, SAID)] == [True] * 3
