"""refunds of cancellations that the house has decided otherwise than the policy: how much, by whom, and why"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0044"
down_revision = "0039"
branch_labels = None
depends_on = None


def _decimals(column: str) -> str:
    return f"{column} = round({column}, minor_units(currency))"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "refund_decisions",
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("refund", sa.Numeric(15, 3), nullable=False),
        sa.Column("by_policy", sa.Numeric(15, 3), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("reason", sa.String(255), nullable=False),
        sa.Column("decided_by", sa.String(255), nullable=False),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True),
            nullable=False,
            server_default=sa.text("clock_timestamp()"),
        ),
        sa.PrimaryKeyConstraint("booking_id", name="pk_refund_decisions"),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["bookings.id"], name="fk_refund_decisions_booking_id", ondelete="CASCADE"
        ),
        sa.CheckConstraint(
            "refund >= 0 AND by_policy >= 0 AND refund <> by_policy", name="ck_refund_decisions_amounts_differ"
        ),
        sa.CheckConstraint(
            f"{_decimals('refund')} AND {_decimals('by_policy')}", name="ck_refund_decisions_amounts_decimals"
        ),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="ck_refund_decisions_currency_code"),
        if_not_exists=True,
    )


def downgrade() -> None:
    op.drop_table("refund_decisions")
