"""What guests and staff were told of deposits, guarantees and money by hand, beside what the tables say.

Like oracle.py: it knows the tables and the provider's ledger, and nothing of the code that writes them.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.oracle import Facts, Told, rows, uuid_of

ROUNDED = Decimal("0.5")  # of a currency, at most, between a share and what is charged for it
# A guest who pays a rest early with a card that is declined is told at once, and the card is no reason for anything.
NOT_EARLY = "(p.purpose <> 'balance' OR p.method IS DISTINCT FROM 'pm_card_declined')"
BY_HAND = "('desk', 'terminal', 'transfer', 'elsewhere')"


@dataclass
class Entry:
    """What staff was told that it had entered: a charge is money in the drawer, a refund is money out of it."""

    kind: str
    amount: Decimal
    reference: str  # or why an entry was taken back
    payment: str = ""
    corrected: bool = False


@dataclass
class Drawer:
    """What was told of an order that staff vouches for."""

    reference: str
    lines: list[Told]
    entries: list[Entry] = field(default_factory=list)
    waived: dict[str, Decimal] = field(default_factory=dict)  # by the reason
    perhaps: set[str] = field(default_factory=set)  # reasons of changes that may have cost nothing more
    kept: Decimal = Decimal(0)  # of what was paid for a room that was cancelled with another refund than the policy's
    changed: bool = False  # a stay of it may have become dearer and cheaper again
    unsure: bool = False  # of one command nobody knows what came of it

    def has(self, entry: Entry) -> bool:
        return any((one.kind, one.reference) == (entry.kind, entry.reference) for one in self.entries)

    @property
    def money(self) -> Decimal:
        return sum((one.amount if one.kind == "charge" else -one.amount for one in self.entries), Decimal(0))

    @property
    def price(self) -> Decimal | None:
        """What its rooms cost that were not cancelled, all of which can be for nothing; None where nobody knows."""
        if any(told.cancelled is None or told.price is None for told in self.lines):
            return None
        return self.kept + sum((Decimal(str(told.price)) for told in self.lines if not told.cancelled), Decimal(0))


# --- invoices


def wrong_invoices(database: Any, start: dt.datetime) -> Iterable[str]:
    """Bookings whose invoices, without what was credited, are not what is owed for them; and numbers that are missing.

    Those of the demo were confirmed before: they have none.
    """
    asked = """
        SELECT b.reference, coalesce(n.net, 0), CASE b.status WHEN 'CONFIRMED' THEN b.total_price
         WHEN 'CANCELLED' THEN coalesce(b.kept, b.total_price - coalesce(b.refund_amount, b.total_price)) ELSE 0 END
        FROM bookings b JOIN orders o ON o.id = b.order_id LEFT JOIN (SELECT l.booking_id,
         sum(CASE i.kind WHEN 'invoice' THEN l.amount ELSE -l.amount END) AS net
         FROM invoice_lines l JOIN invoices i ON i.id = l.invoice_id GROUP BY 1) n ON n.booking_id = b.id
        WHERE o.channel <> 'import' AND b.confirmed_at >= 'START'"""
    for reference, net, owed in rows(database, asked.replace("START", start.isoformat())):
        if net != owed:
            yield f"{reference}: {net} is invoiced, {owed} is owed"
    counted = "SELECT issuer_id, count(*), count(DISTINCT number), max(number) FROM invoices GROUP BY issuer_id, year"
    for issuer, documents, numbers, last in rows(database, counted):
        if not documents == numbers == last:
            yield f"entity {issuer} has {documents} documents with {numbers} numbers up to {last}"


# --- guarantees, and money by hand


def wrong_drawers(database: Any, drawers: dict[str, Drawer]) -> Iterable[str]:
    """Orders guaranteed by nobody or not at all, entries lost or made twice, and orders that hold other sums.

    Those of the demo have been there before.
    """
    asked = """
        SELECT reference, owed, paid - refunded - refunding,
        guarantee IS NOT NULL AND guaranteed_by <> 'system:demo' FROM orders WHERE channel <> 'import'"""
    orders = {row[0]: row[1:] for row in rows(database, asked)}
    guaranteed = {reference for reference, facts in orders.items() if facts[2]}
    yield from (f"{one} is guaranteed, and nobody was told" for one in sorted(guaranteed - drawers.keys()))
    written, by_card, waived = _written(database), _by_card(database), _waived(database)
    yield from (f"{one} has money by hand that nobody took" for one in sorted(written.keys() - drawers.keys()))
    for reference, drawer in drawers.items():
        if drawer.unsure:
            continue
        if reference not in guaranteed:
            yield f"{reference} was guaranteed, and the database does not say so"
            continue
        told = Counter((one.kind, one.amount, one.reference) for one in drawer.entries)
        if told != written[reference]:
            yield f"{reference}: {dict(told)} was told, {dict(written[reference])} is written"
        yield from _wrong_waivers(drawer, waived[reference])
        yield from _wrong_sums(drawer, orders[reference], drawer.money + by_card[reference])


def _wrong_waivers(drawer: Drawer, written: list[tuple[str, Decimal]]) -> Iterable[str]:
    """What the guest was let off: lost, twice, or by nobody. What a change has cost more, nobody was told as a sum."""
    for reason, number in Counter(reason for reason, _ in written).items():
        if number > 1 or reason not in drawer.waived.keys() | drawer.perhaps:
            yield f"{drawer.reference} was let off {number} times for {reason!r}"
    lost = {one for one in drawer.waived.items() if one not in written}
    yield from (f"{drawer.reference} was let off {amount} for {reason!r}, and is not" for reason, amount in lost)


def _waived(database: Any) -> dict[str, list[tuple[str, Decimal]]]:
    """Reasons and amounts by the order's reference, those that take others back included."""
    found: dict[str, list[tuple[str, Decimal]]] = defaultdict(list)
    asked = "SELECT o.reference, w.reason, w.amount FROM waivers w JOIN orders o ON o.id = w.order_id"
    for reference, reason, amount in rows(database, asked):
        found[reference].append((reason, amount))
    return found


