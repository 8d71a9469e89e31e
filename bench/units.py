"""Half of all rooms made identical units: the cheapest of each house, in groups of ten; searches meet them first.

The database's own triggers do the rest: they keep the units of a group alike, and say which one is listed.
"""

from __future__ import annotations

from contextlib import closing

from bench.copy_of_its_own import Copy

IN_A_GROUP = 10
HAS_UNITS = "SELECT to_regclass('unit_groups') IS NOT NULL"

_NUMBERED = """
CREATE TEMP TABLE numbered AS SELECT id, property_id,
  ('00000000-0000-7000-b000-' || lpad(to_hex(dense_rank() OVER (ORDER BY property_id, place / $size)), 12, '0'))::uuid
    AS unit_group_id, place / $size AS number
FROM (SELECT id, property_id, row_number() OVER (PARTITION BY property_id ORDER BY price_per_night, id) - 1 AS place,
        count(*) OVER (PARTITION BY property_id) AS rooms FROM rooms) r
WHERE place < rooms / 2 / $size * $size""".replace("$size", str(IN_A_GROUP))
_GROUPS = """
INSERT INTO unit_groups (id, property_id, name)
SELECT DISTINCT unit_group_id, property_id, 'Double ' || number FROM numbered"""
_ALIKE = """
UPDATE rooms r SET unit_group_id = n.unit_group_id, capacity = s.capacity, price_per_night = s.price_per_night
FROM numbered n JOIN (SELECT DISTINCT ON (n.unit_group_id) n.unit_group_id, a.capacity, a.price_per_night
  FROM numbered n JOIN rooms a ON a.id = n.id ORDER BY n.unit_group_id, a.id) s ON s.unit_group_id = n.unit_group_id
WHERE r.id = n.id"""


def make(copy: Copy) -> int:
    """How many groups there are now; 0 where this version of the product has no units."""
    with closing(copy.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(HAS_UNITS)
        if not cursor.fetchone()[0]:
            return 0
        for statement in (_NUMBERED, _GROUPS, _ALIKE, "VACUUM (ANALYZE)"):
            cursor.execute(statement)
        cursor.execute("SELECT count(*) FROM unit_groups")
        return int(cursor.fetchone()[0])
