"""what a house says of itself and of its rooms: contact, rules, beds, size; archived ones; sheets that wait to be read

New columns without a value or with a constant one, so that no table is rewritten and none is locked for long.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

HIDDEN, ROOMY = "ck_rooms_archived_is_hidden", "ck_rooms_size_positive"
OF_PROPERTIES = {
    "contact_email": "varchar(255)",
    "contact_phone": "varchar(32)",
    "house_rules": "text NOT NULL DEFAULT ''",
    "description": "text NOT NULL DEFAULT ''",
    "archived_at": "timestamptz",
    "version": "integer NOT NULL DEFAULT 1",
}
OF_ROOMS = {
    "beds": "jsonb NOT NULL DEFAULT '[]'",
    "size_m2": "integer",
    "archived_at": "timestamptz",
}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        _briefly("properties", _added(OF_PROPERTIES))
        _briefly("rooms", _added(OF_ROOMS))
        _rule("rooms", HIDDEN, "CHECK (archived_at IS NULL OR NOT published)")
        _rule("rooms", ROOMY, "CHECK (size_m2 > 0)")
        op.create_table(
            "room_sheets",
            sa.Column("id", sa.Uuid(), nullable=False),
            sa.Column("file_name", sa.String(255), nullable=False),
            sa.Column("content", sa.LargeBinary(), nullable=False),
            sa.Column("uploaded_by", sa.String(255), nullable=False),
            sa.Column(
                "created_at",
                postgresql.TIMESTAMP(timezone=True),
                nullable=False,
                server_default=sa.text("clock_timestamp()"),
            ),
            sa.PrimaryKeyConstraint("id", name="pk_room_sheets"),
            sa.UniqueConstraint("uploaded_by", name="uq_room_sheets_uploaded_by"),
            if_not_exists=True,
        )


def downgrade() -> None:
    """Rooms and properties that were archived stay unpublished; what they say of themselves is lost."""
    with op.get_context().autocommit_block():
        op.drop_table("room_sheets", if_exists=True)
        _briefly("rooms", f"DROP CONSTRAINT IF EXISTS {HIDDEN}, DROP CONSTRAINT IF EXISTS {ROOMY}")
        _briefly("rooms", _dropped(OF_ROOMS))
        _briefly("properties", _dropped(OF_PROPERTIES))


def _added(columns: dict[str, str]) -> str:
    return ", ".join(f"ADD COLUMN IF NOT EXISTS {name} {kind}" for name, kind in columns.items())


def _dropped(columns: dict[str, str]) -> str:
    return ", ".join(f"DROP COLUMN IF EXISTS {name}" for name in columns)


def _rule(table: str, name: str, rule: str) -> None:
    _briefly(table, f"DROP CONSTRAINT IF EXISTS {name}, ADD CONSTRAINT {name} {rule} NOT VALID")
    op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


def _briefly(table: str, change: str) -> None:
    op.execute(
        f"SET LOCAL lock_timeout = '10s'; LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE;"
        f" SET LOCAL lock_timeout = '100ms'; ALTER TABLE {table} {change}"
    )
