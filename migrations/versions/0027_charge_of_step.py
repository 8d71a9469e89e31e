"""which charge the worker began for a step of an order: a guest may pay the rest, too"""

from alembic import op

revision = "0027"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("ALTER TABLE payment_schedule ADD COLUMN IF NOT EXISTS charge_id uuid")


def downgrade() -> None:
    op.drop_column("payment_schedule", "charge_id")
