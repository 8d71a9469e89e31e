"""figures are counted from what a booking has of each month, kept beside the bookings; who wants them by email"""

import sqlalchemy as sa
from alembic import op

revision = "0077"
down_revision = "0076"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "sold_months",
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("room_id", sa.Uuid(), nullable=False),
        sa.Column("property_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(8), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("nights", sa.SmallInteger(), nullable=False),
        sa.Column("revenue", sa.Numeric(15, 3), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True)),
        sa.Column("stay_nights", sa.SmallInteger()),
        sa.Column("lead_days", sa.Integer()),
        sa.Column("kept", sa.Numeric(15, 3)),
        sa.Column("is_missed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("booking_id", "month", "room_id", name="pk_sold_months"),
        sa.CheckConstraint("nights > 0 AND revenue >= 0", name="ck_sold_months_has_nights"),
    )
    op.create_index("ix_sold_months_property_id_month", "sold_months", ["property_id", "month"])
    op.create_table(
        "blocked_months",
        sa.Column("room_id", sa.Uuid(), sa.ForeignKey("rooms.id", name="fk_blocked_months_room_id"), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("nights", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("room_id", "month", name="pk_blocked_months"),
        sa.CheckConstraint("nights > 0", name="ck_blocked_months_has_nights"),
    )
    op.create_table(
        "figures_progress",
        sa.Column("id", sa.SmallInteger(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid()),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_figures_progress"),
        sa.CheckConstraint("id = 1", name="ck_figures_progress_is_one"),
    )
    op.create_table(
        "figures_readers",
        sa.Column(
            "user_id",
            sa.Uuid(),
            sa.ForeignKey("users.id", name="fk_figures_readers_user_id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("told_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_figures_readers"),
    )


def downgrade() -> None:
    for table in ("figures_readers", "figures_progress", "blocked_months", "sold_months"):
        op.drop_table(table)
