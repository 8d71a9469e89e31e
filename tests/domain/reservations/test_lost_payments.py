"""A payment that was begun and never charged: its guest keeps the hold to pay once more, a program is told its end."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from booking.domain.errors import HoldOver, PaymentInProgress, PaymentUnknown
from booking.domain.maintenance import verification
from booking.domain.payments import ledger
from booking.domain.reservations import booking_details, bookings, holds, recovery
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Payment, Room, User
from booking.infra.db import db, transaction
from booking.infra.provider import NoAnswer, Outcome, Result
from tests.cast import (
    AN_HOUR,
    DECLINED,
    SYSTEM,
    VISA,
    acting,
    all_at_once,
    in_days,
    later,
    nights_of,
    order,
    payments_of,
    reload,
)
from tests.domain.reservations.test_recovery import Watched, newest


def begun_and_left(alice: User, room: Room, desk: BookingContext, method: str = VISA) -> tuple[Booking, Payment]:
    """A hold whose payment was begun from a page, by a process that was told so too late or never: Postgres hung."""
    held = holds.reserve(acting(alice), order(alice, room), desk)
    return held, bookings._begin_payment(acting(alice), (held,), method, desk).payment


@pytest.mark.parametrize("late", [False, True], ids=["the bank never asked", "declined, and the answer lost"])
def test_a_payment_that_was_not_charged_leaves_the_guest_the_rest_of_the_hold(
    alice: User, room: Room, desk: BookingContext, late: bool
) -> None:
    held, lost = begun_and_left(alice, room, desk)
    if late:
        desk.provider.charge(lost.id, lost.amount, lost.currency, DECLINED)
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    after = reload(held)
    assert (after.status, after.held_until) == ("PENDING", held.held_until)
    assert set(nights_of(room).values()) == {"held"}
    assert payments_of(held)[0].failure == (ledger.DECLINED if late else ledger.ABANDONED)
    assert desk.provider.charge(lost.id, lost.amount, lost.currency, VISA).result is not Result.CHARGED
    assert bookings.pay(acting(alice), held.id, VISA, held.total_price, desk).status == "CONFIRMED"
    assert verification.verify().findings == []


def test_a_hold_that_is_over_by_then_ends_as_any_other(
    alice: User, bob: User, room: Room, desk: BookingContext
) -> None:
    held, _ = begun_and_left(alice, room, desk)
    later(desk.hold_for)
    assert bookings.expire_holds(SYSTEM) == 0  # as long as it may be paid for
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    assert booking_details.trip(acting(alice), held.id).payment_failed
    with pytest.raises(HoldOver):
        bookings.pay(acting(alice), held.id, VISA, held.total_price, desk)
    assert bookings.book(acting(bob), order(bob, room), VISA, desk).status == "CONFIRMED"
    assert bookings.expire_holds(SYSTEM) == 1
    assert reload(held).status == "EXPIRED"
    assert verification.verify().findings == []


def test_a_hold_whose_nights_are_gone_is_given_up(alice: User, room: Room, desk: BookingContext) -> None:
    held, _ = begun_and_left(alice, room, desk)
    transaction(lambda: db.session.execute(text("DELETE FROM availability")))()
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    assert reload(held).status == "CANCELLED"
    assert verification.verify().findings == []


def test_whoever_books_in_one_call_is_told_that_nothing_was_booked(
    alice: User, room: Room, desk: BookingContext
) -> None:
    """There is no page on which the hold could be paid for."""

    class Unreached(Watched):
        def charge(self, *_: Any) -> Outcome:
            raise NoAnswer

    with pytest.raises(PaymentUnknown):
        bookings.book(acting(alice), order(alice, room), VISA, replace(desk, provider=Unreached(desk)))
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    assert (newest().status, nights_of(room)) == ("CANCELLED", {})


def test_paying_again_while_recovery_finds_out_charges_once(
    app: Flask, alice: User, room: Room, desk: BookingContext
) -> None:
    """The second payment waits for the outcome of the first, or begins after it: the hold is never lost in between."""
    for number in range(6):
        held = holds.reserve(acting(alice), order(alice, room, in_days(30 + 4 * number)), desk)
        bookings._begin_payment(acting(alice), (held,), VISA, desk)
        pay = partial(bookings.pay, acting(alice), held.id, VISA, held.total_price, desk)
        sweep = partial(recovery.recover_payments, SYSTEM, desk, ahead=AN_HOUR)
        for answer in all_at_once(app, [pay, sweep, pay])[::2]:
            assert isinstance(answer, Booking | PaymentInProgress), answer
        assert pay().status == "CONFIRMED"
        assert Counter(payment.state for payment in payments_of(held)) == {"failed": 1, "succeeded": 1}
    assert verification.verify().findings == []
