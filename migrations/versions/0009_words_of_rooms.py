"""words of rooms: what a search looks into, folded; a trigger keeps it, whoever writes a room or its property"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BATCH = 2000

# Compatibility forms, case, accents, apostrophes, hyphens and invisible signs make no difference; all other signs do.
FOLDED = r"""
CREATE OR REPLACE FUNCTION folded(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $body$
SELECT btrim(regexp_replace(
  replace(replace(replace(replace(replace(replace(replace(replace(
    lower(regexp_replace(
      normalize(value, NFKD),
      '[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u00ad\u200b-\u200f\u2060\ufeff'
      '''`\u00b4\u02b9\u02bb\u02bc\u05f3\u2018\u2019\u201b]', '', 'g')),
    'ß', 'ss'), 'ø', 'o'), 'ł', 'l'), 'đ', 'd'), 'æ', 'ae'), 'œ', 'oe'), 'ı', 'i'), 'ς', 'σ'),
  '[[:space:]\u002d\u2010-\u2015\u2212]+', ' ', 'g'))
$body$
"""

WORDS = """
CREATE OR REPLACE FUNCTION room_words(name text, property_id uuid) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $body$
SELECT folded(concat_ws(' ', $1, house.name, house.location, house.address ->> 'city', house.address ->> 'district'))
FROM properties AS house WHERE house.id = $2
$body$
"""

KEEP = """
CREATE OR REPLACE FUNCTION keep_room_words() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  NEW.words := coalesce(room_words(NEW.name, NEW.property_id), folded(NEW.name));
  NEW.sort_name := folded(NEW.name);
  RETURN NEW;
END $body$
"""

KEEP_OF_PROPERTY = """
CREATE OR REPLACE FUNCTION keep_words_of_property() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  UPDATE rooms SET words = room_words(name, property_id) WHERE property_id = NEW.id;
  RETURN NULL;
END $body$
"""

# Words of rooms that are like the one asked for; which of them differ by one slip only is decided by the caller. Of a
# short word with two letters swapped too few trigrams are left, so that those are looked for by themselves.
SIMILAR = """
CREATE OR REPLACE FUNCTION similar_words(wanted text, place text, swapped text[]) RETURNS TABLE (word text, rooms bigint)
LANGUAGE sql STABLE SET pg_trgm.word_similarity_threshold = 0.3 AS $body$
SELECT each.word, count(*) FROM (
  SELECT DISTINCT near.id, part.word FROM (
    SELECT room.id, room.words FROM rooms AS room
    WHERE room.published AND (place IS NULL OR room.location = place) AND (room.words %> wanted OR room.words LIKE ANY (swapped))
    LIMIT 2000
  ) AS near, regexp_split_to_table(near.words, '[^[:alnum:]]+') AS part (word)
  WHERE length(part.word) BETWEEN length(wanted) - 1 AND length(wanted) + 1
) AS each GROUP BY each.word ORDER BY count(*) DESC LIMIT 500
$body$
"""

TRIGGERS = (
    "CREATE OR REPLACE TRIGGER rooms_words BEFORE INSERT OR UPDATE OF name, property_id ON rooms"
    " FOR EACH ROW EXECUTE FUNCTION keep_room_words()",
    "CREATE OR REPLACE TRIGGER properties_words AFTER UPDATE OF name, location, address ON properties FOR EACH ROW"
    " WHEN ((OLD.name, OLD.location, OLD.address) IS DISTINCT FROM (NEW.name, NEW.location, NEW.address))"
    " EXECUTE FUNCTION keep_words_of_property()",
)

FILL = sa.text(
    "WITH portion AS (SELECT id FROM rooms WHERE words IS NULL LIMIT :batch FOR UPDATE SKIP LOCKED)"
    " UPDATE rooms SET words = coalesce(room_words(name, property_id), folded(name)), sort_name = folded(name)"
    " WHERE id IN (SELECT id FROM portion)"
)


def upgrade() -> None:
    op.execute("SELECT show_trgm('')")  # loads the library: before that, only a superuser may name its parameters
    for column in ("words", "sort_name"):
        op.execute(f"ALTER TABLE rooms ADD COLUMN IF NOT EXISTS {column} text")
    for statement in (FOLDED, WORDS, KEEP, KEEP_OF_PROPERTY, SIMILAR, *TRIGGERS):
        op.execute(statement)
    with op.get_context().autocommit_block():
        while op.get_bind().execute(FILL, {"batch": BATCH}).rowcount:
            pass
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_rooms_words")
        op.execute("CREATE INDEX CONCURRENTLY ix_rooms_words ON rooms USING gin (words gin_trgm_ops)")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_rooms_name_words")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_rooms_name_words")
        op.execute("CREATE INDEX CONCURRENTLY ix_rooms_name_words ON rooms USING gin (name gin_trgm_ops)")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_rooms_words")
    op.execute("DROP TRIGGER IF EXISTS properties_words ON properties")
    op.execute("DROP TRIGGER IF EXISTS rooms_words ON rooms")
    for function in (
        "similar_words(text, text, text[])",
        "keep_words_of_property()",
        "keep_room_words()",
        "room_words(text, uuid)",
        "folded(text)",
    ):
        op.execute(f"DROP FUNCTION IF EXISTS {function}")
    for column in ("sort_name", "words"):
        op.execute(f"ALTER TABLE rooms DROP COLUMN IF EXISTS {column}")