def _written(database: Any) -> dict[str, Counter[tuple[str, Decimal, str]]]:
    """Entries by hand of each order: their kind, amount and reference."""
    found: dict[str, Counter[tuple[str, Decimal, str]]] = defaultdict(Counter)
    asked = f"""
        SELECT o.reference, p.kind, p.amount, p.provider_reference FROM payments p JOIN orders o ON o.id = p.order_id
        WHERE p.provider IN {BY_HAND} AND p.state = 'succeeded' AND o.channel <> 'import'"""
    for reference, kind, amount, entry in rows(database, asked):
        found[reference][kind, amount, entry] += 1
    return found


def _by_card(database: Any) -> Counter[str]:
    """What the provider has of each order that staff vouches for: a dearer stay, for example."""
    found = Counter[str]()
    asked = """
        SELECT o.reference, sum(CASE l.kind WHEN 'charge' THEN l.amount ELSE -l.amount END)
        FROM simulated_ledger l JOIN payments p ON p.id = l.key JOIN orders o ON o.id = p.order_id
        WHERE l.kind IN ('charge', 'refund') AND o.guarantee IS NOT NULL GROUP BY o.reference"""
    for reference, amount in rows(database, asked):
        found[reference] = amount
    return found


def _wrong_sums(drawer: Drawer, order: tuple[Decimal, Decimal, bool], money: Decimal) -> Iterable[str]:
    """When everything that awaits staff has been given back."""
    owed, has, _ = order
    if has != money:
        yield f"{drawer.reference}: the order says that {has} is here, and it is {money}"
    if drawer.price is None:
        return
    if owed != drawer.price:
        yield f"{drawer.reference} owes {owed}, and its guest was told {drawer.price}"
    if money > drawer.price:
        yield f"{drawer.reference}: {money} is kept where {drawer.price} is the price"
    in_all = sum((one.amount for one in drawer.entries if one.kind == "charge" and not one.corrected), Decimal(0))
    if not drawer.changed and money != min(drawer.price, in_all):
        yield f"{drawer.reference}: {money} is here of {in_all}, where {drawer.price} is the price"


# --- deposits


@dataclass
class Moved:
    """What the provider moved and refused for an order."""

    charges: list[Decimal] = field(default_factory=list)
    returned: Decimal = Decimal(0)
    declined: list[str] = field(default_factory=list)  # kinds of what it declined after the first charge
    still_owed: Decimal = Decimal(0)  # refunds that it declined

    @property
    def kept(self) -> Decimal:
        return sum(self.charges, Decimal(0)) - self.returned


def wrong_deposits(database: Any, facts: Facts, log: list[Told], percent: int) -> Iterable[str]:
    """Deposits that nobody agreed to, that are not a share of the price, and balances charged twice or too late."""
    moved = _moved(database)
    told_of = {uuid_of("booking", told.booking_id): told for told in log if told.status == 201}
    agreed: dict[str, list[Told]] = defaultdict(list)
    for booking_id, told in told_of.items():
        if told.deposit_of is not None and booking_id in facts.bookings:
            agreed[facts.order_of[booking_id]].append(told)
    for order_id, lines in agreed.items():
        yield from _wrong_deposit(order_id, lines, moved[order_id], percent)
    for order_id in facts.planned - facts.guaranteed:
        for booking_id in facts.lines[order_id]:
            one = told_of.get(booking_id)
            if one and one.deposit_of is None:
                yield f"{one} was to be paid at once, and has a deposit"
        yield from _wrong_balance(facts, order_id, moved[order_id])


