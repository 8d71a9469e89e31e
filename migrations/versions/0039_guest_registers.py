"""what guests show at the desk, where the country of the house asks for it: sealed"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0039"
down_revision = "0043"
branch_labels = None
depends_on = None


def _instant(name: str) -> sa.Column:
    now = sa.text("clock_timestamp()")
    return sa.Column(name, postgresql.TIMESTAMP(timezone=True), nullable=False, server_default=now)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "guest_registers",
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("filled", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("recorded_by", sa.String(255), nullable=False),
        _instant("created_at"),
        _instant("updated_at"),
        sa.PrimaryKeyConstraint("booking_id", name="pk_guest_registers"),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["bookings.id"], name="fk_guest_registers_booking_id", ondelete="CASCADE"
        ),
        sa.CheckConstraint("filled >= 0", name="ck_guest_registers_filled_counted"),
        sa.CheckConstraint("version >= 1", name="ck_guest_registers_version_counted"),
        if_not_exists=True,
    )


def downgrade() -> None:
    op.drop_table("guest_registers")
