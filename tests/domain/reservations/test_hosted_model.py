"""Whatever guests, Stripe and recovery do in whatever order: in the end a room that is had is paid, and no other.

HOSTED_EXAMPLES=500 HOSTED_STEPS=50 runs the long form; failures print the shortest story that shows them.
"""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition

from booking.domain.errors import BookingError
from booking.domain.maintenance.verification import verify
from booking.domain.reservations import (
    bookings,
    change_pages,
    change_quotes,
    holds,
    hosted,
    payment_pages,
    recovery,
    stay_changes,
)
from booking.domain.reservations.change_quotes import StayChange
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.stay_changes import Agreed
from booking.domain.tables import Booking
from booking.infra import clock
from booking.infra.provider import NoAnswer
from tests.cast import SYSTEM, acting, in_days, order, payments_of, reload
from tests.domain.reservations import machines
from tests.domain.reservations.changing import changes_of
from tests.domain.reservations.house import House
from tests.domain.reservations.machines import REFUSED, UNKNOWN, rule
from tests.domain.reservations.test_hosted import LINKS
from tests.stripe_stand_in import StandIn
from tests.stripe_stand_in.refusals import Refusal
from tests.stripe_stand_in.stand_in import AFTER, BEFORE

pytest_plugins = ["tests.stripe_stand_in.fixtures"]
pytestmark = pytest.mark.slow

any_one = st.integers(0, 20)


