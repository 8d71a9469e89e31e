"""guests arrive, leave or do not come, and what a departure took is known for as long as it can be undone; rooms are
clean, dirty, inspected or out of order
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

INSTANT = "timestamptz"
COLUMNS = {
    "bookings": {"checked_in_at": INSTANT, "checked_out_at": INSTANT, "no_show_at": INSTANT},
    "booking_changes": {"old_price_lines": "jsonb", "old_policy": "jsonb"},
}
RULES = {
    "only_confirmed_is_there": "checked_in_at IS NULL OR status = 'CONFIRMED'",
    "no_show_is_confirmed": "no_show_at IS NULL OR (status = 'CONFIRMED' AND checked_in_at IS NULL)",
    "left_after_arrival": "checked_out_at IS NULL OR checked_in_at IS NOT NULL",
}
IN_HOUSE = "ix_bookings_in_house"
BRIEFLY = "SET LOCAL lock_timeout = '2s';"


def upgrade() -> None:
    for table, columns in COLUMNS.items():
        added = ", ".join(f"ADD COLUMN IF NOT EXISTS {name} {kind}" for name, kind in columns.items())
        op.execute(f"{BRIEFLY} ALTER TABLE {table} {added}")
    for name, rule in RULES.items():
        # Again after a run that was killed while these were validated: all of this is there then.
        op.execute(
            f"ALTER TABLE bookings DROP CONSTRAINT IF EXISTS ck_bookings_{name},"
            f" ADD CONSTRAINT ck_bookings_{name} CHECK ({rule}) NOT VALID"
        )
    op.create_table(
        "room_statuses",
        sa.Column("room_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("since", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("set_by", sa.String(255), nullable=False),
        sa.Column("block_id", sa.Uuid()),
        sa.Column("before", postgresql.JSONB()),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.PrimaryKeyConstraint("room_id", name="pk_room_statuses"),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name="fk_room_statuses_room_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["block_id"], ["blocks.id"], name="fk_room_statuses_block_id", ondelete="SET NULL"),
        sa.CheckConstraint(
            "status IN ('clean', 'dirty', 'inspected', 'out_of_order')", name="ck_room_statuses_status_known"
        ),
        sa.CheckConstraint(
            "block_id IS NULL OR status = 'out_of_order'", name="ck_room_statuses_only_out_of_order_is_blocked"
        ),
        if_not_exists=True,
    )
    # Blocks are deleted by the thousand when they are pruned: each would look for its room's status.
    op.create_index(
        "ix_room_statuses_block_id",
        "room_statuses",
        ["block_id"],
        postgresql_where=sa.text("block_id IS NOT NULL"),
        if_not_exists=True,
    )
    with op.get_context().autocommit_block():
        for name in RULES:
            op.execute(f"ALTER TABLE bookings VALIDATE CONSTRAINT ck_bookings_{name}")
        # One that a killed run has left half-built is of no use.
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {IN_HOUSE}")
        op.execute(
            f"CREATE INDEX CONCURRENTLY {IN_HOUSE} ON bookings (room_id)"
            " WHERE checked_in_at IS NOT NULL AND checked_out_at IS NULL"
        )


def downgrade() -> None:
    op.drop_table("room_statuses")
    for table, columns in COLUMNS.items():
        op.execute(f"ALTER TABLE {table} {', '.join(f'DROP COLUMN {name}' for name in columns)}")
