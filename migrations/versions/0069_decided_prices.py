"""why the house has lowered a price, or refunded another amount than the policy's for a part of a stay"""

from alembic import op

revision = "0069"
down_revision = "0070"
branch_labels = None
depends_on = None

LESS = "ck_booking_changes_only_less_is_decided"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        _briefly("ADD COLUMN IF NOT EXISTS reason varchar(255)")
        _briefly(
            f"DROP CONSTRAINT IF EXISTS {LESS},"
            f" ADD CONSTRAINT {LESS} CHECK (reason IS NULL OR difference <= 0) NOT VALID"
        )
        op.execute(f"ALTER TABLE booking_changes VALIDATE CONSTRAINT {LESS}")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        _briefly(f"DROP CONSTRAINT IF EXISTS {LESS}")
        _briefly("DROP COLUMN IF EXISTS reason")


def _briefly(change: str) -> None:
    op.execute(
        "SET LOCAL lock_timeout = '10s'; LOCK TABLE booking_changes IN SHARE UPDATE EXCLUSIVE MODE;"
        f" SET LOCAL lock_timeout = '100ms'; ALTER TABLE booking_changes {change}"
    )
