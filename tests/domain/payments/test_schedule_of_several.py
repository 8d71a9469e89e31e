"""An order of several rooms is paid in steps, too: the deposits of all at once, and each rest when it is due."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from booking.domain.maintenance import verification
from booking.domain.pricing import DepositPlan
from booking.domain.reservations import balances, booking_summary, bookings, deposits, guarantees, orders, stay_changes
from booking.domain.reservations.change_quotes import StayChange
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.models import Lines
from booking.domain.reservations.requests import BookingRequest, OrderItem, OrderRequest
from booking.domain.reservations.stay_changes import Agreed
from booking.domain.tables import Booking, Room, User
from tests.cases import each
from tests.cast import SYSTEM, VISA, a_room, acting, beside, in_days, later, reload, today
from tests.domain.payments.test_schedule import A_DAY, declining, moved, pay, say, steps, sums, told

A_THIRD = DepositPlan(balance_days=10, percent=Decimal(30))
HALF_KEPT = {"name": "half", "tiers": [{"daysBefore": 1, "percent": 50}]}
FIRST_DUE, SECOND_DUE = dt.timedelta(days=21, hours=1), dt.timedelta(days=20)  # after each other


def hold(
    guest: User, room: Room, desk: BookingContext, *days: int, plan: DepositPlan | None = A_THIRD, suite: Room
) -> Lines:
    """The room, 360 EUR, and the suite, 600; they begin so many days from now."""
    items = tuple(OrderItem(one.id, in_days(start), 2) for one, start in zip((room, suite), days, strict=True))
    held = bookings.hold_all(acting(guest), OrderRequest(guest.id, items, deposit=plan), desk)
    return tuple(sorted(held, key=lambda one: one.reference))


@pytest.fixture
def suite(room: Room) -> Room:
    return beside(room, "Suite", 200)


@pytest.fixture
def booked(alice: User, room: Room, suite: Room, desk: BookingContext) -> Lines:
    """960 EUR, of which 288 are paid; 252 are due 20 days from now, 420 in 40 days."""
    held = hold(alice, room, desk, 30, 50, suite=suite)
    return paid(held, desk)


def paid(held: Lines, desk: BookingContext, card: str = VISA) -> Lines:
    total = sum((one.total_price for one in held), Decimal(0))
    bookings.pay(acting(held[0].user_id), held[0].id, card, total, desk)
    return tuple(map(reload, held))


def agrees() -> bool:
    return verification.verify().findings == []


def due_days(booking: Booking) -> list[int]:
    """In days from the day on which the first stay begins."""
    return [(step.due_at.date() - today()).days for step in steps(booking)[1:]]


def told_of(booking: Booking) -> list[int]:
    """What pages and emails say is charged later."""
    summary = booking_summary.notice(booking.id)
    assert summary
    assert summary.due_now + sum(one.amount for one in summary.later) == summary.due
    return [int(one.amount) for one in summary.later]


def test_deposits_are_paid_together_and_each_rest_when_it_is_due(booked: Lines, desk: BookingContext) -> None:
    first, second = booked
    assert {one.status for one in booked} == {"CONFIRMED"}
    assert (moved(first), sums(first), agrees()) == ([("charge", "deposit", 288, "succeeded")], (288, 0, 672), True)
    assert [int(step.amount or 0) for step in steps(first)] == [288, 0, 0]
    assert told_of(first) == told_of(second) == [252, 420]
    [balance] = balances.due(SYSTEM)
    assert (int(balance.due), balance.charged_at) == (672, steps(first)[1].due_at)
    later(FIRST_DUE)
    assert deposits.charge_due(SYSTEM, desk) == 1
    assert (moved(first)[1:], sums(first)) == ([("charge", "balance", 252, "succeeded")], (540, 0, 420))
    assert (told_of(first), agrees()) == ([420], True)
    later(SECOND_DUE)
    assert deposits.charge_due(SYSTEM, desk) == 1
    assert (moved(first)[2:], sums(first)) == ([("charge", "balance", 420, "succeeded")], (960, 0, 0))
    assert (deposits.charge_due(SYSTEM, desk), told_of(first), agrees()) == (0, [], True)


def test_rooms_that_begin_on_one_day_have_one_rest(alice: User, room: Room, suite: Room, desk: BookingContext) -> None:
    first, _ = paid(hold(alice, room, desk, 30, 30, suite=suite), desk)
    assert (due_days(first), told_of(first)) == ([20], [672])
    later(FIRST_DUE)
    deposits.charge_due(SYSTEM, desk)
    assert (moved(first)[1:], agrees()) == ([("charge", "balance", 672, "succeeded")], True)


def test_a_room_whose_rest_would_be_due_by_now_is_paid_at_once(
    alice: User, room: Room, suite: Room, desk: BookingContext
) -> None:
    first, _ = paid(hold(alice, room, desk, 5, 50, suite=suite), desk)
    assert (moved(first), told_of(first)) == ([("charge", "deposit", 540, "succeeded")], [420])
    assert agrees()


def test_booked_in_one_call_only_the_deposits_are_charged(
    alice: User, room: Room, suite: Room, desk: BookingContext
) -> None:
    items = tuple(OrderItem(one.id, in_days(30), 2) for one in (room, suite))
    made = orders.book(acting(alice), OrderRequest(alice.id, items, deposit=A_THIRD), VISA, desk)
    assert (int(made.order.paid), int(made.order.due), agrees()) == (288, 672, True)


@each("which", [0, 1])
def test_a_room_that_is_given_back_before_it_is_paid_asks_for_no_deposit(
    alice: User, desk: BookingContext, which: int
) -> None:
    room = a_room()
    held = hold(alice, room, desk, 30, 50, suite=beside(room, "Suite", 200))
    bookings.release(acting(alice), held[which].id)
    kept = pay(reload(held[1 - which]), desk)
    deposit, rest = [(180, 420), (108, 252)][which]
    assert (sums(kept), int(steps(kept)[0].amount or 0)) == ((deposit, 0, rest), deposit)
    assert (told_of(kept), agrees()) == ([rest], True)


@each(
    ("which", "charges"),
    [
        (0, [0, 312]),  # the deposit of the first is part of what the second costs
        (1, [72, 0]),
    ],
)
def test_a_room_that_is_cancelled_lowers_what_is_charged_later(
    alice: User, desk: BookingContext, which: int, charges: list[int]
) -> None:
    room = a_room()
    booked = paid(hold(alice, room, desk, 30, 50, suite=beside(room, "Suite", 200)), desk)
    cancelled = bookings.cancel(acting(alice), booked[which].id, desk)
    assert cancelled.refund_amount == 0
    kept = booked[1 - which]
    assert told_of(kept) == [amount for amount in charges if amount]
    for wait in (FIRST_DUE, SECOND_DUE):
        later(wait)
        deposits.charge_due(SYSTEM, desk)
    assert [amount for _, _, amount, _ in moved(booked[0])[1:]] == [amount for amount in charges if amount]
    assert (sums(kept)[2], agrees()) == (0, True)


def test_what_the_policy_keeps_of_a_cancelled_room_is_charged_on_its_day(alice: User, desk: BookingContext) -> None:
    room = a_room(cancellation_policy=HALF_KEPT)
    booked = paid(hold(alice, room, desk, 30, 50, suite=beside(room, "Suite", 200)), desk)
    bookings.cancel(acting(alice), booked[1].id, desk)
    assert (sums(booked[0])[2], told_of(booked[0])) == (372, [252, 120])
    for wait in (FIRST_DUE, SECOND_DUE):
        later(wait)
        deposits.charge_due(SYSTEM, desk)
    assert ([amount for _, _, amount, _ in moved(booked[0])], agrees()) == ([288, 252, 120], True)


def test_what_was_declined_comes_with_the_next(booked: Lines, desk: BookingContext) -> None:
    first, _ = booked
    later(FIRST_DUE)
    deposits.charge_due(SYSTEM, declining(desk))
    for days in (1, 2, 4, 8):
        later(A_DAY * days)
        deposits.charge_due(SYSTEM, declining(desk))
    assert (steps(first)[1].next_at, len(told()), told_of(first)) == (None, 1, [420])
    later(SECOND_DUE - A_DAY * 15)
    deposits.charge_due(SYSTEM, declining(desk))
    assert [int(Decimal(one["amount"])) for one in told()] == [672, 672]
    later(A_DAY)
    deposits.charge_due(SYSTEM, desk)
    assert (moved(first)[-1], sums(first), agrees()) == (("charge", "balance", 672, "succeeded"), (960, 0, 0), True)


def test_two_days_that_are_reached_at_once_are_one_charge(booked: Lines, desk: BookingContext) -> None:
    later(FIRST_DUE + SECOND_DUE)
    deposits.charge_due(SYSTEM, declining(desk))
    assert (moved(booked[0])[1:], len(told())) == ([("charge", "balance", 672, "failed")], 1)
    later(A_DAY)
    deposits.charge_due(SYSTEM, desk)
    assert (moved(booked[0])[2:], agrees()) == ([("charge", "balance", 672, "succeeded")], True)


def moved_to(booking: Booking, start: int, nights: int, desk: BookingContext, difference: int = 0) -> None:
    stay = in_days(start, nights)
    wanted = StayChange(stay.check_in, stay.check_out, None, None)
    stay_changes.change(acting(booking.user_id), booking.id, Agreed(wanted, Decimal(difference), method=VISA), desk)


@each(("start", "days"), [(25, [15, 40]), (35, [20, 40])])
def test_one_that_begins_earlier_has_its_own_rest_due_earlier(
    alice: User, desk: BookingContext, start: int, days: list[int]
) -> None:
    room = a_room()
    booked = paid(hold(alice, room, desk, 30, 50, suite=beside(room, "Suite", 200)), desk)
    moved_to(booked[0], start, 3, desk)
    assert (sorted(due_days(booked[0])), told_of(booked[0]), agrees()) == (days, [252, 420], True)


@each("is_alone", [True, False])
def test_a_rest_that_is_settled_stays_so_and_its_day_follows_the_stay(
    alice: User, desk: BookingContext, is_alone: bool
) -> None:
    room = a_room()
    held = hold(alice, room, desk, 30, 50 if is_alone else 30, suite=beside(room, "Suite", 200))
    guarantees.guarantee(SYSTEM, held[0].order_id, "desk")
    later(FIRST_DUE)
    deposits.charge_due(SYSTEM, desk)
    moved_to(reload(held[0]), 25, 3, desk)
    assert agrees()
    settled = [step.due_at for step in steps(held[0])[1:] if step.next_at is None]
    assert deposits.rest_due_at(reload(held[0])) in settled
    deposits.charge_due(SYSTEM, desk)
    assert moved(held[0]) == []


def test_of_two_that_begin_on_one_day_only_the_one_that_moves_is_due_earlier(
    alice: User, room: Room, suite: Room, desk: BookingContext
) -> None:
    booked = paid(hold(alice, room, desk, 50, 50, suite=suite), desk)
    moved_to(booked[1], 30, 3, desk)
    assert (sorted(due_days(booked[0])), told_of(booked[0])) == ([20, 40], [420, 252])
    later(FIRST_DUE)
    deposits.charge_due(SYSTEM, desk)
    assert (moved(booked[0])[1:], agrees()) == ([("charge", "balance", 420, "succeeded")], True)


def test_what_was_paid_for_a_longer_stay_is_not_charged_again(booked: Lines, desk: BookingContext) -> None:
    moved_to(booked[1], 50, 4, desk, 200)
    assert (sums(booked[0]), told_of(booked[0])) == ((488, 0, 672), [252, 420])
    later(FIRST_DUE)
    deposits.charge_due(SYSTEM, desk)
    assert (moved(booked[0])[-1], told_of(booked[0])) == (("charge", "balance", 252, "succeeded"), [420])
    assert agrees()


def test_what_staff_vouches_for_is_not_charged(alice: User, room: Room, suite: Room, desk: BookingContext) -> None:
    held = hold(alice, room, desk, 30, 50, suite=suite)
    guarantees.guarantee(SYSTEM, held[0].order_id, "desk")
    assert told_of(held[0]) == []
    later(FIRST_DUE)
    deposits.charge_due(SYSTEM, desk)
    assert (moved(held[0]), told(), agrees()) == ([], [], True)


def test_a_deposit_that_is_being_paid_when_the_rest_is_due_is_waited_for(
    alice: User, room: Room, suite: Room, desk: BookingContext
) -> None:
    held = hold(alice, room, desk, 30, 50, suite=suite)
    later(FIRST_DUE)  # nobody has swept it yet
    deposits.charge_due(SYSTEM, desk)
    assert (told(), steps(held[0])[1].attempts) == ([], 0)
    bookings.expire_holds(SYSTEM)
    later(dt.timedelta(minutes=16))
    deposits.charge_due(SYSTEM, desk)
    assert (steps(held[0])[1].next_at, moved(held[0])) == (None, [])


def test_a_hold_for_another_number_of_guests_keeps_its_deposit(alice: User, room: Room, desk: BookingContext) -> None:
    from booking.domain.reservations import holds

    wanted = BookingRequest(alice.id, room.id, in_days(30), 2, A_THIRD)
    holds.reserve(acting(alice), wanted, desk)
    held = holds.reserve(acting(alice), replace(wanted, guests=3), desk)
    assert (sums(pay(held, desk)), agrees()) == ((108, 0, 252), True)


def test_verify_names_a_rest_that_no_step_is_for(booked: Lines) -> None:
    say("DELETE FROM payment_schedule WHERE position = 1")
    assert {found.rule for found in verification.verify().findings} == {"rest_without_step"}
