"""The rows of a history, as the product would have written and kept them: `flask bookings verify` finds them whole.

Bookings by card are paid when they are made; what the desk books is paid there when its guest leaves; what came from
elsewhere is paid by transfer on the day of arrival. What cannot be asked for any more is waived. Nights and events are
there for as long as the product keeps them; the audit log has everything that staff did.
"""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from bench.guest_names import Person, person
from bench.history import AT_DESK, BY_CARD, DAY, FROM_ELSEWHERE, History, Past
from booking.domain import inventory, pricing
from booking.domain.catalogue.cancellation_policies import FLEXIBLE
from booking.infra.ids import SPOKEN, encode

CURRENCY, LOCATION = "EUR", "replayed"
EVENTS_KEPT = dt.timedelta(days=29)  # in full days, less than the product's
NO_SHOWS_OWE = 14 * DAY  # then they are let off
HOURS = {"check_in_time": dt.time(15), "check_out_time": dt.time(11)}
SECOND = dt.timedelta(seconds=1)
CHANNELS = {BY_CARD: "web", AT_DESK: "desk", FROM_ELSEWHERE: "import"}
GUARANTEES = {AT_DESK: "desk", FROM_ELSEWHERE: "transfer"}
MAILED = {"booking.confirmed", "booking.cancelled"}


@dataclass(frozen=True, slots=True)
class House:
    """What the bookings are of: rooms by their name in the trace, who works at the desk and cleans the rooms."""

    id: uuid.UUID
    name: str
    address: dict[str, str]
    time_zone: str
    rooms: dict[str, tuple[uuid.UUID, str]]  # id and kind
    desk: list[uuid.UUID]
    cleaners: list[uuid.UUID]


@dataclass
class Rows:
    """By table; each row a dict of the columns that are not left to Postgres."""

    tables: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, table: str, **columns: Any) -> None:
        self.tables[table].append(columns)


def id_at(instant: dt.datetime, chance: random.Random) -> uuid.UUID:
    """As the product would have made it then (UUID version 7)."""
    milliseconds = int(instant.timestamp() * 1000)
    return uuid.UUID(int=milliseconds << 80 | 7 << 76 | chance.getrandbits(12) << 64 | 2 << 62 | chance.getrandbits(62))


class Writer:
    """Turns one booking after the other into rows."""

    def __init__(self, house: House, history: History) -> None:
        self.house, self.history, self.rows = house, history, Rows()
        self.policy = pricing.frozen_policy(FLEXIBLE, house.time_zone, HOURS["check_in_time"])
        self.accounts: dict[int, uuid.UUID] = {}
        self.departures: dict[uuid.UUID, dt.datetime] = {}

    def write(self) -> Rows:
        """Everything."""
        for past in self.history.bookings:
            _Booking(self, past).write()
        for room_id, left_at in self.departures.items():
            self._room_status(room_id, left_at)
        return self.rows

    def account(self, number: int, who: Person, since: dt.datetime, chance: random.Random) -> uuid.UUID:
        """Made with the first booking."""
        if number not in self.accounts:
            self.accounts[number] = key = id_at(since, chance)
            names = {"email": who.email, "email_key": who.email, "full_name": who.name}
            self.rows.add("users", id=key, **names, role="guest", region="eu", created_at=since, updated_at=since)
        return self.accounts[number]

    def tell(
        self, kind: str, at: dt.datetime, chance: random.Random, facts: dict[str, Any], consumer: str = ""
    ) -> None:
        """An event, where it is still kept, and the work that it made."""
        if at < self.history.now - EVENTS_KEPT:
            return
        event_id = id_at(at, chance)
        self.rows.add("events", id=event_id, type=kind, payload=facts, occurred_at=at, sent_at=at + SECOND)
        if consumer:
            done = {"state": "done", "attempts": 1, "next_at": at + 2 * SECOND}
            self.rows.add("deliveries", event_id=event_id, consumer=consumer, **done)

    def note(
        self, who: uuid.UUID, action: str, subject: str, at: dt.datetime, chance: random.Random, *facts: dict[str, Any]
    ) -> None:
        """What staff did: before, after."""
        before, after = facts
        made = {"id": id_at(at, chance), "at": at, "actor": f"staff:{encode('user', who)}", "actor_id": who}
        self.rows.add("audit_log", **made, action=action, subject=subject, before=before or None, after=after or None)

    def soil(self, room_id: uuid.UUID, left_at: dt.datetime, clerk: uuid.UUID, chance: random.Random) -> None:
        """A guest has left; some hours later the room is clean."""
        self.departures[room_id] = max(left_at, self.departures.get(room_id, left_at))
        shown, dirty, clean = encode("room", room_id), {"status": "dirty"}, {"status": "clean"}
        self.note(clerk, "room_status.changed", shown, left_at, chance, clean, dirty)
        if (cleaned_at := _cleaned(room_id, left_at)) <= self.history.now:
            cleaner = chance.choice(self.house.cleaners)
            self.note(cleaner, "room_status.changed", shown, cleaned_at, chance, dirty, clean)

    def _room_status(self, room_id: uuid.UUID, left_at: dt.datetime) -> None:
        is_clean = (cleaned_at := _cleaned(room_id, left_at)) <= self.history.now
        status, since = ("clean", cleaned_at) if is_clean else ("dirty", left_at)
        by = self.house.cleaners[0] if is_clean else self.house.desk[0]
        self.rows.add(
            "room_statuses", room_id=room_id, status=status, since=since, set_by=f"staff:{encode('user', by)}"
        )


