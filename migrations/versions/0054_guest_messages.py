"""what a guest and the house write to each other about a booking

The emails about a booking are found with those that bring an answer; the new index is built beside the old one, which
serves until then.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

BEFORE = (
    "'booking.confirmed', 'booking.changed', 'booking.cancelled', 'refund.declined', 'refund.returned',"
    " 'balance.declined', 'email.resent', 'payment.requested'"
)
NOW = f"{BEFORE}, 'message.answered'"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    instant = postgresql.TIMESTAMP(timezone=True)
    op.create_table(
        "guest_messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("property_id", sa.Uuid(), nullable=False),
        sa.Column("author", sa.String(8), nullable=False),
        sa.Column("author_id", sa.Uuid()),
        sa.Column("text", sa.String(4000), nullable=False),
        sa.Column("created_at", instant, nullable=False, server_default=sa.text("clock_timestamp()")),
        sa.Column("settled_at", instant),
        sa.PrimaryKeyConstraint("id", name="pk_guest_messages"),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["bookings.id"], name="fk_guest_messages_booking_id", ondelete="CASCADE"
        ),
        sa.CheckConstraint("author IN ('guest', 'house')", name="ck_guest_messages_author_known"),
        sa.CheckConstraint("text <> ''", name="ck_guest_messages_says_something"),
        sa.CheckConstraint("settled_at IS NULL OR author = 'guest'", name="ck_guest_messages_only_guests_is_settled"),
        if_not_exists=True,
    )
    op.create_index("ix_guest_messages_booking_id", "guest_messages", ["booking_id", "id"], if_not_exists=True)
    op.create_index("ix_guest_messages_property_id", "guest_messages", ["property_id", "id"], if_not_exists=True)
    op.create_index(
        "ix_guest_messages_open",
        "guest_messages",
        ["property_id", "booking_id"],
        postgresql_where=sa.text("author = 'guest' AND settled_at IS NULL"),
        if_not_exists=True,
    )
    _rebuild(NOW)


def downgrade() -> None:
    _rebuild(BEFORE)
    op.drop_table("guest_messages")


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
