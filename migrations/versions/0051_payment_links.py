"""the emails about a booking: those with a link to pay by are found with the others

The new index is built beside the old one, which serves until then; its name is taken over in a moment.
"""

from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

BEFORE = (
    "'booking.confirmed', 'booking.changed', 'booking.cancelled', 'refund.declined', 'refund.returned',"
    " 'balance.declined', 'email.resent'"
)
NOW = f"{BEFORE}, 'payment.requested'"


def upgrade() -> None:
    _rebuild(NOW)


def downgrade() -> None:
    _rebuild(BEFORE)


def _rebuild(types: str) -> None:
    with op.get_context().autocommit_block():
        # One that an interrupted run has left is not valid, and would be taken for done.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_events_booking_new")
        op.execute(
            "CREATE INDEX CONCURRENTLY ix_events_booking_new ON events ((payload ->> 'bookingId'))"
            f" WHERE type IN ({types})"
        )
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_events_booking")
        op.execute("ALTER INDEX ix_events_booking_new RENAME TO ix_events_booking")
