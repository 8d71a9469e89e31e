"""photos of rooms and properties, and beside both what guests see of them, kept by triggers

New columns with a constant value: no table is rewritten, and none is locked for longer than a moment.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0060"
down_revision = "0055"
branch_labels = None
depends_on = None

INSTANT = postgresql.TIMESTAMP(timezone=True)
CLOCK = sa.text("clock_timestamp()")
OWNERS = {"rooms": "room_id", "properties": "property_id"}
EVENTS = {
    "INSERT": ("REFERENCING NEW TABLE AS now", "SELECT {key} FROM now"),
    "UPDATE": ("REFERENCING OLD TABLE AS was NEW TABLE AS now", "SELECT {key} FROM was UNION SELECT {key} FROM now"),
    "DELETE": ("REFERENCING OLD TABLE AS was", "SELECT {key} FROM was"),
}
# Once for each statement, whatever it has changed; what looks the same afterwards is not written.
SHOWN = """
UPDATE {table} AS owner SET photos = shown.photos, updated_at = clock_timestamp()
FROM (
  SELECT touched.{key} AS id, coalesce(jsonb_agg(jsonb_build_object('key', p.storage_key, 'alt', p.alt, 'width', p.width,
    'height', p.height, 'widths', p.widths) ORDER BY p.position, p.id) FILTER (WHERE p.state = 'ready'), '[]') AS photos
  FROM ({touched}) AS touched LEFT JOIN photos AS p ON p.{key} = touched.{key}
  WHERE touched.{key} IS NOT NULL GROUP BY touched.{key}
) AS shown WHERE owner.id = shown.id AND owner.photos <> shown.photos;
"""
KEEP = """
CREATE OR REPLACE FUNCTION show_photos_after_{event}() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
{statements}
  RETURN NULL;
END $body$
"""


def upgrade() -> None:
    for table in OWNERS:
        with op.get_context().autocommit_block():
            _briefly(table, "ADD COLUMN IF NOT EXISTS photos jsonb NOT NULL DEFAULT '[]'")
    _create_photos()
    for event, (referencing, touched) in EVENTS.items():
        name = f"show_photos_after_{event.lower()}"
        statements = "".join(
            SHOWN.format(table=table, key=key, touched=touched.format(key=key)) for table, key in OWNERS.items()
        )
        op.execute(KEEP.format(event=event.lower(), statements=statements))
        op.execute(
            f"CREATE OR REPLACE TRIGGER {name} AFTER {event} ON photos {referencing}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
        )


def downgrade() -> None:
    """Files stay where they are; nobody knows any more what they show."""
    op.drop_table("photos", if_exists=True)
    for event in EVENTS:
        op.execute(f"DROP FUNCTION IF EXISTS show_photos_after_{event.lower()}()")
    for table in OWNERS:
        with op.get_context().autocommit_block():
            _briefly(table, "DROP COLUMN IF EXISTS photos")


def _create_photos() -> None:
    op.create_table(
        "photos",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("room_id", sa.Uuid()),
        sa.Column("property_id", sa.Uuid()),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("alt", sa.String(300), nullable=False, server_default=""),
        sa.Column("file_name", sa.String(255), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("storage_key", sa.String(64), nullable=False),
        sa.Column("state", sa.String(8), nullable=False, server_default="waiting"),
        sa.Column("problem", sa.Text()),
        sa.Column("width", sa.Integer()),
        sa.Column("height", sa.Integer()),
        sa.Column("widths", postgresql.ARRAY(sa.Integer()), nullable=False, server_default="{}"),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("next_at", INSTANT, nullable=False, server_default=CLOCK),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("created_at", INSTANT, nullable=False, server_default=CLOCK),
        sa.Column("updated_at", INSTANT, nullable=False, server_default=CLOCK),
        sa.PrimaryKeyConstraint("id", name="pk_photos"),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name="fk_photos_room_id_rooms", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["property_id"], ["properties.id"], name="fk_photos_property_id_properties", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("room_id", "content_hash", name="uq_photos_room_id_content_hash"),
        sa.UniqueConstraint("property_id", "content_hash", name="uq_photos_property_id_content_hash"),
        sa.CheckConstraint("num_nonnulls(room_id, property_id) = 1", name="ck_photos_of_one_place"),
        sa.CheckConstraint("state IN ('waiting', 'ready', 'failed')", name="ck_photos_state_known"),
        sa.CheckConstraint(
            "(state = 'ready') = (cardinality(widths) > 0 AND width IS NOT NULL AND height IS NOT NULL)",
            name="ck_photos_ready_is_made",
        ),
        sa.CheckConstraint("(state = 'failed') = (problem IS NOT NULL)", name="ck_photos_failed_says_why"),
        if_not_exists=True,
    )
    op.create_index("ix_photos_content_hash", "photos", ["content_hash"], if_not_exists=True)
    op.create_index("ix_photos_storage_key", "photos", ["storage_key"], if_not_exists=True)
    op.create_index(
        "ix_photos_waiting",
        "photos",
        ["next_at"],
        postgresql_where=sa.text("state = 'waiting'"),
        if_not_exists=True,
    )


def _briefly(table: str, change: str) -> None:
    """One who waits for a lock stops all who come after: not for longer than a tenth of a second, then again."""
    op.execute(
        f"SET LOCAL lock_timeout = '10s'; LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE;"
        f" SET LOCAL lock_timeout = '100ms'; ALTER TABLE {table} {change}"
    )
