"""what a search asks of units and wholes is planned once, in functions; a total reads one index of all rooms of a place"""

from alembic import op

revision = "0062"
down_revision = "0063"
branch_labels = None
depends_on = None

# In a search's own statement these questions took as long to plan as all the rest, though few rooms are concerned.
PARTS_ARE_FREE = """
CREATE OR REPLACE FUNCTION parts_are_free(whole uuid, check_in date, check_out date, at timestamptz) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $body$
BEGIN
  RETURN NOT EXISTS (
    SELECT FROM room_parts p JOIN availability a ON a.room_id = p.part_id
    WHERE p.whole_id = whole AND a.night >= check_in AND a.night < check_out
    AND NOT (a.state = 'held' AND a.held_until <= at));
END $body$
"""
FREE_UNITS = """
CREATE OR REPLACE FUNCTION free_units(unit_group uuid, check_in date, check_out date, at timestamptz) RETURNS integer
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $body$
BEGIN
  RETURN (
    SELECT count(*) FROM rooms u WHERE u.unit_group_id = unit_group AND u.published
    AND NOT EXISTS (SELECT FROM availability a WHERE a.room_id = u.id AND a.night >= check_in AND a.night < check_out
     AND NOT (a.state = 'held' AND a.held_until <= at))
    AND (NOT u.is_whole OR parts_are_free(u.id, check_in, check_out, at)));
END $body$
"""
TITLE = """
CREATE OR REPLACE FUNCTION title_of_units(unit_group uuid) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $body$
BEGIN
  RETURN (SELECT name FROM unit_groups WHERE id = unit_group);
END $body$
"""
OF_ALL = (
    "ix_rooms_search ON rooms (location, price_per_night, id)"
    " INCLUDE (capacity, min_nights, max_nights, unit_group_id, is_whole) WHERE published"
)
OF_UNITS = (
    "ix_rooms_units_of_location ON rooms (location, unit_group_id, id)"
    " INCLUDE (capacity, price_per_night, min_nights, max_nights, is_whole)"
    " WHERE published AND unit_group_id IS NOT NULL"
)


def upgrade() -> None:
    for function in (PARTS_ARE_FREE, FREE_UNITS, TITLE):
        op.execute(function)
    _exchange(OF_ALL, "ix_rooms_units_of_location")


def downgrade() -> None:
    _exchange(OF_UNITS, "ix_rooms_search")
    for function in (
        "title_of_units(uuid)",
        "free_units(uuid, date, date, timestamptz)",
        "parts_are_free(uuid, date, date, timestamptz)",
    ):
        op.execute(f"DROP FUNCTION IF EXISTS {function}")


def _exchange(new: str, old: str) -> None:
    with op.get_context().autocommit_block():
        op.execute(
            f"DROP INDEX CONCURRENTLY IF EXISTS {new.split(maxsplit=1)[0]}"
        )  # one that a killed run has left half-built
        op.execute(f"CREATE INDEX CONCURRENTLY {new}")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {old}")
