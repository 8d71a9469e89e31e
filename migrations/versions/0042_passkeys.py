"""passkeys: keys of devices that sign in without a password, or after it"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0042"
down_revision = "0037"
branch_labels = None
depends_on = None


def _instant(name: str, **more: object) -> sa.Column:
    return sa.Column(name, postgresql.TIMESTAMP(timezone=True), **more)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "passkeys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("transports", postgresql.ARRAY(sa.String(16)), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        _instant("created_at", nullable=False, server_default=sa.text("clock_timestamp()")),
        _instant("last_used_at"),
        _instant("last_challenge_at"),
        sa.PrimaryKeyConstraint("id", name="pk_passkeys"),
        sa.UniqueConstraint("credential_id", name="uq_passkeys_credential_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_passkeys_user_id", ondelete="CASCADE"),
        sa.CheckConstraint("sign_count >= 0", name="ck_passkeys_counted"),
        sa.CheckConstraint(
            "(last_used_at IS NULL) = (last_challenge_at IS NULL)", name="ck_passkeys_used_by_a_challenge"
        ),
        if_not_exists=True,
    )
    op.create_index("ix_passkeys_user_id", "passkeys", ["user_id"], if_not_exists=True)


def downgrade() -> None:
    op.drop_table("passkeys")
