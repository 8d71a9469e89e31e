"""searches work out once what rooms with the same rules have in common, and a stay of a rated room is one subtraction

Places without units and wholes are counted by an index that holds nothing of them. Rated
rooms are found as before (`terms_id` -1) until the worker has rebuilt them, as it does with all that are behind.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0073"
down_revision = "0072"
branch_labels = None
depends_on = None

# The version before asks this of all rated rooms, this one of those that are not rebuilt yet. One of both halves has a
# row: the first reads what this version has written, the second what the one before has.
HEAD = """
CREATE OR REPLACE FUNCTION stay_rates(room uuid, check_in date, check_out date, guests integer, at timestamptz)
RETURNS TABLE (fits boolean, total numeric) LANGUAGE sql STABLE PARALLEL SAFE AS $body$
"""
OF_SETS = """
  SELECT
    asked.nights BETWEEN t.min_nights AND t.max_nights AND NOT t.closed_to_arrival
      AND asked.lead BETWEEN t.notice_days AND t.horizon_days AND coalesce(leaving.departures[asked.leaving], false),
    greatest(0, stay.total
      - round(stay.total * coalesce(t.length_percents[width_bucket(asked.nights, t.length_nights)], 0) / 10000)
      - CASE WHEN asked.lead >= t.early_days THEN round(stay.total * t.early_percent / 10000) ELSE 0 END
      - CASE WHEN asked.lead <= t.late_days THEN round(stay.total * t.late_percent / 10000) ELSE 0 END)
  FROM rooms r
  JOIN properties p ON p.id = r.property_id
  CROSS JOIN LATERAL (
    SELECT check_out - check_in AS nights, extract(day FROM check_in)::integer AS coming,
      extract(day FROM check_out)::integer AS leaving,
      greatest(0, check_in - (at AT TIME ZONE p.time_zone)::date) AS lead) asked
  JOIN stay_terms_months arriving ON arriving.terms_id = r.terms_id AND arriving.month = check_in - (asked.coming - 1)
  JOIN stay_terms t ON t.terms_id = r.terms_id AND t.number = arriving.terms[asked.coming]
  LEFT JOIN stay_terms_months leaving
    ON leaving.terms_id = r.terms_id AND leaving.month = check_out - (asked.leaving - 1)
  CROSS JOIN LATERAL (
    SELECT night_sum(room, check_in, check_out,
      CASE WHEN guests < t.included THEN t.fewer ELSE t.extra END * (guests - t.included))::numeric AS total) stay
  WHERE r.id = room AND stay.total IS NOT NULL
"""
OF_ROOMS = """
  SELECT
    asked.nights BETWEEN t.min_nights AND t.max_nights AND NOT t.closed_to_arrival
      AND asked.lead BETWEEN t.notice_days AND t.horizon_days
      AND coalesce((
        SELECT d.departures[extract(day FROM check_out)::integer] FROM room_calendar d
        WHERE d.room_id = room AND d.month = check_out - (extract(day FROM check_out)::integer - 1)), false),
    (SELECT greatest(0, stay.total
        - round(stay.total * coalesce(t.length_percents[width_bucket(asked.nights, t.length_nights::integer[])], 0)
          / 100)
        - CASE WHEN asked.lead >= t.early_days THEN round(stay.total * t.early_percent / 100) ELSE 0 END
        - CASE WHEN asked.lead <= t.late_days THEN round(stay.total * t.late_percent / 100) ELSE 0 END)
      FROM (
        SELECT sum(greatest(0, night.price + coalesce(t.by_guests[guests], 0))) AS total
        FROM room_calendar m,
          unnest(m.prices[greatest(check_in - m.month, 0) + 1 : check_out - m.month]) AS night (price)
        WHERE m.room_id = room
          AND m.month BETWEEN check_in - (extract(day FROM check_in)::integer - 1) AND check_out - 1
      ) stay)
  FROM room_calendar c
  JOIN rate_terms t ON t.room_id = c.room_id AND t.number = c.terms[extract(day FROM check_in)::integer]
  CROSS JOIN LATERAL (
    SELECT check_out - check_in AS nights,
      greatest(0, check_in - (at AT TIME ZONE t.time_zone)::date) AS lead) asked
  WHERE c.room_id = room AND c.month = check_in - (extract(day FROM check_in)::integer - 1)
