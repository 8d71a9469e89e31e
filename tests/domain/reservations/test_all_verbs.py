"""Whatever guests and staff do in whatever order, and wherever a process dies meanwhile: what somebody was told is so.

After every step each booking is in one of the worlds that what happened allows (worlds.py); no night is promised
twice; what the provider took is what the orders cost; `flask bookings verify` finds nothing. In the end everything is
settled. VERBS_EXAMPLES=1000 VERBS_STEPS=50 runs the long form; failures print the shortest story that shows them.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition

from booking.domain import invoicing, payments
from booking.domain.errors import BookingError
from booking.domain.payments import CashClosing, Count, by_hand, cash, cash_views, refunds
from booking.domain.pricing import DepositPlan
from booking.domain.reservations import bookings, change_quotes, front_desk, guarantees, orders, recovery, stay_changes
from booking.domain.reservations.change_quotes import StayChange
from booking.domain.reservations.stay_changes import Agreed
from booking.infra import clock
from tests.cast import AN_HOUR, SYSTEM
from tests.domain.reservations import machines
from tests.domain.reservations.at_the_provider import AtTheProvider
from tests.domain.reservations.home import Home
from tests.domain.reservations.machines import invariant, rule
from tests.domain.reservations.model import ANSWERS, RETURNED, START
from tests.domain.reservations.story import (
    LOST,
    Item,
    any_one,
    cards,
    codes,
    death,
    deposits,
    guests,
    on_plan,
    parties,
    people,
    refunding,
    rooms,
    shifts,
    stays,
    ways,
)
from tests.domain.reservations.worlds import (
    CANCELLED,
    CONFIRMED,
    EXPIRED,
    PENDING,
    twice,
)

pytestmark = pytest.mark.slow
TERMS = invoicing.InvoiceTerms("eu")


class Verbs(AtTheProvider):
    """Every rule does something, and says what may be true afterwards."""

    # --- the way in

    @rule(
        guest=guests, room=rooms, days=stays, number=people, deposit=deposits, code=codes, planned=on_plan, dies=death
    )
    def hold(
        self,
        guest: int,
        room: int,
        days: tuple[int, int],
        number: int,
        deposit: DepositPlan | None,
        code: str | None,
        planned: bool,
        dies: int,
    ) -> None:
        wanted = replace(self._wanted(guest, room, days, number, code, planned), deposit=deposit)
        self._holds(guest, [self._as_world(room, days, number)], wanted, dies)

    @rule(
        guest=guests,
        room=rooms,
        days=stays,
        number=people,
        card=cards,
        way=ways,
        code=codes,
        planned=on_plan,
        dies=death,
    )
    def book(
        self,
        guest: int,
        room: int,
        days: tuple[int, int],
        number: int,
        card: str,
        way: str,
        code: str | None,
        planned: bool,
        dies: int,
    ) -> None:
        wanted = self._wanted(guest, room, days, number, code, planned)
        self._books(guest, [self._as_world(room, days, number)], wanted, card, way, dies)

    @rule(guest=guests, wanted=parties, deposit=deposits, code=codes, dies=death)
    def hold_several(
        self, guest: int, wanted: list[Item], deposit: DepositPlan | None, code: str | None, dies: int
    ) -> None:
        asked = replace(self._order(guest, wanted, code), deposit=deposit)
        self._holds(guest, [self._as_world(*item) for item in wanted], asked, dies)

    @rule(guest=guests, wanted=parties, card=cards, way=ways, code=codes, dies=death)
    def book_several(self, guest: int, wanted: list[Item], card: str, way: str, code: str | None, dies: int) -> None:
        stays = [self._as_world(*item) for item in wanted]
        self._books(guest, stays, self._order(guest, wanted, code), card, way, dies)

    @precondition(lambda self: self.memory.lines)
    @rule(which=any_one, card=cards, way=ways, dies=death)
    def pay(self, which: int, card: str, way: str, dies: int) -> None:
        key, line = self._one(which)
        self.line.way = way
        total = self.house.total(key)
        told = self._do(dies, lambda: bookings.pay(self._actor(line), key, card, total, self.desk))
        for one in self.memory.of_order(line.order):
            if told == LOST and not one.has(CANCELLED, EXPIRED):
                one.may_be(CONFIRMED, CANCELLED, EXPIRED)
            elif not isinstance(told, BookingError) and told != LOST:
                one.is_now(CONFIRMED, unless=CANCELLED)

    # --- another stay, or a part of it

    @precondition(lambda self: self.memory.confirmed())
    @rule(
        which=any_one,
        beside=st.booleans(),
        first=shifts,
        last=shifts,
        room=st.none() | rooms,
        number=st.none() | people,
        card=cards,
        way=ways,
        how=refunding,
        dies=death,
    )
    def change(
        self,
        which: int,
        beside: bool,
        first: int,
        last: int,
        room: int | None,
        number: int | None,
        card: str,
        way: str,
        how: str,
        dies: int,
    ) -> None:
        key, line = self._confirmed(which, beside=beside)
        was = self.house.stay_of(key)
        stay = was.check_in + dt.timedelta(days=first), was.check_out + dt.timedelta(days=last)
        wanted = StayChange(*stay, None if room is None else self.house.rooms[room].id, number)
        quoted = self._do(0, lambda: change_quotes.quote(self._actor(line), key, wanted, self.desk.rules))
        if isinstance(quoted, BookingError):
            return
        self.line.way, self.line.refunds = way, how
        before, went_back = self.house.comes_back(key), self.house.went_back(key)
        agreed = Agreed(wanted, quoted.difference, method=card)
        told = self._do(dies, lambda: stay_changes.change(self._actor(line), key, agreed, self.desk))
        if told == LOST or not isinstance(told, BookingError):
            line.most = max(line.most, quoted.price.total)
            line.changes(*stay, room, number, surely=told != LOST, moves_on=quoted.moves_on)
        if told != LOST and not isinstance(told, BookingError):
            gained = self.house.went_back(key) - went_back + self.house.comes_back(key)
            assert gained <= before + max(quoted.difference, Decimal(0)), "more comes back than a cancel would give"

    # --- staff

    @precondition(lambda self: self.memory.lines)
    @rule(which=any_one, how=st.sampled_from(payments.GUARANTEES), dies=death)
    def guarantee(self, which: int, how: str, dies: int) -> None:
        _, line = self._one(which)
        told = self._do(dies, lambda: guarantees.guarantee(SYSTEM, line.order, how))
        for one in self.memory.of_order(line.order):
            if told == LOST and not one.has(CANCELLED, EXPIRED):
                one.may_be(CONFIRMED)
            elif isinstance(told, list):
                one.is_now(CONFIRMED, unless=CANCELLED)
        if told == LOST or isinstance(told, list):
            self.guaranteed.add(line.order)

    @precondition(lambda self: self.guaranteed)
    @rule(which=any_one, by=st.sampled_from(payments.BY_HAND), all_of_it=st.booleans(), dies=death)
    def money_is_taken_by_hand(self, which: int, by: str, all_of_it: bool, dies: int) -> None:
        order = sorted(self.guaranteed, key=str)[which % len(self.guaranteed)]
        due = self.house.due(order)
        amount = due if all_of_it else (due / 2).quantize(Decimal("0.01"))
        entry = f"entry {len(self.house.by_hand())}"
        self._do(dies, lambda: by_hand.received(SYSTEM, order, amount, by=by, reference=entry))

    @precondition(lambda self: self.house.by_hand())
    @rule(which=any_one, mistaken=st.booleans(), by=st.none() | st.sampled_from(payments.BY_HAND), dies=death)
    def staff_gives_it_back_or_takes_an_entry_back(self, which: int, mistaken: bool, by: str | None, dies: int) -> None:
        entries = self.house.by_hand()
        entry = entries[which % len(entries)]
        if mistaken:
            self._do(dies, lambda: front_desk.correct_entry(SYSTEM, entry, "typed wrongly", self.desk.patience))
        else:
            self._do(dies, lambda: by_hand.returned(SYSTEM, entry, reference=f"back {which}", by=by))

    @rule(which=any_one, more=st.sampled_from([0, 0, 5, -5]), kept=st.booleans(), dies=death)
    def a_drawer_is_counted(self, which: int, more: int, kept: bool, dies: int) -> None:
        drawers = cash_views.drawers(SYSTEM)
        if not drawers:
            return
        drawer = drawers[which % len(drawers)]
        counted = max(drawer.expected + more, Decimal(0))
        note = None if counted == drawer.expected else "counted twice"
        count = Count(counted, counted if kept else Decimal(0), note, drawer.expected, drawer.after)
        told = self._do(dies, lambda: cash.close(SYSTEM, drawer.key, count))
        assert told == LOST or isinstance(told, CashClosing), f"{told!r}: nobody else is at this drawer"

    # --- the way out

    @precondition(lambda self: self.memory.lines)
    @rule(which=any_one, how=refunding, dies=death)
    def cancel(self, which: int, how: str, dies: int) -> None:
        key, line = self._one(which)
        self.line.refunds = how
        possible = line.settled and line.has(CONFIRMED) and line.world.check_in > clock.now().date()
        told = self._do(dies, lambda: bookings.cancel(self._actor(line), key, self.desk))
        assert not (possible and isinstance(told, BookingError)), f"{told!r}: its guest cannot cancel"
        if told == LOST:
            line.may_be(CANCELLED)
        elif not isinstance(told, BookingError):
            line.is_now(CANCELLED)

    @precondition(lambda self: self.memory.lines)
    @rule(which=any_one, dies=death)
    def give_the_hold_back(self, which: int, dies: int) -> None:
        _, line = self._one(which)
        told = self._do(dies, lambda: orders.release(self._actor(line), line.order, self.desk))
        if told != LOST and not isinstance(told, BookingError):
            assert not self.house.runs(line.order), "only a part of the order was released"
        for one in self.memory.of_order(line.order):
            if PENDING in {world.status for world in one.worlds} and not isinstance(told, BookingError):
                one.may_be(CANCELLED)

    @precondition(lambda self: self.memory.lines)
    @rule(minutes=st.sampled_from([5, 5, 10, 15, 15, 20, 60, 12 * 60, 24 * 60]))
    def time_passes(self, minutes: int) -> None:
        self.passed += dt.timedelta(minutes=minutes)
        clock.shift(START - self.began + self.passed)

    @precondition(lambda self: self.memory.lines)
    @rule(dies=death)
    def expire(self, dies: int) -> None:
        for line in self.memory.lines.values():
            if PENDING in {one.status for one in line.worlds}:
                line.may_be(EXPIRED)
        self._do(dies, lambda: bookings.expire_holds(SYSTEM))

    @precondition(lambda self: self.memory.lines)
    @rule(how=refunding, ahead=st.sampled_from([AN_HOUR, dt.timedelta(0)]), dies=death)
    def recover(self, how: str, ahead: dt.timedelta, dies: int) -> None:
        self.line.refunds = how
        self._do(dies, lambda: recovery.recover_payments(SYSTEM, self.desk, ahead=ahead))

    @precondition(lambda self: self.memory.lines)
    @rule(dies=death)
    def invoices_follow(self, dies: int) -> None:
        self._do(dies, lambda: invoicing.catch_up_with_invoices(SYSTEM, TERMS, 100))

    @precondition(lambda self: self.house.refunds())
    @rule(which=any_one, how=refunding, dies=death)
    def an_operator_sends_a_refund_again(self, which: int, how: str, dies: int) -> None:
        attempts = self.house.refunds()
        _, payment = attempts[which % len(attempts)]
        self.line.way, self.line.refunds = ANSWERS, how
        self._do(dies, lambda: refunds.retry(SYSTEM, payment, self.desk))

    @precondition(lambda self: self.line.under_way)
    @rule(which=any_one)
    def a_lost_charge_arrives_after_all(self, which: int) -> None:
        self.line.provider.charge(*self.line.under_way.pop(which % len(self.line.under_way)))

    # --- what has to be so after each

    @invariant
    def everybody_has_what_they_were_told(self) -> None:
        under_way = self.house.under_way()
        for key, order, guest, shown, cost in self.house.shown():
            line = self.memory.lines.get(key) or self.memory.adopt(key, order, guest, shown)
            line.see(shown, cost, settled=key not in under_way and order not in under_way)
        self.memory.promised = []

    @invariant
    def no_night_is_had_twice(self) -> None:
        promises = self.memory.promises()
        assert not twice(promises.values())
        taken = self.house.taken()
        for key, world in promises.items():
            assert {taken.get(night) for night in world.nights} == {("booked", key)}, f"{world} lacks nights"
        shown = {key: world for key, _, _, world, _ in self.house.shown()}
        for key in self.house.being_paid():
            assert {taken.get(night) for night in shown[key].nights} == {("pinned", key)}, "paid for and not kept"
        nights = {key: world.nights for key, world in promises.items()}
        for night, (state, key) in taken.items():
            assert state != "booked" or key not in nights or night in nights[key], f"{key} has {night} besides"

    @invariant
    def money_is_where_it_belongs(self) -> None:
        assert not self.house.with_two_open_charges()
        open_orders, in_steps = self.house.under_way(), self.house.in_steps()
        for order, owed, has, to_return in self.house.ledgers():
            lines = self.memory.of_order(order)
            # A charge for a dearer stay may be quicker than what is on its way back from a cheaper one.
            assert has - to_return <= sum(line.most for line in lines), "somebody has paid more than anything cost"
            if order in open_orders or not all(line.settled for line in lines):
                continue
            assert has - to_return <= owed, "the house keeps what is not its own"
            vouched = self.guaranteed | in_steps | self.given_back
            if order not in vouched and any(line.world.status == CONFIRMED for line in lines):
                assert has - to_return == owed, "somebody has a room that is not paid"

    @invariant
    def the_books_agree(self) -> None:
        assert self.house.findings() == []

    def in_the_end(self) -> None:
        """In the end every hold is over and every payment settled."""
        self.time_passes(60)
        self.recover(RETURNED, AN_HOUR, 0)
        self.expire(0)
        self.everything_is_known()
        for agrees in (
            self.everybody_has_what_they_were_told,
            self.no_night_is_had_twice,
            self.money_is_where_it_belongs,
            self.the_books_agree,
        ):
            agrees()
        assert all(line.settled and not line.has(PENDING) for line in self.memory.lines.values())
        assert not self.house.under_way()
        assert {state for state, _ in self.house.taken().values()} <= {"booked"}
        self.every_rest_is_charged()
        self.invoices_follow(0)
        assert self.house.invoiced_otherwise() == []
        self.the_books_agree()


@pytest.mark.timeout(7200)
def test_what_somebody_was_told_is_so_wherever_a_process_dies(home: Home) -> None:
    machines.run(lambda: Verbs(home), "VERBS", examples=25, steps=30)
