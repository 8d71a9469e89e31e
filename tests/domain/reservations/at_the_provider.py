"""For test_all_verbs.py: somebody refunds money at the provider itself, or a bank takes a charge back, and nobody is
told; it is found by looking.
"""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition

from booking.domain.reservations import provider_looks
from booking.infra import clock
from booking.infra.provider import FoundDispute, FoundReturn, FoundReturns, Happened, Heard, NoAnswer, Outcome, Result
from tests.cast import SYSTEM
from tests.domain.reservations.house import FicklePages
from tests.domain.reservations.machines import rule
from tests.domain.reservations.model import ANSWERS, SILENT
from tests.domain.reservations.promoting import Promoting
from tests.domain.reservations.story import any_one, death, ways

OPEN, WON, LOST = "open", "won", "lost"  # of disputes


@dataclass(frozen=True)
class GivenBack:
    """In the provider's dashboard, of one of its charges."""

    charge: uuid.UUID
    charge_reference: str
    at: dt.datetime
    found: FoundReturn


class Dashboard(FicklePages):
    """The provider over a bad line, and somebody who refunds without us. No more than is left of a charge goes back.

    `left`: of a charge, as its own ledger has it. What was refunded here gets into that once it was found.
    """

    def __init__(self, provider: Any, left: Callable[[uuid.UUID], Decimal]) -> None:
        super().__init__(provider)
        self.given: list[GivenBack] = []
        self.known: set[str] = set()  # references
        self.disputed: dict[str, tuple[dt.datetime, FoundDispute]] = {}  # by its reference: when, and as it is now
        self._left, self._numbers = left, itertools.count(1)

    @property
    def unknown(self) -> list[GivenBack]:
        return [one for one in self.given if one.found.reference not in self.known]

    def left_of(self, charge: uuid.UUID) -> Decimal:
        gone = sum((one.found.amount for one in self.unknown if one.charge == charge), Decimal(0))
        return self._left(charge) - gone

    def give_back(self, charge: uuid.UUID, reference: str, amount: Decimal, currency: str) -> None:
        found = FoundReturn(f"re_{next(self._numbers)}", amount, currency)
        self.given.append(GivenBack(charge, reference, clock.now(), found))

    def refund(self, *call: Any) -> Any:
        key, charge, amount, _ = call
        if self.refunds != SILENT and self.provider.find(key) is None:
            if amount > self.left_of(charge.key):
                return Outcome(Result.DECLINED, "refunded already")
            if any(one.payment == charge.key and one.state != WON for _, one in self.disputed.values()):
                return Outcome(Result.DECLINED, "charge disputed")
        return super().refund(*call)

    def take_back(self, charge: uuid.UUID, amount: Decimal, currency: str) -> None:
        made = FoundDispute(f"dp_{next(self._numbers)}", charge, amount, currency, OPEN, "fraudulent")
        self.disputed[made.reference] = clock.now(), made

    def decide(self, reference: str, state: str) -> None:
        at, made = self.disputed[reference]
        self.disputed[reference] = at, replace(made, state=state)

    # --- what it says to whoever looks

    def heard(self, payload: bytes, signature: str) -> Heard:
        raise NotImplementedError

    def dispute(self, reference: str) -> FoundDispute:
        if self.way != ANSWERS:
            raise NoAnswer
        return self.disputed[reference][1]

    def disputes_made(self, since: dt.datetime, until: dt.datetime) -> Sequence[Happened]:
        if self.way != ANSWERS:
            raise NoAnswer
        return [
            Happened(one.reference, one.state, one.payment, Heard("dispute", None, one.reference))
            for at, one in self.disputed.values()
            if since <= at < until
        ]

    def returns(self, charge: str) -> FoundReturns | None:
        if self.way != ANSWERS:
            raise NoAnswer
        of_it = [one for one in self.given if one.charge_reference == charge]
        return FoundReturns(of_it[0].charge, tuple(one.found for one in of_it)) if of_it else None

    def refunds_made(self, since: dt.datetime, until: dt.datetime) -> Sequence[Happened]:
        if self.way != ANSWERS:
            raise NoAnswer
        return [
            Happened(one.found.reference, "succeeded", one.charge, Heard("refund", None, None, one.charge_reference))
            for one in self.given
            if since <= one.at < until
        ]


class AtTheProvider(Promoting):
    """No booking moves by it: what it still costs is due again."""

    line: Dashboard

    def _provider(self) -> Dashboard:
        return Dashboard(self.house.desk.provider, self.house.left_of)

    @precondition(lambda self: self.house.charges())
    @rule(which=any_one, all_of_it=st.booleans())
    def somebody_refunds_at_the_provider(self, which: int, all_of_it: bool) -> None:
        charges = self.house.charges()
        order, charge, reference, currency = charges[which % len(charges)]
        left = self.line.left_of(charge)
        amount = left if all_of_it else (left / 3).quantize(Decimal("0.01"))
        if amount > 0:
            self.line.give_back(charge, reference, amount, currency)
            self.given_back.add(order)

    @precondition(lambda self: self.house.charges())
    @rule(which=any_one)
    def a_bank_takes_a_charge_back(self, which: int) -> None:
        charges = self.house.charges()
        _, charge, _, currency = charges[which % len(charges)]
        if (amount := self.line.left_of(charge)) > 0:
            self.line.take_back(charge, amount, currency)

    @precondition(lambda self: self.undecided)
    @rule(which=any_one, state=st.sampled_from((WON, LOST)))
    def a_dispute_is_decided(self, which: int, state: str) -> None:
        self.line.decide(self.undecided[which % len(self.undecided)], state)

    @property
    def undecided(self) -> list[str]:
        return [reference for reference, (_, one) in self.line.disputed.items() if one.state == OPEN]

    @precondition(lambda self: self.line.given or self.line.disputed)
    @rule(way=ways, dies=death)
    def somebody_looks_for_what_nobody_told(self, way: str, dies: int) -> None:
        self.line.way = way
        self._do(dies, lambda: provider_looks.look(SYSTEM, self.desk, at_once=True))
        self.line.known |= self.house.enter_found()

    def everything_is_known(self) -> None:
        """Once the provider answers: for the end of a story."""
        self.somebody_looks_for_what_nobody_told(ANSWERS, 0)
        assert self.line.unknown == [], "a refund at the provider was never found"
        disputed = {reference: one.state for reference, (_, one) in self.line.disputed.items()}
        assert self.house.disputes() == disputed, "a dispute is not known as it is"
