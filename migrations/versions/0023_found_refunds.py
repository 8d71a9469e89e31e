"""refunds that somebody has made at the provider itself are found there, and marked"""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

BRIEFLY = "SET LOCAL lock_timeout = '10s'; LOCK TABLE payments IN SHARE UPDATE EXCLUSIVE MODE; SET LOCAL lock_timeout = '100ms';"
RULE = "ck_payments_only_refund_is_found"
INDEX = "ix_payments_found"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(f"{BRIEFLY} ALTER TABLE payments ADD COLUMN IF NOT EXISTS found_at timestamptz")
        op.execute(
            f"{BRIEFLY} ALTER TABLE payments DROP CONSTRAINT IF EXISTS {RULE}, ADD CONSTRAINT {RULE}"
            " CHECK (found_at IS NULL OR (kind = 'refund' AND state = 'succeeded')) NOT VALID"
        )
        op.execute(f"ALTER TABLE payments VALIDATE CONSTRAINT {RULE}")
        # What an interrupted run has left is not valid, and would be taken for done.
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")
        op.execute(f"CREATE INDEX CONCURRENTLY {INDEX} ON payments (order_id) WHERE found_at IS NOT NULL")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")
        op.execute(f"{BRIEFLY} ALTER TABLE payments DROP CONSTRAINT IF EXISTS {RULE}, DROP COLUMN IF EXISTS found_at")
