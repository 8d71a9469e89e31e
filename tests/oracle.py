"""Compares what guests were told with what the database, the provider's ledger and the mail directory say.

Knows the tables, and nothing of the code that writes them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any
from uuid import UUID

from booking.infra.ids import decode

FREE_OF_CHARGE = {400, 402, 409}  # after these the guest owes nothing


@dataclass
class Told:
    """What a guest knows about one attempt. `status` 0: never got a final answer; `cancelled` None: not known.

    `key` is empty where none was used.
    """

    user_id: str
    key: str
    status: int = 0
    error: str = ""
    booking_id: str = ""
    cancelled: bool | None = False
    price: float | None = None  # of the booking, as its guest was told
    deposit_of: float | None = None  # the price of which a deposit was paid at once, where that was agreed
    stay: tuple[str, str, str] | None = None  # room, check-in and check-out, as its guest was told last
    refund: float | None = None  # as its guest was told when it was cancelled


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that arrived: which delivery, and the booking's reference."""

    message_id: str
    reference: str


def findings(database: Any, told: Iterable[Told]) -> list[str]:
    """Everything that does not agree, as sentences. Call it when nothing is under way."""
    log = list(told)
    facts = Facts(database)
    return [
        *sold_twice(database),
        *broken_promises(facts, log),
        *unasked(facts, log),
        *wrong_money(facts),
        *wrong_sums(database),
        *wrong_prices(facts, log),
    ]


class Facts:
    """The tables that matter, read once."""

    def __init__(self, database: Any) -> None:
        self.bookings = {
            row[0]: row
            for row in rows(database, "SELECT id::text, status, confirmed_at IS NOT NULL, user_id::text FROM bookings")
        }
        self.order_of = dict(rows(database, "SELECT id::text, order_id::text FROM bookings"))
        self.lines: dict[str, list[str]] = defaultdict(list)  # the bookings of each order
        for booking_id, order_id in self.order_of.items():
            self.lines[order_id].append(booking_id)
        self.keys = {
            (user, key): booking_id
            for user, key, booking_id in rows(
                database, "SELECT user_id::text, key, booking_id::text FROM idempotency_keys"
            )
        }
        self.changed = {row[0] for row in rows(database, "SELECT DISTINCT booking_id::text FROM booking_changes")}
        # Orders that are not simply paid at once: oracle_money.py knows what is to be true of them.
        self.planned = {row[0] for row in rows(database, "SELECT DISTINCT order_id::text FROM payment_schedule")}
        vouched_for = "SELECT id::text FROM orders WHERE guarantee IS NOT NULL OR waived > 0"  # or let its guest off
        self.guaranteed = {row[0] for row in rows(database, vouched_for)}
        self.sums: dict[str, Counter[str]] = defaultdict(Counter)
        self.moved: dict[str, Counter[str]] = defaultdict(Counter)
        self.amounts: dict[str, dict[str, Any]] = defaultdict(dict)
        ledger = "SELECT p.booking_id::text, l.kind, l.amount FROM simulated_ledger l JOIN payments p ON p.id = l.key"
        for booking_id, kind, amount in rows(database, ledger):
            self.moved[booking_id][kind] += 1
            self.amounts[booking_id][kind] = amount
            self.sums[booking_id][kind] += amount
        strays = """
            SELECT kind || ' ' || key FROM simulated_ledger WHERE kind IN ('charge', 'refund')
            AND key NOT IN (SELECT id FROM payments)"""
        self.strays = [row[0] for row in rows(database, strays)]
        refused = """
            SELECT p.booking_id::text, p.state FROM simulated_ledger l JOIN payments p ON p.id = l.key
            WHERE l.kind = 'declined' AND p.kind = 'refund'"""
        self.refused: dict[str, list[str]] = defaultdict(list)  # refunds that the provider declined, as we call them
        for booking_id, state in rows(database, refused):
            self.refused[booking_id].append(state)
        self.owed = {
            row[0]: row[1:] for row in rows(database, "SELECT id::text, total_price, refund_amount FROM bookings")
        }


