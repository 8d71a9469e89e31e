"""a second factor: authenticator apps and recovery codes, and which sign-ins were proved by one"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0028"
branch_labels = None
depends_on = None

INSTANT = postgresql.TIMESTAMP(timezone=True)
NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "authenticators",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.BigInteger()),
        sa.Column("created_at", INSTANT, nullable=False, server_default=NOW),
        sa.Column("confirmed_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_authenticators"),
        sa.UniqueConstraint("user_id", name="uq_authenticators_user_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_authenticators_user_id", ondelete="CASCADE"),
        sa.CheckConstraint(
            "confirmed_at IS NULL OR last_step IS NOT NULL", name="ck_authenticators_confirmed_by_a_code"
        ),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("begins", sa.String(4), nullable=False),
        sa.Column("code_hash", sa.String(255), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False, server_default=NOW),
        sa.Column("used_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_recovery_codes"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_recovery_codes_user_id", ondelete="CASCADE"),
    )
    op.create_index("uq_recovery_codes_user_id_begins", "recovery_codes", ["user_id", "begins"], unique=True)
    op.add_column("sessions", sa.Column("second_factor_at", INSTANT))


def downgrade() -> None:
    op.drop_column("sessions", "second_factor_at")
    op.drop_table("recovery_codes")
    op.drop_table("authenticators")
