"""named cancellation policies and rate plans among the rules of a property, and in the totals of searches"""

from alembic import op

revision = "0076"
down_revision = "0074"
branch_labels = None
depends_on = None

KNOWN = "ck_rate_rules_kind_known"
BEFORE = (
    "price", "adjust", "dynamic", "guests", "length", "early_bird", "last_minute", "min_nights", "max_nights",
    "closed_to_arrival", "notice", "horizon", "closed_to_departure", "fee", "tax",
)  # fmt: skip

# Whether a deadline of so many days before the check-in hour, or of so many hours, is still ahead.
IS_AHEAD = """
CREATE OR REPLACE FUNCTION is_ahead(
  days integer, hours integer, check_in date, check_in_time time, time_zone text, at timestamptz)
RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $body$
  SELECT coalesce(((check_in - days) + check_in_time) AT TIME ZONE time_zone > at, false)
    OR coalesce((check_in + check_in_time) AT TIME ZONE time_zone - hours * interval '1 hour' > at, false)
$body$
"""
# The cheapest of the plans of stay_terms that can still be cancelled free of charge.
FREE_PLAN = """
CREATE OR REPLACE FUNCTION free_plan(
  plans jsonb, check_in date, check_in_time time, time_zone text, at timestamptz)
RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE AS $body$
  SELECT plan FROM jsonb_array_elements(plans) WITH ORDINALITY AS known (plan, place)
  WHERE is_ahead((plan->>'days')::integer, (plan->>'hours')::integer, check_in, check_in_time, time_zone, at)
  ORDER BY place LIMIT 1
$body$
"""
# Whether a stay under a cancellation policy can still be cancelled free of charge.
POLICY_IS_FREE = """
CREATE OR REPLACE FUNCTION policy_is_free(
  policy jsonb, check_in date, check_in_time time, time_zone text, at timestamptz)
RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $body$
  SELECT coalesce(bool_or(is_ahead(
    CASE WHEN tier ? 'hoursBefore' THEN NULL ELSE (tier->>'daysBefore')::integer END,
    (tier->>'hoursBefore')::integer, check_in, check_in_time, time_zone, at)), false)
  FROM jsonb_array_elements(policy->'tiers') AS tier
  WHERE (tier->>'percent')::numeric = 100
$body$
"""


def upgrade() -> None:
    with op.get_context().autocommit_block():
        _briefly("stay_terms", "ADD COLUMN IF NOT EXISTS plans jsonb NOT NULL DEFAULT '[]'")
        _constrain("rate_rules", KNOWN, _one_of((*BEFORE, "policy", "plan")))
    for function in (IS_AHEAD, FREE_PLAN, POLICY_IS_FREE):
        op.execute(function)


def downgrade() -> None:
    op.execute("DROP FUNCTION policy_is_free(jsonb, date, time, text, timestamptz)")
    op.execute("DROP FUNCTION free_plan(jsonb, date, time, text, timestamptz)")
    op.execute("DROP FUNCTION is_ahead(integer, integer, date, time, text, timestamptz)")
    with op.get_context().autocommit_block():
        _briefly("stay_terms", "DROP COLUMN IF EXISTS plans")
        # The release before knows no such rules, and could not price a stay of their properties.
        op.execute(
            "ALTER TABLE rate_rules DISABLE TRIGGER rate_rules_only_ended;"
            " DELETE FROM rate_rules WHERE kind IN ('policy', 'plan');"
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
