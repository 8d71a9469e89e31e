"""What `flask bookings verify` asks of promotions: no limit is passed, and what is used is what bookings say."""

from __future__ import annotations

PROMOTION_RULES = {
    "promotion_used_too_often": """
        SELECT p.code || ': ' || count(*) FROM promotions p JOIN bookings b ON b.promotion_id = p.id
        WHERE b.status IN ('PENDING', 'CONFIRMED') GROUP BY p.id HAVING count(*) > p.most_uses""",
    "booking_of_no_promotion": """
        SELECT b.reference FROM bookings b WHERE b.promotion_id IS NOT NULL
        AND NOT EXISTS (SELECT FROM promotions p WHERE p.id = b.promotion_id)""",
    "promotion_not_counted": """
        SELECT b.reference FROM bookings b WHERE b.promotion_id IS NULL
        AND b.price_lines @> '[{"reasons": [{"kind": "promotion"}]}]'""",
}