def _cleaned(room_id: uuid.UUID, left_at: dt.datetime) -> dt.datetime:
    return left_at + dt.timedelta(minutes=60 + (room_id.int + int(left_at.timestamp())) % 150)


class _Booking:
    """One booking: its order, its money, its nights, and what was told of it."""

    def __init__(self, writer: Writer, past: Past) -> None:
        self.writer, self.past, self.rows = writer, past, writer.rows
        self.chance = chance = random.Random(past.recorded.number)
        self.guest = person(past.person)
        self.id, self.order_id = id_at(past.booked_at, chance), id_at(past.booked_at, chance)
        self.shown = encode("booking", self.id)
        self.clerk = chance.choice(writer.house.desk)
        self.reference = "".join(chance.choices(SPOKEN, k=8))
        self.total = past.per_night * past.stay.nights
        self.room_id, self.kind = writer.house.rooms[past.room]
        is_account = past.buyer == BY_CARD
        self.user_id = writer.account(past.person, self.guest, past.booked_at, chance) if is_account else None
        self.refund, self.kept = self._terms()

    def _terms(self) -> tuple[Decimal | None, Decimal | None]:
        """What came back of the price, and what the house kept, when it was cancelled."""
        if self.past.cancelled_at is None:
            return None, None
        stay, at = self.past.stay, self.past.cancelled_at
        waived = pricing.refund_of(self.writer.policy, stay.check_in, self.total, CURRENCY, at)
        return waived if self.user_id else Decimal(0), self.total - waived

    def write(self) -> None:
        paid, waived = self._money(), self._waived()
        owed = self.total if self.kept is None else self.kept
        self._order(owed, paid, waived)
        self._booking()
        self._nights()
        self._story()

    @property
    def _times(self) -> dict[str, dt.datetime]:
        return {"created_at": self.past.booked_at, "updated_at": self.past.changed_at}

    def _order(self, owed: Decimal, paid: Decimal, waived: Decimal) -> None:
        past, how = self.past, GUARANTEES.get(self.past.buyer)
        columns: dict[str, Any] = {"user_id": self.user_id, "channel": CHANNELS[past.buyer], "guarantee": how}
        if self.user_id is None:
            guest = self.guest
            columns |= {"contact_name": guest.name, "contact_email": guest.email, "contact_phone": guest.phone}
            columns |= {"guaranteed_by": f"staff:{encode('user', self.clerk)}", "guaranteed_at": past.booked_at}
        sums = {"owed": owed, "paid": paid, "refunded": self.refund or Decimal(0), "waived": waived}
        columns["is_owing"] = how is not None and owed - waived > paid
        at = {"property_id": self.writer.house.id, "currency": CURRENCY}
        self.rows.add("orders", id=self.order_id, reference=self.reference, **columns, **at, **sums, **self._times)

    def _booking(self) -> None:
        past, house = self.past, self.writer.house
        sold: dict[str, Any] = {
            "location": LOCATION,
            "room_name": past.room,
            "room_kind": self.kind,
            "property_name": house.name,
        }
        sold |= {"property_id": house.id, "address": house.address, "time_zone": house.time_zone, **HOURS}
        price = {"total_price": self.total, "currency": CURRENCY, "price_lines": self._lines()}
        presence = {"checked_in_at": past.arrived_at, "checked_out_at": past.left_at, "no_show_at": past.missed_at}
        ended = {"cancelled_at": past.cancelled_at, "refund_amount": self.refund, "kept": self.kept}
        steps = sum(at is not None for at in (past.cancelled_at, *presence.values()))
        self.rows.add(
            "bookings",
            id=self.id,
            order_id=self.order_id,
            user_id=self.user_id,
            room_id=self.room_id,
            reference=self.reference,
            check_in=past.stay.check_in,
            check_out=past.stay.check_out,
            guests=past.recorded.guests,
            policy=self.writer.policy,
            status="CANCELLED" if past.cancelled_at else "CONFIRMED",
            confirmed_at=past.booked_at,
            version=3 + steps,
            **price,
            **sold,
            **presence,
            **ended,
            **self._times,
        )

    def _lines(self) -> list[dict[str, Any]]:
        lines = [
            pricing.Line(pricing.NIGHT_LINE, day, self.past.per_night, "base", 1) for day in self.past.stay.dates()
        ]
        return [line.as_json() for line in lines]

    def _nights(self) -> None:
        if self.past.cancelled_at:
            return
        first = self.writer.history.today - dt.timedelta(days=inventory.NIGHTS_KEPT_DAYS)
        place = {"room_id": self.room_id, "location": LOCATION, "claim_id": self.id, "state": "booked", "version": 3}
        for night in self.past.stay.dates():
            if night >= first:
                self.rows.add("availability", night=night, **place)

    # --- money

    def _money(self) -> Decimal:
        """Its payments; what was paid."""
        past = self.past
        if past.buyer == BY_CARD:
            return self._by_card()
        paid_at = past.left_at if past.buyer == AT_DESK else past.arrived_at
        if not paid_at or not self.total:
            return Decimal(0)
        how = GUARANTEES[past.buyer]
        signed = {"recorded_by": f"staff:{encode('user', self.clerk)}", "value_date": paid_at.date()}
        signed |= {"provider_reference": f"receipt {past.recorded.number}"}
        payment = self._payment("charge", self.total, paid_at, purpose="balance", method=how, provider=how, **signed)
        if how == "desk":
            self._cash(payment, paid_at)
        after = {"amount": str(self.total), "currency": CURRENCY, "by": how, "on": str(paid_at.date())}
        self._note("payment.received", encode("payment", payment), paid_at, {}, after)
        return self.total

    def _cash(self, payment: uuid.UUID, at: dt.datetime) -> None:
        """What a trigger would write. It belongs to no drawer, as what was entered before there were any."""
        whose = {"property_id": self.writer.house.id, "user_id": self.clerk, "before_drawers": True, "created_at": at}
        self.rows.add("cash_movements", payment_id=payment, amount=self.total, currency=CURRENCY, **whose)

    def _by_card(self) -> Decimal:
        if not self.total:
            return self.total
        charge = self._with_card("charge", self.total, self.past.booked_at, method="pm_card_visa")
        if self.refund and self.past.cancelled_at:
            self._with_card("refund", self.refund, self.past.cancelled_at, charge_id=charge)
        return self.total

    def _with_card(self, kind: str, amount: Decimal, at: dt.datetime, **more: Any) -> uuid.UUID:
        told = f"sim_{self.chance.getrandbits(128):032x}"
        payment = self._payment(kind, amount, at, provider="simulated", provider_reference=told, **more)
        money = {"kind": kind, "reference": told, "amount": amount, "currency": CURRENCY}
        self.rows.add("simulated_ledger", key=payment, **money, charge_key=more.get("charge_id"))
        return payment

    def _payment(self, kind: str, amount: Decimal, at: dt.datetime, **more: Any) -> uuid.UUID:
        payment = id_at(at, self.chance)
        of = {"order_id": self.order_id, "booking_id": self.id, "amount": amount, "currency": CURRENCY}
        columns = {"purpose": "stay", "method": None, "charge_id": None, "recorded_by": None, "value_date": None} | more
        times = {"created_at": at, "updated_at": at}
        self.rows.add("payments", id=payment, kind=kind, state="succeeded", **of, **columns, **times)
        return payment

    def _waived(self) -> Decimal:
        """What a guest is let off who has not paid: the fee of a late cancellation; a stay missed long ago."""
        past = self.past
        if self.user_id or past.arrived_at:
            return Decimal(0)
        amount, at = self.kept or Decimal(0), past.cancelled_at
        if past.missed_at and past.missed_at < self.writer.history.now - NO_SHOWS_OWE:
            amount, at = self.total, past.missed_at + NO_SHOWS_OWE
        if not amount or at is None:
            return Decimal(0)
        waiver, by = id_at(at, self.chance), f"staff:{encode('user', self.clerk)}"
        money = {"amount": amount, "currency": CURRENCY, "reason": "cannot be had any more"}
        self.rows.add("waivers", id=waiver, order_id=self.order_id, **money, recorded_by=by, created_at=at)
        self._note("debt.waived", encode("waiver", waiver), at, {}, {"amount": str(amount), "currency": CURRENCY})
        return amount

    # --- what was told

    def _story(self) -> None:
        past = self.past
        self._told("booking.created", past.booked_at, {}, {"status": "PENDING"})
        self._told("booking.confirmed", past.booked_at, {"status": "PENDING"}, {"status": "CONFIRMED"})
        self._changed_nights(past.booked_at)
        if past.cancelled_at:
            after = {"status": "CANCELLED", "wasConfirmed": True, "refundAmount": str(self.refund)}
            self._told("booking.cancelled", past.cancelled_at, {"status": "CONFIRMED"}, after)
            self._changed_nights(past.cancelled_at)
        if past.missed_at:
            self._told(
                "booking.missed", past.missed_at, {"presence": "expected"}, {"presence": "no_show"}, by_desk=True
            )
        if past.arrived_at:
            presence = {"presence": "expected"}, {"presence": "in_house"}
            self._told("booking.arrived", past.arrived_at, *presence, by_desk=True)
        if past.left_at:
            presence = {"presence": "in_house"}, {"presence": "departed"}
            self._told("booking.departed", past.left_at, *presence, by_desk=True)
            self.writer.soil(self.room_id, past.left_at, self.clerk, self.chance)

    def _told(
        self, kind: str, at: dt.datetime, before: dict[str, Any], after: dict[str, Any], *, by_desk: bool = False
    ) -> None:
        """The event, and where staff did it, the entry of the log."""
        by_guest = self.user_id is not None and not by_desk
        who = f"guest:{encode('user', self.user_id)}" if by_guest and self.user_id else self._clerk
        facts = {"bookingId": self.shown, "reference": self.reference, "actor": who, "currency": CURRENCY}
        facts |= {"roomId": encode("room", self.room_id), "checkIn": str(self.past.stay.check_in)}
        facts |= {name: value for name, value in after.items() if name not in ("status", "presence")}
        facts["checkOut"] = str(self.past.stay.check_out)
        self.writer.tell(kind, at, self.chance, facts, "mail" if kind in MAILED else "")
        if not by_guest:
            self._note(kind, self.shown, at, before, after)

    def _changed_nights(self, at: dt.datetime) -> None:
        facts = {"roomId": encode("room", self.room_id), "location": LOCATION, "actor": self._clerk}
        self.writer.tell("availability.updated", at, self.chance, facts, "cache")

    def _note(self, action: str, subject: str, at: dt.datetime, before: dict[str, Any], after: dict[str, Any]) -> None:
        self.writer.note(self.clerk, action, subject, at, self.chance, before, after)

    @property
    def _clerk(self) -> str:
        return f"staff:{encode('user', self.clerk)}"
