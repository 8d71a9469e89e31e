"""For test_all_verbs.py: what is sold with a promotion code or on a rate plan stays so, whatever becomes of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition

from booking.domain import pricing
from booking.domain.reservations import bookings, promotion_codes
from booking.domain.reservations.requests import Wanted
from tests.domain.reservations.from_elsewhere import FromElsewhere
from tests.domain.reservations.home import FEW, ONCE, PROMOTIONS
from tests.domain.reservations.machines import invariant, rule
from tests.domain.reservations.story import LOST, any_one, death, problem_of_code
from tests.domain.reservations.worlds import CANCELLED, PENDING, STATUSES, World

HALF_A_CENT = Decimal("0.005")


class Promoting(FromElsewhere):
    """A code that is refused as used up is: whoever's use has ended has given it back."""

    @precondition(lambda self: self.memory.lines)
    @rule(which=any_one, code=st.sampled_from([FEW, ONCE]), dies=death)
    def use_a_code(self, which: int, code: str, dies: int) -> None:
        _, line = self._one(which)
        told = self._do(dies, lambda: promotion_codes.use(self._actor(line), line.order, code, self.desk.rules))
        rooms = len([one for one in self.memory.of_order(line.order) if not one.has(CANCELLED)])
        self._is_refused_rightly(told, code, line.guest, rooms, line.order)

    @precondition(lambda self: self.memory.lines)
    @rule(which=any_one, dies=death)
    def drop_a_code(self, which: int, dies: int) -> None:
        _, line = self._one(which)
        self._do(dies, lambda: promotion_codes.drop(self._actor(line), line.order))

    def _holds(self, guest: int, stays: list[World], wanted: Wanted, dies: int) -> None:
        self.memory.promise(guest, stays, PENDING, *([CANCELLED] if wanted.code else []))
        told = self._do(dies, lambda: bookings.hold_all(self._guest(guest), wanted, self.desk))
        if problem_of_code(told):
            self.memory.promise(guest, stays, CANCELLED)
        elif told != LOST:
            self.memory.promise(guest, stays, PENDING)
        self._is_refused_rightly(told, wanted.code, guest, len(stays))

    def _books(self, guest: int, stays: list[World], wanted: Wanted, card: str, way: str, dies: int) -> None:
        self.memory.promise(guest, stays, *STATUSES)
        self.line.way = way
        told = self._do(dies, lambda: bookings.book_all(self._guest(guest), wanted, card, self.desk))
        self._is_told(guest, stays, told)
        self._is_refused_rightly(told, wanted.code, guest, len(stays))

    def _is_refused_rightly(self, told: Any, code: str | None, guest: int, rooms: int, order: Any = None) -> None:
        if (problem := problem_of_code(told)) and code:
            limit = PROMOTIONS[code]["mostUses" if problem == "promotion_used_up" else "mostPerGuest"]
            by = None if problem == "promotion_used_up" else self.house.guests[guest].id
            assert self.house.uses(code, by=by, without=order) + rooms > limit, f"{code} can be used: {problem}"

    @invariant
    def codes_and_plans_stay_as_they_were_sold(self) -> None:
        for key, code, policy, lines in self.house.sold_on():
            terms = policy.get("plan"), policy["tiers"]
            assert self.sold_on.setdefault(key, terms) == terms, "another plan, or other tiers"
            off = -sum((Decimal(line["amount"]) for line in lines if _is_made_by(line, "promotion")), Decimal(0))
            least = _off(PROMOTIONS[code], lines) if code else Decimal(0)
            assert (off > 0) == bool(code), "a code and no line of it, or a line and no code"
            assert off >= least - HALF_A_CENT, f"{code} has to take {least} off, and takes {off}"


def _off(terms: dict[str, Any], lines: list[dict[str, Any]]) -> Decimal:
    """What a promotion takes off the nights less all other discounts."""
    nights = sum((Decimal(line["amount"]) for line in lines if _is_of_nights(line)), Decimal(0))
    return min(nights, Decimal(terms["amount"])) if "amount" in terms else nights * terms["percent"] / 100


def _is_of_nights(line: dict[str, Any]) -> bool:
    if _is_made_by(line, "promotion") or line["rule"] == pricing.GOODWILL:
        return False
    return line["kind"] in ("night", "discount") or _is_made_by(line, "plan")


def _is_made_by(line: dict[str, Any], kind: str) -> bool:
    return any(reason["kind"] == kind for reason in line.get("reasons") or ())
