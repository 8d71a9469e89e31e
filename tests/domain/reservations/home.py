"""What the database and the provider say of all bookings, for test_all_verbs.py."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections import Counter
from decimal import Decimal
from typing import Any

from booking.domain import catalogue, inventory, pricing
from booking.domain.errors import BookingNotCancellable
from booking.domain.maintenance import verification
from booking.domain.pricing import PromotionInput
from booking.domain.pricing.rate_editing import add as add_rate
from booking.domain.pricing.rate_inputs import RateInput
from booking.domain.reservations import cancellation_preview
from booking.domain.stays import Stay
from booking.infra import clock
from booking.infra.ids import encode
from tests.cast import SYSTEM, beside
from tests.domain.reservations.house import House
from tests.domain.reservations.worlds import DOUBLE, SISTER, Left, World

IN_STEPS = {
    "name": "in steps",
    "tiers": [{"daysBefore": days, "percent": percent} for days, percent in ((16, 100), (9, 70), (4, 50), (1, 10))],
}

UNTIL = [{"before": "18d", "refund": "100"}, {"before": "2d", "refund": "35"}]  # of the rate plan
FEW, ONCE = "FEW", "ONCE"
# Of the first two rooms can be booked with it; of the second each guest one.
PROMOTIONS: dict[str, dict[str, Any]] = {
    FEW: {"name": "Two of ours", "percent": 20, "mostUses": 2},
    ONCE: {"name": "Welcome", "amount": 70, "currency": "EUR", "mostPerGuest": 1},
}

# By our clock: Postgres' own is years behind it here.
BOOKS = " UNION ALL ".join(
    f"SELECT '{rule}', found.subject::text FROM ({query}) AS found (subject)"
    for rule, query in verification.RULES.items()
).replace("now()", "(now() + $1)")
NOT_YET = (
    verification.OWED,
    "payment_waits",
    "hosted_payment_waits",
    "balance_waits",
    "unpaid_waits",
    "invoices_wait",
)  # the worker's part, which comes when it comes

OPEN = "kind = 'charge' AND state IN ('started', 'unknown', 'awaiting_guest')"
BY_HAND = "('desk', 'terminal', 'transfer', 'elsewhere')"
QUESTIONS = {
    "invoiced": """
        SELECT o.reference, o.owed, coalesce(sum(CASE i.kind WHEN 'invoice' THEN i.total ELSE -i.total END), 0)
        FROM orders o LEFT JOIN invoices i ON i.order_id = o.id WHERE o.channel <> 'import' AND EXISTS
        (SELECT FROM bookings b WHERE b.order_id = o.id AND b.confirmed_at IS NOT NULL) GROUP BY o.id""",
    "shown": """
        SELECT b.id, b.order_id, coalesce(u.email, o.contact_email), b.status, b.room_id, b.check_in, b.check_out,
        b.guests, b.total_price, b.earlier_rooms, b.status = 'PENDING' AND b.held_until IS NULL FROM bookings b
        JOIN orders o ON o.id = b.order_id LEFT JOIN users u ON u.id = b.user_id ORDER BY b.id""",
    "under_way": f"""
        SELECT order_id FROM payments WHERE {OPEN}
        UNION SELECT id FROM bookings WHERE status = 'PENDING' AND held_until IS NULL
        UNION SELECT booking_id FROM booking_changes WHERE state = 'pending'""",
    "taken": "SELECT room_id, night, state, claim_id FROM availability",
    "charges": """
        SELECT p.order_id, l.key, l.reference, l.currency FROM simulated_ledger l JOIN payments p ON p.id = l.key
        WHERE l.kind = 'charge' ORDER BY l.key""",
    "in_steps": "SELECT order_id FROM payment_schedule",
    "sold_on": """
        SELECT b.id, p.code, b.policy, b.price_lines FROM bookings b LEFT JOIN promotions p ON p.id = b.promotion_id
        WHERE b.status IN ('PENDING', 'CONFIRMED')""",
    "attempts": f"""
        SELECT id, order_id, booking_id, {OPEN}, provider IN {BY_HAND}, kind = 'refund'
        FROM payments ORDER BY id""",
    "ledgers": f"""
        SELECT o.id, o.owed, coalesce((SELECT sum(CASE l.kind WHEN 'charge' THEN l.amount WHEN 'refund' THEN
         -l.amount END) FROM payments p JOIN simulated_ledger l ON l.key = p.id WHERE p.order_id = o.id), 0)
        + coalesce((SELECT sum(CASE kind WHEN 'charge' THEN amount ELSE -amount END) FROM payments
         WHERE order_id = o.id AND state = 'succeeded' AND provider IN {BY_HAND}), 0),
        coalesce((SELECT sum(r.amount) FROM payments r WHERE r.order_id = o.id AND r.kind = 'refund'
         AND r.state IN ('started', 'unknown', 'awaiting_staff', 'failed') AND r.failure IS DISTINCT FROM 'corrected'
         AND NOT EXISTS (SELECT FROM payments a WHERE a.debt_id = r.debt_id AND a.id <> r.id
          AND (a.state <> 'failed' OR a.id > r.id))
         AND NOT EXISTS (SELECT FROM simulated_ledger l WHERE l.key = r.id AND l.kind = 'refund')), 0)
        FROM orders o""",
}


class Home(House):
    """Its rooms are of one property: two by themselves, two units, and a dorm with a bed (worlds.py). What the database
    and the provider say is read on a connection of its own.
    """

    def __init__(self, desk: Any, owner: Any) -> None:
        super().__init__(desk, owner)
        double, dorm, bed = (beside(self.rooms[0], name, 80) for name in ("Double", "Dorm", "Bed"))
        self.rooms += [double, dorm, bed]
        units = catalogue.make_units(SYSTEM, double.id, ["Double 1", "Double 2"], title="Double").units
        inventory.link_rooms(SYSTEM, dorm.id, [bed.id])
        self.numbers = {room.id: number for number, room in enumerate(self.rooms)} | {units[1].id: DOUBLE + SISTER}
        # By the terms of most of these stays some of the price comes back.
        self._ask("UPDATE rooms SET cancellation_policy = %s", json.dumps(IN_STEPS))
        one, *others = self.rooms
        for other in others:
            self._ask("UPDATE rooms SET property_id = %s WHERE id = %s", one.property_id, other.id)

        self.plan = self._rates(one.property_id)

        # Planned once: to plan what is asked after each step took longer than all else that a step does.
        self._ask("SET jit = off")
        with self.owner.cursor() as cursor:
            for name, question in QUESTIONS.items():
                cursor.execute(f"PREPARE {name} AS {question}")
            cursor.execute(f"PREPARE books (interval) AS {BOOKS}")
        self._seen: dict[str, list[Any]] = {}

    @staticmethod
    def _rates(house: uuid.UUID) -> str:
        """A rate plan with a policy of its own, of which the id is returned, and the promotions."""
        for code, terms in PROMOTIONS.items():
            pricing.add_promotion(SYSTEM, PromotionInput.model_validate({"code": code, **terms}))

        def add(kind: str, **terms: Any) -> str:
            rule = RateInput.model_validate({"kind": kind, "name": f"A {kind}", "terms": terms})
            return encode("rate", add_rate(SYSTEM, house, rule))

        return add("plan", percent=-10, policy=add("policy", tiers=UNTIL))

    def look_anew(self) -> None:
        """What was seen before is out of date: something has been done since."""
        self._seen.clear()

    def _look(self, name: str) -> list[Any]:
        if name not in self._seen:
            self._seen[name] = self._ask(f"EXECUTE {name}")
        return self._seen[name]

    def findings(self) -> list[tuple[str, str]]:
        """What `flask bookings verify` finds, but for what is not done yet: the rule, and what breaks it."""
        found = self._ask("EXECUTE books (%s)", clock.now() - dt.datetime.now(dt.UTC))
        return [(rule, subject) for rule, subject in found if rule not in NOT_YET]

    def shown(self) -> list[tuple[Any, Any, int, World, Decimal]]:
        """Each booking: its id, its order's, its guest, how it stands, what it costs."""
        return [
            (key, order, self._guest(email), self._world(status, room, first, last, number, left or ()), cost)
            for key, order, email, status, room, first, last, number, cost, left, _ in self._look("shown")
        ]

    def _world(self, status: str, room: Any, first: dt.date, last: dt.date, guests: int, left: Any) -> World:
        unit, number = divmod(self.numbers[room], SISTER)
        return World(status, number, first, last, guests, unit, tuple(map(self._left, left)))

    def _left(self, kept: dict[str, str]) -> Left:
        unit, number = divmod(self.numbers[uuid.UUID(kept["roomId"])], SISTER)
        first, last = (dt.date.fromisoformat(kept[day]) for day in ("checkIn", "checkOut"))
        return Left(number, first, last, unit)

    def invoiced_otherwise(self) -> list[tuple[str, Decimal, Decimal]]:
        """Orders whose invoices, without what was credited, are not what they owe."""
        return [(reference, owed, net) for reference, owed, net in self._look("invoiced") if owed != net]

    def being_paid(self) -> list[Any]:
        """Bookings that somebody pays for at this moment."""
        return [key for key, *_, is_being_paid in self._look("shown") if is_being_paid]

    def under_way(self) -> set[Any]:
        """Orders with a payment, and bookings with a change, of which nobody knows yet what comes of it."""
        return {row[0] for row in self._look("under_way")}

    def taken(self) -> dict[tuple[int, dt.date], tuple[str, Any]]:
        """Nights that are pinned, booked, or held by somebody whose time is not over."""
        return {(self.numbers[room], night): (state, claim) for room, night, state, claim in self._look("taken")}

    def ledgers(self) -> list[tuple[Any, Decimal, Decimal, Decimal]]:
        """Each order: what it owes, what the house has of it, by provider or by hand, and what is still to go back."""
        return self._look("ledgers")

    def stay_of(self, key: Any) -> Stay:
        [[check_in, check_out]] = self._ask("SELECT check_in, check_out FROM bookings WHERE id = %s", key)
        return Stay(check_in, check_out)

    def version_of(self, key: Any) -> int:
        version: int
        [[version]] = self._ask("SELECT version FROM bookings WHERE id = %s", key)
        return version

    def comes_back(self, key: Any) -> Decimal:
        """If the booking is cancelled now."""
        try:
            preview = cancellation_preview.preview(SYSTEM, encode("booking", key))
        except BookingNotCancellable:
            return Decimal(0)
        return preview.refund or Decimal(0)

    def went_back(self, key: Any) -> Decimal:
        """All that has become owed to the booking's guest, whatever became of it."""
        went: Decimal
        [[went]] = self._ask(
            "SELECT coalesce(sum(amount), 0) FROM payments WHERE kind = 'refund' AND booking_id = %s AND debt_id = id",
            key,
        )
        return went

    def due(self, order: Any) -> Decimal:
        due: Decimal
        [[due]] = self._ask("SELECT owed - waived - (paid - refunded - refunding) FROM orders WHERE id = %s", order)
        return max(due, Decimal(0))

    def paid_for(self, key: Any) -> Decimal:
        """What the house has of a booking's price, where the others of its order are paid first."""
        paid: Decimal
        beyond = "o.paid - o.refunded - o.refunding - (o.owed - b.total_price)"
        least = f"SELECT least(b.total_price, greatest({beyond}, 0)) FROM bookings b"
        [[paid]] = self._ask(f"{least} JOIN orders o ON o.id = b.order_id WHERE b.id = %s", key)
        return paid

    def runs(self, order: Any) -> bool:
        """Whether a hold of the order still runs, or is being paid for."""
        running = (
            "SELECT id FROM bookings WHERE order_id = %s AND status = 'PENDING' AND coalesce(held_until > %s, true)"
        )
        return bool(self._ask(running, order, clock.now()))

    def vouched_for(self) -> list[Any]:
        """Orders that staff guarantees, or of which something was paid."""
        rows = self._ask("SELECT id FROM orders WHERE guarantee IS NOT NULL OR paid > 0 ORDER BY id")
        return [row[0] for row in rows]

    def at_the_desk(self) -> list[tuple[Any, bool]]:
        """Bookings whose guests have come, left or not come; whether they are in the house now."""
        inside = "checked_in_at IS NOT NULL AND checked_out_at IS NULL"
        known = "checked_in_at IS NOT NULL OR no_show_at IS NOT NULL"
        return [
            (key, is_in) for key, is_in in self._ask(f"SELECT id, {inside} FROM bookings WHERE {known} ORDER BY id")
        ]

    def guaranteed(self) -> set[Any]:
        """Orders that the house vouches for."""
        return {row[0] for row in self._ask("SELECT id FROM orders WHERE guarantee IS NOT NULL")}

    def without_account(self) -> set[Any]:
        """Orders of guests for whom only staff acts."""
        return {row[0] for row in self._ask("SELECT id FROM orders WHERE user_id IS NULL")}

    def freed(self, key: Any) -> dt.date | None:
        """When the booking ended before its guest left early, or nights were freed, at last; None where none were."""
        freed = "SELECT old_check_out FROM booking_changes WHERE booking_id = %s AND old_policy IS NOT NULL"
        rows = self._ask(f"{freed} AND state = 'confirmed' ORDER BY id DESC LIMIT 1", key)
        return rows[0][0] if rows else None

    def sold_on(self) -> list[tuple[Any, str | None, dict[str, Any], list[dict[str, Any]]]]:
        """Each booking that stands: its id, the code that it uses, its policy, its lines."""
        return self._look("sold_on")

    def uses(self, code: str, *, by: Any = None, without: Any = None) -> int:
        """How many bookings that stand use a code, of one guest, and without those of an order."""
        uses: int
        [[uses]] = self._ask(
            "SELECT count(*) FROM bookings b JOIN promotions p ON p.id = b.promotion_id WHERE p.code = %s"
            " AND b.status IN ('PENDING', 'CONFIRMED') AND coalesce(b.user_id = %s, %s)"
            " AND b.order_id IS DISTINCT FROM %s",
            code,
            by,
            by is None,
            without,
        )
        return uses

    def let_off(self, order: Any) -> Decimal:
        """What its guest need not pay."""
        waived: Decimal
        [[waived]] = self._ask("SELECT waived FROM orders WHERE id = %s", order)
        return waived

    def waivers(self) -> list[Any]:
        return [row[0] for row in self._ask("SELECT id FROM waivers ORDER BY id")]

    def in_steps(self) -> set[Any]:
        """Orders of which a deposit is paid first."""
        return {row[0] for row in self._look("in_steps")}

    def to_be_cancelled(self) -> set[Any]:
        """Orders whose card was declined, and whose policy gives them so many days to be paid."""
        return {row[0] for row in self._ask("SELECT order_id FROM payment_schedule WHERE cancel_at IS NOT NULL")}

    def with_two_open_charges(self) -> list[Any]:
        """Orders that could be paid twice at this moment."""
        opened = Counter(order for _, order, _, is_open, *_ in self._look("attempts") if is_open)
        return [order for order, number in opened.items() if number > 1]

    def charges(self) -> list[tuple[Any, uuid.UUID, str, str]]:
        """What the provider has charged: the order, its key and reference there, the currency."""
        return self._look("charges")

    def disputes(self) -> dict[str, str]:
        """As they are known: their states by their references."""
        return dict(self._ask("SELECT reference, state FROM disputes"))

    def left_of(self, charge: uuid.UUID) -> Decimal:
        """Of a charge, as the provider's ledger has it."""
        left: Decimal
        [[left]] = self._ask(
            "SELECT c.amount - coalesce((SELECT sum(amount) FROM simulated_ledger WHERE charge_key = c.key"
            " AND kind = 'refund'), 0) FROM simulated_ledger c WHERE key = %s",
            charge,
        )
        return left

    def enter_found(self) -> set[str]:
        """What was refunded at the provider and is known by now gets into its ledger: the references."""
        rows = self._ask(
            "INSERT INTO simulated_ledger (key, kind, reference, amount, currency, charge_key)"
            " SELECT id, 'refund', provider_reference, amount, currency, charge_id FROM payments"
            " WHERE found_at IS NOT NULL AND id NOT IN (SELECT key FROM simulated_ledger) RETURNING reference"
        )
        return {row[0] for row in rows}

    def order_of(self, payment: Any) -> Any:
        [[order]] = self._ask("SELECT order_id FROM payments WHERE id = %s", payment)
        return order

    def by_hand(self) -> list[Any]:
        """Entries of money that staff took, or is to give back."""
        return [key for key, *_, by_hand, _ in self._look("attempts") if by_hand]

    def refunds(self) -> list[tuple[Any, Any]]:
        """Bookings and all their attempts to return money."""
        return [(booking, key) for key, _, booking, *_, is_refund in self._look("attempts") if is_refund]

    def total(self, key: Any) -> Decimal:
        """What the booking's order is to be paid."""
        [[total]] = self._ask(
            "SELECT sum(total_price) FROM bookings WHERE status IN ('PENDING', 'CONFIRMED')"
            " AND order_id = (SELECT order_id FROM bookings WHERE id = %s)",
            key,
        )
        return total or Decimal(0)
