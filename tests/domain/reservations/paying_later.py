"""For test_all_verbs.py: the rest of what is paid in steps, paid early or at a page; what staff lets guests off."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import precondition

from booking.domain import payments, reservations
from booking.domain.reservations import front_desk, payment_links
from booking.infra import clock
from tests.cast import SYSTEM
from tests.domain.reservations.at_the_page import LINKS, AtThePage
from tests.domain.reservations.machines import rule
from tests.domain.reservations.model import ANSWERS, RETURNED, START
from tests.domain.reservations.story import any_one, cards, death, refunding, ways
from tests.domain.reservations.worlds import CANCELLED, CONFIRMED

SECRETS = ("a secret",)


class PayingLater(AtThePage):
    """No booking moves by it, whatever becomes of it."""

    @precondition(lambda self: self.house.in_steps())
    @rule(way=ways, how=refunding, declined=st.sampled_from([False, False, True]), dies=death)
    def charge_what_is_due_by_now(self, way: str, how: str, declined: bool, dies: int) -> None:
        self.line.way, self.line.refunds, self.line.kept_is_good = way, how, not declined
        self._do(dies, lambda: reservations.charge_balances(SYSTEM, self.desk))
        self.line.kept_is_good = True

    @precondition(lambda self: self.house.to_be_cancelled())
    @rule(how=refunding, dies=death)
    def what_was_not_paid_is_cancelled(self, how: str, dies: int) -> None:
        """Where its policy says so, its guest was told, and nobody has paid or vouched for it since."""
        self.line.refunds = how
        for line in self.memory.lines.values():
            if line.order in self.house.to_be_cancelled() - self.guaranteed and self.house.due(line.order):
                line.may_be(CANCELLED)
        self._do(dies, lambda: reservations.cancel_unpaid(SYSTEM, self.desk))

    @precondition(lambda self: self.house.in_steps())
    @rule(dies=death)
    def guests_are_reminded(self, dies: int) -> None:
        self._do(dies, lambda: reservations.remind_of_balances(SYSTEM))

    @precondition(lambda self: self.house.in_steps())
    @rule(which=any_one, card=cards, way=ways, how=refunding, dies=death)
    def pay_the_rest(self, which: int, card: str, way: str, how: str, dies: int) -> None:
        key, line = self._one(which)
        self.line.way, self.line.refunds = way, how
        due = self.house.due(line.order)
        self._do(dies, lambda: reservations.pay_rest(self._actor(line), key, card, due, self.desk))

    @precondition(lambda self: self.house.in_steps())
    @rule(which=any_one, way=ways, dies=death)
    def open_the_page_of_the_rest(self, which: int, way: str, dies: int) -> None:
        key, line = self._one(which)
        self.line.way = way
        due = self.house.due(line.order)
        self._do(dies, lambda: reservations.rest_payment_page(self._actor(line), key, due, self.desk, LINKS))

    @precondition(lambda self: self.house.vouched_for())
    @rule(which=any_one, card=cards, way=ways, how=refunding, hosted=st.booleans(), dies=death)
    def pay_by_a_link(self, which: int, card: str, way: str, how: str, hosted: bool, dies: int) -> None:
        """That staff has had sent: whatever is due, also by the house's word."""
        orders = self.house.vouched_for()
        order = orders[which % len(orders)]
        self.line.way, self.line.refunds = way, how
        link = payment_links.written(order, clock.now() + payment_links.GOOD_FOR, SECRETS)
        due = self.house.due(order)
        if hosted:
            self._do(dies, lambda: payment_links.page_of(link, due, self.desk, LINKS, SECRETS))
        else:
            self._do(dies, lambda: payment_links.pay(link, card, due, self.desk, SECRETS))

    @precondition(lambda self: self.house.vouched_for())
    @rule(which=any_one, all_of_it=st.booleans(), dies=death)
    def a_guest_is_let_off(self, which: int, all_of_it: bool, dies: int) -> None:
        orders = self.house.vouched_for()
        order = orders[which % len(orders)]
        part = None if all_of_it else (self.house.due(order) / 2).quantize(Decimal("0.01"))
        self._do(dies, lambda: payments.waive_debt(SYSTEM, order, f"reason {which}", part))

    @precondition(lambda self: self.house.waivers())
    @rule(which=any_one, dies=death)
    def it_was_a_mistake(self, which: int, dies: int) -> None:
        waivers = self.house.waivers()
        self._do(dies, lambda: front_desk.correct_waiver(SYSTEM, waivers[which % len(waivers)], "typed wrongly"))

    def every_rest_is_charged(self) -> None:
        """Once all stays have begun, what was paid in steps is paid: for the end of a story."""
        self.passed += dt.timedelta(days=60)
        clock.shift(START - self.began + self.passed)
        self.line.way, self.line.refunds = ANSWERS, RETURNED
        while reservations.charge_balances(SYSTEM, self.desk):
            pass
        self.house.look_anew()
        in_steps = self.house.in_steps() - self.guaranteed - self.given_back
        for order, owed, has, to_return in self.house.ledgers():
            if order in in_steps and any(line.world.status == CONFIRMED for line in self.memory.of_order(order)):
                asked_for = owed - self.house.let_off(order)
                assert asked_for <= has - to_return <= owed, "a rest was charged twice, or never"
