"""prices and limits of rated rooms as searches read them: a row for each room and month, written by the worker"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None

# Put into the statement that asks (a set-returning function of one SELECT), so that it is planned with it.
STAY_RATES = """
CREATE OR REPLACE FUNCTION stay_rates(room uuid, check_in date, check_out date, guests integer, at timestamptz)
RETURNS TABLE (fits boolean, total numeric) LANGUAGE sql STABLE PARALLEL SAFE AS $body$
  SELECT
    asked.nights BETWEEN t.min_nights AND t.max_nights AND NOT t.closed_to_arrival
      AND asked.lead BETWEEN t.notice_days AND t.horizon_days AND stay.nights = asked.nights
      AND coalesce((
        SELECT d.departures[extract(day FROM check_out)::integer] FROM room_calendar d
        WHERE d.room_id = room AND d.month = check_out - (extract(day FROM check_out)::integer - 1)), false),
    greatest(0, stay.total
      - round(stay.total * coalesce((
          SELECT l.percent FROM unnest(t.length_nights, t.length_percents) AS l (nights, percent)
          WHERE l.nights <= asked.nights ORDER BY l.nights DESC LIMIT 1), 0) / 100)
      - CASE WHEN asked.lead >= t.early_days THEN round(stay.total * t.early_percent / 100) ELSE 0 END
      - CASE WHEN asked.lead <= t.late_days THEN round(stay.total * t.late_percent / 100) ELSE 0 END)
  FROM room_calendar c
  JOIN rate_terms t ON t.room_id = c.room_id AND t.number = c.terms[extract(day FROM check_in)::integer]
  CROSS JOIN LATERAL (
    SELECT check_out - check_in AS nights,
      greatest(0, check_in - (at AT TIME ZONE t.time_zone)::date) AS lead) asked
  CROSS JOIN LATERAL (
    SELECT sum(greatest(0, night.price + coalesce(t.by_guests[guests], 0))) AS total, count(*)::integer AS nights
    FROM room_calendar m,
      unnest(m.prices[greatest(check_in - m.month, 0) + 1 : check_out - m.month]) AS night (price)
    WHERE m.room_id = room AND m.month BETWEEN check_in - (extract(day FROM check_in)::integer - 1) AND check_out - 1
  ) stay
  WHERE c.room_id = room AND c.month = check_in - (extract(day FROM check_in)::integer - 1)
$body$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.add_column(
        "rooms", sa.Column("rated", sa.Boolean(), nullable=False, server_default=sa.text("false")), if_not_exists=True
    )
    op.create_table(
        "room_calendar",
        sa.Column("room_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("prices", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("terms", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("departures", postgresql.ARRAY(sa.Boolean()), nullable=False),
        sa.PrimaryKeyConstraint("room_id", "month", name="pk_room_calendar"),
        sa.CheckConstraint("extract(day FROM month) = 1", name="ck_room_calendar_first_of_month"),
        sa.CheckConstraint(
            "cardinality(prices) BETWEEN 28 AND 31 AND cardinality(terms) = cardinality(prices)"
            " AND cardinality(departures) = cardinality(prices)",
            name="ck_room_calendar_whole_month",
        ),
        if_not_exists=True,
    )
    _terms()
    op.execute(STAY_RATES)
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_rooms_rated")
        op.execute("CREATE INDEX CONCURRENTLY ix_rooms_rated ON rooms (location) WHERE rated")


def _terms() -> None:
    percent = sa.Numeric(5, 2)
    op.create_table(
        "rate_terms",
        sa.Column("room_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("time_zone", sa.String(64), nullable=False),
        sa.Column("min_nights", sa.Integer(), nullable=False),
        sa.Column("max_nights", sa.Integer(), nullable=False),
        sa.Column("closed_to_arrival", sa.Boolean(), nullable=False),
        sa.Column("notice_days", sa.Integer(), nullable=False),
        sa.Column("horizon_days", sa.Integer(), nullable=False),
        sa.Column("by_guests", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("length_nights", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("length_percents", postgresql.ARRAY(percent), nullable=False),
        sa.Column("early_days", sa.Integer(), nullable=False),
        sa.Column("early_percent", percent, nullable=False),
        sa.Column("late_days", sa.Integer(), nullable=False),
        sa.Column("late_percent", percent, nullable=False),
        sa.PrimaryKeyConstraint("room_id", "number", name="pk_rate_terms"),
        sa.CheckConstraint(
            "cardinality(length_nights) = cardinality(length_percents)", name="ck_rate_terms_steps_complete"
        ),
        if_not_exists=True,
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION stay_rates(uuid, date, date, integer, timestamptz)")
    op.drop_table("rate_terms")
    op.drop_table("room_calendar")
    op.drop_index("ix_rooms_rated", "rooms")
    op.drop_column("rooms", "rated")
