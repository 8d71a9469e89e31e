"""a change of email: which of the two mailboxes have confirmed it"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0048"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    asked = sa.Column("asks_old", sa.Boolean(), nullable=False, server_default=sa.text("false"))
    op.add_column("email_changes", asked, if_not_exists=True)
    for name in ("new_confirmed_at", "old_confirmed_at"):
        op.add_column("email_changes", sa.Column(name, postgresql.TIMESTAMP(timezone=True)), if_not_exists=True)


def downgrade() -> None:
    for name in ("asks_old", "new_confirmed_at", "old_confirmed_at"):
        op.drop_column("email_changes", name)
