"""What bookings should do, in memory and in the fewest lines: the other half of test_model.py. Knows no database."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from zoneinfo import ZoneInfo

START = dt.datetime(2030, 5, 1, 10, tzinfo=dt.UTC)
ZONE = ZoneInfo("Europe/Brussels")
HOLD = dt.timedelta(minutes=15)
LIVE = ("PENDING", "CONFIRMED")
HOLDS = 3  # that one guest may have at a time
PRICES = (Decimal(120), Decimal(95))
TIERS = (((1, 100),), ((5, 100), (1, 50)))  # of each room: cancelled so many days before, so much comes back

RETURNED, SILENT, REFUSED = REFUNDS = ("returned", "silence", "declined")  # how the provider takes a refund
ANSWERS, LOST_BEFORE, LOST_AFTER = WAYS = ("answers", "lost before the charge", "lost after the charge")


@dataclass(eq=False)
class Sold:
    """One booking. `tries` are what the provider's ledger says about each: None, "charge", "declined", "tombstone"."""

    guest: int
    room: int
    check_in: dt.date
    check_out: dt.date
    held_until: dt.datetime
    nights: str  # the state that its nights are in: held, pinned, booked
    status: str = "PENDING"
    in_one_call: bool = False  # else a hold that its guest pays for, perhaps with a second card
    tries: list[str | None] = field(default_factory=list)
    charge_open: bool = False
    refund_open: bool = False
    refund_owed: bool = False  # declined, and not sent again
    refund: Decimal = Decimal(0)
    refunded: Decimal = Decimal(0)

    def dates(self) -> list[dt.date]:
        return [self.check_in + dt.timedelta(days=day) for day in range((self.check_out - self.check_in).days)]

    @property
    def total(self) -> Decimal:
        return PRICES[self.room] * len(self.dates())

    @property
    def charge(self) -> str | None:
        """What became of the last try."""
        return self.tries[-1] if self.tries else None

    @property
    def charged(self) -> Decimal:
        return self.total * self.tries.count("charge")

    @property
    def sums(self) -> tuple[Decimal, ...]:
        """What the order owes, was paid, refunded, and has on its way back, as far as the product knows."""
        paid = Decimal(0) if self.charge_open else self.charged
        owed = self.total if self.status in LIVE else paid - self.refund
        return owed, paid, self.refunded, self.refund if self.refund_open else Decimal(0)


@dataclass(eq=False)
class Blocked:
    """Nights that staff has taken off sale."""

    room: int
    check_in: dt.date
    check_out: dt.date
    nights: str = "blocked"
    guest: None = None

    def dates(self) -> list[dt.date]:
        return [self.check_in + dt.timedelta(days=day) for day in range((self.check_out - self.check_in).days)]


@dataclass
class Key:
    """A request that carries an Idempotency-Key. `answer` is what it gets from now on."""

    name: str
    guest: int
    room: int
    check_in: dt.date
    check_out: dt.date
    card: str
    answer: str | None = None
    sold: Sold | None = None


