"""For the state machines: three guests, two rooms, what the database says of them, and a provider over a bad line."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, cast

from booking.domain.catalogue.cancellation_policies import FLEXIBLE, MODERATE
from booking.infra.provider import HostedPage, NoAnswer, Outcome, Result
from tests.cast import DECLINED, VISA, a_room, person
from tests.domain.reservations.model import (
    ANSWERS,
    LOST_AFTER,
    LOST_BEFORE,
    PRICES,
    REFUSED,
    RETURNED,
    SILENT,
    START,
    WAYS,
)

EMPTIED = (
    "invoice_lines",
    "invoice_buyers",
    "invoices",
    "invoice_series",
    "invoices_due",
    "cash_movements",
    "cash_closings",
    "booking_changes",
    "payment_schedule",
    "waivers",
    "bookings",
    "orders",
    "payments",
    "disputes",
    "provider_looks",
    "availability",
    "blocks",
    "idempotency_keys",
    "events",
    "deliveries",
    "simulated_ledger",
)


def dates(days: tuple[int, int]) -> tuple[dt.date, dt.date]:
    return START.date() + dt.timedelta(days=days[0]), START.date() + dt.timedelta(days=days[1])


class Fickle:
    """The simulated provider over a bad line."""

    name = "simulated"

    def __init__(self, provider: Any) -> None:
        self.provider, self.way, self.refunds = provider, WAYS[0], RETURNED
        self.kept_is_good = True  # what card the deposit was paid by can be charged again
        self.under_way: list[tuple[Any, ...]] = []  # charges that were lost on their way to the provider

    def charge(self, *call: Any) -> Any:
        if self.way == LOST_BEFORE:
            self.under_way.append(call)
            raise NoAnswer
        outcome = self.provider.charge(*call)
        if self.way == LOST_AFTER:
            raise NoAnswer
        return outcome

    def charge_kept(self, *call: Any) -> Any:
        if self.way == LOST_BEFORE:
            self.under_way.append((*call[:3], VISA))
            raise NoAnswer
        kept = self.provider.charge_kept if self.kept_is_good else self._declined
        outcome = kept(*call)
        if self.way == LOST_AFTER:
            raise NoAnswer
        return outcome

    def _declined(self, *call: Any) -> Any:
        return self.provider.charge(*call[:3], DECLINED)

    def cancel(self, *call: Any) -> Any:
        if self.refunds == SILENT:
            raise NoAnswer
        return self.provider.cancel(*call)

    def refund(self, *call: Any) -> Any:
        if self.refunds == SILENT:
            raise NoAnswer
        # Under the same key it says the same again.
        returned = self.provider.find(call[0]) if self.refunds == REFUSED else self.provider.refund(*call)
        return returned or Outcome(Result.DECLINED, "no")

    def find(self, key: Any) -> Any:
        return self.provider.find(key)


class FicklePages(Fickle):
    """The same with pages of its own, where guests pay whenever they like: it tells nobody."""

    page_origin = "https://pay.example"

    def __init__(self, provider: Any) -> None:
        super().__init__(provider)
        self.pages: dict[Any, tuple[Decimal, str]] = {}  # what for, by the payment

    def page(self, key: Any, amount: Decimal, currency: str, _: HostedPage) -> str | None:
        if self.way == LOST_BEFORE:
            raise NoAnswer
        if self.provider.find(key):
            return None
        self.pages[key] = amount, currency
        if self.way == LOST_AFTER:
            raise NoAnswer
        return f"{self.page_origin}/{key}"

    def find(self, key: Any) -> Any:
        if self.way != ANSWERS:
            raise NoAnswer
        return super().find(key)

    def guest_pays(self, key: Any, card: str) -> None:
        """A declined card may be followed by another one; on a page that was closed nobody pays."""
        if card != DECLINED:
            self.provider.charge(key, *self.pages[key], card)

    def is_paid(self, key: Any) -> bool:
        found = self.provider.find(key)
        return found is not None and found.result is Result.CHARGED


class House:
    """Three guests, two rooms, and what the database says, read on a connection of its own."""

    def __init__(self, desk: Any, owner: Any) -> None:
        self.desk, self.owner = desk, owner
        self.guests = [person(name) for name in ("alice", "bob", "carol")]
        self.rooms = [
            a_room(price_per_night=price, cancellation_policy=policy, check_in_time=dt.time(15))
            for price, policy in zip(PRICES, (FLEXIBLE, MODERATE), strict=True)
        ]

    def empty(self) -> None:
        # Of small tables that takes less than a TRUNCATE, after which everything is planned anew.
        self._ask("SET session_replication_role = replica")
        self._ask("; ".join(f"DELETE FROM {table}" for table in EMPTIED))
        self._ask("RESET session_replication_role")

    def nights(self) -> dict[Any, Any]:
        rows = self._ask(
            "SELECT a.room_id, a.night, a.state, u.email FROM availability a LEFT JOIN blocks k ON k.id = a.claim_id"
            " LEFT JOIN bookings b ON b.id = a.claim_id LEFT JOIN users u ON u.id = b.user_id"
            " WHERE k.id IS NOT NULL OR b.id IS NOT NULL"
        )
        return {(room, night): (state, self._guest(email) if email else None) for room, night, state, email in rows}

    def bookings(self) -> dict[Any, tuple[str, Decimal]]:
        """Status, and charged less refunded, as the provider's ledger has it."""
        rows = self._ask(
            "SELECT b.id, b.status,"
            " coalesce(sum(CASE l.kind WHEN 'charge' THEN l.amount WHEN 'refund' THEN -l.amount END), 0)"
            " FROM bookings b LEFT JOIN payments p ON p.booking_id = b.id LEFT JOIN simulated_ledger l ON l.key = p.id"
            " GROUP BY b.id ORDER BY b.id"
        )
        return {booking_id: (status, money) for booking_id, status, money in rows}

    def orders(self) -> dict[Any, tuple[Decimal, ...]]:
        """What each booking's order owes, was paid, refunded, and has on its way back."""
        rows = self._ask(
            "SELECT b.id, o.owed, o.paid, o.refunded, o.refunding FROM bookings b JOIN orders o ON o.id = b.order_id"
        )
        return {row[0]: tuple(row[1:]) for row in rows}

    def refunds(self) -> list[tuple[Any, Any]]:
        """Bookings and all their attempts to return money."""
        return self._ask("SELECT booking_id, id FROM payments WHERE kind = 'refund' ORDER BY id")

    def try_of(self, payment_id: Any) -> tuple[Any, int]:
        """Which booking was to be paid, and how many tries there had been before."""
        before = (
            "SELECT count(*) FROM payments b WHERE b.booking_id = p.booking_id AND b.kind = 'charge' AND b.id < p.id"
        )
        return cast(
            tuple[Any, int],
            self._ask(f"SELECT booking_id, ({before}) FROM payments p WHERE p.id = %s", payment_id)[0],
        )

    def _guest(self, email: str) -> int:
        return [guest.email for guest in self.guests].index(email)

    def _ask(self, question: str, *values: Any) -> list[Any]:
        with self.owner.cursor() as cursor:
            cursor.execute(question, values)
            return cursor.fetchall() if cursor.description else []
