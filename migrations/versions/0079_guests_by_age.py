"""guests by age: kept with bookings, counted by the terms of searches; under what age a baby needs no place"""

from alembic import op

revision = "0079"
down_revision = "0077"
branch_labels = None
depends_on = None

STAYS = "bookings", "booking_changes"
TERMS = {"child_ages": "smallint[]", "child_amounts": "bigint[]", "charge_ages": "smallint[]"}

# What a night costs more for a party, or less where it is below 0, in minor units, as nightly.for_guests() has it:
# adults are those that the price is for, then the oldest children; the rest cost what the first band says that reaches
# their age.
PARTY_CHANGE = """
CREATE OR REPLACE FUNCTION party_change(
  guests integer, ages smallint[], included integer, extra bigint, fewer bigint,
  child_ages smallint[], child_amounts bigint[])
RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $body$
  SELECT CASE WHEN guests < included THEN fewer * (guests - included)
  ELSE greatest(0, guests - cardinality(ages) - included) * extra + coalesce((
    SELECT sum(coalesce((
        SELECT band.amount FROM unnest(child_ages, child_amounts) AS band (age, amount)
        WHERE child.age <= band.age ORDER BY band.age LIMIT 1), extra))
    FROM (SELECT age, row_number() OVER (ORDER BY age DESC) AS place FROM unnest(ages) AS a (age)) AS child
    WHERE child.place > greatest(0, included - (guests - cardinality(ages)))), 0) END::bigint
$body$
"""

# As with_charges() of 0074, of guests of whom some are children: an amount for each guest is for those of its age on.
# Arrays that the version before has written have no ages: then everybody counts.
WITH_CHARGES = """
CREATE OR REPLACE FUNCTION with_charges(
  net numeric, nights integer, guests integer, ages smallint[], charge_values numeric[], charge_nights smallint[],
  charge_guests boolean[], charge_bases smallint[], charge_ages smallint[])
RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $body$
  WITH charges AS (
    SELECT c.value, c.base, least(c.nights, with_charges.nights)::numeric AS counted,
      CASE c.nights WHEN 0 THEN 1 ELSE least(c.nights, with_charges.nights) END
        * CASE WHEN c.by_guest THEN
            guests - (SELECT count(*) FROM unnest(ages) AS a (age) WHERE a.age < coalesce(c.from_age, 0))
          ELSE 1 END AS times
    FROM unnest(charge_values, charge_nights, charge_guests, charge_bases, charge_ages)
      AS c (value, nights, by_guest, base, from_age)
    WHERE c.value IS NOT NULL),
  fees AS (SELECT coalesce(sum(value * times), 0) AS total FROM charges WHERE base = 0)
  SELECT net + coalesce(sum(CASE
      WHEN c.base < 2 THEN c.value * c.times
      ELSE round(round(c.value * c.counted * (net + CASE c.base WHEN 3 THEN fees.total ELSE 0 END), 16)
        / (100 * with_charges.nights)) END), 0)
  FROM charges c CROSS JOIN fees
$body$
"""


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for table in STAYS:
            _briefly(table, "ADD COLUMN IF NOT EXISTS children_ages jsonb")
            _constrain(table, f"ck_{table}_children_are_guests", "jsonb_array_length(children_ages) <= guests")
        _briefly("properties", "ADD COLUMN IF NOT EXISTS babies_under smallint NOT NULL DEFAULT 2")
        _constrain("properties", "ck_properties_babies_are_children", "babies_under BETWEEN 0 AND 17")
        added = (f"ADD COLUMN IF NOT EXISTS {name} {kind} NOT NULL DEFAULT '{{}}'" for name, kind in TERMS.items())
        _briefly("stay_terms", ", ".join(added))
        bands = "cardinality(child_ages) = cardinality(child_amounts)"
        _constrain("stay_terms", "ck_stay_terms_bands_complete", bands)
    op.execute(PARTY_CHANGE)
    op.execute(WITH_CHARGES)


def downgrade() -> None:
    op.execute(
        "DROP FUNCTION with_charges(numeric, integer, integer, smallint[], numeric[], smallint[], boolean[],"
        " smallint[], smallint[])"
    )
    op.execute("DROP FUNCTION party_change(integer, smallint[], integer, bigint, bigint, smallint[], bigint[])")
    with op.get_context().autocommit_block():
        _briefly("stay_terms", ", ".join(f"DROP COLUMN IF EXISTS {name}" for name in TERMS))
        _briefly("properties", "DROP COLUMN IF EXISTS babies_under")
        for table in STAYS:
            _briefly(table, "DROP COLUMN IF EXISTS children_ages")


def _constrain(table: str, name: str, check: str) -> None:
    _briefly(table, f"DROP CONSTRAINT IF EXISTS {name}, ADD CONSTRAINT {name} CHECK ({check}) NOT VALID")
    op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


def _briefly(table: str, change: str) -> None:
    op.execute(
        f"SET LOCAL lock_timeout = '10s'; LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE;"
        f" SET LOCAL lock_timeout = '100ms'; ALTER TABLE {table} {change}"
    )
