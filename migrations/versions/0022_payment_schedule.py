"""orders that are paid in steps: a deposit when they are booked, the rest by a later day; refunds that await staff"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0020"
branch_labels = None
depends_on = None

THREE, NONE = (
    "'BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND'",
    (
        "'BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF'"
    ),
)
DECIMALS = f"amount = round(amount, CASE WHEN currency IN ({NONE}) THEN 0 WHEN currency IN ({THREE}) THEN 3 ELSE 2 END)"
AWAITING = "ix_payments_awaiting_staff"
NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "payment_schedule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("purpose", sa.String(8), nullable=False),
        sa.Column("amount", sa.Numeric(15, 3)),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("due_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("next_at", postgresql.TIMESTAMP(timezone=True)),
        sa.Column("told_at", postgresql.TIMESTAMP(timezone=True)),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False, server_default=NOW),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False, server_default=NOW),
        sa.PrimaryKeyConstraint("id", name="pk_payment_schedule"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_payment_schedule_order_id", ondelete="CASCADE"),
        sa.UniqueConstraint("order_id", "position", name="uq_payment_schedule_order_id_position"),
        sa.CheckConstraint("purpose IN ('deposit', 'balance')", name="ck_payment_schedule_purpose_known"),
        sa.CheckConstraint("(purpose = 'balance') = (amount IS NULL)", name="ck_payment_schedule_balance_is_the_rest"),
        sa.CheckConstraint("amount > 0", name="ck_payment_schedule_amount_positive"),
        sa.CheckConstraint(DECIMALS, name="ck_payment_schedule_amount_decimals"),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="ck_payment_schedule_currency_code"),
        sa.CheckConstraint("position >= 0", name="ck_payment_schedule_position_counted"),
        sa.CheckConstraint("attempts >= 0", name="ck_payment_schedule_attempts_counted"),
        sa.CheckConstraint(
            "next_at IS NULL OR purpose = 'balance'", name="ck_payment_schedule_only_balance_is_charged"
        ),
    )
    op.create_index(
        "ix_payment_schedule_due", "payment_schedule", ["next_at"], postgresql_where=sa.text("next_at IS NOT NULL")
    )
    with op.get_context().autocommit_block():
        # What an interrupted run has left is not valid, and would be taken for done.
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {AWAITING}")
        op.execute(f"CREATE INDEX CONCURRENTLY {AWAITING} ON payments (created_at) WHERE state = 'awaiting_staff'")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {AWAITING}")
    op.drop_table("payment_schedule")
