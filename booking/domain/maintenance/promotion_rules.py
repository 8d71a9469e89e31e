"""What `flask bookings verify` asks of promotions: no limit is passed, and what is used is what bookings say."""

from __future__ import annotations

PROMOTION_RULES = {
    "promotion_used_too_often": """
        SELECT p.code || ': ' || count(*) FROM promotions p JOIN bookings b ON b.promotion_id = p.id
        WHERE b.status IN ('PENDING', 'CONFIRMED') GROUP BY p.id HAVING count(*) > p.most_uses""",
    "promotion_used_too_often_by_one": """
        SELECT p.code || ': ' || count(*) FROM promotions p JOIN bookings b ON b.promotion_id = p.id
        JOIN orders o ON o.id = b.order_id
        CROSS JOIN LATERAL (SELECT coalesce(b.user_id::text, lower(o.contact_email), o.contact_phone) AS who) guest
        WHERE b.status IN ('PENDING', 'CONFIRMED') AND guest.who IS NOT NULL
        GROUP BY p.id, guest.who HAVING count(*) > p.most_per_guest""",
    "booking_of_no_promotion": """
        SELECT b.reference FROM bookings b WHERE b.promotion_id IS NOT NULL
        AND NOT EXISTS (SELECT FROM promotions p WHERE p.id = b.promotion_id)""",
    "promotion_not_counted": """
        SELECT b.reference FROM bookings b WHERE b.promotion_id IS NULL
        AND b.price_lines @> '[{"reasons": [{"kind": "promotion"}]}]'""",
}
