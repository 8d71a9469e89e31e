"""where reservations come from that were made elsewhere; money that was paid elsewhere; files that wait to be imported

Columns that nobody has filled yet, so that nothing is looked at for long.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0035"
down_revision = "0038"
branch_labels = None
depends_on = None

REACHED = "ck_orders_contact_complete"
SOURCE, SIGNED = "ck_orders_source_names_it", "ck_payments_by_hand_is_signed"
INDEX = "uq_orders_source"


def _signed(providers: str) -> str:
    return (
        f"CHECK ((provider IN ({providers}) AND state = 'succeeded') = (recorded_by IS NOT NULL)"
        " AND (recorded_by IS NULL) = (value_date IS NULL))"
    )


def _reached(by: str) -> str:
    return (
        "CHECK (CASE WHEN contact_name IS NULL"
        " THEN num_nonnulls(contact_email, contact_phone, contact_arrival_time, contact_requests) = 0"
        f" ELSE num_nonnulls({by}) > 0 END)"
    )


def upgrade() -> None:
    with op.get_context().autocommit_block():
        _briefly(
            "orders", "ADD COLUMN IF NOT EXISTS source varchar(64), ADD COLUMN IF NOT EXISTS source_id varchar(255)"
        )
        _rule("orders", SOURCE, "CHECK ((source IS NULL) = (source_id IS NULL))")
        _rule("orders", REACHED, _reached("contact_email, contact_phone, source_id"))
        _rule("payments", SIGNED, _signed("'desk', 'transfer', 'elsewhere'"))
        # What an interrupted run has left is not valid, and would be taken for done.
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")
        op.execute(
            f"CREATE UNIQUE INDEX CONCURRENTLY {INDEX} ON orders (property_id, source, source_id)"
            " WHERE source_id IS NOT NULL"
        )
        op.create_table(
            "import_files",
            sa.Column("id", sa.Uuid(), nullable=False),
            sa.Column("property_id", sa.Uuid(), nullable=False),
            sa.Column("source", sa.String(64), nullable=False),
            sa.Column("file_name", sa.String(255), nullable=False),
            sa.Column("content", sa.LargeBinary(), nullable=False),
            sa.Column("uploaded_by", sa.String(255), nullable=False),
            sa.Column(
                "created_at",
                postgresql.TIMESTAMP(timezone=True),
                nullable=False,
                server_default=sa.text("clock_timestamp()"),
            ),
            sa.PrimaryKeyConstraint("id", name="pk_import_files"),
            sa.UniqueConstraint("property_id", "uploaded_by", name="uq_import_files_property_id_uploaded_by"),
            if_not_exists=True,
        )


def downgrade() -> None:
    """Refused by Postgres once something was paid elsewhere, or a guest cannot be reached: the version before does not know how."""
    with op.get_context().autocommit_block():
        op.drop_table("import_files", if_exists=True)
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")
        _rule("payments", SIGNED, _signed("'desk', 'transfer'"))
        _rule("orders", REACHED, _reached("contact_email, contact_phone"))
        _briefly("orders", f"DROP CONSTRAINT IF EXISTS {SOURCE}")
        _briefly("orders", "DROP COLUMN IF EXISTS source, DROP COLUMN IF EXISTS source_id")


def _rule(table: str, name: str, rule: str) -> None:
    _briefly(table, f"DROP CONSTRAINT IF EXISTS {name}, ADD CONSTRAINT {name} {rule} NOT VALID")
    op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


def _briefly(table: str, change: str) -> None:
    op.execute(
        f"SET LOCAL lock_timeout = '10s'; LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE;"
        f" SET LOCAL lock_timeout = '100ms'; ALTER TABLE {table} {change}"
    )
