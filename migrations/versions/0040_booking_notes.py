"""what staff writes down about a booking, for each other"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0040"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    instant = postgresql.TIMESTAMP(timezone=True)
    op.create_table(
        "booking_notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.String(2000), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("created_at", instant, nullable=False, server_default=sa.text("clock_timestamp()")),
        sa.Column("edited_at", instant),
        sa.PrimaryKeyConstraint("id", name="pk_booking_notes"),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["bookings.id"], name="fk_booking_notes_booking_id", ondelete="CASCADE"
        ),
        sa.CheckConstraint("text <> ''", name="ck_booking_notes_says_something"),
        if_not_exists=True,
    )
    op.create_index("ix_booking_notes_booking_id", "booking_notes", ["booking_id", "id"], if_not_exists=True)


def downgrade() -> None:
    op.drop_table("booking_notes")
