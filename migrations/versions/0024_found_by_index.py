"""what staff is to give back, and orders that staff has vouched for, are found without reading all that was ever paid

Both indexes hold few rows, and are built beside what goes on.
"""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_payments_awaiting_staff": "payments (created_at) WHERE state = 'awaiting_staff'",
    "ix_orders_guaranteed": "orders (id) WHERE guarantee IS NOT NULL",
}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name, what in INDEXES.items():
            # One that an interrupted run has left is not valid, and would be taken for done.
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {what}")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name in INDEXES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
