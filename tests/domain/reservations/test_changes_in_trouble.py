"""Changes beside other payments of the same order, and of stays that are paid in steps."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import select, text

from booking.domain import payments
from booking.domain.errors import ChangeUnderWay, PaymentInProgress, PaymentUnknown, RoomNotAvailable
from booking.domain.payments import ScheduledPayment
from booking.domain.pricing import DepositPlan
from booking.domain.reservations import bookings, change_outcomes, holds, stay_changes
from booking.domain.reservations.change_quotes import StayChange
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.stay_changes import Agreed
from booking.domain.tables import Booking, Room, User
from booking.infra.db import db, transaction
from booking.infra.provider import Outcome
from tests.cast import SYSTEM, VISA, a_room, acting, in_days, interrupted, nights_of, order, order_of, reload, silent
from tests.domain.reservations.changing import (
    DAY,
    as_it_was,
    attempts_of,
    changed,
    changes_of,
    findings,
    kept_money,
    longer,
)


@transaction
def set_price(room: Room, price: int) -> None:
    db.session.get_one(Room, room.id).price_per_night = Decimal(price)


def test_a_change_that_ended_while_it_was_paid_for_is_paid_back(
    booked: Booking, room: Room, desk: BookingContext
) -> None:
    def meanwhile(_: Outcome) -> None:
        transaction(lambda: db.session.execute(text("UPDATE booking_changes SET state = 'failed'")))()

    set_price(room, 150)
    with pytest.raises(RoomNotAvailable):
        changed(booked, interrupted(desk, meanwhile), guests=3)
    as_it_was(booked, room)
    assert [(kind, amount) for _, kind, amount, _ in attempts_of(booked)][1:] == [("charge", 90), ("refund", 90)]


def test_where_somebody_pays_for_the_order_a_change_waits_and_frees_its_nights(
    booked: Booking, room: Room, desk: BookingContext
) -> None:
    other = payments.Due(booked.order_id, booked.id, Decimal(1), "EUR", "balance", beyond=Decimal(1))
    begun = transaction(lambda: payments.start_charge(other, method=VISA, context=desk))()
    with pytest.raises(PaymentInProgress):
        changed(booked, desk, **longer())
    assert len(nights_of(room)) == 3
    transaction(lambda: payments.record_failure(payments.payment_as_seen(begun), "declined"))()
    changed(booked, desk, **longer())
    assert (kept_money(), findings()) == (600, [])


@transaction
def rest_due_at(booking: Booking) -> dt.datetime:
    rest = select(ScheduledPayment.next_at).where(ScheduledPayment.order_id == booking.order_id)
    due = db.session.scalar(rest.where(ScheduledPayment.purpose == "balance"))
    assert due is not None
    return due


def test_a_stay_paid_in_steps_that_begins_earlier_has_its_rest_due_earlier(alice: User, desk: BookingContext) -> None:
    plan = DepositPlan(balance_days=10, percent=Decimal(30))
    asked = replace(order(alice, a_room(), in_days(60)), deposit=plan)
    held = holds.reserve(acting(alice), asked, desk)
    booking = bookings.pay(acting(alice), held.id, VISA, held.total_price, desk)
    assert (int(order_of(booking).paid), int(order_of(booking).due)) == (108, 252)
    was = rest_due_at(booking)
    changed(booking, desk, check_in=booking.check_in - 5 * DAY, check_out=booking.check_out - 5 * DAY)
    assert rest_due_at(booking) == was - 5 * DAY
    changed(booking, desk, check_in=booking.check_in, check_out=booking.check_out)
    assert rest_due_at(booking) == was - 5 * DAY
    deposit = reload(booking).policy["deposit"]
    assert dt.datetime.fromisoformat(deposit["balanceDueAt"]) == was - 5 * DAY
    changed(booking, desk, None, check_out=booking.check_out - DAY)
    assert (int(order_of(booking).paid), int(order_of(booking).due)) == (108, 132)
    assert findings() == []


def test_a_change_that_is_being_paid_for_is_not_ended_by_time(
    booked: Booking, room: Room, desk: BookingContext
) -> None:
    with pytest.raises(PaymentUnknown):
        changed(booked, interrupted(desk, silent), **longer())
    [pending] = changes_of(booked)
    assert not change_outcomes._expire(SYSTEM, booked.id, pending.id)
    change_outcomes.give_back(SYSTEM, booked.id, pending.id)
    assert sorted(nights_of(room).values()) == ["booked"] * 3 + ["pinned"] * 2


def test_nobody_is_told_that_a_stay_stays_as_it_is_while_another_is_being_paid_for(
    booked: Booking, room: Room, desk: BookingContext
) -> None:
    with pytest.raises(PaymentUnknown):
        changed(booked, interrupted(desk, silent), **longer())
    with pytest.raises(ChangeUnderWay):
        changed(booked, desk, check_in=booked.check_in, check_out=booked.check_out)
    assert [change.state for change in changes_of(booked)] == ["pending"]


def test_whoever_wants_the_stay_as_it_is_ends_the_change_that_nobody_has_paid_for(
    booked: Booking, room: Room, desk: BookingContext
) -> None:
    wanted = Agreed(StayChange(**longer()), Decimal(240), method=VISA)
    stay_changes._begin(acting(booked.user_id), booked.id, wanted, desk, None)
    assert len(nights_of(room)) == 5
    changed(booked, desk, check_in=booked.check_in, check_out=booked.check_out)
    assert [change.state for change in changes_of(booked)] == ["failed"]
    as_it_was(booked, room)