# Every room of a booking with its nights there, by the facts of the booking alone.
_IN_ROOMS = """(SELECT b.*, b.room_id AS slept_in,
    coalesce((b.earlier_rooms->-1->>'checkOut')::date, b.check_in) AS first, b.check_out AS last FROM bookings b
    UNION ALL SELECT b.*, (e->>'roomId')::uuid, (e->>'checkIn')::date, (e->>'checkOut')::date
    FROM bookings b, jsonb_array_elements(b.earlier_rooms) e)"""


def sold_twice(database: Any) -> list[str]:
    """Bookings that had the same night confirmed at the same time, be they cancelled since, from the bookings alone:
    of one room, or of two of which one contains the other.

    And those that stand beside a block of one of their nights.
    """
    pairs = f"""
        WITH stays AS {_IN_ROOMS}, same (one, other) AS (SELECT id, id FROM rooms
         UNION ALL SELECT whole_id, part_id FROM room_parts UNION ALL SELECT part_id, whole_id FROM room_parts)
        SELECT one.id::text, other.id::text, one.slept_in::text FROM same JOIN stays one ON one.slept_in = same.one
        JOIN stays other ON other.slept_in = same.other AND one.id < other.id
        AND one.first < other.last AND other.first < one.last
        AND tstzrange(greatest(one.confirmed_at, one.changed_at), one.cancelled_at) &&
        tstzrange(greatest(other.confirmed_at, other.changed_at), other.cancelled_at)
        WHERE one.confirmed_at IS NOT NULL AND other.confirmed_at IS NOT NULL
        UNION ALL SELECT sold.id::text, 'a block', sold.slept_in::text FROM same
        JOIN stays sold ON sold.slept_in = same.one JOIN blocks block
        ON block.room_id = same.other AND sold.status = 'CONFIRMED'
        AND sold.first < block.check_out AND block.check_in < sold.last"""
    return [f"{one} and {other} had the same night of {room}" for one, other, room in rows(database, pairs)]


def broken_promises(facts: Facts, log: list[Told]) -> Iterable[str]:
    """Acknowledged bookings that are not there, and refused ones that are."""
    for told in log:
        if told.status == 201:
            found = facts.bookings.get(uuid_of("booking", told.booking_id))
            expected = {True: {"CANCELLED"}, False: {"CONFIRMED"}, None: {"CONFIRMED", "CANCELLED"}}[told.cancelled]
            if found is None or found[1] not in expected or not found[2]:
                yield f"{told} was acknowledged, but the database says {found}"
        elif told.status in FREE_OF_CHARGE:
            begun = begun_by(facts, told)
            if begun in facts.bookings and facts.bookings[begun][2]:
                others = [other for other in log if other.booking_id == told.booking_id and other is not told]
                yield f"{told} was refused, but the database says {facts.bookings[begun]}; also told: {others}"


def unasked(facts: Facts, log: list[Told]) -> Iterable[str]:
    """Bookings that were confirmed without anybody being told, or more than one for a key."""
    acknowledged = Counter(uuid_of("booking", told.booking_id) for told in log if told.status == 201)
    yield from (f"{booking} is the answer to {n} keys" for booking, n in acknowledged.items() if n > 1)
    begun = {begun_by(facts, told) for told in log if not told.status}
    open_ended = {one for booking_id in begun for one in facts.lines.get(facts.order_of.get(booking_id, ""), [])}
    guests = {uuid_of("user", told.user_id) for told in log}
    for booking_id, _, was_confirmed, user_id in facts.bookings.values():
        if user_id in guests and was_confirmed and booking_id not in acknowledged and booking_id not in open_ended:
            yield f"{facts.bookings[booking_id]} was confirmed, but nobody was told"


def begun_by(facts: Facts, told: Told) -> str:
    """The booking that an attempt began, whether its guest was told of it or not; "" where there is none."""
    known = uuid_of("booking", told.booking_id) if told.booking_id else ""
    return known or facts.keys.get((uuid_of("user", told.user_id), told.key)) or ""


