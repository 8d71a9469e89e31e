"""who was asked by email to work at a house"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

OPEN = "accepted_at IS NULL AND withdrawn_at IS NULL"


def _instant(name: str, **more: object) -> sa.Column:
    return sa.Column(name, postgresql.TIMESTAMP(timezone=True), **more)


def upgrade() -> None:
    op.create_table(
        "invitations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(255), nullable=False),
        sa.Column("email_key", sa.String(255), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("property_id", sa.Uuid()),
        sa.Column("invited_by", sa.Uuid(), nullable=False),
        _instant("created_at", nullable=False, server_default=sa.text("clock_timestamp()")),
        _instant("expires_at", nullable=False),
        _instant("accepted_at"),
        _instant("withdrawn_at"),
        sa.PrimaryKeyConstraint("id", name="pk_invitations"),
        sa.ForeignKeyConstraint(["invited_by"], ["users.id"], name="fk_invitations_invited_by", ondelete="CASCADE"),
        sa.CheckConstraint("role IN ('owner', 'manager', 'desk', 'housekeeping')", name="ck_invitations_role_known"),
        sa.CheckConstraint("expires_at > created_at", name="ck_invitations_lasts"),
        sa.CheckConstraint("accepted_at IS NULL OR withdrawn_at IS NULL", name="ck_invitations_ended_once"),
        if_not_exists=True,
    )
    op.create_index("ix_invitations_email_key", "invitations", ["email_key"], if_not_exists=True)
    op.create_index(
        "ix_invitations_open", "invitations", ["property_id"], postgresql_where=sa.text(OPEN), if_not_exists=True
    )


def downgrade() -> None:
    op.drop_table("invitations")
