"""addresses that take no mail"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INDEX = "ix_users_email_undeliverable"


def upgrade() -> None:
    op.add_column("users", sa.Column("email_undeliverable_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("users", sa.Column("email_undeliverable_code", sa.String(32), nullable=True))
    with op.get_context().autocommit_block():
        # What an attempt that was interrupted left behind is invalid, and in the way.
        op.drop_index(INDEX, table_name="users", if_exists=True, postgresql_concurrently=True)
        op.create_index(
            INDEX,
            "users",
            ["email_undeliverable_at"],
            postgresql_where=sa.text("email_undeliverable_at IS NOT NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    op.drop_index(INDEX, table_name="users")
    op.drop_column("users", "email_undeliverable_code")
    op.drop_column("users", "email_undeliverable_at")
