"""the latest count of a drawer is found by an index, however many there were

By the successor that it has not, so that who closes one drawer is in nobody's way who closes another. The table is as
young as the version.
"""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

INDEXES = {"drawer": ["property_id", "currency", "user_id", "id"], "previous_id": ["previous_id"]}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    for name, columns in INDEXES.items():
        where = sa.text("previous_id IS NOT NULL") if name == "previous_id" else None
        op.create_index(
            f"ix_cash_closings_{name}", "cash_closings", columns, postgresql_where=where, if_not_exists=True
        )


def downgrade() -> None:
    for name in INDEXES:
        op.drop_index(f"ix_cash_closings_{name}", table_name="cash_closings", if_exists=True)
