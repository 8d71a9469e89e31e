"""What a policy's deposit means for a stay: guests are reminded of the rest, and what was not paid is cancelled."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from booking.domain.errors import Forbidden, PaymentUnknown
from booking.domain.maintenance import verification
from booking.domain.pricing import rule_terms
from booking.domain.reservations import bookings, deposits, front_desk, guarantees, holds, rest_payments, unpaid_stays
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.requests import OrderItem, OrderRequest
from booking.domain.tables import Booking, Event, Payment, Room, User
from booking.infra import clock
from booking.infra.db import db, transaction
from tests.api.test_rate_plans import plan_of
from tests.cast import (
    SYSTEM,
    VISA,
    acting,
    all_at_once,
    beside,
    in_days,
    interrupted,
    later,
    nights_of,
    order,
    order_of,
    payments_of,
    reload,
    silent,
)
from tests.domain.payments.test_schedule import declining
from tests.domain.pricing.test_projection import add

TERMS = {"tiers": [{"before": "40d", "refund": "100"}, {"before": "1d", "refund": "50"}]}
WITH_DEPOSIT = rule_terms.as_policy("Deposit", TERMS | {"deposit": "30%", "restDays": 10, "cancelAfter": 3})
UNTIL_DUE = dt.timedelta(days=21, hours=1)  # of a stay that begins in 30 days, at any hour
A_DAY = dt.timedelta(days=1, minutes=1)


@transaction
def give(room: Room, policy: dict[str, Any]) -> None:
    db.session.execute(update(Room).where(Room.id == room.id).values(cancellation_policy=policy))


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    """360 EUR by a policy: 108 are paid, the rest is due in 20 days."""
    give(room, WITH_DEPOSIT)
    return pay(alice, room, desk)


def pay(guest: User, room: Room, desk: BookingContext) -> Booking:
    held = holds.reserve(acting(guest), order(guest, room, in_days(30)), desk)
    return bookings.pay(acting(guest), held.id, VISA, held.total_price, desk)


@pytest.fixture
def declined(booked: Booking, desk: BookingContext) -> Booking:
    later(UNTIL_DUE)
    deposits.charge_due(SYSTEM, declining(desk))
    return booked


@transaction
def told(kind: str) -> list[dict[str, Any]]:
    return list(db.session.scalars(select(Event.payload).where(Event.type == kind)))


def agrees() -> bool:
    return verification.verify().findings == []


def sums(booking: Booking) -> tuple[int, int, int]:
    """Paid, on its way back, due."""
    bought = order_of(booking)
    return int(bought.paid), int(bought.refunded + bought.refunding), int(bought.due)


def test_the_rooms_policy_sells_with_its_deposit_whose_rest_is_charged_later(
    booked: Booking, desk: BookingContext
) -> None:
    kept = reload(booked).policy
    assert (kept["deposit"]["amount"], kept["deposit"]["cancelAfterDays"]) == ("108.00", 3)
    assert sums(booked) == (108, 0, 252)
    later(UNTIL_DUE)
    deposits.charge_due(SYSTEM, desk)
    later(4 * A_DAY)
    assert unpaid_stays.cancel_unpaid(SYSTEM, desk) == 0
    assert (reload(booked).status, sums(booked), agrees()) == ("CONFIRMED", (360, 0, 0), True)


def test_its_guest_is_told_until_when_and_then_it_is_cancelled_by_its_policy(
    declined: Booking, room: Room, desk: BookingContext
) -> None:
    [warning] = told("balance.declined")
    assert abs(dt.datetime.fromisoformat(warning["cancelAt"]) - clock.now() - 3 * dt.timedelta(days=1)) < A_DAY / 2
    later(2 * A_DAY)
    assert unpaid_stays.cancel_unpaid(SYSTEM, desk) == 0
    later(A_DAY)
    assert unpaid_stays.cancel_unpaid(SYSTEM, desk) == 1
    ended = reload(declined)
    # Half of 360 is kept by the policy: of that 108 were paid.
    assert (ended.status, int(ended.kept or 0), int(ended.refund_amount or 0)) == ("CANCELLED", 180, 0)
    assert (sums(declined), nights_of(room), agrees()) == ((108, 0, 72), {}, True)
    assert [event["unpaid"] for event in told("booking.cancelled")] == [True]
    later(10 * A_DAY)
    assert (unpaid_stays.cancel_unpaid(SYSTEM, desk), deposits.charge_due(SYSTEM, desk)) == (0, 0)
    assert [one.purpose for one in payments_of(declined) if one.state == "succeeded"] == ["deposit"]


def test_where_the_policy_gives_more_back_than_is_due_the_deposit_is_refunded(
    alice: User, room: Room, desk: BookingContext
) -> None:
    terms = {"tiers": [{"before": "1d", "refund": "100"}], "deposit": "30%", "restDays": 10, "cancelAfter": 1}
    give(room, rule_terms.as_policy("Lenient", terms))
    booked = pay(alice, room, desk)
    later(UNTIL_DUE)
    deposits.charge_due(SYSTEM, declining(desk))
    later(A_DAY)
    unpaid_stays.cancel_unpaid(SYSTEM, desk)
    assert (reload(booked).status, sums(booked), agrees()) == ("CANCELLED", (108, 108, 0), True)


def test_who_has_paid_in_time_stays(declined: Booking, desk: BookingContext) -> None:
    guest = acting(declined.user_id)
    later(A_DAY)
    [failed] = [one for one in payments_of(declined) if one.state == "failed"]
    rest_payments.pay(guest, declined.id, VISA, order_of(declined).due, desk, seen=failed.id)
    later(3 * A_DAY)
    unpaid_stays.cancel_unpaid(SYSTEM, desk)
    assert (reload(declined).status, sums(declined), agrees()) == ("CONFIRMED", (360, 0, 0), True)


def test_a_stay_that_staff_vouches_for_or_that_has_begun_or_that_is_paid_at_this_moment_is_not_cancelled(
    declined: Booking, desk: BookingContext
) -> None:
    later(3 * A_DAY)
    [failed] = [one for one in payments_of(declined) if one.state == "failed"]
    guest, due = acting(declined.user_id), order_of(declined).due
    with pytest.raises(PaymentUnknown):
        rest_payments.pay(guest, declined.id, VISA, due, interrupted(desk, silent), seen=failed.id)
    assert unpaid_stays.cancel_unpaid(SYSTEM, desk) == 1
    assert reload(declined).status == "CONFIRMED"
    assert unpaid_stays.cancel_unpaid(SYSTEM, desk) == 0  # for a quarter of an hour
    forget_open(declined)
    guarantees.guarantee(SYSTEM, declined.order_id, "desk", None)
    later(A_DAY)
    unpaid_stays.cancel_unpaid(SYSTEM, desk)
    assert (reload(declined).status, unpaid_stays.cancel_unpaid(SYSTEM, desk)) == ("CONFIRMED", 0)


@transaction
def forget_open(booking: Booking) -> None:
    never = update(Payment).where(Payment.order_id == booking.order_id, Payment.state == "unknown")
    db.session.execute(never.values(state="failed", failure="abandoned", next_at=None))


def test_once_its_guest_is_in_the_house_nothing_is_cancelled(declined: Booking, desk: BookingContext) -> None:
    later(9 * A_DAY)
    front_desk.check_in(SYSTEM, declined.id, desk)
    unpaid_stays.cancel_unpaid(SYSTEM, desk)
    assert reload(declined).status == "CONFIRMED"


def test_many_workers_cancel_once_and_whoever_pays_meanwhile_has_it_or_gets_it_back(
    app: Flask, declined: Booking, desk: BookingContext
) -> None:
    later(3 * A_DAY)
    [failed] = [one for one in payments_of(declined) if one.state == "failed"]
    due = order_of(declined).due
    pays = partial(rest_payments.pay, acting(declined.user_id), declined.id, VISA, due, desk, seen=failed.id)
    cancels = partial(unpaid_stays.cancel_unpaid, SYSTEM, desk)
    all_at_once(app, [cancels, pays, cancels, cancels])
    later(A_DAY)
    unpaid_stays.cancel_unpaid(SYSTEM, desk)
    is_booked = reload(declined).status == "CONFIRMED"
    assert len(told("booking.cancelled")) == (0 if is_booked else 1)
    assert sums(declined)[:2] == (360, 0) if is_booked else sums(declined)[1:] != (0, 252)
    assert agrees()


def test_of_several_rooms_only_what_is_unpaid_is_cancelled(alice: User, room: Room, desk: BookingContext) -> None:
    """Each in its turn: what the first keeps may leave nothing to be paid."""
    give(room, WITH_DEPOSIT)
    other = beside(room, "Attic", 90)
    items = tuple(OrderItem(one.id, in_days(30), 2) for one in (room, other))
    held = bookings.hold_all(acting(alice), OrderRequest(alice.id, items), desk)
    total = sum((one.total_price for one in held), Decimal(0))
    bookings.pay(acting(alice), held[0].id, VISA, total, desk)
    later(UNTIL_DUE)
    deposits.charge_due(SYSTEM, declining(desk))
    later(4 * A_DAY)
    unpaid_stays.cancel_unpaid(SYSTEM, desk)
    states = {one.room_name: reload(one).status for one in held}
    assert states == {room.name: "CANCELLED", "Attic": "CONFIRMED"}  # the attic was paid at once
    assert agrees()


def test_its_guest_is_reminded_once_a_week_before(booked: Booking) -> None:
    assert unpaid_stays.remind(SYSTEM) == 0
    later(14 * dt.timedelta(days=1))
    assert unpaid_stays.remind(SYSTEM) == 1
    assert unpaid_stays.remind(SYSTEM) == 0
    [event] = told("balance.reminded")
    assert (event["amount"], event["currency"]) == ("252.00", "EUR")


def test_who_has_booked_just_now_or_has_paid_is_not_reminded(alice: User, room: Room, desk: BookingContext) -> None:
    give(room, WITH_DEPOSIT)
    held = holds.reserve(acting(alice), order(alice, room, in_days(15)), desk)
    booked = bookings.pay(acting(alice), held.id, VISA, held.total_price, desk)
    assert unpaid_stays.remind(SYSTEM) == 0
    rest_payments.pay(acting(alice), booked.id, VISA, order_of(booked).due, desk)
    assert (unpaid_stays.remind(SYSTEM), told("balance.reminded")) == (0, [])


def test_a_hold_that_moves_to_a_rate_with_a_deposit_is_paid_in_steps_and_back_all_at_once(
    alice: User, room: Room, desk: BookingContext
) -> None:
    add(room, "policy", name="Deposit", tiers=[], deposit="30%", restDays=10)
    add(room, "plan", name="Pay later", percent=0, policy=plan_of(room, "Deposit"))
    wanted = order(alice, room, in_days(30))
    held = holds.reserve(acting(alice), wanted, desk)
    held = holds.reserve(acting(alice), replace(wanted, plan=plan_of(room, "Pay later")), desk)
    paid = bookings.pay(acting(alice), held.id, VISA, held.total_price, desk)
    assert (sums(paid), agrees()) == ((108, 0, 252), True)
    other = replace(wanted, stay=in_days(40), plan=plan_of(room, "Pay later"))
    held = holds.reserve(acting(alice), other, desk)
    held = holds.reserve(acting(alice), replace(other, plan="own"), desk)
    paid = bookings.pay(acting(alice), held.id, VISA, held.total_price, desk)
    assert (sums(paid), agrees()) == ((360, 0, 0), True)


def test_guests_do_neither(booked: Booking, desk: BookingContext) -> None:
    with pytest.raises(Forbidden):
        unpaid_stays.remind(acting(booked.user_id))
    with pytest.raises(Forbidden):
        unpaid_stays.cancel_unpaid(acting(booked.user_id), desk)
