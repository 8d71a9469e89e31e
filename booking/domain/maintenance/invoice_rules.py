"""What `flask bookings verify` asks of invoices: numbers without gaps, sums, and that they say what was sold."""

from __future__ import annotations

# An order that is marked, the worker has not looked at yet.
INVOICE_RULES = {
    "invoice_number_missing": """
        SELECT coalesce(s.issuer_id, i.issuer_id) || ' ' || coalesce(s.region, i.region) || ' '
        || coalesce(s.year, i.year) FROM invoice_series s FULL JOIN (SELECT issuer_id, region, year,
         count(*) AS issued, min(number) AS first, max(number) AS last FROM invoices GROUP BY 1, 2, 3) i
        USING (issuer_id, region, year) WHERE (i.issued, i.first, i.last) IS DISTINCT FROM (s.last, 1, s.last)""",
    "invoice_not_sum_of_lines": """
        SELECT i.reference FROM invoices i LEFT JOIN invoice_lines l ON l.invoice_id = i.id
        GROUP BY i.id HAVING i.total <> coalesce(sum(l.amount) FILTER (WHERE NOT l.included), 0) OR count(l.*) = 0""",
    "invoice_of_nothing": """
        SELECT reference FROM invoices WHERE total <= 0""",
    "credit_of_other_invoice": """
        SELECT c.reference FROM invoices c JOIN invoices i ON i.id = c.credits_id
        WHERE i.kind <> 'invoice' OR (c.order_id, c.currency, c.issuer_id) <> (i.order_id, i.currency, i.issuer_id)""",
    "credited_too_much": """
        SELECT max(i.reference) FROM (SELECT coalesce(i.credits_id, i.id) AS id,
         CASE i.kind WHEN 'invoice' THEN 1 ELSE -1 END AS there, l.booking_id, l.kind, l.date, l.amount,
         l.line->>'rule' AS rule FROM invoices i JOIN invoice_lines l ON l.invoice_id = i.id) n
        JOIN invoices i ON i.id = n.id GROUP BY n.id, n.booking_id, n.kind, n.date, n.amount, n.rule
        HAVING sum(n.there) < 0""",
    "invoices_say_otherwise": """
        SELECT b.reference FROM (SELECT l.booking_id, coalesce(sum(CASE i.kind WHEN 'invoice' THEN l.amount
         ELSE -l.amount END) FILTER (WHERE NOT l.included), 0) AS net
         FROM invoice_lines l JOIN invoices i ON i.id = l.invoice_id GROUP BY 1) n
        JOIN bookings b ON b.id = n.booking_id
        WHERE NOT EXISTS (SELECT FROM invoices_due d WHERE d.order_id = b.order_id)
        AND n.net <> CASE b.status WHEN 'CONFIRMED' THEN b.total_price WHEN 'CANCELLED'
         THEN coalesce(b.kept, b.total_price - coalesce(b.refund_amount, b.total_price)) ELSE 0 END""",
    "invoices_wait": """
        SELECT d.order_id || coalesce(': ' || d.error, '') FROM invoices_due d
        WHERE d.marked_at < now() - interval '1 hour'""",
    "invoice_in_other_order": """
        SELECT i.reference FROM invoices i JOIN invoice_lines l ON l.invoice_id = i.id
        LEFT JOIN bookings b ON b.id = l.booking_id WHERE b.order_id IS DISTINCT FROM i.order_id""",
}
