"""how far we have looked through what providers have refunded, and what was disputed there"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

INSTANT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "provider_looks",
        sa.Column("provider", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("looked_until", INSTANT, nullable=False),
        sa.Column("next_at", INSTANT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("error", sa.Text()),
        sa.Column("updated_at", INSTANT, nullable=False, server_default=sa.text("clock_timestamp()")),
        sa.PrimaryKeyConstraint("provider", "kind", name="pk_provider_looks"),
        sa.CheckConstraint("kind IN ('refunds', 'disputes')", name="ck_provider_looks_kind_known"),
        sa.CheckConstraint("attempts >= 0", name="ck_provider_looks_attempts_counted"),
    )


def downgrade() -> None:
    op.drop_table("provider_looks")