def wrong_money(facts: Facts) -> Iterable[str]:
    """Charged twice, or without a booking, or not at all; refunds that differ from what is owed."""
    yield from (f"the provider knows a {stray}, and we do not" for stray in facts.strays)
    yield from _wrong_money_of_several(facts)
    for booking_id, status, was_confirmed, _ in facts.bookings.values():
        order_id = facts.order_of[booking_id]
        if len(facts.lines[order_id]) > 1 or order_id in facts.planned | facts.guaranteed:
            continue
        if booking_id in facts.changed:
            yield from wrong_money_of_changed(facts, booking_id, status)
            continue
        moved, (total, refund) = facts.moved[booking_id], facts.owed[booking_id]
        charged, refunded = moved["charge"], facts.amounts[booking_id].get("refund", 0)
        owed = (refund or 0) if was_confirmed else total * charged
        paid, refused = facts.amounts[booking_id].get("charge", total), facts.refused.get(booking_id, [])
        if paid != total:
            yield f"{booking_id} ({status}): {paid} was charged where {total} is the price"
        if charged > 1 or (was_confirmed and total and not charged):
            yield f"{booking_id} ({status}) was charged {charged} times"
        yield from (f"{booking_id}: a declined refund is called {state}" for state in refused if state != "failed")
        still_owed = bool(refused) and not refunded
        if (refunded != owed and not still_owed) or moved["refund"] > 1:
            yield f"{booking_id} ({status}): {refunded} came back, {moved['refund']} times, where {owed} was owed"


def wrong_money_of_changed(facts: Facts, booking_id: str, status: str) -> Iterable[str]:
    """Of a booking that somebody has changed, or tried to: several charges and refunds, which make its price."""
    total, refund = facts.owed[booking_id]
    moved, expected = facts.sums[booking_id], total - (refund or 0)
    kept = moved["charge"] - moved["refund"]
    still_owed = moved["declined"] if facts.refused.get(booking_id) else 0
    if not expected <= kept <= expected + still_owed:
        yield f"{booking_id} ({status}), changed: {kept} was kept where {expected} is the price"


def _wrong_money_of_several(facts: Facts) -> Iterable[str]:
    """The same of orders of several rooms, all in all: one charge for all, refunds by the room."""
    for order_id, bookings in facts.lines.items():
        if len(bookings) == 1 or order_id in facts.guaranteed | facts.planned:
            continue
        moved = sum((facts.sums[one] for one in bookings), Counter[str]())
        price = sum(facts.owed[one][0] - (facts.owed[one][1] or 0) for one in bookings if facts.bookings[one][2])
        still_owed = moved["declined"] if any(facts.refused.get(one) for one in bookings) else 0
        if not price <= moved["charge"] - moved["refund"] <= price + still_owed:
            yield f"order {order_id}: {moved} moved where {price} is the price of what was confirmed"
        if sum(facts.moved[one]["charge"] for one in bookings) > 1:
            yield f"order {order_id} was charged more than once"


def wrong_sums(database: Any) -> Iterable[str]:
    """Bookings without an order, and orders whose sums are not what has moved, at the provider and by hand."""
    lost = "SELECT id::text FROM bookings b WHERE NOT EXISTS (SELECT FROM orders o WHERE o.id = b.order_id)"
    yield from (f"{booking_id} has no order" for (booking_id,) in rows(database, lost))
    sums = """
        SELECT o.reference, o.paid, o.refunded, o.refunding,
         coalesce(sum(p.amount) FILTER (WHERE p.kind = 'charge' AND p.moved), 0),
         coalesce(sum(p.amount) FILTER (WHERE p.kind = 'refund' AND p.moved), 0)
        FROM orders o LEFT JOIN
        (SELECT p.order_id, p.kind, coalesce(l.amount, p.amount) AS amount, coalesce(l.kind = p.kind,
         p.provider IN ('desk', 'terminal', 'transfer', 'elsewhere') AND p.state = 'succeeded') AS moved
         FROM payments p LEFT JOIN simulated_ledger l ON l.key = p.id) p ON p.order_id = o.id GROUP BY o.id"""
    for reference, paid, refunded, refunding, charged, returned in rows(database, sums):
        if (paid, refunded, refunding) != (charged, returned, 0):
            yield f"{reference} says {paid} paid, {refunded} (and {refunding}) back; {charged} and {returned} moved"


def counted_twice(database: Any) -> Iterable[str]:
    """Drawers of which one shift was closed by two counts."""
    asked = """
        SELECT property_id::text, user_id::text, count(*) FROM cash_closings
        GROUP BY property_id, currency, user_id, previous_id HAVING count(*) > 1"""
    yield from (f"the drawer of {user} at {place} was counted {n} times" for place, user, n in rows(database, asked))