def _moved(database: Any) -> dict[str, Moved]:
    """By order, in the order in which it was asked for."""
    found: dict[str, Moved] = defaultdict(Moved)
    asked = f"""
        SELECT p.order_id::text, p.kind, l.kind, l.amount
        FROM simulated_ledger l JOIN payments p ON p.id = l.key
        WHERE l.kind <> 'declined' OR {NOT_EARLY} ORDER BY p.id"""
    for order_id, asked_for, kind, amount in rows(database, asked):
        order = found[order_id]
        if kind == "charge":
            order.charges.append(amount)
        elif kind == "refund":
            order.returned += amount
        elif kind == "declined" and order.charges:
            order.declined.append(asked_for)
            order.still_owed += amount if asked_for == "refund" else 0
    return found


def _wrong_deposit(order_id: str, lines: list[Told], moved: Moved, percent: int) -> Iterable[str]:
    """Of all rooms together."""
    price = sum((Decimal(str(told.deposit_of)) for told in lines), Decimal(0))
    first, share = moved.charges[0] if moved.charges else Decimal(0), price * percent / 100
    if abs(first - share) > ROUNDED * len(lines):
        yield f"{order_id}: {first} was charged at once, where {share} of {price} is the deposit"


def _wrong_balance(facts: Facts, order_id: str, moved: Moved) -> Iterable[str]:
    """All of the price in the end, but for a balance that was declined; nothing of what is cancelled in time."""
    rooms = facts.lines[order_id]
    shown = f"{order_id} ({', '.join(facts.bookings[one][1] for one in rooms)})"
    price = sum((facts.owed[one][0] for one in rooms if facts.bookings[one][1] == "CONFIRMED"), Decimal(0))
    if moved.kept > price + moved.still_owed:
        yield f"{shown}: {moved} where {price} is the price: too much is kept"
    if moved.kept < price and "charge" not in moved.declined:
        yield f"{shown}: {moved} where {price} is the price: the rest was never charged"
    was_confirmed = any(facts.bookings[one][2] for one in rooms)
    if facts.changed.isdisjoint(rooms) and len(moved.charges) > 1 + was_confirmed:
        yield f"{shown} was charged {len(moved.charges)} times: {moved}"


def wrong_news_of_balances(database: Any, arrived: set[str]) -> Iterable[str]:
    """Guests whose card was declined for the rest and who were not told, told twice, or told without a reason.

    `arrived`: the events of which an email came. None is due where nothing is due any more: it was paid, or cancelled.
    """
    declined = f"""
        SELECT p.order_id::text FROM simulated_ledger l JOIN payments p ON p.id = l.key AND p.kind = 'charge'
        JOIN payment_schedule s ON s.order_id = p.order_id AND s.purpose = 'balance'
        WHERE l.kind = 'declined' AND EXISTS (SELECT FROM simulated_ledger c JOIN payments d ON d.id = c.key
        AND d.order_id = p.order_id AND d.kind = 'charge' AND d.id < p.id WHERE c.kind = 'charge')
        AND p.purpose <> 'change' AND {NOT_EARLY}"""
    reasons = {row[0] for row in rows(database, declined)}
    events = "SELECT id::text, payload->>'bookingId' FROM events WHERE type = 'balance.declined'"
    order_of = dict(rows(database, "SELECT id::text, order_id::text FROM bookings"))
    told, owing = Counter[str](), _owing(database)
    for event_id, booking in rows(database, events):
        order_id = order_of[uuid_of("booking", booking)]
        told[order_id] += 1
        if event_id not in arrived and order_id in owing:
            yield f"{booking} was to be told of a declined balance, and no email came"
    yield from (f"order {one} was told {n} times of a declined balance" for one, n in told.items() if n > 1)
    yield from (f"order {one} was told of a declined balance that nobody declined" for one in told.keys() - reasons)
    missing = reasons - told.keys() - _cancelled(database)  # before it was due, for all that is known here
    yield from (f"order {one} was not told that its balance was declined" for one in missing)


def _owing(database: Any) -> set[str]:
    due = "SELECT id::text FROM orders WHERE owed - waived > paid - refunded - refunding"
    return {row[0] for row in rows(database, due)}


def _cancelled(database: Any) -> set[str]:
    """Orders that owe nothing more."""
    return {row[0] for row in rows(database, "SELECT order_id::text FROM bookings WHERE status = 'CANCELLED'")}
