"""Goodwill for a stay that goes on, and another refund than the policy's for nights that are given back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial

import pytest
from flask import Flask

from booking.domain.actors import Role
from booking.domain.errors import BookingModified, BookingNotFound, ChangeOfUnconfirmed, Forbidden, Invalid
from booking.domain.people import audit_log
from booking.domain.pricing import DepositPlan
from booking.domain.reservations import (
    bookings,
    change_quotes,
    goodwill,
    holds,
    refund_decisions,
    stay_changes,
)
from booking.domain.reservations.change_quotes import StayChange
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.front_desk import presence
from booking.domain.reservations.refund_decisions import Decided
from booking.domain.reservations.stay_changes import Agreed
from booking.domain.tables import Booking, Room, User
from tests.cases import each
from tests.cast import SYSTEM, VISA, a_room, acting, all_at_once, beside, in_days, order, order_of, payments_of, reload
from tests.domain.reservations.changing import before_check_in, changes_of, findings, shorter, told
from tests.domain.reservations.test_front_desk import DAY, at, clerk

pytestmark = pytest.mark.slow


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    """Three nights, 360, paid."""
    return bookings.book(acting(alice), order(alice, room), VISA, desk)


def given(booking: Booking, desk: BookingContext, amount: int | str, reason: str = "no hot water") -> Booking:
    seen = reload(booking).version
    return goodwill.give(SYSTEM, booking.id, Decided(Decimal(amount), reason), desk, seen_version=seen)


def sums(booking: Booking) -> list[int]:
    """Owed, kept, due."""
    now = order_of(booking)
    return [int(now.owed), int(now.paid - now.refunded), int(now.due)]


def test_it_lowers_the_price_and_what_was_paid_of_it_goes_back(
    booked: Booking, room: Room, desk: BookingContext
) -> None:
    manager, decided = clerk(Role.MANAGER, room), Decided(Decimal(50), " no hot water ")
    now = goodwill.give(manager, booked.id, decided, desk, seen_version=booked.version)
    assert (int(now.total_price), now.price_lines[-1]["rule"], sums(now)) == (310, "goodwill", [310, 310, 0])
    [change] = changes_of(booked)
    assert (change.is_goodwill, change.reason, int(change.difference)) == (True, "no hot water", -50)
    [event] = told()
    assert (event["goodwill"], event["refundAmount"]) == ("50.00", "50.00")
    entries = [one for one in audit_log.entries(SYSTEM, by=manager.user_id) if one.action == "booking.changed"]
    assert [entry.after["refundAmount"] for entry in entries] == ["50.00"]
    again = goodwill.give(manager, booked.id, decided, desk, seen_version=booked.version)  # pressed twice
    assert (again.version, sums(again), findings()) == (now.version, [310, 310, 0], [])
    with pytest.raises(BookingModified):
        goodwill.give(manager, booked.id, Decided(Decimal(40), "noise"), desk, seen_version=booked.version)


def test_who_decides_on_refunds_gives_it(
    booked: Booking, alice: User, bob: User, room: Room, desk: BookingContext
) -> None:
    give = partial(goodwill.give, decided=Decided(Decimal(1), "x"), context=desk, seen_version=booked.version)
    for actor in (clerk(Role.DESK, room), acting(alice)):
        with pytest.raises(Forbidden):
            give(actor, booked.id)
    for stranger in (acting(bob), clerk(Role.OWNER, a_room())):
        with pytest.raises(BookingNotFound):
            give(stranger, booked.id)
    with pytest.raises(BookingNotFound):
        give(SYSTEM, uuid.uuid4())
    held = holds.reserve(acting(alice), order(alice, room, in_days(60)), desk)
    with pytest.raises(ChangeOfUnconfirmed):
        give(SYSTEM, held.id)
    assert (sums(booked), findings()) == ([360, 360, 0], [])


@each(
    ("amount", "reason", "field", "code"),
    [
        ("360.01", "noise", "refund", "too_large"),
        ("-1", "noise", "refund", "too_small"),
        ("0", "noise", "refund", "missing"),
        ("1.001", "noise", "refund", "too_many_decimals"),
        ("1", " ", "reason", "missing"),
    ],
)
def test_what_cannot_be_given_is_named(
    booked: Booking, desk: BookingContext, amount: str, reason: str, field: str, code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        given(booked, desk, amount, reason)
    assert {name: notice.code for name, notice in refused.value.details.items()} == {field: code}


def test_nothing_brings_it_back_once_more(booked: Booking, room: Room, desk: BookingContext) -> None:
    """Neither a cancellation, nor a shorter stay; and another room or more nights keep it."""
    given(booked, desk, 60)
    suite = beside(room, "Suite", 200)
    longer = change_quotes.quote(SYSTEM, booked.id, StayChange(check_out=in_days(30, 4).check_out), desk.rules)
    other = change_quotes.quote(SYSTEM, booked.id, StayChange(room_id=suite.id), desk.rules)
    assert [int(one.price.total) for one in (longer, other)] == [420, 540]
    less = change_quotes.quote(SYSTEM, booked.id, StayChange(**shorter()), desk.rules)
    assert [int(less.price.total), int(less.difference)] == [180, -120]
    given(booked, desk, 200, "and no light")
    one_night = StayChange(check_out=in_days(30, 1).check_out)  # costs 120, of which 260 were given
    assert change_quotes.quote(SYSTEM, booked.id, one_night, desk.rules).price.total == 0
    done = bookings.cancel(SYSTEM, booked.id, desk)
    assert (done.refund_amount, sums(booked), findings()) == (Decimal(100), [0, 0, 0], [])


def test_while_the_guest_is_there_and_when_they_have_left(booked: Booking, desk: BookingContext) -> None:
    at(booked, 0, 16)
    presence.check_in(SYSTEM, booked.id, desk)
    given(booked, desk, 10)
    at(booked, 1, 12)
    presence.check_out(SYSTEM, booked.id, desk)
    left = sums(booked)
    given(booked, desk, 20, "late taxi")
    assert (sums(booked), findings()) == ([left[0] - 20, left[1] - 20, 0], [])


def test_of_what_is_not_paid_yet_less_is_due(alice: User, room: Room, desk: BookingContext) -> None:
    wanted = replace(order(alice, room), deposit=DepositPlan(1, Decimal(50)))
    booked = bookings.book(acting(alice), wanted, VISA, desk)
    assert sums(booked) == [360, 180, 180]
    given(booked, desk, 100)
    assert sums(booked) == [260, 180, 80]
    given(booked, desk, 100, "more of it")
    assert (sums(booked), findings()) == ([160, 160, 0], [])


def test_of_two_who_give_the_same_at_once_one_does(app: Flask, booked: Booking, desk: BookingContext) -> None:
    acts: list[Callable[[], object]] = [
        partial(goodwill.give, SYSTEM, booked.id, Decided(Decimal(50), reason), desk, seen_version=booked.version)
        for reason in ("noise", "noise", "dust")
    ]
    done = all_at_once(app, acts)
    assert {type(one).__name__ for one in done} <= {"Booking", "BookingModified"}
    assert (sums(booked), len(payments_of(booked)), findings()) == ([310, 310, 0], 2, [])


# --- another refund than the policy's for nights that are given back


@each(("refund", "owed"), [(0, 360), (100, 260), (120, 240)])
def test_of_nights_that_are_given_back_another_amount_comes_back(
    alice: User, room: Room, desk: BookingContext, refund: int, owed: int
) -> None:
    """By the policy half of it, two days before."""
    booked = bookings.book(acting(alice), order(alice, beside(room, "Cabin", 120)), VISA, desk)
    before_check_in(booked, 2 * DAY)
    wanted, decided = StayChange(**shorter()), Decided(Decimal(refund), "bad weather")
    quoted = change_quotes.quote(SYSTEM, booked.id, wanted, desk.rules)
    shown = -quoted.difference
    agreed = Agreed(wanted, quoted.difference, booked.version, shown_refund=shown, decided=decided)
    now = stay_changes.change(SYSTEM, booked.id, agreed, desk)
    assert (now.check_out, sums(now)) == (shorter()["check_out"], [owed, owed, 0])
    [change] = changes_of(booked)
    assert (change.reason, change.is_goodwill) == (None if shown == refund else "bad weather", False)
    assert findings() == []


def test_who_may_decide_that_and_how_much(booked: Booking, room: Room, desk: BookingContext) -> None:
    wanted = StayChange(**shorter())
    for actor, refund, refusal in (
        (clerk(Role.DESK, room), 1, Forbidden),
        (SYSTEM, 121, Invalid),
    ):
        decided = Decided(Decimal(refund), "bad weather")
        with pytest.raises(refusal):
            stay_changes.change(actor, booked.id, Agreed(wanted, Decimal(-120), decided=decided), desk)
    assert refund_decisions.most(booked, order_of(booked)) == 360
    assert (reload(booked).version, findings()) == (booked.version, [])
