"""payments are found by their reference: an index of those that are not only played"""

from alembic import op

revision = "0064"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        # One that an interrupted run has left is not valid, and would be taken for done.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_payments_reference")
        op.execute(
            "CREATE INDEX CONCURRENTLY ix_payments_reference ON payments (lower(provider_reference))"
            " WHERE provider_reference IS NOT NULL AND provider <> 'simulated'"
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_payments_reference")
