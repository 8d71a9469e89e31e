"""What is owed back and to whom: the list that operators work through, and what may be tried again from it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from booking.domain.errors import PaymentFailed, RefundNotOwed
from booking.domain.payments import refunds
from booking.domain.reservations import bookings, holds, recovery, refund_debts
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Room, User
from booking.infra.db import db, transaction
from booking.infra.provider import NoAnswer, Outcome, Result
from tests.cast import AN_HOUR, DECLINED, SYSTEM, VISA, a_room, acting, order, payments_of

REASON = "the account is closed"


class Refusing:
    """The simulated provider, which returns nothing; `silent` for as long as it does not even answer."""

    def __init__(self, desk: BookingContext, *, name: str = "simulated", silent: bool = False) -> None:
        self.provider, self.name, self.silent = desk.provider, name, silent

    def refund(self, *_: object) -> Outcome:
        if self.silent:
            raise NoAnswer
        return Outcome(Result.DECLINED, "re_1", REASON)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.provider, name)


def refusing(desk: BookingContext, *, silent: bool = False) -> BookingContext:
    return replace(desk, provider=Refusing(desk, silent=silent))


def cancelled(guest: User, desk: BookingContext, *, silent: bool = False) -> Booking:
    """A paid booking that was cancelled, and whose refund was declined (or not answered)."""
    booking = bookings.book(acting(guest), order(guest, a_room()), VISA, desk)
    return bookings.cancel(acting(guest), booking.id, refusing(desk, silent=silent))


def test_a_debt_says_all_that_an_operator_needs(alice: User, desk: BookingContext) -> None:
    booking = cancelled(alice, desk)
    payment_id = payments_of(booking)[-1].id
    assert refund_debts.owed(SYSTEM) == [
        refund_debts.Debt(payment_id, booking.id, booking.reference, Decimal(360), "EUR", "simulated", REASON)
    ]


def test_only_declined_refunds_are_owed(alice: User, room: Room, desk: BookingContext) -> None:
    with pytest.raises(PaymentFailed):
        bookings.book(acting(alice), order(alice, room), DECLINED, desk)
    bookings.cancel(acting(alice), bookings.book(acting(alice), order(alice, room), VISA, desk).id, desk)
    cancelled(alice, desk, silent=True)
    assert refund_debts.owed(SYSTEM) == []


def test_the_oldest_debt_comes_first_whichever_was_declined_first(alice: User, desk: BookingContext) -> None:
    first, second = cancelled(alice, desk, silent=True), cancelled(alice, desk)
    recovery.recover_payments(SYSTEM, refusing(desk), ahead=AN_HOUR)
    assert [debt.booking_id for debt in refund_debts.owed(SYSTEM)] == [first.id, second.id]
    assert [debt.booking_id for debt in refund_debts.owed(SYSTEM, limit=1)] == [first.id]


def test_a_debt_whose_reason_an_older_version_did_not_keep_has_none(alice: User, desk: BookingContext) -> None:
    cancelled(alice, desk)
    transaction(lambda: db.session.execute(text("UPDATE payments SET error = NULL")))()
    assert [debt.error for debt in refund_debts.owed(SYSTEM)] == [""]


def test_a_declined_card_is_no_refund_to_be_sent_again(alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    with pytest.raises(PaymentFailed):
        bookings.pay(acting(alice), held.id, DECLINED, held.total_price, desk)
    with pytest.raises(RefundNotOwed):
        refunds.retry(SYSTEM, payments_of(held)[0].id, desk)


def test_sent_again_while_its_provider_is_not_here_it_waits(alice: User, desk: BookingContext) -> None:
    booking = cancelled(alice, desk)
    elsewhere = replace(desk, provider=Refusing(desk, name="other"), providers={})
    assert refunds.retry(SYSTEM, payments_of(booking)[-1].id, elsewhere) == refunds.UNDER_WAY
    assert payments_of(booking)[-1].error == "no_provider:simulated"


def test_each_bookings_refund_has_its_own_state(alice: User, room: Room, desk: BookingContext) -> None:
    returned = bookings.book(acting(alice), order(alice, room), VISA, desk)
    bookings.cancel(acting(alice), returned.id, desk)
    owed, under_way = cancelled(alice, desk), cancelled(alice, desk, silent=True)
    again = cancelled(alice, desk)
    refunds.retry(SYSTEM, payments_of(again)[-1].id, desk)
    without = bookings.book(acting(alice), order(alice, room), VISA, desk)
    transaction(lambda: db.session.execute(text("UPDATE payments SET error = 'late' WHERE state = 'failed'")))()
    everything = [returned.id, owed.id, under_way.id, again.id, without.id]
    assert refunds.states(everything) == {
        returned.id: refunds.RETURNED,
        owed.id: refunds.OWED,
        under_way.id: refunds.UNDER_WAY,
        again.id: refunds.RETURNED,
    }
    assert refunds.states([owed.id]) == {owed.id: refunds.OWED}
    assert refunds.states([]) == {}
