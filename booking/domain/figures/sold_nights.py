"""What a booking has sold, night by night: THE definition of sold nights and of room revenue.

Of every booking that was confirmed, also of one that was cancelled later; those that nobody ever confirmed have sold
nothing. The nights are the property's, by the day on which each begins, in the room where each is slept. A guest who
does not come has their nights all the same: nobody else could have them.

Room revenue is what the nights cost less discounts and goodwill, never below nothing. Fees are none of it, nor is what
the house has kept of a change; taxes are none, also where prices hold them already: of a tax that counts from nights
and fees, the nights bear their share. What is for the whole stay is spread over its nights by their prices, and rounded
so that they add up to it.
"""

from __future__ import annotations

from sqlalchemy import TextClause, text

# A percent of everything that is included in prices is a percent of the nights, and of the fees.
_LINES = """
  SELECT coalesce(line->>'kind', 'night') AS kind, (line->>'amount')::numeric AS amount,
    coalesce((line->>'included')::boolean, false) AS included,
    coalesce(line->'reasons'->0->'terms'->>'of', 'nights') AS of, line ? 'reasons' AS by_rule
  FROM jsonb_array_elements(b.price_lines) AS line
"""
_WORTH = f"""
  SELECT coalesce(sum(amount) FILTER (WHERE kind = 'night'), 0) AS gross,
    greatest(0, coalesce(sum(amount) FILTER (WHERE kind IN ('night', 'discount')), 0)) AS room,
    coalesce(sum(amount) FILTER (WHERE kind = 'fee' AND by_rule AND NOT included), 0) AS fees,
    coalesce(sum(amount) FILTER (WHERE kind = 'tax' AND included AND of <> 'all'), 0) AS of_nights,
    coalesce(sum(amount) FILTER (WHERE kind = 'tax' AND included AND of = 'all'), 0) AS of_all
  FROM ({_LINES}) lines
"""  # noqa: S608
_SOLD = f"""
WITH sold AS (
  SELECT b.*, o.channel, worth.gross,
    round(greatest(0, worth.room - worth.of_nights
      - coalesce(worth.of_all * worth.room / nullif(worth.room + worth.fees, 0), 0)), minor_units(b.currency)) AS net
  FROM bookings b JOIN orders o ON o.id = b.order_id CROSS JOIN LATERAL ({_WORTH}) worth
  WHERE b.confirmed_at IS NOT NULL AND {{which}}
), nights AS (
  SELECT sold.id, day::date AS night, coalesce(priced.amount, 0) AS price,
    sum(coalesce(priced.amount, 0)) OVER (PARTITION BY sold.id ORDER BY day) AS until_now
  FROM sold
  CROSS JOIN LATERAL generate_series(sold.check_in, sold.check_out - 1, interval '1 day') AS day
  LEFT JOIN LATERAL (
    SELECT sum((line->>'amount')::numeric) AS amount FROM jsonb_array_elements(sold.price_lines) AS line
    WHERE coalesce(line->>'kind', 'night') = 'night' AND coalesce(line->>'date', line->>'night')::date = day::date
  ) priced ON true
), slept AS (
  SELECT sold.id, nights.night, coalesce((
      SELECT (before->>'roomId')::uuid FROM jsonb_array_elements(sold.earlier_rooms) AS before
      WHERE nights.night >= (before->>'checkIn')::date AND nights.night < (before->>'checkOut')::date LIMIT 1
    ), sold.room_id) AS room_id,
    CASE WHEN sold.gross = 0 THEN 0 ELSE
      round(sold.net * nights.until_now / sold.gross, minor_units(sold.currency))
      - round(sold.net * (nights.until_now - nights.price) / sold.gross, minor_units(sold.currency))
    END AS revenue
  FROM sold JOIN nights ON nights.id = sold.id
)
SELECT sold.id, date_trunc('month', slept.night)::date AS month, slept.room_id, sold.property_id, sold.channel,
  sold.currency, count(*) AS nights, sum(slept.revenue) AS revenue, sold.confirmed_at, sold.cancelled_at,
  CASE WHEN min(slept.night) = sold.check_in THEN sold.check_out - sold.check_in END AS stay_nights,
  CASE WHEN min(slept.night) = sold.check_in AND sold.channel <> 'import' THEN greatest(0, sold.check_in
    - ((sold.confirmed_at AT TIME ZONE sold.time_zone) - CAST(:day_begins AS interval))::date) END AS lead_days,
  CASE WHEN min(slept.night) = sold.check_in THEN sold.kept END AS kept,
  min(slept.night) = sold.check_in AND sold.no_show_at IS NOT NULL AS is_missed
FROM sold JOIN slept ON slept.id = sold.id
WHERE {{when}}
GROUP BY sold.id, date_trunc('month', slept.night), slept.room_id, sold.property_id, sold.channel, sold.currency,
  sold.confirmed_at, sold.cancelled_at, sold.check_in, sold.check_out, sold.time_zone, sold.kept, sold.no_show_at
"""  # noqa: S608


def _statement(which: str, when: str = "true", *, begin: str = "") -> TextClause:
    return text(begin + _SOLD.format(which=which, when=when))


KEEP = _statement("b.id = ANY (CAST(:bookings AS uuid[]))", begin="INSERT INTO sold_months")
# Of some days alone, straight from the bookings: what lies within them, by month and room.
WITHIN = _statement(
    "b.property_id = ANY (CAST(:properties AS uuid[])) AND b.check_in < :end AND b.check_out > :first",
    "slept.night >= :first AND slept.night < :end",
)
