"""orders that staff guarantees instead of a payment; money that staff takes and gives back by hand, with who and when

Columns that nobody has filled yet, so that nothing is looked at for long.
"""

from alembic import op

revision = "0021"
down_revision = "0018"
branch_labels = None
depends_on = None

COLUMNS = {
    "orders": (
        "guarantee varchar(8)",
        "guaranteed_by varchar(255)",
        "guaranteed_at timestamptz",
        "guarantee_note varchar(255)",
    ),
    "payments": ("recorded_by varchar(255)", "value_date date", "corrects_id uuid"),
}
RULES = (
    ("orders", "ck_orders_guarantee_known", "CHECK (guarantee IN ('desk', 'transfer', 'later'))"),
    (
        "orders",
        "ck_orders_guarantee_has_author",
        "CHECK ((guarantee IS NULL) = (guaranteed_by IS NULL) AND (guarantee IS NULL) = (guaranteed_at IS NULL))",
    ),
    ("orders", "ck_orders_only_guarantee_has_note", "CHECK (guarantee_note IS NULL OR guarantee IS NOT NULL)"),
    (
        "payments",
        "ck_payments_by_hand_is_signed",
        "CHECK ((provider IN ('desk', 'transfer') AND state = 'succeeded') = (recorded_by IS NOT NULL)"
        " AND (recorded_by IS NULL) = (value_date IS NULL))",
    ),
    (
        "payments",
        "ck_payments_only_by_hand_corrects",
        "CHECK (corrects_id IS NULL OR recorded_by IS NOT NULL)",
    ),
    ("payments", "fk_payments_corrects_id", "FOREIGN KEY (corrects_id) REFERENCES payments (id)"),
)
CORRECTION = "uq_payments_corrects_id"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for table, columns in COLUMNS.items():
            _briefly(table, ", ".join(f"ADD COLUMN IF NOT EXISTS {column}" for column in columns))
        for table, name, rule in RULES:
            _briefly(table, f"DROP CONSTRAINT IF EXISTS {name}, ADD CONSTRAINT {name} {rule} NOT VALID")
            op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")
        # What an interrupted run has left is not valid, and would be taken for done.
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {CORRECTION}")
        op.execute(
            f"CREATE UNIQUE INDEX CONCURRENTLY {CORRECTION} ON payments (corrects_id) WHERE corrects_id IS NOT NULL"
        )


def downgrade() -> None:
    """What staff has guaranteed, or taken by hand, has no place in the version before: it forgets who and when."""
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {CORRECTION}")
        for table, name, _ in RULES:
            _briefly(table, f"DROP CONSTRAINT IF EXISTS {name}")
        for table, columns in COLUMNS.items():
            _briefly(table, ", ".join(f"DROP COLUMN IF EXISTS {column.split()[0]}" for column in columns))


def _briefly(table: str, change: str) -> None:
    op.execute(
        f"SET LOCAL lock_timeout = '10s'; LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE;"
        f" SET LOCAL lock_timeout = '100ms'; ALTER TABLE {table} {change}"
    )
