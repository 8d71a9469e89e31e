"""Whatever guests do in whatever order, the product and a small model in memory agree after each step.

MODEL_EXAMPLES=2000 MODEL_STEPS=50 runs the long form; failures print the shortest story that shows them.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition

from booking.domain import inventory
from booking.domain.errors import BookingError
from booking.domain.maintenance import verification
from booking.domain.payments import refunds
from booking.domain.reservations import bookings, holds, idempotency, keyed, recovery, refund_debts
from booking.domain.reservations.requests import BookingRequest
from booking.domain.stays import Stay
from booking.infra import clock
from tests.cast import AN_HOUR, DECLINED, SYSTEM, VISA, acting, blocked
from tests.domain.reservations import machines
from tests.domain.reservations.house import Fickle, House, dates
from tests.domain.reservations.machines import invariant, rule
from tests.domain.reservations.model import (
    REFUNDS,
    RETURNED,
    SILENT,
    WAYS,
    Blocked,
    Key,
    Model,
    Sold,
)

pytestmark = pytest.mark.slow
guests, rooms = st.integers(0, 2), st.integers(0, 1)
stays = st.builds(lambda first, nights: (first, first + nights), st.integers(2, 9), st.integers(1, 4))
cards, ways = st.sampled_from([VISA, VISA, DECLINED]), st.sampled_from(WAYS)
any_one, refunding = st.integers(0, 50), st.sampled_from(REFUNDS)


class Agreement(machines.Machine):
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

    @invariant
    def they_agree(self) -> None:
        assert self.house.nights() == {
            (self.house.rooms[room].id, night): (owner.nights, owner.guest)
            for (room, night), owner in self.model.taken.items()
        }
        assert self.house.bookings() == {
            booking_id: (sold.status, sold.charged - sold.refunded) for booking_id, sold in self.ids.items()
        }
        assert self.house.orders() == {booking_id: sold.sums for booking_id, sold in self.ids.items()}

    def in_the_end(self) -> None:
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


@pytest.mark.timeout(3600)
def test_product_and_model_agree_whatever_guests_do(house: House) -> None:
    machines.run(lambda: Agreement(house), "MODEL", examples=40, steps=30)
