"""identical units have their photos in common, whichever of them somebody has added them to

What guests see of a unit are the photos of all units of its group. One that leaves takes them all along, and leaves
them all behind: a photo at two places shares its files.
"""

from alembic import op

revision = "0063"
down_revision = "0064"
branch_labels = None
depends_on = None

# The statements of migration 0060 but for rooms, which are seen with their groups.
SHOW_ROOMS = """
CREATE OR REPLACE FUNCTION show_photos_of_rooms(changed uuid[]) RETURNS void LANGUAGE sql AS $body$
UPDATE rooms AS owner SET photos = shown.photos, updated_at = clock_timestamp()
FROM (
  SELECT alike.id, coalesce((
    SELECT jsonb_agg(jsonb_build_object('key', p.storage_key, 'alt', p.alt, 'width', p.width, 'height', p.height,
      'widths', p.widths) ORDER BY p.position, p.id)
    FROM photos AS p JOIN rooms AS unit ON unit.id = p.room_id
    WHERE p.state = 'ready' AND (unit.id = alike.id OR unit.unit_group_id = alike.unit_group_id)
  ), '[]') AS photos
  FROM rooms AS alike WHERE alike.id = ANY (changed)
    OR alike.unit_group_id IN (SELECT unit_group_id FROM rooms WHERE id = ANY (changed))
) AS shown WHERE owner.id = shown.id AND owner.photos <> shown.photos
$body$
"""
SHOW_PROPERTIES = """
UPDATE properties AS owner SET photos = shown.photos, updated_at = clock_timestamp()
FROM (
  SELECT touched.id, coalesce(jsonb_agg(jsonb_build_object('key', p.storage_key, 'alt', p.alt, 'width', p.width,
    'height', p.height, 'widths', p.widths) ORDER BY p.position, p.id) FILTER (WHERE p.state = 'ready'), '[]') AS photos
  FROM ({touched}) AS touched (id) LEFT JOIN photos AS p ON p.property_id = touched.id
  WHERE touched.id IS NOT NULL GROUP BY touched.id
) AS shown WHERE owner.id = shown.id AND owner.photos <> shown.photos;
"""
AFTER = """
CREATE OR REPLACE FUNCTION show_photos_after_{event}() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
{properties}
  PERFORM show_photos_of_rooms(ARRAY({rooms}));
  RETURN NULL;
END $body$
"""
TOUCHED = {
    "insert": "SELECT {key} FROM now",
    "update": "SELECT {key} FROM was UNION SELECT {key} FROM now",
    "delete": "SELECT {key} FROM was",
}
# In the group whose photos they were, the oldest unit that is left keeps those of the one that goes.
COPY = """
INSERT INTO photos (id, room_id, position, alt, file_name, content_hash, storage_key, state, problem, width, height, widths)
SELECT gen_random_uuid(), {to}, p.position, p.alt, p.file_name, p.content_hash, p.storage_key, p.state, p.problem,
  p.width, p.height, p.widths FROM photos AS p WHERE {which} ON CONFLICT (room_id, content_hash) DO NOTHING;
"""
LEAVES = """
CREATE OR REPLACE FUNCTION photos_of_unit_that_leaves() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE heir uuid := (SELECT id FROM rooms WHERE unit_group_id = OLD.unit_group_id ORDER BY id LIMIT 1);
BEGIN
  IF heir IS NOT NULL THEN
    {to_heir}
    {to_own}
  END IF;
  PERFORM show_photos_of_rooms(ARRAY[NEW.id, heir]);
  RETURN NULL;
END $body$
""".format(
    to_heir=COPY.format(to="heir", which="p.room_id = NEW.id"),
    to_own=COPY.format(
        to="NEW.id", which="p.room_id IN (SELECT id FROM rooms WHERE unit_group_id = OLD.unit_group_id)"
    ),
)
JOINS = """
CREATE OR REPLACE FUNCTION photos_of_unit_that_joins() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  PERFORM show_photos_of_rooms(ARRAY[NEW.id]);
  RETURN NULL;
END $body$
"""
TRIGGERS = (
    "CREATE OR REPLACE TRIGGER rooms_photos_leave AFTER UPDATE OF unit_group_id ON rooms FOR EACH ROW"
    " WHEN (OLD.unit_group_id IS NOT NULL AND OLD.unit_group_id IS DISTINCT FROM NEW.unit_group_id)"
    " EXECUTE FUNCTION photos_of_unit_that_leaves()",
    "CREATE OR REPLACE TRIGGER rooms_photos_join AFTER UPDATE OF unit_group_id ON rooms FOR EACH ROW"
    " WHEN (OLD.unit_group_id IS NULL AND NEW.unit_group_id IS NOT NULL)"
    " EXECUTE FUNCTION photos_of_unit_that_joins()",
)
ALL = "SELECT show_photos_of_rooms(ARRAY(SELECT DISTINCT room_id FROM photos WHERE room_id IS NOT NULL))"

BEFORE = """
UPDATE rooms AS owner SET photos = shown.photos, updated_at = clock_timestamp()
FROM (
  SELECT touched.id, coalesce(jsonb_agg(jsonb_build_object('key', p.storage_key, 'alt', p.alt, 'width', p.width,
    'height', p.height, 'widths', p.widths) ORDER BY p.position, p.id) FILTER (WHERE p.state = 'ready'), '[]') AS photos
  FROM ({touched}) AS touched (id) LEFT JOIN photos AS p ON p.room_id = touched.id
  WHERE touched.id IS NOT NULL GROUP BY touched.id
) AS shown WHERE owner.id = shown.id AND owner.photos <> shown.photos;
"""


def upgrade() -> None:
    op.execute(SHOW_ROOMS)
    for event, touched in TOUCHED.items():
        properties = SHOW_PROPERTIES.format(touched=touched.format(key="property_id"))
        op.execute(AFTER.format(event=event, properties=properties, rooms=touched.format(key="room_id")))
    for statement in (LEAVES, JOINS, *TRIGGERS, ALL):
        op.execute(statement)


def downgrade() -> None:
    """As migration 0060 made them; units that have no photo of their own show what they showed last."""
    for name in ("rooms_photos_leave", "rooms_photos_join"):
        op.execute(f"DROP TRIGGER IF EXISTS {name} ON rooms")
    for event, touched in TOUCHED.items():
        statements = SHOW_PROPERTIES.format(touched=touched.format(key="property_id"))
        statements += BEFORE.format(touched=touched.format(key="room_id"))
        op.execute(
            f"CREATE OR REPLACE FUNCTION show_photos_after_{event}() RETURNS trigger LANGUAGE plpgsql AS $body$\n"
            f"BEGIN\n{statements}\n  RETURN NULL;\nEND $body$"
        )
    for function in (
        "photos_of_unit_that_leaves()",
        "photos_of_unit_that_joins()",
        "show_photos_of_rooms(uuid[])",
    ):
        op.execute(f"DROP FUNCTION IF EXISTS {function}")