class Pages(machines.Machine):
    """Two guests, one room, two stays that share a night."""

    def __init__(self, house: House, desk: BookingContext, stand_in: StandIn) -> None:
        super().__init__()
        self.house, self.desk, self.stand_in = house, desk, stand_in
        self.held: list[Booking] = []
        self.passed = dt.timedelta(0)

    @initialize()
    def begin(self) -> None:
        self.house.empty()
        for things in (self.stand_in.account.intents, self.stand_in.account.sessions, self.stand_in.account.refunds):
            things.clear()
        self.stand_in.calm()
        clock.shift(self.passed)

    @rule(guest=st.integers(0, 1), start=st.integers(30, 32))
    def hold(self, guest: int, start: int) -> None:
        wanted = order(self.house.guests[guest], self.house.rooms[0], in_days(start, 2))
        with suppress(BookingError):
            self.held.append(holds.reserve(acting(wanted), wanted, self.desk))

    @precondition(lambda self: self.held)
    @rule(which=any_one)
    def open_the_page(self, which: int) -> None:
        one = self._one(which)
        self._do(lambda: hosted.page_of(acting(one.user_id), one.id, one.total_price, self.desk, LINKS))

    @precondition(lambda self: self.stand_in.account.sessions)
    @rule(which=any_one, card=st.sampled_from(["pm_card_visa", "pm_card_visa", "pm_card_chargeDeclined"]))
    def pay_there(self, which: int, card: str) -> None:
        sessions = list(self.stand_in.account.sessions)
        with suppress(Refusal):
            self.stand_in.account.guest_pays(sessions[which % len(sessions)], card)

    @precondition(lambda self: self.held)
    @rule(which=any_one)
    def come_back(self, which: int) -> None:
        one = self._one(which)
        self._do(lambda: hosted.came_back(acting(one.user_id), one.id, self.desk))

    @precondition(lambda self: self.held)
    @rule(which=any_one)
    def stripe_tells(self, which: int) -> None:
        for payment in payments_of(self._one(which)):
            self._do(lambda payment=payment: payment_pages.look(SYSTEM, payment.id, self.desk))  # type: ignore[misc]

    @precondition(lambda self: self.held)
    @rule(which=any_one)
    def release(self, which: int) -> None:
        one = self._one(which)
        self._do(lambda: hosted.withdraw(acting(one.user_id), one.id, self.desk))
        self._do(lambda: bookings.cancel(acting(one.user_id), one.id, self.desk))

    @precondition(lambda self: self.held)
    @rule(which=any_one, card=st.sampled_from(["pm_card_visa", "pm_card_chargeDeclined"]))
    def pay_by_a_program(self, which: int, card: str) -> None:
        one = self._one(which)
        self._do(lambda: bookings.pay(acting(one.user_id), one.id, card, one.total_price, self.desk))

    @precondition(lambda self: self.held)
    @rule(which=any_one, nights=st.integers(1, 4), number=st.integers(1, 3))
    def change_at_the_page(self, which: int, nights: int, number: int) -> None:
        """Ask for it, on the terms that are quoted; the page is paid at, left, or closed by what comes."""
        one = self._one(which)
        wanted = StayChange(check_out=one.check_in + dt.timedelta(days=nights), guests=number)

        def ask() -> None:
            quoted = change_quotes.quote(acting(one.user_id), one.id, wanted, self.desk.rules)
            agreed = Agreed(wanted, quoted.difference, links=LINKS)
            stay_changes.change(acting(one.user_id), one.id, agreed, self.desk)

        self._do(ask)

    @precondition(lambda self: self.held)
    @rule(which=any_one)
    def go_on_to_the_page_of_a_change(self, which: int) -> None:
        one = self._one(which)
        self._do(lambda: change_pages.page_of(acting(one.user_id), one.id, self.desk, LINKS))

    @precondition(lambda self: self.held)
    @rule(which=any_one)
    def keep_it_as_it_is(self, which: int) -> None:
        one = self._one(which)
        self._do(lambda: change_pages.withdraw(acting(one.user_id), one.id, self.desk))

    @rule(what=st.sampled_from([BEFORE, AFTER, (500, "api_error"), (429, "lock_timeout")]), times=st.integers(1, 3))
    def a_bad_line(self, what: Any, times: int) -> None:
        self.stand_in.order(what, times=times)

    @rule(minutes=st.sampled_from([1, 5, 10, 16]))
    def time_passes(self, minutes: int) -> None:
        self.passed += dt.timedelta(minutes=minutes)
        clock.shift(self.passed)

    @rule()
    def recover(self) -> None:
        recovery.recover_payments(SYSTEM, self.desk)

    @rule()
    def expire(self) -> None:
        bookings.expire_holds(SYSTEM)

    def in_the_end(self) -> None:
        self.stand_in.calm()
        for _ in range(4):
            self.time_passes(25 * 60)  # Stripe has forgotten its keys and what went wrong with them
            self.stand_in.account.clock = lambda: clock.now().timestamp()
            self.recover()
            self.expire()
        for one in self.held:
            self._is_paid_or_nothing(reload(one))
        assert verify().findings == []
        clock.shift(dt.timedelta(0))

    def _is_paid_or_nothing(self, one: Booking) -> None:
        account, ours = self.stand_in.account, {str(payment.id) for payment in payments_of(one)}
        intents = [intent for intent in account.intents.values() if intent["metadata"].get("payment") in ours]
        kept = sum(intent["amount_received"] - account.returned(intent["id"]) for intent in intents)
        assert one.status in ("CONFIRMED", "CANCELLED", "EXPIRED")
        assert kept == (one.total_price * 100 if one.status == "CONFIRMED" else 0), (one.status, intents)
        assert all(change.state != "pending" for change in changes_of(one))
        mine = [one for one in account.sessions.values() if one["client_reference_id"] in ours]
        assert all(session["status"] != "open" or session["id"] not in self._noted(one) for session in mine)

    def _noted(self, one: Booking) -> set[str | None]:
        return {payment.provider_reference for payment in payments_of(one)}

    def _one(self, which: int) -> Booking:
        return self.held[which % len(self.held)]

    def _do(self, act: Any) -> None:
        try:
            act()
        except BookingError:
            self.tally.ended(REFUSED)
        except NoAnswer:
            self.tally.ended(UNKNOWN)


@pytest.mark.timeout(3600)
def test_in_the_end_a_room_that_is_had_is_paid_and_nothing_else_is(
    house: House, stripe_desk: BookingContext, stand_in: StandIn
) -> None:
    try:
        machines.run(lambda: Pages(house, stripe_desk, stand_in), "HOSTED", examples=20, steps=20)
    finally:
        clock.shift(dt.timedelta(0))
