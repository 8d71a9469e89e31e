"""Whatever guests do in whatever order, the product and a small model in memory agree after each step.

MODEL_EXAMPLES=2000 MODEL_STEPS=50 runs the long form; failures print the shortest story that shows them.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from typing import Any, cast

import psycopg2
import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from booking.domain import inventory
from booking.domain.catalogue.cancellation_policies import FLEXIBLE, MODERATE
from booking.domain.errors import BookingError
from booking.domain.maintenance import verification
from booking.domain.payments import refunds
from booking.domain.reservations import bookings, holds, idempotency, keyed, recovery, refund_debts
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.requests import BookingRequest
from booking.domain.stays import Stay
from booking.infra import clock
from booking.infra.provider import NoAnswer, Outcome, Result
from tests.cast import AN_HOUR, DECLINED, SYSTEM, VISA, a_room, acting, blocked, person
from tests.domain.reservations.model import (
    LOST_AFTER,
    LOST_BEFORE,
    PRICES,
    REFUNDS,
    REFUSED,
    RETURNED,
    SILENT,
    START,
    WAYS,
    Blocked,
    Key,
    Model,
    Sold,
)

pytestmark = pytest.mark.slow
EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "40"))
STEPS = int(os.environ.get("MODEL_STEPS", "30"))
EMPTIED = (
    "booking_changes, payment_schedule, bookings, orders, payments, disputes, availability, blocks, idempotency_keys,"
    " events, deliveries, simulated_ledger"
)

guests, rooms = st.integers(0, 2), st.integers(0, 1)
stays = st.builds(lambda first, nights: (first, first + nights), st.integers(2, 9), st.integers(1, 4))
cards, ways = st.sampled_from([VISA, VISA, DECLINED]), st.sampled_from(WAYS)
any_one, refunding = st.integers(0, 50), st.sampled_from(REFUNDS)


class Fickle:
    """The simulated provider over a bad line."""

    name = "simulated"

    def __init__(self, provider: Any) -> None:
        self.provider, self.way, self.refunds = provider, WAYS[0], RETURNED
        self.under_way: list[tuple[Any, ...]] = []  # charges that were lost on their way to the provider

    def charge(self, *call: Any) -> Any:
        if self.way == LOST_BEFORE:
            self.under_way.append(call)
            raise NoAnswer
        outcome = self.provider.charge(*call)
        if self.way == LOST_AFTER:
            raise NoAnswer
        return outcome

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


class Agreement(RuleBasedStateMachine):
    """Every rule does the same to both, and compares what they answer."""

    def __init__(self, house: House) -> None:
        super().__init__()
        self.house, self.model = house, Model()
        self.ids: dict[Any, Sold] = {}
        self.keys: list[Key] = []
        self.blocks: dict[Any, Blocked] = {}
        self.line = Fickle(house.desk.provider)
        self.desk = replace(house.desk, provider=self.line)

    @initialize()
    def begin(self) -> None:
        self.house.empty()
        self.began = dt.datetime.now(dt.UTC)
        self._set_clock()

    @rule(guest=guests, room=rooms, days=stays)
    def reserve(self, guest: int, room: int, days: tuple[int, int]) -> None:
        expected, wanted = self.model.reserve(guest, room, *dates(days)), self._order(guest, room, days)
        self._same(expected, lambda: holds.reserve(acting(wanted), wanted, self.desk))

    @rule(guest=guests, room=rooms, days=stays, card=cards, way=ways)
    def book(self, guest: int, room: int, days: tuple[int, int], card: str, way: str) -> None:
        expected = self.model.book(guest, room, *dates(days), card, way)
        self.line.way = way
        self._same(
            expected,
            lambda: bookings.book(
                acting(self._order(guest, room, days)), self._order(guest, room, days), card, self.desk
            ),
        )

    @rule(guest=guests, room=rooms, days=stays, card=cards, way=ways)
    def book_with_a_key(self, guest: int, room: int, days: tuple[int, int], card: str, way: str) -> None:
        self.keys.append(Key(f"key-{len(self.keys)}", guest, room, *dates(days), card))
        self._book_with(self.keys[-1], way, mute=False)

    @precondition(lambda self: self.keys)
    @rule(which=any_one, way=ways, mute=st.booleans())
    def ask_again_with_the_key(self, which: int, way: str, mute: bool) -> None:
        self._book_with(self.keys[which % len(self.keys)], way, mute=mute)

    @precondition(lambda self: self.ids)
    @rule(which=any_one, card=cards, way=ways)
    def pay(self, which: int, card: str, way: str) -> None:
        booking_id, sold = self._one(which)
        guest = self.house.guests[sold.guest].id
        expected = self.model.pay(sold, card, way)
        self.line.way = way
        self._same(expected, lambda: bookings.pay(acting(guest), booking_id, card, sold.total, self.desk))

    @precondition(lambda self: self.ids)
    @rule(which=any_one, how=refunding)
    def cancel(self, which: int, how: str) -> None:
        booking_id, sold = self._one(which)
        guest = self.house.guests[sold.guest].id
        expected = self.model.cancel(sold, how)
        self.line.refunds = how
        self._same(expected, lambda: bookings.cancel(acting(guest), booking_id, self.desk))

    @precondition(lambda self: self.house.refunds())
    @rule(which=any_one, how=refunding)
    def an_operator_sends_a_refund_again(self, which: int, how: str) -> None:
        attempts = self.house.refunds()
        booking_id, payment_id = attempts[which % len(attempts)]
        expected = self.model.retry(self.ids[booking_id], how)
        self.line.refunds = how
        assert outcome(lambda: refunds.retry(SYSTEM, payment_id, self.desk)) == expected

    @rule(room=rooms, days=stays)
    def block(self, room: int, days: tuple[int, int]) -> None:
        expected = self.model.block(room, *dates(days))
        assert outcome(lambda: self._blocked(room, days)) == expected

    def _blocked(self, room: int, days: tuple[int, int]) -> str:
        made = blocked(self.house.rooms[room], Stay(*dates(days)))
        self.blocks.setdefault(made.id, self.model.blocked[-1])
        return "blocked"

    @precondition(lambda self: self.blocks)
    @rule(which=any_one)
    def unblock(self, which: int) -> None:
        block_id = list(self.blocks)[which % len(self.blocks)]
        inventory.unblock(SYSTEM, block_id)
        self.model.unblock(self.blocks.pop(block_id))

    @precondition(lambda self: self.line.under_way)
    @rule(which=any_one)
    def a_lost_charge_arrives_after_all(self, which: int) -> None:
        call = self.line.under_way.pop(which % len(self.line.under_way))
        self.line.provider.charge(*call)
        booking_id, which = self.house.try_of(call[0])
        self.model.enter(self.ids[booking_id], which, call[3])

    @rule(minutes=st.sampled_from([5, 5, 10, 15, 15, 20, 60, 12 * 60, 24 * 60]))
    def time_passes(self, minutes: int) -> None:
        self.model.now += dt.timedelta(minutes=minutes)
        self._set_clock()

    @rule()
    def expire(self) -> None:
        assert bookings.expire_holds(SYSTEM) == self.model.expire()

    @rule(how=refunding)
    def recover(self, how: str) -> None:
        self.line.refunds = how
        self.model.recover(how)
        recovery.recover_payments(SYSTEM, self.desk, ahead=AN_HOUR)

    @invariant()
    def they_agree(self) -> None:
        assert self.house.nights() == {
            (self.house.rooms[room].id, night): (owner.nights, owner.guest)
            for (room, night), owner in self.model.taken.items()
        }
        assert self.house.bookings() == {
            booking_id: (sold.status, sold.charged - sold.refunded) for booking_id, sold in self.ids.items()
        }
        assert self.house.orders() == {booking_id: sold.sums for booking_id, sold in self.ids.items()}

    def teardown(self) -> None:
        """In the end every hold is over, every payment settled, and the product's own check finds what is owed."""
        self.time_passes(60)
        self.recover(RETURNED)
        self.expire()
        self.they_agree()
        owed = [booking_id for booking_id, sold in self.ids.items() if sold.refund_owed]
        assert sorted(debt.booking_id for debt in refund_debts.owed(SYSTEM)) == sorted(owed)
        assert [found.rule for found in verification.verify().findings] == [verification.OWED] * len(owed)
        assert not any(sold.status == "PENDING" for sold in self.ids.values())

    def _book_with(self, key: Key, way: str, *, mute: bool) -> None:
        expected = self.model.book_with(key, way, mute=mute)
        self.line.way, self.line.refunds = way, SILENT if mute else RETURNED
        self._same(expected, lambda: self._as_the_api_does(key))

    def _as_the_api_does(self, key: Key) -> Any:
        guest = self.house.guests[key.guest].id
        first = idempotency.first_claim(acting(guest), "model", key.name, idempotency.fingerprint({"key": key.name}))
        order = BookingRequest(guest, self.house.rooms[key.room].id, Stay(key.check_in, key.check_out), 2)
        kept = lambda booking: answer(201, booking.status)  # noqa: E731
        return keyed.once(
            first,
            lambda claim: bookings.book(acting(order), order, key.card, self.desk, claim=claim, render=kept),
            lambda refusal: answer(409, type(refusal).__name__),
        )

    def _same(self, expected: str, act: Callable[[], Any]) -> None:
        assert outcome(act) == expected
        new = [booking_id for booking_id in self.house.bookings() if booking_id not in self.ids]
        mine = [sold for sold in self.model.sold if sold not in self.ids.values()]
        assert len(new) == len(mine) <= 1
        self.ids |= dict(zip(new, mine, strict=True))

    def _order(self, guest: int, room: int, days: tuple[int, int]) -> BookingRequest:
        return BookingRequest(self.house.guests[guest].id, self.house.rooms[room].id, Stay(*dates(days)), 2)

    def _one(self, which: int) -> tuple[Any, Sold]:
        return list(self.ids.items())[which % len(self.ids)]

    def _set_clock(self) -> None:
        # Real time passes too, so our clock is always a little later than the model's.
        clock.shift(self.model.now - self.began)


