"""what may be forgotten is found without reading what is kept"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_bookings_expired", "bookings", "id", sa.text("status = 'EXPIRED'")),
    ("ix_simulated_ledger_unmoved", "simulated_ledger", "key", sa.text("kind IN ('declined', 'tombstone')")),
)


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name, table, column, where in INDEXES:
            # One that an interrupted run has left is not valid, and would be taken for done.
            op.drop_index(name, table_name=table, postgresql_concurrently=True, if_exists=True)
            op.create_index(name, table, [column], postgresql_where=where, postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name, table, _, _ in INDEXES:
            op.drop_index(name, table_name=table, postgresql_concurrently=True, if_exists=True)
