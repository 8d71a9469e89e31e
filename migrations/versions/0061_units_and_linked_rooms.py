"""identical units of a house, and rooms that contain others

Units of a group are shown as one, by the unit that is `listed`; what guests see of them is the same, whichever somebody
edits. A whole that contains other rooms takes their nights with its own: such a night says so (`whole_id`).
"""

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0058"
branch_labels = None
depends_on = None

# What units of a group have in common; the rest of a room is each unit's own.
SHARED = (
    "kind",
    "description",
    "capacity",
    "beds",
    "size_m2",
    "price_per_night",
    "amenities",
    "images",
    "min_nights",
    "max_nights",
    "cancellation_policy",
)
LISTED = "published AND listed"
UNITS = "published AND unit_group_id IS NOT NULL"

# The rows of the group are locked first, so that two who take units off at once agree on which one is listed.
KEEP_LISTED = """
CREATE OR REPLACE FUNCTION keep_listed_unit(unit_group uuid) RETURNS void LANGUAGE plpgsql AS $body$
DECLARE first uuid;
BEGIN
  PERFORM FROM rooms WHERE unit_group_id = unit_group ORDER BY id FOR NO KEY UPDATE;
  SELECT id INTO first FROM rooms WHERE unit_group_id = unit_group AND published ORDER BY id LIMIT 1;
  UPDATE rooms SET listed = false WHERE unit_group_id = unit_group AND listed AND id IS DISTINCT FROM first;
  UPDATE rooms SET listed = true WHERE id = first AND NOT listed;
END $body$
"""
UNIT_JOINS = """
CREATE OR REPLACE FUNCTION unit_joins() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  IF NEW.unit_group_id IS NULL THEN
    NEW.listed := true;
  ELSIF TG_OP = 'INSERT' OR OLD.unit_group_id IS DISTINCT FROM NEW.unit_group_id THEN
    NEW.listed := false;
  END IF;
  RETURN NEW;
END $body$
"""
UNIT_CHANGED = """
CREATE OR REPLACE FUNCTION unit_changed() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  IF TG_OP <> 'INSERT' AND OLD.unit_group_id IS NOT NULL THEN
    PERFORM keep_listed_unit(OLD.unit_group_id);
  END IF;
  IF TG_OP <> 'DELETE' AND NEW.unit_group_id IS NOT NULL THEN
    PERFORM keep_listed_unit(NEW.unit_group_id);
  END IF;
  RETURN NULL;
END $body$
"""
KEEP_ALIKE = """
CREATE OR REPLACE FUNCTION keep_units_alike() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  UPDATE rooms SET ({columns}) = ({new}), version = version + 1, updated_at = clock_timestamp()
  WHERE unit_group_id = NEW.unit_group_id AND id <> NEW.id AND ({columns}) IS DISTINCT FROM ({new});
  RETURN NULL;
END $body$
""".format(columns=", ".join(SHARED), new=", ".join(f"NEW.{column}" for column in SHARED))
KEEP_WHOLE = """
CREATE OR REPLACE FUNCTION keep_whole() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE whole uuid := CASE TG_OP WHEN 'INSERT' THEN NEW.whole_id ELSE OLD.whole_id END;
BEGIN
  UPDATE rooms SET is_whole = EXISTS (SELECT FROM room_parts WHERE whole_id = whole)
  WHERE id = whole AND is_whole <> EXISTS (SELECT FROM room_parts WHERE whole_id = whole);
  RETURN NULL;
END $body$
"""

