"""orders keep whom the house is to turn to, and whether they were booked in one call, whatever their channel

So far only orders of one call had the channel "api", and recovery went by that; holds of programs came in as "web". The
version before goes on so, and leaves the new column empty: then the channel says it, as before. Rows from before follow
in portions, each committed by itself.
"""

import time

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0026"
branch_labels = None
depends_on = None

SMALLEST, LARGEST = 100, 4000  # orders of a portion
SECONDS = 0.1  # that a portion should take: so long may somebody wait who changes one of its orders
FIRST = "00000000-0000-0000-0000-000000000000"

COLUMNS = {"contact_arrival_time": "time", "contact_requests": "varchar(1000)", "in_one_call": "boolean"}
RULE = "ck_orders_contact_complete"
COMPLETE = (
    "(contact_name IS NULL) = (contact_email IS NULL) AND (contact_name IS NOT NULL"
    " OR (contact_phone IS NULL AND contact_arrival_time IS NULL AND contact_requests IS NULL))"
)
BRIEFLY = "SET LOCAL lock_timeout = '10s'; LOCK TABLE orders IN SHARE UPDATE EXCLUSIVE MODE; SET LOCAL lock_timeout = '100ms';"
FILL = sa.text(
    "WITH portion AS MATERIALIZED (SELECT id FROM orders WHERE id > :after AND in_one_call IS NULL ORDER BY id"
    " LIMIT :portion FOR NO KEY UPDATE), filled AS ("
    " UPDATE orders AS o SET in_one_call = (o.channel = 'api') FROM portion WHERE o.id = portion.id RETURNING o.id)"
    " SELECT max(id::text)::uuid FROM filled"
)


def upgrade() -> None:
    with op.get_context().autocommit_block():
        added = ", ".join(f"ADD COLUMN IF NOT EXISTS {column} {kind}" for column, kind in COLUMNS.items())
        op.execute(f"{BRIEFLY} ALTER TABLE orders {added}")
        op.execute(
            f"{BRIEFLY} ALTER TABLE orders DROP CONSTRAINT IF EXISTS {RULE},"
            f" ADD CONSTRAINT {RULE} CHECK ({COMPLETE}) NOT VALID"
        )
        op.execute(f"ALTER TABLE orders VALIDATE CONSTRAINT {RULE}")
        _fill()


def _fill() -> None:
    """All orders that do not say it, in the order of time, as many at once as are done in a moment."""
    op.execute("ANALYZE orders (in_one_call)")  # else they are taken for few, and looked for in the whole table
    last, portion = FIRST, SMALLEST
    while last:
        began = time.monotonic()
        last = op.get_bind().scalar(FILL, {"after": last, "portion": portion})
        pace = SECONDS / max(time.monotonic() - began, 0.001)
        portion = max(SMALLEST, min(LARGEST, round(portion * min(pace, 2))))


def downgrade() -> None:
    with op.get_context().autocommit_block():
        # The version before knows holds of programs as "web": by "api" it would give their nights back too early.
        op.execute("UPDATE orders SET channel = 'web' WHERE channel = 'api' AND NOT in_one_call")
        gone = ", ".join(f"DROP COLUMN IF EXISTS {column}" for column in COLUMNS)
        op.execute(f"{BRIEFLY} ALTER TABLE orders DROP CONSTRAINT IF EXISTS {RULE}, {gone}")