def wrongly_reported(database: Any, told: Iterable[str], most: int) -> Iterable[str]:
    """References that are owed a declined refund and are not named as owed, and those that are named and are not.

    `told`: a reference for each refund; of more than `most` refunds, not all can be named.
    """
    declined = """
        SELECT DISTINCT b.reference FROM bookings b JOIN payments p ON p.booking_id = b.id AND p.kind = 'refund'
        JOIN simulated_ledger l ON l.key = p.id AND l.kind = 'declined'
        WHERE NOT EXISTS (SELECT FROM payments o JOIN simulated_ledger m ON m.key = o.id AND m.kind = 'refund'
        WHERE o.booking_id = b.id AND coalesce(o.debt_id, b.id) = coalesce(p.debt_id, b.id))"""
    lines = list(told)
    owed, named = {row[0] for row in rows(database, declined)}, set(lines)
    yield from (f"{reference} is named as owed, and is not" for reference in sorted(named - owed))
    if len(lines) < most:
        yield from (f"{reference} is owed, and nobody says so" for reference in sorted(owed - named))


def parted_orders(database: Any) -> Iterable[str]:
    """Orders of which some rooms were confirmed and others were not, or that expired and were cancelled in one."""
    asked = """
        SELECT o.reference, string_agg(b.reference || ' ' || b.status, ', ') FROM orders o
        JOIN bookings b ON b.order_id = o.id GROUP BY o.id
        HAVING count(b.confirmed_at) NOT IN (0, count(*))
        OR (count(b.confirmed_at) = 0 AND min(b.status) <> max(b.status))"""
    yield from (f"order {reference} ended in parts: {parts}" for reference, parts in rows(database, asked))


CONTACT = "stays@example.com"  # whoever asks for several rooms in one order names this one


def lost_contacts(database: Any, since: datetime) -> Iterable[str]:
    """Orders of several rooms, made since then, that do not know who stays; and others that think they do."""
    asked = f"""
        SELECT o.reference, o.contact_email, count(*) FROM orders o JOIN bookings b ON b.order_id = o.id
        WHERE o.created_at >= '{since.isoformat()}' AND o.channel = 'api' GROUP BY o.id
        HAVING (count(*) > 1) <> coalesce(o.contact_email = '{CONTACT}', false)"""
    yield from (f"order {one} of {rooms} rooms names {contact}" for one, contact, rooms in rows(database, asked))


def nights_astray(database: Any, since: datetime) -> Iterable[str]:
    """Confirmed stays that lack a night of theirs, of those booked since then; and nights that are kept for nobody."""
    lacking = f"""
        SELECT b.reference, b.check_out - b.check_in, count(a.night) FROM {_IN_ROOMS} b
        LEFT JOIN availability a ON a.claim_id = b.id AND a.room_id = b.slept_in AND a.state = 'booked'
        AND a.night >= b.first AND a.night < b.last
        WHERE b.status = 'CONFIRMED' AND b.created_at >= '{since.isoformat()}'
        GROUP BY b.id, b.reference, b.check_in, b.check_out HAVING count(a.night) <> b.check_out - b.check_in"""
    yield from (f"{one} has {n} of its {nights} nights" for one, nights, n in rows(database, lacking))
    apart = f"""
        SELECT b.reference, p.part_id::text, count(a.night) FROM {_IN_ROOMS} b
        JOIN room_parts p ON p.whole_id = b.slept_in
        LEFT JOIN availability a ON a.claim_id = b.id AND a.room_id = p.part_id AND a.whole_id = b.slept_in
        AND a.state = 'booked' AND a.night >= b.first AND a.night < b.last
        WHERE b.status = 'CONFIRMED' AND b.created_at >= '{since.isoformat()}'
        GROUP BY b.id, b.reference, b.slept_in, b.first, b.last, p.part_id HAVING count(a.night) <> b.last - b.first"""
    yield from (f"{one} has {n} nights of {part}, which its room contains" for one, part, n in rows(database, apart))
    kept = f"""
        SELECT a.room_id::text, a.night, a.state FROM availability a
        WHERE NOT EXISTS (SELECT FROM {_IN_ROOMS} b WHERE b.id = a.claim_id AND b.status = 'CONFIRMED'
         AND b.slept_in = coalesce(a.whole_id, a.room_id) AND a.night >= b.first AND a.night < b.last)
        AND NOT EXISTS (SELECT FROM blocks b WHERE b.id = a.claim_id AND b.room_id = coalesce(a.whole_id, a.room_id))"""
    yield from (f"{night} of {room} is {state} for nobody" for room, night, state in rows(database, kept))