# Units are found by what their group is called, and stand in its place.
WORDS_OF_UNITS = """
CREATE OR REPLACE FUNCTION keep_room_words() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE shown text := coalesce((SELECT name FROM unit_groups WHERE id = NEW.unit_group_id), NEW.name);
BEGIN
  NEW.words := coalesce(room_words(shown, NEW.property_id), folded(shown));
  NEW.sort_name := folded(shown);
  RETURN NEW;
END $body$
"""
WORDS_OF_PROPERTY = """
CREATE OR REPLACE FUNCTION keep_words_of_property() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  UPDATE rooms SET name = name WHERE property_id = NEW.id;
  RETURN NULL;
END $body$
"""
WORDS_OF_GROUP = """
CREATE OR REPLACE FUNCTION keep_words_of_group() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  UPDATE rooms SET name = name WHERE unit_group_id = NEW.id;
  RETURN NULL;
END $body$
"""
# As migration 0009 made them.
WORDS = """
CREATE OR REPLACE FUNCTION keep_room_words() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  NEW.words := coalesce(room_words(NEW.name, NEW.property_id), folded(NEW.name));
  NEW.sort_name := folded(NEW.name);
  RETURN NEW;
END $body$
"""
WORDS_OF_ROOMS = """
CREATE OR REPLACE FUNCTION keep_words_of_property() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  UPDATE rooms SET words = room_words(name, property_id) WHERE property_id = NEW.id;
  RETURN NULL;
END $body$
"""
ROOM_WORDS = (
    "CREATE OR REPLACE TRIGGER rooms_words BEFORE INSERT OR UPDATE OF name, property_id{more} ON rooms"
    " FOR EACH ROW EXECUTE FUNCTION keep_room_words()"
)
IN_GROUP = "OLD.unit_group_id IS NOT NULL OR NEW.unit_group_id IS NOT NULL"
TRIGGERS = (
    "CREATE OR REPLACE TRIGGER rooms_unit_joins BEFORE INSERT OR UPDATE OF unit_group_id ON rooms"
    " FOR EACH ROW EXECUTE FUNCTION unit_joins()",
    "CREATE OR REPLACE TRIGGER rooms_unit_added AFTER INSERT ON rooms FOR EACH ROW"
    " WHEN (NEW.unit_group_id IS NOT NULL) EXECUTE FUNCTION unit_changed()",
    "CREATE OR REPLACE TRIGGER rooms_unit_changed AFTER UPDATE OF published, unit_group_id ON rooms FOR EACH ROW"
    f" WHEN ({IN_GROUP}) EXECUTE FUNCTION unit_changed()",
    "CREATE OR REPLACE TRIGGER rooms_unit_removed AFTER DELETE ON rooms FOR EACH ROW"
    " WHEN (OLD.unit_group_id IS NOT NULL) EXECUTE FUNCTION unit_changed()",
    f"CREATE OR REPLACE TRIGGER rooms_units_alike AFTER UPDATE OF {', '.join(SHARED)} ON rooms FOR EACH ROW"
    " WHEN (NEW.unit_group_id IS NOT NULL AND pg_trigger_depth() = 0) EXECUTE FUNCTION keep_units_alike()",
    "CREATE OR REPLACE TRIGGER room_parts_whole AFTER INSERT OR DELETE ON room_parts"
    " FOR EACH ROW EXECUTE FUNCTION keep_whole()",
    "CREATE OR REPLACE TRIGGER unit_groups_words AFTER UPDATE OF name ON unit_groups FOR EACH ROW"
    " WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION keep_words_of_group()",
    ROOM_WORDS.format(more=", unit_group_id"),
)
FUNCTIONS = (
    KEEP_LISTED,
    UNIT_JOINS,
    UNIT_CHANGED,
    KEEP_ALIKE,
    KEEP_WHOLE,
    WORDS_OF_UNITS,
    WORDS_OF_PROPERTY,
    WORDS_OF_GROUP,
)
NEW_TRIGGERS = (
    "rooms_unit_joins",
    "rooms_unit_added",
    "rooms_unit_changed",
    "rooms_unit_removed",
    "rooms_units_alike",
)
NEW_FUNCTIONS = (
    "keep_words_of_group()",
    "keep_whole()",
    "keep_units_alike()",
    "unit_changed()",
    "unit_joins()",
    "keep_listed_unit(uuid)",
)