"""
STAY_RATES = f"{HEAD}{OF_SETS}  UNION ALL{OF_ROOMS}$body$"
BEFORE = f"{HEAD}{OF_ROOMS}$body$"

# Each night with its change for guests, none below nothing. None where nights are not added up.
NIGHT_SUM = """
CREATE OR REPLACE FUNCTION night_sum(room uuid, check_in date, check_out date, change bigint) RETURNS bigint
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $body$
BEGIN
  RETURN (
    SELECT sum(greatest(0, before_next - before_it + change)) FROM (
      SELECT day, before_it, lead(before_it) OVER (ORDER BY day) AS before_next FROM (
        SELECT c.month + (sum.number - 1)::integer AS day, sum.before_it
        FROM room_calendar c, unnest(c.sums) WITH ORDINALITY AS sum (before_it, number)
        WHERE c.room_id = room AND c.month BETWEEN date_trunc('month', check_in)::date AND check_out) of_room
      ) nights
    WHERE day >= check_in AND day < check_out HAVING count(before_next) = check_out - check_in);
END $body$
"""
# Called for few rooms, or none: in a search's own statement they would take long to plan.
STAY_FITS = """
CREATE OR REPLACE FUNCTION stay_fits(room uuid, check_in date, check_out date, guests integer, at timestamptz)
RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE AS $body$
BEGIN
  RETURN coalesce((SELECT fits FROM stay_rates(room, check_in, check_out, guests, at)), false);
END $body$
"""
STAY_TOTAL = """
CREATE OR REPLACE FUNCTION stay_total(room uuid, check_in date, check_out date, guests integer, at timestamptz)
RETURNS numeric LANGUAGE plpgsql STABLE PARALLEL SAFE AS $body$
BEGIN
  RETURN (SELECT total FROM stay_rates(room, check_in, check_out, guests, at));
