"""fees and taxes among the rules of a property, and in the totals of searches"""

from alembic import op

revision = "0074"
down_revision = "0073"
branch_labels = None
depends_on = None

KNOWN = "ck_rate_rules_kind_known"
DOUBLY = "ck_rate_rules_ck_rate_rules_kind_known"  # as 0066 has named it
BEFORE = (
    "price", "adjust", "dynamic", "guests", "length", "early_bird", "last_minute", "min_nights", "max_nights",
    "closed_to_arrival", "notice", "horizon", "closed_to_departure",
)  # fmt: skip
COLUMNS = {
    "charge_values": "numeric",
    "charge_nights": "smallint",
    "charge_guests": "boolean",
    "charge_bases": "smallint",
}
COMPLETE = " AND ".join(f"cardinality({name}) = cardinality(charge_values)" for name in list(COLUMNS)[1:])

# Fees and taxes of a stay on top of what its nights cost less discounts, all in minor units, each rounded as it is.
# `bases`: 0 a fee, 1 a tax, 2 percent of the nights, 3 percent of the nights and fees. The division has 16 decimals, so
# that nothing near a half becomes one.
WITH_CHARGES = """
CREATE OR REPLACE FUNCTION with_charges(
  net numeric, nights integer, guests integer, charge_values numeric[], charge_nights smallint[],
  charge_guests boolean[], charge_bases smallint[])
RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $body$
  WITH charges AS (
    SELECT c.value, c.base, least(c.nights, with_charges.nights)::numeric AS counted,
      CASE c.nights WHEN 0 THEN 1 ELSE least(c.nights, with_charges.nights) END
        * CASE WHEN c.by_guest THEN guests ELSE 1 END AS times
    FROM unnest(charge_values, charge_nights, charge_guests, charge_bases) AS c (value, nights, by_guest, base)),
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
        added = ", ".join(
            f"ADD COLUMN IF NOT EXISTS {name} {kind}[] NOT NULL DEFAULT '{{}}'" for name, kind in COLUMNS.items()
        )
        _briefly("stay_terms", added)
        _constrain("stay_terms", "ck_stay_terms_charges_complete", COMPLETE)
        _constrain("rate_rules", KNOWN, _one_of((*BEFORE, "fee", "tax")))
        _briefly("rate_rules", f"DROP CONSTRAINT IF EXISTS {DOUBLY}")
    op.execute(WITH_CHARGES)


def downgrade() -> None:
    op.execute("DROP FUNCTION with_charges(numeric, integer, integer, numeric[], smallint[], boolean[], smallint[])")
    with op.get_context().autocommit_block():
        _briefly("stay_terms", "DROP CONSTRAINT IF EXISTS ck_stay_terms_charges_complete")
        _briefly("stay_terms", ", ".join(f"DROP COLUMN IF EXISTS {name}" for name in COLUMNS))
        # The release before knows no such rules, and could not price a stay of their properties.
        op.execute(
            "ALTER TABLE rate_rules DISABLE TRIGGER rate_rules_only_ended;"
            " DELETE FROM rate_rules WHERE kind IN ('fee', 'tax');"
            " ALTER TABLE rate_rules ENABLE TRIGGER rate_rules_only_ended"
        )
        _constrain("rate_rules", KNOWN, _one_of(BEFORE))


def _one_of(kinds: tuple[str, ...]) -> str:
    return f"kind IN ({', '.join(map(repr, kinds))})"


def _constrain(table: str, name: str, check: str) -> None:
    _briefly(table, f"DROP CONSTRAINT IF EXISTS {name}, ADD CONSTRAINT {name} CHECK ({check}) NOT VALID")
    op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


def _briefly(table: str, change: str) -> None:
    op.execute(
        f"SET LOCAL lock_timeout = '10s'; LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE;"
        f" SET LOCAL lock_timeout = '100ms'; ALTER TABLE {table} {change}"
    )
