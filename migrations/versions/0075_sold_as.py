"""bookings and their changes keep what guests see units called: the name of what they bought, whichever unit it is"""

from alembic import op

revision = "0075"
down_revision = "0069"
branch_labels = None
depends_on = None

TABLES = "bookings", "booking_changes"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for table in TABLES:
            _briefly(table, "ADD COLUMN IF NOT EXISTS sold_as varchar(255)")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for table in TABLES:
            _briefly(table, "DROP COLUMN IF EXISTS sold_as")


def _briefly(table: str, change: str) -> None:
    op.execute(
        f"SET LOCAL lock_timeout = '10s'; LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE;"
        f" SET LOCAL lock_timeout = '100ms'; ALTER TABLE {table} {change}"
    )