def dates(days: tuple[int, int]) -> tuple[dt.date, dt.date]:
    return START.date() + dt.timedelta(days=days[0]), START.date() + dt.timedelta(days=days[1])


def answer(status: int, text: str) -> idempotency.Answer:
    return idempotency.Answer(status, json.dumps(text))


def outcome(act: Callable[[], Any]) -> str:
    """The status of what came back, or the name of the refusal."""
    try:
        result = act()
    except BookingError as refusal:
        return type(refusal).__name__
    if isinstance(result, idempotency.Answer):
        return str(json.loads(result.body))
    return result if isinstance(result, str) else str(result.status)


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
        self._ask(f"TRUNCATE {EMPTIED}")

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


@pytest.fixture
def house(app: Flask, desk: BookingContext, environ: dict[str, str]) -> Iterator[House]:
    from psycopg2.extras import register_uuid

    url = environ["MIGRATION_DATABASE_URL"].replace("+psycopg2", "")
    with closing(psycopg2.connect(url)) as owner:
        owner.autocommit = True
        register_uuid(conn_or_curs=owner)  # type: ignore[no-untyped-call]
        yield House(desk, owner)


@pytest.mark.timeout(3600)
def test_product_and_model_agree_whatever_guests_do(house: House) -> None:
    run_state_machine_as_test(
        cast(Any, lambda: Agreement(house)),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            derandomize="MODEL_EXAMPLES" not in os.environ,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
        ),
    )
