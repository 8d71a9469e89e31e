"""Does everything agree? Each rule is a code and a query that returns what breaks it; none should return a row.

Runs in one REPEATABLE READ snapshot, so it may run beside a busy system. What is under way (payments younger than ten
minutes) is not judged.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from booking.domain import money, people
from booking.domain.actors import Actor
from booking.domain.catalogue import SHARED_BY_UNITS
from booking.domain.errors import Forbidden
from booking.domain.inventory import NIGHTS_KEPT_DAYS
from booking.domain.maintenance.invoice_rules import INVOICE_RULES
from booking.domain.maintenance.promotion_rules import PROMOTION_RULES
from booking.domain.people import Action
from booking.infra.db import db, transaction
from booking.infra.words import count

OWED = "refund_owed"  # a refund was declined, and no other has arrived or is under way

_PRUNED_UNTIL = f"(now() AT TIME ZONE 'UTC')::date - {NIGHTS_KEPT_DAYS}"  # earlier nights may be gone

# Declined last, and no other attempt at the same refund is under way or done.
_IS_OWED = """r.kind = 'refund' AND r.state = 'failed' AND r.failure IS DISTINCT FROM 'corrected'
         AND NOT EXISTS (SELECT FROM payments a
         WHERE a.booking_id = r.booking_id AND a.kind = 'refund'
         AND coalesce(a.debt_id, a.booking_id) = coalesce(r.debt_id, r.booking_id)
         AND (a.state IN ('started', 'unknown', 'awaiting_staff', 'succeeded') OR a.id > r.id))"""
_DECLINED = "(SELECT coalesce(sum(r.amount), 0) FROM payments r WHERE r.order_id = o.id AND IS_OWED)"

# Where a booking's guest stayed before they moved, and the first night in the room that it has now.
_EARLIER = """(SELECT (e.value->>'roomId')::uuid AS room_id, (e.value->>'checkIn')::date AS check_in,
         (e.value->>'checkOut')::date AS check_out, e.ordinality AS place
         FROM jsonb_array_elements(b.earlier_rooms) WITH ORDINALITY AS e)"""
_MOVED_IN = "coalesce((b.earlier_rooms->-1->>'checkOut')::date, b.check_in)"
# Of each confirmed booking every room with its nights there; a guest may leave on the day on which they moved.
_IN_ROOMS = """(SELECT b.id, b.reference, b.room_id, MOVED_IN AS check_in, b.check_out FROM bookings b
         WHERE b.status = 'CONFIRMED' AND MOVED_IN < b.check_out
         UNION ALL SELECT b.id, b.reference, e.room_id, e.check_in, e.check_out FROM bookings b, LATERAL EARLIER e
         WHERE b.status = 'CONFIRMED' AND b.earlier_rooms IS NOT NULL)""".replace("MOVED_IN", _MOVED_IN).replace(
    "EARLIER", _EARLIER
)

RULES = {
    "night_shared": """
        SELECT o.reference || ' and ' || b.reference FROM
        (SELECT id, room_id, reference, check_in, max(check_out) OVER (PARTITION BY room_id ORDER BY check_in, id
         ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS taken_until FROM IN_ROOMS s) b
        JOIN IN_ROOMS o ON o.room_id = b.room_id AND o.check_out > b.check_in
        AND (o.check_in, o.id) < (b.check_in, b.id) WHERE b.taken_until > b.check_in""".replace("IN_ROOMS", _IN_ROOMS),
    "booking_lacks_nights": """
        SELECT b.reference FROM IN_ROOMS b, LATERAL (SELECT greatest(b.check_in, DAYS_AGO) AS first) kept
        WHERE b.check_out > kept.first AND b.check_out - kept.first <>
        (SELECT count(*) FROM availability a WHERE a.claim_id = b.id AND a.room_id = b.room_id AND a.state = 'booked'
         AND a.night >= kept.first AND a.night < b.check_out)""".replace("DAYS_AGO", _PRUNED_UNTIL).replace(
        "IN_ROOMS", _IN_ROOMS
    ),
    "night_without_booking": """
        SELECT a.room_id || ' ' || a.night FROM availability a LEFT JOIN bookings b ON b.id = a.claim_id
        WHERE a.state = 'booked' AND (b.id IS NULL OR b.status <> 'CONFIRMED'
        OR b.room_id <> coalesce(a.whole_id, a.room_id) OR a.night < MOVED_IN OR a.night >= b.check_out)
        AND NOT EXISTS (SELECT FROM EARLIER e WHERE b.status = 'CONFIRMED' AND
         e.room_id = coalesce(a.whole_id, a.room_id) AND a.night >= e.check_in AND a.night < e.check_out)""".replace(
        "MOVED_IN", _MOVED_IN
    ).replace("EARLIER", _EARLIER),
    "earlier_rooms_apart": """
        SELECT b.reference FROM bookings b WHERE b.earlier_rooms IS NOT NULL AND EXISTS
        (SELECT FROM (SELECT e.check_in, e.check_out, e.room_id,
          lag(e.check_out, 1, b.check_in) OVER (ORDER BY e.place) AS begins,
          lead(e.room_id, 1, b.room_id) OVER (ORDER BY e.place) AS next_room FROM EARLIER e) r
         WHERE r.check_in <> r.begins OR r.check_out <= r.check_in OR r.check_out > b.check_out
         OR r.room_id = r.next_room)""".replace("EARLIER", _EARLIER),
    "pinned_without_payment": """
        SELECT a.room_id || ' ' || a.night FROM availability a WHERE a.state = 'pinned' AND NOT EXISTS
        (SELECT FROM bookings b JOIN payments p ON p.order_id = b.order_id WHERE b.id = a.claim_id
         AND p.kind = 'charge' AND p.state IN ('started', 'unknown', 'awaiting_guest'))
        AND NOT EXISTS (SELECT FROM booking_changes c JOIN payments p ON p.id = c.payment_id WHERE c.id = a.claim_id
         AND p.kind = 'charge' AND p.state IN ('started', 'unknown', 'awaiting_guest'))""",
    "closed_booking_has_nights": """
        SELECT b.reference FROM bookings b WHERE b.status IN ('CANCELLED', 'EXPIRED')
        AND EXISTS (SELECT FROM availability a WHERE a.claim_id = b.id)""",
    "night_without_claim": """
        SELECT a.room_id || ' ' || a.night FROM availability a WHERE a.claim_id IS NULL""",
    "night_without_block": """
        SELECT a.room_id || ' ' || a.night FROM availability a LEFT JOIN blocks b ON b.id = a.claim_id
        WHERE a.state = 'blocked' AND (b.id IS NULL OR b.room_id <> coalesce(a.whole_id, a.room_id)
        OR a.night < b.check_in OR a.night >= b.check_out)""",
    "block_lacks_nights": """
        SELECT b.id::text FROM blocks b, LATERAL (SELECT greatest(b.check_in, DAYS_AGO) AS first) kept
        WHERE b.check_out > kept.first AND b.check_out - kept.first <>
        (SELECT count(*) FROM availability a WHERE a.claim_id = b.id AND a.room_id = b.room_id AND a.state = 'blocked'
         AND a.night >= kept.first AND a.night < b.check_out)""".replace("DAYS_AGO", _PRUNED_UNTIL),
    "night_elsewhere": """
        SELECT a.room_id || ' ' || a.night FROM availability a JOIN rooms r ON r.id = a.room_id
        WHERE a.location <> r.location""",
    "whole_lacks_part": """
        SELECT a.room_id || ' ' || a.night FROM availability a JOIN room_parts p ON p.whole_id = a.room_id
        WHERE a.whole_id IS NULL AND a.night >= DAYS_AGO AND (a.state <> 'held' OR a.held_until > now())
        AND NOT EXISTS (SELECT FROM availability s WHERE s.room_id = p.part_id AND s.night = a.night
         AND s.whole_id = a.room_id AND s.claim_id = a.claim_id AND s.state = a.state)""".replace(
        "DAYS_AGO", _PRUNED_UNTIL
    ),
    "part_without_whole": """
        SELECT s.room_id || ' ' || s.night FROM availability s WHERE s.whole_id IS NOT NULL AND s.night >= DAYS_AGO
        AND (s.state <> 'held' OR s.held_until > now())
        AND (NOT EXISTS (SELECT FROM room_parts p WHERE p.whole_id = s.whole_id AND p.part_id = s.room_id)
         OR NOT EXISTS (SELECT FROM availability a WHERE a.room_id = s.whole_id AND a.night = s.night
          AND a.whole_id IS NULL AND a.claim_id = s.claim_id))""".replace("DAYS_AGO", _PRUNED_UNTIL),
    "parts_not_through": """
        SELECT u.whole_id || ' ' || l.part_id FROM room_parts u JOIN room_parts l ON l.whole_id = u.part_id
        WHERE NOT EXISTS (SELECT FROM room_parts p WHERE p.whole_id = u.whole_id AND p.part_id = l.part_id)
        UNION ALL SELECT p.whole_id || ' ' || p.part_id FROM room_parts p
        JOIN rooms w ON w.id = p.whole_id JOIN rooms r ON r.id = p.part_id
        WHERE w.property_id <> r.property_id OR NOT w.is_whole""",
    "units_differ": """
        SELECT u.id::text FROM rooms u JOIN rooms l ON l.unit_group_id = u.unit_group_id AND l.listed
        WHERE (UNITS) IS DISTINCT FROM (LISTED)
        UNION ALL SELECT max(id::text) FROM rooms WHERE unit_group_id IS NOT NULL GROUP BY unit_group_id
        HAVING bool_or(published) <> bool_or(listed) OR count(*) FILTER (WHERE listed AND NOT published) > 0
        UNION ALL SELECT id::text FROM rooms WHERE unit_group_id IS NULL AND NOT listed""".replace(
        "UNITS", ", ".join(f"u.{column}" for column in sorted(SHARED_BY_UNITS))
    ).replace("LISTED", ", ".join(f"l.{column}" for column in sorted(SHARED_BY_UNITS))),
    "price_not_sum_of_lines": """
        SELECT b.reference FROM bookings b WHERE b.total_price <>
        (SELECT coalesce(sum((line->>'amount')::numeric), 0) FROM jsonb_array_elements(b.price_lines) line
         WHERE NOT coalesce((line->>'included')::boolean, false))""",
    "booking_without_order": """
        SELECT b.reference FROM bookings b LEFT JOIN orders o ON o.id = b.order_id AND o.currency = b.currency
        AND o.user_id IS NOT DISTINCT FROM b.user_id WHERE o.id IS NULL""",
    "contact_of_nobody": """
        SELECT o.reference FROM orders o JOIN users u ON u.id = o.user_id
        WHERE u.deleted_at IS NOT NULL AND o.contact_name IS NOT NULL""",
    "order_confirmed_in_part": """
        SELECT o.reference FROM orders o JOIN bookings b ON b.order_id = o.id GROUP BY o.id
        HAVING bool_or(b.status = 'CONFIRMED') AND bool_or(b.status = 'PENDING')""",
    "booking_of_other_reference": """
        SELECT b.reference FROM bookings b JOIN orders o ON o.id = b.order_id WHERE b.reference <> o.reference
        AND b.reference !~ ('^' || o.reference || '-[2-9]$')""",
    "order_without_booking": """
        SELECT o.reference FROM orders o WHERE NOT EXISTS (SELECT FROM bookings b WHERE b.order_id = o.id)""",
    "payment_in_other_order": """
        SELECT p.id::text FROM payments p JOIN bookings b ON b.id = p.booking_id
        WHERE p.order_id <> b.order_id OR p.currency <> b.currency""",
    "order_owes_otherwise": """
        SELECT o.reference FROM orders o JOIN (SELECT order_id, sum(CASE status WHEN 'EXPIRED' THEN 0
         WHEN 'CANCELLED' THEN coalesce(kept, total_price - coalesce(refund_amount, total_price))
         ELSE total_price END) AS owed FROM bookings GROUP BY order_id) b ON b.order_id = o.id
        WHERE o.owed <> b.owed""",
    "order_sums_otherwise": """
        SELECT o.reference FROM orders o LEFT JOIN (SELECT order_id,
         sum(amount) FILTER (WHERE kind = 'charge' AND state = 'succeeded') AS paid,
         sum(amount) FILTER (WHERE kind = 'refund' AND state = 'succeeded') AS refunded,
         sum(amount) FILTER (WHERE kind = 'refund' AND state IN ('started', 'unknown', 'awaiting_staff')) AS refunding
         FROM payments GROUP BY order_id) p ON p.order_id = o.id
        WHERE (o.paid, o.refunded, o.refunding) <>
        (coalesce(p.paid, 0), coalesce(p.refunded, 0), coalesce(p.refunding, 0))""",
    "order_waived_otherwise": """
        SELECT o.reference FROM orders o LEFT JOIN (SELECT order_id,
         sum(CASE WHEN corrects_id IS NULL THEN amount ELSE -amount END) AS waived FROM waivers GROUP BY order_id) w
        ON w.order_id = o.id WHERE o.waived <> coalesce(w.waived, 0)""",
    "order_owing_otherwise": """
        SELECT o.reference FROM orders o WHERE o.is_owing <>
        (o.guarantee IS NOT NULL AND o.owed - o.waived > o.paid - o.refunded - o.refunding)""",
    "waiver_is_no_opposite": """
        SELECT c.id::text FROM waivers c JOIN waivers w ON w.id = c.corrects_id
        WHERE w.corrects_id IS NOT NULL OR (c.order_id, c.amount, c.currency) <> (w.order_id, w.amount, w.currency)""",
    "refund_decided_otherwise": """
        SELECT b.reference FROM refund_decisions d JOIN bookings b ON b.id = d.booking_id
        WHERE b.status <> 'CANCELLED' OR coalesce(b.refund_amount, 0) > d.refund OR b.currency <> d.currency
        OR coalesce(b.kept, 0) + d.refund > b.total_price""",
    "order_not_paid": """
        SELECT o.reference FROM orders o WHERE o.paid - o.refunded - o.refunding < o.owed - o.waived
        AND o.guarantee IS NULL AND EXISTS
        (SELECT FROM bookings b WHERE b.order_id = o.id AND b.status = 'CONFIRMED')
        AND NOT EXISTS (SELECT FROM payment_schedule s WHERE s.order_id = o.id AND s.purpose = 'deposit'
         AND o.paid - o.refunded - o.refunding >= least(s.amount, o.owed))
        AND NOT EXISTS (SELECT FROM payments f WHERE f.order_id = o.id AND f.found_at IS NOT NULL)""",
    "found_twice": """
        SELECT max(p.id::text) FROM payments p WHERE p.kind = 'refund' AND p.state = 'succeeded'
        AND p.provider NOT IN ('desk', 'terminal', 'transfer', 'elsewhere')
        GROUP BY p.provider, p.provider_reference HAVING count(*) > 1""",
    "schedule_incomplete": """
        SELECT o.reference FROM orders o JOIN payment_schedule s ON s.order_id = o.id GROUP BY o.id
        HAVING count(*) FILTER (WHERE s.purpose = 'deposit') <> 1 OR bool_or(s.currency <> o.currency)
        OR count(*) FILTER (WHERE s.purpose = 'balance') = 0""",
    "rest_without_step": """
        SELECT b.reference FROM bookings b WHERE b.policy ? 'deposit' AND b.status = 'CONFIRMED'
        AND NOT EXISTS (SELECT FROM payment_schedule s WHERE s.order_id = b.order_id AND s.purpose = 'balance'
         AND s.due_at <= (b.policy->'deposit'->>'balanceDueAt')::timestamptz)""",
    "balance_waits": """
        SELECT s.id::text FROM payment_schedule s WHERE s.next_at < now() - interval '1 hour'""",
    "unpaid_waits": """
        SELECT s.id::text FROM payment_schedule s WHERE s.cancel_at < now() - interval '1 hour'""",
    "order_keeps_too_much": """
        SELECT o.reference FROM orders o WHERE o.paid - o.refunded - o.refunding > o.owed AND
        o.paid - o.refunded - o.refunding - DECLINED > o.owed""".replace("DECLINED", _DECLINED).replace(
        "IS_OWED", _IS_OWED
    ),
    "entry_made_twice": """
        SELECT p.order_id || ' ' || p.provider_reference FROM payments p
        WHERE p.provider IN ('desk', 'terminal', 'transfer', 'elsewhere') AND p.kind = 'charge'
        AND NOT EXISTS (SELECT FROM payments c WHERE c.corrects_id = p.id OR c.id = p.corrects_id)
        GROUP BY p.order_id, p.provider_reference HAVING count(*) > 1""",
    "correction_is_no_opposite": """
        SELECT c.id::text FROM payments c JOIN payments p ON p.id = c.corrects_id
        WHERE c.kind = p.kind OR (c.order_id, c.amount, c.provider) <> (p.order_id, p.amount, p.provider)
        OR (c.kind = 'refund' AND c.charge_id <> p.id)""",
    "cash_moved_otherwise": """
        SELECT coalesce(p.id, m.payment_id)::text FROM
        (SELECT p.id, o.property_id, p.currency, CASE p.kind WHEN 'charge' THEN p.amount ELSE -p.amount END AS amount
         FROM payments p JOIN orders o ON o.id = p.order_id WHERE p.provider = 'desk' AND p.state = 'succeeded') p
        FULL JOIN cash_movements m ON m.payment_id = p.id
        WHERE (p.property_id, p.currency, p.amount) IS DISTINCT FROM (m.property_id, m.currency, m.amount)""",
    "cash_closed_otherwise": """
        SELECT c.id::text FROM cash_closings c LEFT JOIN cash_closings l ON l.id = c.previous_id
        LEFT JOIN (SELECT closing_id, sum(amount) AS moved FROM cash_movements GROUP BY closing_id) m
        ON m.closing_id = c.id
        WHERE c.opening <> coalesce(l.kept, 0) OR c.expected <> c.opening + coalesce(m.moved, 0)
        OR (l.id IS NOT NULL AND (l.property_id, l.currency, l.user_id) IS DISTINCT FROM
         (c.property_id, c.currency, c.user_id))""",
    "cash_counted_elsewhere": """
        SELECT m.payment_id::text FROM cash_movements m JOIN cash_closings c ON c.id = m.closing_id
        WHERE (m.property_id, m.currency, m.user_id) IS DISTINCT FROM (c.property_id, c.currency, c.user_id)""",
    "order_charged_too_much": """
        SELECT o.reference FROM orders o JOIN payments p ON p.order_id = o.id AND p.kind = 'charge'
        AND p.purpose = 'stay'
        AND p.state IN ('started', 'unknown', 'awaiting_guest') AND p.created_at > now() - interval '10 minutes'
        JOIN bookings b ON b.id = p.booking_id AND b.status = 'PENDING'
        GROUP BY o.id HAVING o.paid - o.refunded - o.refunding + sum(p.amount) > o.owed""",
    OWED: """
        SELECT b.reference || ': ' || EXACT || ' ' || r.currency FROM payments r
        JOIN bookings b ON b.id = r.booking_id WHERE IS_OWED""".replace(
        "EXACT", money.rounded_sql("r.amount", "r.currency")
    ).replace("IS_OWED", _IS_OWED),
    "refund_of_other_charge": """
        SELECT r.id::text FROM payments r LEFT JOIN payments c ON c.id = r.charge_id AND c.kind = 'charge'
        AND c.state = 'succeeded' AND c.order_id = r.order_id AND c.currency = r.currency AND (c.provider = r.provider
         OR r.recorded_by IS NOT NULL AND c.provider IN ('desk', 'terminal', 'transfer', 'elsewhere'))
        WHERE r.charge_id IS NOT NULL AND c.id IS NULL""",
    "refund_of_other_debt": """
        SELECT r.id::text FROM payments r WHERE r.kind = 'refund' AND r.debt_id <> r.id AND r.debt_id <> r.booking_id
        AND NOT EXISTS (SELECT FROM payments f WHERE f.id = r.debt_id AND f.kind = 'refund'
         AND f.booking_id = r.booking_id AND f.charge_id = r.charge_id AND f.amount = r.amount)""",
    "refunded_too_much": """
        SELECT c.id::text FROM payments c JOIN payments r ON r.charge_id = c.id AND r.kind = 'refund'
        AND r.state IN ('started', 'unknown', 'awaiting_staff', 'succeeded')
        AND NOT EXISTS (SELECT FROM payments k WHERE k.corrects_id = r.id)
        GROUP BY c.id HAVING sum(r.amount) > c.amount""",
    "ledger_returned_other_charge": """
        SELECT p.id::text FROM payments p JOIN simulated_ledger l ON l.key = p.id
        WHERE p.kind = 'refund' AND l.kind = 'refund' AND l.charge_key <> p.charge_id""",
    "payment_unknown_to_ledger": """
        SELECT p.id::text FROM payments p LEFT JOIN simulated_ledger l ON l.key = p.id AND l.kind = p.kind
        AND l.amount = p.amount AND l.currency = p.currency AND l.reference = p.provider_reference
        WHERE p.provider = 'simulated' AND p.state = 'succeeded' AND l.key IS NULL""",
    "ledger_without_payment": """
        SELECT l.key::text FROM simulated_ledger l LEFT JOIN payments p ON p.id = l.key AND p.kind = l.kind
        WHERE l.kind IN ('charge', 'refund') AND (p.id IS NULL OR p.state = 'failed')""",
    "payment_waits": """
        SELECT p.id::text FROM payments p WHERE p.state IN ('started', 'unknown')
        AND p.created_at < now() - interval '10 minutes'""",
    # One that is open still may have succeeded: recovery will say.
    "dispute_of_no_charge": """
        SELECT d.reference FROM disputes d JOIN payments p ON p.id = d.payment_id
        WHERE p.kind <> 'charge' OR p.state = 'failed' OR d.currency <> p.currency OR d.amount > p.amount""",
    "hosted_payment_waits": """
        SELECT p.id::text FROM payments p WHERE p.state = 'awaiting_guest'
        AND p.next_at < now() - interval '10 minutes'""",
    "hosted_payment_pins_nothing": """
        SELECT p.id::text FROM payments p WHERE p.state = 'awaiting_guest' AND p.purpose NOT IN ('change', 'balance')
        AND NOT EXISTS (SELECT FROM bookings b JOIN availability a ON a.claim_id = b.id AND a.state = 'pinned'
         WHERE b.order_id = p.order_id)
        UNION ALL SELECT p.id::text FROM payments p WHERE p.state = 'awaiting_guest' AND p.purpose = 'change'
        AND NOT EXISTS (SELECT FROM booking_changes c WHERE c.payment_id = p.id AND c.state = 'pending')""",
    "closed_change_has_nights": """
        SELECT c.id::text FROM booking_changes c WHERE c.state <> 'pending'
        AND EXISTS (SELECT FROM availability a WHERE a.claim_id = c.id)""",
    "change_lacks_nights": """
        SELECT c.id::text FROM booking_changes c WHERE c.state = 'pending'
        AND (c.held_until IS NULL OR c.held_until > now()) AND c.check_out - coalesce(c.moves_on, c.check_in) - CASE
        WHEN c.room_id <> c.old_room_id THEN 0
        ELSE greatest(0, least(c.check_out, c.old_check_out) - greatest(c.check_in, c.old_check_in)) END <>
        (SELECT count(*) FROM availability a WHERE a.claim_id = c.id AND a.room_id = c.room_id
         AND a.state = CASE WHEN c.held_until IS NULL THEN 'pinned' ELSE 'held' END
         AND a.night >= coalesce(c.moves_on, c.check_in) AND a.night < c.check_out)""",
    "change_without_payment": """
        SELECT c.id::text FROM booking_changes c LEFT JOIN payments p ON p.id = c.payment_id
        AND p.purpose = 'change' AND p.kind = 'charge' AND p.booking_id = c.booking_id AND p.amount = c.difference
        AND p.state IN ('started', 'unknown', 'awaiting_guest') WHERE c.state = 'pending' AND c.held_until IS NULL
        AND p.id IS NULL""",
    "change_not_paid": """
        SELECT c.id::text FROM booking_changes c JOIN payments p ON p.id = c.payment_id
        WHERE c.state = 'confirmed' AND p.state <> 'succeeded'""",
    "payment_of_no_change": """
        SELECT p.id::text FROM payments p WHERE p.kind = 'charge' AND p.purpose = 'change'
        AND NOT EXISTS (SELECT FROM booking_changes c WHERE c.payment_id = p.id AND c.booking_id = p.booking_id)""",
    "booking_changed_otherwise": """
        SELECT b.reference FROM bookings b LEFT JOIN LATERAL (SELECT count(*) AS times FROM booking_changes c
         WHERE c.booking_id = b.id AND c.state = 'confirmed') c ON true WHERE b.times_changed <> c.times""",
    "price_not_in_parts": """
        SELECT b.reference FROM bookings b WHERE b.policy ? 'parts' AND b.total_price <>
        (SELECT coalesce(sum((part->>'amount')::numeric), 0) FROM jsonb_array_elements(b.policy->'parts') part) +
        (SELECT coalesce(sum((line->>'amount')::numeric), 0) FROM jsonb_array_elements(b.price_lines) line
         WHERE line->>'rule' = 'kept_on_change')""",
    "room_with_two_in_house": """
        SELECT b.reference || ' and ' || o.reference FROM bookings b JOIN bookings o ON o.room_id = b.room_id
        AND o.id > b.id AND o.checked_in_at IS NOT NULL AND o.checked_out_at IS NULL
        WHERE b.checked_in_at IS NOT NULL AND b.checked_out_at IS NULL""",
    "arrived_too_early": """
        SELECT b.reference FROM bookings b
        WHERE (b.checked_in_at AT TIME ZONE b.time_zone)::date < b.check_in""",
    "departed_keeps_nights": """
        SELECT b.reference FROM bookings b WHERE b.checked_out_at IS NOT NULL
        AND b.check_out > greatest((b.checked_out_at AT TIME ZONE b.time_zone)::date, b.check_in + 1)""",
    "out_of_order_elsewhere": """
        SELECT s.room_id::text FROM room_statuses s JOIN blocks k ON k.id = s.block_id
        WHERE k.room_id <> s.room_id OR s.status <> 'out_of_order'""",
    "booking_without_event": """
        SELECT b.reference FROM bookings b WHERE b.confirmed_at IS NOT NULL
        AND b.confirmed_at > now() - interval '1 day' AND NOT EXISTS
        (SELECT FROM events e WHERE e.type IN ('booking.confirmed', 'booking.imported')
         AND e.occurred_at >= b.created_at AND e.payload->>'reference' = b.reference)""",
    **INVOICE_RULES,
    **PROMOTION_RULES,
}

COUNTED = {
    "booking": "SELECT count(*) FROM bookings",
    "order": "SELECT count(*) FROM orders",
    "night": "SELECT count(*) FROM availability",
    "block": "SELECT count(*) FROM blocks",
    "payment": "SELECT count(*) FROM payments",
    "invoice": "SELECT count(*) FROM invoices",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule, by its code, and what breaks it."""

    rule: str
    subject: str


@dataclass(frozen=True, slots=True)
class Report:
    findings: list[Finding]
    counted: dict[str, int]

    def scope(self) -> str:
        """What was looked at: 3 bookings, 1 night, 3 payments."""
        return ", ".join(count(number, what) for what, number in self.counted.items())

    @property
    def debts(self) -> list[Finding]:
        """What guests are owed: the books say so, and agree."""
        return [finding for finding in self.findings if finding.rule == OWED]

    @property
    def damage(self) -> list[Finding]:
        """What cannot be so in books that are whole."""
        return [finding for finding in self.findings if finding.rule != OWED]


def verify_for(actor: Actor) -> Report:
    """Check every rule, as somebody who may see the books. Raises Forbidden."""
    people.require(actor, Action.CHECK_BOOKS, otherwise=Forbidden)
    return verify()


@transaction(isolation="REPEATABLE READ")
def verify(limit: int = 100) -> Report:
    """Check every rule; at most `limit` findings of each."""
    return examine(db.session.connection(), limit)


def examine(opened: Connection, limit: int = 100) -> Report:
    """The same through a connection of the caller's, which looks at one snapshot: a restored copy's, for example."""
    # Millions of bookings take longer than a request may.
    opened.execute(text("SET LOCAL statement_timeout = 0"))
    opened.execute(text("SET LOCAL enable_seqscan = on"))  # whole tables are what it is about
    findings = [
        Finding(rule, str(subject))
        for rule, query in RULES.items()
        for subject in opened.scalars(text(f"{query} LIMIT {limit}"))
    ]
    return Report(findings, {what: int(opened.scalar(text(query)) or 0) for what, query in COUNTED.items()})
