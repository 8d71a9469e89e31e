"""from which page, command or program an entry of the audit log comes"""

from alembic import op

revision = "0036"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        _briefly("ADD COLUMN IF NOT EXISTS door varchar(160) NOT NULL DEFAULT ''")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        _briefly("DROP COLUMN IF EXISTS door")


def _briefly(change: str) -> None:
    """The default is constant: no row is written, and nobody waits for long."""
    op.execute(f"SET LOCAL lock_timeout = '200ms'; ALTER TABLE audit_log {change}")