END $body$
"""

COUNTED = "rooms (location, price_per_night, id) INCLUDE (capacity, min_nights, max_nights, {more}) WHERE published"
OF_PLAIN = f"ix_rooms_plain ON {COUNTED.format(more='terms_id')}"
OF_UNITS = f"ix_rooms_counted ON {COUNTED.format(more='terms_id, unit_group_id, is_whole')}"
UNITS_AND_WHOLES = (
    "ix_rooms_units_and_wholes ON rooms (location) WHERE published AND (unit_group_id IS NOT NULL OR is_whole)"
)
UNITS = "ix_rooms_units ON rooms (unit_group_id, id) INCLUDE (published, is_whole) WHERE unit_group_id IS NOT NULL"
OF_ALL = f"ix_rooms_search ON {COUNTED.format(more='unit_group_id, is_whole')}"
OF_GROUPS = "ix_rooms_unit_group_id ON rooms (unit_group_id, id) WHERE unit_group_id IS NOT NULL"
OF_ROOMS_ALONE = ("prices", "terms", "departures")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("ALTER TABLE rooms ADD COLUMN IF NOT EXISTS terms_id bigint NOT NULL DEFAULT 0")
    op.execute("ALTER TABLE room_calendar ADD COLUMN IF NOT EXISTS sums bigint[]")
    op.execute("ALTER TABLE room_calendar ADD COLUMN IF NOT EXISTS lowest bigint")
    for column in OF_ROOMS_ALONE:
        op.alter_column("room_calendar", column, nullable=True)
    op.execute("ALTER TABLE room_calendar DROP CONSTRAINT IF EXISTS ck_room_calendar_whole_sums")
    op.execute(
        "ALTER TABLE room_calendar ADD CONSTRAINT ck_room_calendar_whole_sums CHECK"
        " (prices IS NOT NULL OR (cardinality(sums) BETWEEN 28 AND 31 AND lowest IS NOT NULL)) NOT VALID"
    )
    _make_tables()
    for function in (NIGHT_SUM, STAY_RATES, STAY_FITS, STAY_TOTAL):
        op.execute(function)
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE room_calendar VALIDATE CONSTRAINT ck_room_calendar_whole_sums")
        op.execute("UPDATE rooms SET terms_id = -1 WHERE rated AND terms_id = 0")
    _exchange((OF_PLAIN, OF_UNITS, UNITS_AND_WHOLES, UNITS), (OF_ALL, OF_GROUPS))


def downgrade() -> None:
    _exchange((OF_ALL, OF_GROUPS), (OF_PLAIN, OF_UNITS, UNITS_AND_WHOLES, UNITS))
    op.execute(BEFORE)
    for function in ("stay_fits", "stay_total"):
        op.execute(f"DROP FUNCTION {function}(uuid, date, date, integer, timestamptz)")
    op.execute("DROP FUNCTION night_sum(uuid, date, date, bigint)")
    # Rooms that only this version has rated are rated anew by the worker of the one before.
    op.execute("UPDATE rooms SET rated = false WHERE terms_id > 0")
    op.execute("DELETE FROM room_calendar WHERE prices IS NULL")
    op.execute("ALTER TABLE room_calendar DROP CONSTRAINT ck_room_calendar_whole_sums")
    for column in OF_ROOMS_ALONE:
        op.alter_column("room_calendar", column, nullable=False)
    op.drop_column("room_calendar", "lowest")
    op.drop_column("room_calendar", "sums")
    op.drop_column("rooms", "terms_id")
    op.drop_table("stay_terms")
    op.drop_table("stay_terms_months")


def _make_tables() -> None:
    op.create_table(
        "stay_terms_months",
        sa.Column("terms_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("property_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("terms", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("departures", postgresql.ARRAY(sa.Boolean()), nullable=False),
        sa.PrimaryKeyConstraint("terms_id", "month", name="pk_stay_terms_months"),
        sa.CheckConstraint(
            "cardinality(terms) BETWEEN 28 AND 31 AND cardinality(departures) = cardinality(terms)",
            name="ck_stay_terms_months_whole_month",
        ),
        if_not_exists=True,
    )
    op.create_index(
        "ix_stay_terms_months_month_property_id", "stay_terms_months", ["month", "property_id"], if_not_exists=True
    )
    numbers = ("min_nights", "max_nights", "notice_days", "horizon_days", "included")
    percents = ("early_days", "early_percent", "late_days", "late_percent")
    op.create_table(
        "stay_terms",
        sa.Column("terms_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in (*numbers, *percents)),
        sa.Column("closed_to_arrival", sa.Boolean(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("extra", "fewer")),
        *(
            sa.Column(f"length_{name}", postgresql.ARRAY(sa.Integer()), nullable=False)
            for name in ("nights", "percents")
        ),
        sa.PrimaryKeyConstraint("terms_id", "number", name="pk_stay_terms"),
        sa.CheckConstraint(
            "cardinality(length_nights) = cardinality(length_percents)", name="ck_stay_terms_steps_complete"
        ),
        if_not_exists=True,
    )


def _exchange(new: tuple[str, ...], old: tuple[str, ...]) -> None:
    """The new indexes before the old ones go; what a killed run has left half-built is built anew."""
    with op.get_context().autocommit_block():
        for made in new:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {_name(made)}")
            op.execute(f"CREATE INDEX CONCURRENTLY {made}")
        for gone in old:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {_name(gone)}")


def _name(index: str) -> str:
    return index.split(maxsplit=1)[0]
