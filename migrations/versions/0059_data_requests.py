"""requests of guests for their data: to see it or to have it erased, until when, and what became of them"""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0061"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "data_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("property_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("note", sa.String(255)),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("made_by", sa.String(255), nullable=False),
        sa.Column("settled_by", sa.String(255)),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_data_requests"),
        sa.ForeignKeyConstraint(["booking_id"], ["bookings.id"], name="fk_data_requests_booking_id"),
        sa.CheckConstraint("kind IN ('export', 'erasure')", name="ck_data_requests_kind_known"),
        sa.CheckConstraint("state IN ('open', 'done', 'refused')", name="ck_data_requests_state_known"),
        sa.CheckConstraint("(state = 'open') = (settled_at IS NULL)", name="ck_data_requests_settled"),
        sa.CheckConstraint("due_on > asked_on", name="ck_data_requests_in_order"),
        if_not_exists=True,
    )
    op.create_index(
        "ix_data_requests_open",
        "data_requests",
        ["due_on", "id"],
        postgresql_where=sa.text("state = 'open'"),
        if_not_exists=True,
    )
    op.create_index(
        "uq_data_requests_open_of_booking",
        "data_requests",
        ["booking_id", "kind"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
        if_not_exists=True,
    )
    op.create_index("ix_data_requests_booking_id", "data_requests", ["booking_id"], if_not_exists=True)


def downgrade() -> None:
    op.drop_table("data_requests")
