"""guests who have moved are found by the rooms that they had before: an index of those few bookings"""

from alembic import op

revision = "0071"
down_revision = "0075"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        # One that an interrupted run has left is not valid, and would be taken for done.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_bookings_earlier_rooms")
        op.execute(
            "CREATE INDEX CONCURRENTLY ix_bookings_earlier_rooms ON bookings"
            " USING gin (jsonb_path_query_array(earlier_rooms, '$[*].roomId')) WHERE earlier_rooms IS NOT NULL"
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_bookings_earlier_rooms")