@dataclass
class Model:
    """Every verb answers with a status, or with the name of the refusal."""

    now: dt.datetime = START
    sold: list[Sold] = field(default_factory=list)
    blocked: list[Blocked] = field(default_factory=list)
    taken: dict[tuple[int, dt.date], Sold | Blocked] = field(default_factory=dict)

    def over(self, sold: Sold | Blocked) -> bool:
        return isinstance(sold, Sold) and sold.nights == "held" and sold.held_until <= self.now

    def free(self, room: int, dates: list[dt.date]) -> bool:
        return all(self.over(self.taken[room, date]) for date in dates if (room, date) in self.taken)

    def block(self, room: int, check_in: dt.date, check_out: dt.date) -> str:
        new = Blocked(room, check_in, check_out)
        if any((one.room, one.check_in, one.check_out) == (room, check_in, check_out) for one in self.blocked):
            return new.nights
        if self.is_past(check_in):
            return "Invalid"
        if not self.free(room, new.dates()):
            return "NightsTaken"
        self.taken |= {(room, date): new for date in new.dates()}
        self.blocked.append(new)
        return new.nights

    def is_past(self, day: dt.date) -> bool:
        """By the calendar of the property, whose day begins at four."""
        return day < (self.now.astimezone(ZONE).replace(tzinfo=None) - dt.timedelta(hours=4)).date()

    def unblock(self, block: Blocked) -> None:
        self.blocked.remove(block)
        self.let_go(block)

    def let_go(self, owner: Sold | Blocked) -> None:
        self.taken = {place: other for place, other in self.taken.items() if other is not owner}

    def claim(self, guest: int, room: int, check_in: dt.date, check_out: dt.date, nights: str) -> Sold | str:
        new = Sold(guest, room, check_in, check_out, self.now + HOLD, nights)
        # The day begins at four o'clock, by the clock on the wall: until then the running night can be had.
        if self.is_past(check_in):
            return "Invalid"
        if not self.free(room, new.dates()):
            return "RoomNotAvailable"
        self.taken |= {(room, date): new for date in new.dates()}
        self.sold.append(new)
        return new

    def reserve(self, guest: int, room: int, check_in: dt.date, check_out: dt.date) -> str:
        """What the guest has of exactly this stay, else a new hold, for which own ones of other dates make way."""
        mine = [one for one in self.sold if one.guest == guest and one.status in LIVE and not self.over(one)]
        here = [one for one in mine if one.room == room and one.check_in < check_out and check_in < one.check_out]
        if same := [one for one in here if (one.check_in, one.check_out) == (check_in, check_out)]:
            return same[0].status
        making_way = [one for one in here if one.nights == "held"]
        if len([one for one in mine if one.status == "PENDING" and one not in making_way]) >= HOLDS:
            return "TooManyHolds"
        before = self.taken
        for one in making_way:
            self.let_go(one)
        new = self.claim(guest, room, check_in, check_out, "held")
        if isinstance(new, str):
            self.taken = before
            return new
        new.held_until = min([new.held_until, *(one.held_until for one in making_way)])
        for one in making_way:
            one.status = "CANCELLED"
        return new.status

    def book(self, guest: int, room: int, check_in: dt.date, check_out: dt.date, card: str, way: str) -> str:
        new = self.claim(guest, room, check_in, check_out, "pinned")
        if isinstance(new, str):
            return new
        new.in_one_call = True
        return self.charge(new, card, way)

    def book_with(self, key: Key, way: str, *, mute: bool) -> str:
        """The first call with this key, or any further one."""
        if key.answer is None:
            key.answer = self.finish(key.sold, mute=mute) if key.sold else None
        if key.answer is None:
            before = len(self.sold)
            key.answer = self.book(key.guest, key.room, key.check_in, key.check_out, key.card, way)
            key.sold = self.sold[-1] if len(self.sold) > before else key.sold
        answer = key.answer
        if answer not in {"CONFIRMED", "CANCELLED", "PaymentFailed", "RoomNotAvailable"}:
            key.answer = None
        return answer

    def finish(self, sold: Sold, *, mute: bool) -> str | None:
        """What an earlier call with the key began."""
        if sold.charge_open and mute:
            return "PaymentUnknown"
        if sold.charge_open:
            self.settle(sold)
        if sold.charge == "charge":
            return sold.status  # CANCELLED where it was cancelled since
        return "PaymentFailed" if sold.charge == "declined" else None

    def pay(self, sold: Sold, card: str, way: str) -> str:
        if sold.status == "CONFIRMED":
            return "CONFIRMED"
        if sold.status == "PENDING" and sold.nights == "pinned":
            return "PaymentInProgress"
        if sold.status != "PENDING" or self.over(sold):
            return "HoldOver"
        sold.nights = "pinned"
        return self.charge(sold, card, way)

    def charge(self, sold: Sold, card: str, way: str) -> str:
        sold.tries.append(None)
        if way != LOST_BEFORE:
            self.enter(sold, len(sold.tries) - 1, card)
        if way != ANSWERS:
            sold.charge_open = True
            return "PaymentUnknown"
        return self.end(sold)

    def enter(self, sold: Sold, which: int, card: str) -> None:
        """The first entry under a key is the one that counts. Each try has a key of its own."""
        sold.tries[which] = sold.tries[which] or ("declined" if card == "pm_card_declined" else "charge")

    def end(self, sold: Sold) -> str:
        """The outcome is known: only what was held can be paid for once more."""
        if sold.charge == "charge":
            return self.confirm(sold)
        if sold.in_one_call:
            self.close(sold)
        else:
            sold.nights, sold.charge_open = "held", False
        return "PaymentFailed"

    def confirm(self, sold: Sold) -> str:
        sold.charge_open, sold.nights, sold.status = False, "booked", "CONFIRMED"
        return sold.status

    def settle(self, sold: Sold) -> None:
        sold.tries[-1] = sold.charge or "tombstone"
        self.end(sold)

    def recover(self, how: str) -> None:
        for sold in self.sold:
            if sold.charge_open and how != SILENT:
                self.settle(sold)
            if sold.refund_open:
                self.send_back(sold, how)

    def send_back(self, sold: Sold, how: str) -> None:
        sold.refund_open, sold.refund_owed = how == SILENT, how == REFUSED
        sold.refunded = sold.refund if how == RETURNED else Decimal(0)

    def retry(self, sold: Sold, how: str) -> str:
        """An operator sends a declined refund again."""
        if not sold.refund_owed:
            return "RefundNotOwed"
        self.send_back(sold, how)
        return {RETURNED: "returned", SILENT: "under_way", REFUSED: "owed"}[how]

    def cancel(self, sold: Sold, how: str) -> str:
        if sold.status == "PENDING" and sold.nights == "pinned":
            return "CancelledDuringPayment"
        if sold.status == "CANCELLED":
            return "AlreadyCancelled"
        if sold.status == "EXPIRED" or self.over(sold):
            return "HoldRanOut"
        if sold.status == "CONFIRMED" and self.now >= self.days_before(sold, 0):
            departure = dt.datetime.combine(sold.check_out, dt.time(11), ZONE)
            return "StayIsOver" if self.now >= departure else "StayHasBegun"
        if sold.status == "CONFIRMED":
            percents = [percent for days, percent in TIERS[sold.room] if self.now < self.days_before(sold, days)]
            sold.refund = sold.total * max(percents, default=0) / 100
            if sold.refund:
                self.send_back(sold, how)
        return self.close(sold)

    def days_before(self, sold: Sold, days: int) -> dt.datetime:
        return dt.datetime.combine(sold.check_in - dt.timedelta(days=days), dt.time(15), ZONE)

    def close(self, sold: Sold, status: str = "CANCELLED") -> str:
        sold.status, sold.charge_open = status, False
        self.let_go(sold)
        return status

    def expire(self) -> int:
        over = [sold for sold in self.sold if sold.status == "PENDING" and self.over(sold)]
        for sold in over:
            self.close(sold, "EXPIRED")
        return len(over)
