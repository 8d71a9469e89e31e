"""what a stay costs by rules is added up only where a statement asks for it, not where it only asks whether it fits"""

from alembic import op

revision = "0070"
down_revision = "0067"
branch_labels = None
depends_on = None

HEAD = """
CREATE OR REPLACE FUNCTION stay_rates(room uuid, check_in date, check_out date, guests integer, at timestamptz)
RETURNS TABLE (fits boolean, total numeric) LANGUAGE sql STABLE PARALLEL SAFE AS $body$
"""
# All months of a room are written at once: where there is the one of check-out, those before it are there.
# width_bucket: how many steps are reached, of which the last one counts.
STAY_RATES = (
    HEAD
    + """
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
$body$
"""
)
BEFORE = (
    HEAD
    + """
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
)


def upgrade() -> None:
    op.execute(STAY_RATES)


def downgrade() -> None:
    op.execute(BEFORE)
