"""bookings of guests without an account: the order has whom to turn to"""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("ALTER TABLE bookings ALTER COLUMN user_id DROP NOT NULL")


def downgrade() -> None:
    """Refused by Postgres once there are such bookings: the version before has no guest to show them to."""
    op.execute("ALTER TABLE bookings ALTER COLUMN user_id SET NOT NULL")
