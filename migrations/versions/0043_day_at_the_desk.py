"""the day at the desk costs what the day is, however long the history: stays by their dates, who has left, who owes

`orders.is_owing` is kept by a trigger for orders that staff vouches for; for all others it stays false, so that their
payments write no index. Everything is built beside what goes on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0035"
branch_labels = None
depends_on = None

OWING = "(NEW.owed - NEW.waived > NEW.paid - NEW.refunded - NEW.refunding)"
KEEP = f"""
CREATE OR REPLACE FUNCTION keep_order_owing() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  NEW.is_owing := NEW.guarantee IS NOT NULL AND {OWING};
  RETURN NEW;
END $body$
"""
TRIGGER = (
    "CREATE OR REPLACE TRIGGER orders_owing BEFORE INSERT OR UPDATE ON orders FOR EACH ROW"
    " WHEN (NEW.guarantee IS NOT NULL OR NEW.is_owing) EXECUTE FUNCTION keep_order_owing()"
)
# A portion at a time: whoever pays meanwhile waits for no more than that.
FILL = sa.text("""
WITH portion AS (SELECT id FROM orders WHERE guarantee IS NOT NULL AND id > :after ORDER BY id LIMIT 500),
changed AS (UPDATE orders o SET is_owing = true FROM portion p WHERE o.id = p.id AND NOT o.is_owing
  AND o.owed - o.waived > o.paid - o.refunded - o.refunding)
SELECT id FROM portion ORDER BY id DESC LIMIT 1
""")
NEW = {
    "ix_bookings_property_id_stay": "bookings (property_id, check_in, check_out, id)",
    "ix_bookings_checked_out_at": "bookings (checked_out_at) WHERE checked_out_at IS NOT NULL",
    "ix_orders_owing": "orders (property_id) WHERE is_owing",
}
OLD = {
    "ix_bookings_property_id_check_in": "bookings (property_id, check_in, id)",
    "ix_orders_guaranteed": "orders (id) WHERE guarantee IS NOT NULL",
}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("ALTER TABLE orders ADD COLUMN IF NOT EXISTS is_owing boolean NOT NULL DEFAULT false")
    op.execute(KEEP)
    op.execute(TRIGGER)
    with op.get_context().autocommit_block():
        _fill()
        _replace(OLD, NEW)


def _fill() -> None:
    after = "00000000-0000-0000-0000-000000000000"
    while last := op.get_bind().execute(FILL, {"after": after}).scalar():
        after = last


def _replace(old: dict[str, str], new: dict[str, str]) -> None:
    for name, what in new.items():
        # One that an interrupted run has left is not valid, and would be taken for done.
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {what}")
    for name in old:
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        _replace(NEW, OLD)
    op.execute("DROP TRIGGER IF EXISTS orders_owing ON orders")
    op.execute("DROP FUNCTION IF EXISTS keep_order_owing()")
    op.execute("ALTER TABLE orders DROP COLUMN IF EXISTS is_owing")
