"""what the house lets guests off of what they owe: who, how much, and why"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0029"
down_revision = "0027"
branch_labels = None
depends_on = None


def _decimals(column: str) -> str:
    return f"{column} = round({column}, minor_units(currency))"


RULES = {"waived_not_negative": "waived >= 0", "waived_decimals": _decimals("waived")}
KEEP = """
CREATE OR REPLACE FUNCTION keep_order_waived() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  UPDATE orders SET waived = waived + CASE WHEN NEW.corrects_id IS NULL THEN NEW.amount ELSE -NEW.amount END,
    version = version + 1, updated_at = clock_timestamp() WHERE id = NEW.order_id;
  RETURN NULL;
END $body$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("ALTER TABLE orders ADD COLUMN IF NOT EXISTS waived numeric(15, 3) NOT NULL DEFAULT 0")
    for name, rule in RULES.items():
        # Again after a run that was killed while these were validated: all of this is there then.
        op.execute(
            f"ALTER TABLE orders DROP CONSTRAINT IF EXISTS ck_orders_{name},"
            f" ADD CONSTRAINT ck_orders_{name} CHECK ({rule}) NOT VALID"
        )
    op.create_table(
        "waivers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.Numeric(15, 3), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("reason", sa.String(255), nullable=False),
        sa.Column("recorded_by", sa.String(255), nullable=False),
        sa.Column("corrects_id", sa.Uuid()),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True),
            nullable=False,
            server_default=sa.text("clock_timestamp()"),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_waivers"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_waivers_order_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["corrects_id"], ["waivers.id"], name="fk_waivers_corrects_id", ondelete="CASCADE"),
        sa.UniqueConstraint("corrects_id", name="uq_waivers_corrects_id"),
        sa.CheckConstraint("amount > 0", name="ck_waivers_amount_positive"),
        sa.CheckConstraint(_decimals("amount"), name="ck_waivers_amount_decimals"),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="ck_waivers_currency_code"),
        if_not_exists=True,
    )
    op.create_index("ix_waivers_order_id", "waivers", ["order_id"], if_not_exists=True)
    op.execute(KEEP)
    op.execute(
        "CREATE OR REPLACE TRIGGER waivers_kept AFTER INSERT ON waivers FOR EACH ROW EXECUTE FUNCTION keep_order_waived()"
    )
    with op.get_context().autocommit_block():
        for name in RULES:
            op.execute(f"ALTER TABLE orders VALIDATE CONSTRAINT ck_orders_{name}")


def downgrade() -> None:
    op.drop_table("waivers")
    op.execute("DROP FUNCTION keep_order_waived()")
    op.execute("ALTER TABLE orders DROP COLUMN waived")