INDEXES = {
    "ix_rooms_cards": "INDEX CONCURRENTLY ix_rooms_cards ON rooms (location, price_per_night, id)"
    f" INCLUDE (capacity, min_nights, max_nights, unit_group_id, is_whole) WHERE {LISTED}",
    "ix_rooms_units_of_location": "INDEX CONCURRENTLY ix_rooms_units_of_location ON rooms (location, unit_group_id, id)"
    f" INCLUDE (capacity, price_per_night, min_nights, max_nights, is_whole) WHERE {UNITS}",
    "ix_rooms_unit_group_id": "INDEX CONCURRENTLY ix_rooms_unit_group_id ON rooms (unit_group_id, id)"
    " WHERE unit_group_id IS NOT NULL",
    "uq_rooms_listed_unit": "UNIQUE INDEX CONCURRENTLY uq_rooms_listed_unit ON rooms (unit_group_id)"
    " WHERE listed AND unit_group_id IS NOT NULL",
}
SEARCHED = (
    "INDEX CONCURRENTLY ix_rooms_search ON rooms (location, price_per_night, id)"
    " INCLUDE (capacity, min_nights, max_nights) WHERE published"
)


def upgrade() -> None:
    _make_tables()
    op.execute("ALTER TABLE rooms ADD COLUMN IF NOT EXISTS unit_group_id uuid")
    op.execute("ALTER TABLE rooms ADD COLUMN IF NOT EXISTS listed boolean NOT NULL DEFAULT true")
    op.execute("ALTER TABLE rooms ADD COLUMN IF NOT EXISTS is_whole boolean NOT NULL DEFAULT false")
    op.execute("ALTER TABLE availability ADD COLUMN IF NOT EXISTS whole_id uuid")
    op.execute("ALTER TABLE rooms DROP CONSTRAINT IF EXISTS fk_rooms_unit_group_id_property_id")
    op.execute(
        "ALTER TABLE rooms ADD CONSTRAINT fk_rooms_unit_group_id_property_id FOREIGN KEY (unit_group_id, property_id)"
        " REFERENCES unit_groups (id, property_id) NOT VALID"
    )
    for statement in (*FUNCTIONS, *TRIGGERS):
        op.execute(statement)
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE rooms VALIDATE CONSTRAINT fk_rooms_unit_group_id_property_id")
        for name, made in INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")  # one that a killed run has left half-built
            op.execute(f"CREATE {made}")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_rooms_search")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_rooms_search")
        op.execute(f"CREATE {SEARCHED}")
        for name in INDEXES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    op.execute(ROOM_WORDS.format(more=""))
    op.execute(WORDS)
    op.execute(WORDS_OF_ROOMS)
    for name in NEW_TRIGGERS:
        op.execute(f"DROP TRIGGER IF EXISTS {name} ON rooms")
    op.execute("ALTER TABLE availability DROP COLUMN IF EXISTS whole_id")
    op.execute("ALTER TABLE rooms DROP CONSTRAINT IF EXISTS fk_rooms_unit_group_id_property_id")
    for column in ("is_whole", "listed", "unit_group_id"):
        op.execute(f"ALTER TABLE rooms DROP COLUMN IF EXISTS {column}")
    op.drop_table("room_parts")
    op.drop_table("unit_groups")
    for function in NEW_FUNCTIONS:
        op.execute(f"DROP FUNCTION IF EXISTS {function}")


def _make_tables() -> None:
    op.create_table(
        "unit_groups",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("property_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False),
        sa.CheckConstraint("name <> ''", name="ck_unit_groups_named"),
        sa.ForeignKeyConstraint(["property_id"], ["properties.id"], name="fk_unit_groups_property_id"),
        sa.PrimaryKeyConstraint("id", name="pk_unit_groups"),
        sa.UniqueConstraint("property_id", "name", name="uq_unit_groups_property_id_name"),
        sa.UniqueConstraint("id", "property_id", name="uq_unit_groups_id_property_id"),
        if_not_exists=True,
    )
    op.create_table(
        "room_parts",
        sa.Column("whole_id", sa.Uuid(), nullable=False),
        sa.Column("part_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("whole_id <> part_id", name="ck_room_parts_not_itself"),
        sa.ForeignKeyConstraint(["whole_id"], ["rooms.id"], name="fk_room_parts_whole_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["part_id"], ["rooms.id"], name="fk_room_parts_part_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("whole_id", "part_id", name="pk_room_parts"),
        if_not_exists=True,
    )
    op.create_index("ix_room_parts_part_id", "room_parts", ["part_id"], if_not_exists=True)
