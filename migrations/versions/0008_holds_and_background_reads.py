"""holds that end, and deliveries that were given up, are found without reading history"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

B_TREES = (
    ("ix_bookings_pending", "bookings", "id", sa.text("status = 'PENDING'")),
    ("ix_availability_held", "availability", "held_until", sa.text("held_until < 'infinity'")),
    ("ix_deliveries_given_up", "deliveries", "next_at", sa.text("state = 'failed'")),
)
BRINS = (("ix_bookings_held_until", "bookings"), ("ix_availability_held_until", "availability"))


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name, table, column, where in B_TREES:
            # One that an interrupted run has left is not valid, and would be taken for done.
            op.drop_index(name, table_name=table, postgresql_concurrently=True, if_exists=True)
            op.create_index(
                name, table, [column], postgresql_where=where, postgresql_concurrently=True, if_not_exists=True
            )
        for name, table in BRINS:
            op.drop_index(name, table_name=table, postgresql_concurrently=True, if_exists=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name, table in BRINS:
            op.drop_index(name, table_name=table, postgresql_concurrently=True, if_exists=True)
            op.create_index(
                name, table, ["held_until"], postgresql_using="brin", postgresql_concurrently=True, if_not_exists=True
            )
        for name, table, _, _ in B_TREES:
            op.drop_index(name, table_name=table, postgresql_concurrently=True, if_exists=True)
