"""Giving part of a stay back: what comes back, what does not, and a stay that has begun."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from booking.domain.catalogue.cancellation_policies import MODERATE
from booking.domain.errors import BookingNotChangeable, Invalid
from booking.domain.reservations import bookings, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Room, User
from booking.infra import clock
from tests.cast import (
    VISA,
    a_room,
    acting,
    in_days,
    later,
    order,
    order_of,
    reload,
)
from tests.domain.reservations.changing import (
    DAY,
    attempts_of,
    before_check_in,
    changed,
    findings,
    has_exactly,
    kept_money,
    longer,
    quoted,
    shorter,
    stay_of,
    told,
)

# --- less: part of a stay, a cheaper one


def test_fewer_nights_at_either_end_give_their_part_back(booked: Booking, room: Room, desk: BookingContext) -> None:
    assert changed(booked, desk, None, check_in=in_days(31).check_in).total_price == 240
    assert changed(booked, desk, None, **shorter()).total_price == 120
    assert stay_of(reload(booked)) == in_days(31, 1)
    has_exactly(booked, room)
    assert [one["refundAmount"] for one in told()] == ["120.00", "120.00"]
    assert order_of(booked).owed == 120
    assert (kept_money(), findings()) == (120, [])


def test_after_the_deadline_the_house_keeps_what_a_cancellation_would(
    booked: Booking, room: Room, desk: BookingContext
) -> None:
    before_check_in(booked, dt.timedelta(hours=20))
    assert quoted(booked, desk, check_out=booked.check_out - DAY).difference == 0
    now = changed(booked, desk, None, check_out=booked.check_out - DAY)
    assert (now.total_price, kept_money()) == (360, 360)
    assert [(line["kind"], line["rule"], line["amount"]) for line in now.price_lines[2:]] == [
        ("fee", "kept_on_change", "120.000")
    ]
    has_exactly(booked, room)
    assert findings() == []


def test_half_comes_back_between_two_deadlines_and_what_was_kept_never_does(alice: User, desk: BookingContext) -> None:
    house = a_room(cancellation_policy=MODERATE, check_in_time=dt.time(15))
    booking = bookings.book(acting(alice), order(alice, house), VISA, desk)
    before_check_in(booking, 3 * DAY)
    now = changed(booking, desk, None, check_out=booking.check_out - DAY)
    assert (now.total_price, kept_money()) == (300, 300)
    cancelled: Any = bookings.cancel(acting(alice), booking.id, desk)
    assert (cancelled.refund_amount, cancelled.kept, kept_money()) == (120, 180, 180)
    assert findings() == []


def test_a_refund_is_split_over_the_charges_of_the_order(booked: Booking, desk: BookingContext) -> None:
    changed(booked, desk, **longer())
    changed(booked, desk, None, check_out=in_days(30, 1).check_out)
    assert [(kind, amount) for _, kind, amount, _ in attempts_of(booked)] == [
        ("charge", 360),
        ("charge", 240),
        ("refund", 240),
        ("refund", 240),
    ]
    assert (kept_money(), findings()) == (120, [])
    bookings.cancel(acting(booked.user_id), booked.id, desk)
    assert (kept_money(), findings()) == (0, [])


def test_moving_away_and_back_does_not_move_the_deadline_of_money_that_was_paid(
    alice: User, room: Room, desk: BookingContext
) -> None:
    booking = bookings.book(acting(alice), order(alice, room), VISA, desk)
    before_check_in(booking, dt.timedelta(hours=20))  # past the deadline: nothing would come back
    now = changed(booking, desk, None, check_in=in_days(90).check_in, check_out=in_days(90).check_out)
    assert (now.total_price, kept_money(), stay_of(now)) == (360, 360, in_days(90))
    with_one_more = changed(booking, desk, check_out=in_days(90, 4).check_out)
    assert (with_one_more.total_price, kept_money()) == (480, 480)
    cancelled: Any = bookings.cancel(acting(alice), booking.id, desk)
    assert (cancelled.refund_amount, kept_money()) == (120, 360)  # the night that was paid for later
    assert findings() == []


# --- a stay that has begun


@pytest.fixture
def begun(alice: User, room: Room, desk: BookingContext) -> Booking:
    """In its second night; the day at the house is the second one."""
    booking = bookings.book(acting(alice), order(alice, room, in_days(3, 4)), VISA, desk)
    second_evening = dt.datetime.combine(booking.check_in + DAY, dt.time(18), tzinfo=dt.UTC)
    later(second_evening - clock.now())
    return booking


def test_of_a_stay_that_has_begun_only_check_out_moves(
    begun: Booking, room: Room, suite: Room, desk: BookingContext
) -> None:
    for wanted, field in (
        ({"check_in": begun.check_in + DAY}, "checkIn"),
        ({"guests": 3}, "guests"),
        ({"room_id": suite.id}, "roomId"),
        ({"check_out": begun.check_in + DAY}, "checkOut"),
    ):
        with pytest.raises(Invalid) as refusal:
            quoted(begun, desk, **wanted)
        assert list(refusal.value.details) == [field]
    assert changed(begun, desk, check_out=begun.check_out + DAY).total_price == 600
    gone_early = changed(begun, desk, None, check_out=begun.check_in + 2 * DAY)
    assert (gone_early.total_price, kept_money()) == (600, 600)
    has_exactly(begun, room)
    assert findings() == []


def test_a_stay_that_is_over_or_no_booking_is_not_changed(
    begun: Booking, alice: User, room: Room, desk: BookingContext
) -> None:
    held = holds.reserve(acting(alice), order(alice, room, in_days(40)), desk)
    with pytest.raises(BookingNotChangeable):
        quoted(held, desk, guests=1)
    later(4 * DAY)
    with pytest.raises(BookingNotChangeable):
        quoted(begun, desk, check_out=begun.check_out + DAY)
