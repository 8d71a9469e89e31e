"""payments are recovered one by one: how often and when; a refund names its charge, and why it was declined"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('started', 'unknown')")
DECLINED_REFUND = sa.text("kind = 'refund' AND state = 'failed'")
CONSTRAINTS = {
    "ck_payments_attempts_counted": "CHECK (attempts >= 0)",
    "ck_payments_only_refund_has_charge": "CHECK (charge_id IS NULL OR kind = 'refund')",
    "fk_payments_charge_id": "FOREIGN KEY (charge_id) REFERENCES payments (id)",
}


def upgrade() -> None:
    # Changes of the catalogue only: no row is written anew. Each may be done already, if an earlier attempt was
    # interrupted after it.
    _columns("payments", "error text", "charge_id uuid", "attempts integer NOT NULL DEFAULT 0", "next_at timestamptz")
    _columns("simulated_ledger", "method varchar(255)", "charge_key uuid")
    for name, rule in CONSTRAINTS.items():
        op.execute(f"ALTER TABLE payments DROP CONSTRAINT IF EXISTS {name}")
        op.execute(f"ALTER TABLE payments ADD CONSTRAINT {name} {rule} NOT VALID")
    with op.get_context().autocommit_block():
        for name in CONSTRAINTS:
            op.execute(f"ALTER TABLE payments VALIDATE CONSTRAINT {name}")
        _index("ix_payments_due", ["next_at"], OPEN)
        _index("ix_payments_declined_refunds", ["booking_id"], DECLINED_REFUND)
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_payments_unsettled")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        _index("ix_payments_unsettled", ["updated_at"], OPEN)
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_payments_due")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_payments_declined_refunds")
    for name in CONSTRAINTS:
        op.drop_constraint(op.f(name), "payments")
    for column in ("error", "charge_id", "attempts", "next_at"):
        op.drop_column("payments", column)
    for column in ("method", "charge_key"):
        op.drop_column("simulated_ledger", column)


def _columns(table: str, *columns: str) -> None:
    for column in columns:
        op.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {column}")


def _index(name: str, columns: list[str], where: sa.TextClause) -> None:
    """Built beside what goes on; one that an interrupted attempt has left unfinished is dropped first."""
    left = "SELECT 1 FROM pg_index WHERE indexrelid = to_regclass(:name) AND NOT indisvalid"
    if op.get_bind().execute(sa.text(left), {"name": name}).first():
        op.execute(f"DROP INDEX CONCURRENTLY {name}")
    op.create_index(name, "payments", columns, postgresql_where=where, postgresql_concurrently=True, if_not_exists=True)