def wrong_stays(database: Any, log: list[Told]) -> Iterable[str]:
    """Bookings whose guest was told of another room or of other nights than they have."""
    asked = "SELECT id::text, room_id::text, check_in::text, check_out::text FROM bookings"
    stays = {row[0]: row[1:] for row in rows(database, asked)}
    for told in log:
        has = stays.get(uuid_of("booking", told.booking_id))
        if told.status == 201 and told.stay and has and (uuid_of("room", told.stay[0]), *told.stay[1:]) != has:
            yield f"{told} has {has}"


def wrong_refunds(facts: Facts, log: list[Told]) -> Iterable[str]:
    """Bookings paid at once whose guest was told of another refund than came back, or was declined."""
    for told in log:
        booking_id = uuid_of("booking", told.booking_id)
        order_id = facts.order_of.get(booking_id, "")
        if told.refund is None or booking_id in facts.changed or order_id in facts.planned | facts.guaranteed:
            continue
        moved = facts.sums[booking_id]
        if float(moved["refund"] or (moved["declined"] if facts.refused.get(booking_id) else 0)) != told.refund:
            yield f"{told} was told that {told.refund} comes back, and {moved} moved"


def wrong_prices(facts: Facts, log: list[Told]) -> Iterable[str]:
    """Bookings whose guest was told another price than is theirs."""
    for told in log:
        price = facts.owed.get(begun_by(facts, told), (None,))[0]
        if told.status == 201 and told.price is not None and price is not None and float(price) != told.price:
            yield f"{told} was told {told.price}, and the price is {price}"


def mail_findings(database: Any, mails: Iterable[Mail], since: datetime) -> list[str]:
    """Bookings confirmed since then without their confirmation, and mails about bookings that never were."""
    arrived = list(mails)
    events = causes(arrived)
    asked = "SELECT id::text, payload->>'reference', payload ? 'confirmedTogether' FROM events"
    asked += " WHERE type = 'booking.confirmed'"
    found = [(one, together) for event_id, one, together in rows(database, asked) if event_id in events]
    confirmations = {reference for reference, _ in found}
    orders = {reference.partition("-")[0] for reference, together in found if together}  # one email for all rooms
    made = f"""
        SELECT b.reference FROM bookings b JOIN orders o ON o.id = b.order_id AND o.channel <> 'import'
        WHERE b.confirmed_at IS NOT NULL AND b.created_at >= '{since.isoformat()}'"""
    confirmed = {row[0] for row in rows(database, made)}
    twice = [f"{one} has {n} confirmations" for one, n in Counter(one for one, _ in found).items() if n > 1]
    missing = twice + [
        f"{reference} has no confirmation"
        for reference in confirmed - confirmations
        if reference.partition("-")[0] not in orders
    ]
    # Mails about accounts name no booking.
    unasked_for = {mail.reference for mail in arrived if mail.reference} - confirmed
    return missing + [f"a mail about {reference}, which was never confirmed" for reference in unasked_for]


def causes(mails: Iterable[Mail]) -> set[str]:
    """The events that mails came of."""
    return {mail.message_id.partition(".")[0] for mail in mails}


def mails_in(directory: Path) -> list[Mail]:
    """The mails that were written as files."""
    letters = [message_from_bytes(path.read_bytes(), policy=default) for path in sorted(directory.glob("*.eml"))]
    return [Mail(str(mail["Message-ID"]).strip("<>"), str(mail.get("X-Booking-Reference", ""))) for mail in letters]


def rows(database: Any, question: str) -> list[Any]:
    with database.cursor() as cursor:
        cursor.execute(question)
        return list(cursor.fetchall())


def uuid_of(prefix: str, text: str) -> str:
    found: UUID | None = decode(prefix, text)
    return str(found)
