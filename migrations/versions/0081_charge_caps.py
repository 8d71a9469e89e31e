"""what fees and taxes come to at most, as searches add them"""

from alembic import op

revision = "0081"
down_revision = "0080"
branch_labels = None
depends_on = None

# As with_charges() of 0079, of which some have caps: for the stay, or for each guest where they count by guests.
WITH_CHARGES = """
CREATE OR REPLACE FUNCTION with_charges(
  net numeric, nights integer, guests integer, ages smallint[], charge_values numeric[], charge_nights smallint[],
  charge_guests boolean[], charge_bases smallint[], charge_ages smallint[], charge_caps bigint[])
RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $body$
  WITH heads AS (
    SELECT c.value, c.nights, c.base, c.cap,
      CASE WHEN c.by_guest THEN
        guests - (SELECT count(*) FROM unnest(ages) AS a (age) WHERE a.age < coalesce(c.from_age, 0))
      ELSE 1 END AS heads
    FROM unnest(charge_values, charge_nights, charge_guests, charge_bases, charge_ages, charge_caps)
      AS c (value, nights, by_guest, base, from_age, cap)
    WHERE c.value IS NOT NULL),
  charges AS (
    SELECT value, base, cap, least(heads.nights, with_charges.nights)::numeric AS counted,
      least(value * CASE heads.nights WHEN 0 THEN 1 ELSE least(heads.nights, with_charges.nights) END * heads.heads,
        CASE WHEN base < 2 THEN cap * heads.heads END) AS amount
    FROM heads),
  fees AS (SELECT coalesce(sum(amount), 0) AS total FROM charges WHERE base = 0)
  SELECT net + coalesce(sum(CASE
      WHEN c.base < 2 THEN c.amount
      ELSE least(c.cap, round(round(c.value * c.counted * (net + CASE c.base WHEN 3 THEN fees.total ELSE 0 END), 16)
        / (100 * with_charges.nights))) END), 0)
  FROM charges c CROSS JOIN fees
$body$
"""


def upgrade() -> None:
    with op.get_context().autocommit_block():
        _briefly("ADD COLUMN IF NOT EXISTS charge_caps bigint[] NOT NULL DEFAULT '{}'")
    op.execute(WITH_CHARGES)


def downgrade() -> None:
    op.execute(
        "DROP FUNCTION with_charges(numeric, integer, integer, smallint[], numeric[], smallint[], boolean[],"
        " smallint[], smallint[], bigint[])"
    )
    with op.get_context().autocommit_block():
        _briefly("DROP COLUMN IF EXISTS charge_caps")


def _briefly(change: str) -> None:
    op.execute(
        "SET LOCAL lock_timeout = '10s'; LOCK TABLE stay_terms IN SHARE UPDATE EXCLUSIVE MODE;"
        f" SET LOCAL lock_timeout = '100ms'; ALTER TABLE stay_terms {change}"
    )
