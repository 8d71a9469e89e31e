"""Staff guarantees an order instead of a payment: confirmed by name, and what it costs stays due."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace
from decimal import Decimal
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from booking.domain import payments
from booking.domain.actors import Actor, Membership, Role
from booking.domain.errors import (
    Forbidden,
    GuaranteeOfPaid,
    HoldOver,
    IllegalMove,
    Invalid,
    OrderNotFound,
    PaymentInProgress,
)
from booking.domain.maintenance import verification
from booking.domain.people import audit_log
from booking.domain.pricing import DepositPlan
from booking.domain.reservations import balances, bookings, deposits, guarantees, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Event, Order, Room, User
from booking.infra.db import READ_COMMITTED, db, transaction
from booking.infra.ids import encode
from tests.cases import each
from tests.cast import (
    SYSTEM,
    VISA,
    a_room,
    acting,
    all_at_once,
    in_days,
    interrupted,
    later,
    nights_of,
    order,
    order_of,
    payments_of,
    reload,
)


def clerk(role: Role, at: Room | None) -> Actor:
    return Actor.signed_in(uuid.uuid4(), (Membership(role, at.property_id if at else None),), uuid.uuid4())


@pytest.fixture
def held(alice: User, room: Room, desk: BookingContext) -> Booking:
    """360 EUR, held by the desk for its guest."""
    return holds.reserve(clerk(Role.DESK, room), order(alice, room), desk)


def agrees() -> bool:
    return verification.verify().findings == []


@transaction
def confirmations() -> list[dict[str, object]]:
    told = select(Event.payload).where(Event.type == "booking.confirmed")
    return list(db.session.scalars(told.order_by(Event.id)))


@transaction(isolation=READ_COMMITTED)
def say(statement: str) -> None:
    db.session.execute(text(statement))


def test_the_desk_confirms_a_hold_by_name_and_what_it_costs_stays_due(held: Booking, room: Room) -> None:
    staff = clerk(Role.DESK, room)
    [done] = guarantees.guarantee(staff, held.order_id, "desk", " regular guest ")
    assert (done.id, reload(held).status, payments_of(held)) == (held.id, "CONFIRMED", [])
    assert set(nights_of(room).values()) == {"booked"}
    bought = order_of(held)
    assert (bought.guarantee, bought.guaranteed_by, bought.guarantee_note) == ("desk", str(staff), "regular guest")
    assert bought.guaranteed_at
    assert (int(bought.owed), int(bought.paid), int(bought.due)) == (360, 0, 360)
    [told] = confirmations()
    assert (told["bookingId"], told["actor"]) == (encode("booking", held.id), str(staff))
    said = {(entry.actor, entry.action) for entry in audit_log.entries(SYSTEM, limit=10)}
    assert {(str(staff), "booking.confirmed"), (str(staff), "order.guaranteed")} <= said
    assert agrees()


@each("role", [Role.OWNER, Role.MANAGER, Role.DESK])
def test_who_may_guarantee(held: Booking, room: Room, role: Role) -> None:
    guarantees.guarantee(clerk(role, room), held.order_id, "later")
    assert reload(held).status == "CONFIRMED"


def test_nobody_else_may(held: Booking, alice: User, bob: User, room: Room) -> None:
    elsewhere = clerk(Role.MANAGER, a_room())
    for stranger in (acting(bob), elsewhere, clerk(Role.HOUSEKEEPING, room)):
        with pytest.raises(OrderNotFound):
            guarantees.guarantee(stranger, held.order_id, "desk")
    with pytest.raises(OrderNotFound):
        guarantees.guarantee(SYSTEM, uuid.uuid4(), "desk")
    with pytest.raises(Forbidden):
        guarantees.guarantee(acting(alice), held.order_id, "desk")
    assert (reload(held).status, order_of(held).guarantee) == ("PENDING", None)


def test_guaranteed_twice_it_is_confirmed_once_and_takes_over_another_way_to_pay(held: Booking) -> None:
    guarantees.guarantee(SYSTEM, held.order_id, "desk", "calls tomorrow")
    first = order_of(held)
    guarantees.guarantee(SYSTEM, held.order_id, "desk", "calls tomorrow")
    assert (order_of(held).version, order_of(held).guaranteed_at) == (first.version, first.guaranteed_at)
    guarantees.guarantee(clerk(Role.OWNER, None), held.order_id, "transfer")
    now = order_of(held)
    assert (now.guarantee, now.guarantee_note) == ("transfer", "calls tomorrow")
    assert now.guaranteed_by != first.guaranteed_by
    assert (len(confirmations()), reload(held).version) == (1, held.version + 1)
    assert agrees()


def test_bad_input_names_the_field(held: Booking) -> None:
    with pytest.raises(Invalid) as refused:
        guarantees.guarantee(SYSTEM, held.order_id, "wish", "x" * 256)
    assert set(refused.value.details) == {"how", "note"}


def test_only_what_runs_can_be_guaranteed(alice: User, room: Room, desk: BookingContext, held: Booking) -> None:
    paid, released = (holds.reserve(acting(alice), order(alice, room, in_days(days)), desk) for days in (60, 70))
    bookings.pay(acting(alice), paid.id, VISA, paid.total_price, desk)
    bookings.release(acting(alice), released.id)
    for booking in (paid, released):
        with pytest.raises(IllegalMove):
            guarantees.guarantee(SYSTEM, booking.order_id, "desk")
    later(desk.hold_for + dt.timedelta(seconds=1))
    for _ in range(2):  # before and after the sweeper
        with pytest.raises(HoldOver):
            guarantees.guarantee(SYSTEM, held.order_id, "desk")
        bookings.expire_holds(SYSTEM)
    assert {order_of(one).guarantee for one in (paid, released, held)} == {None}
    assert agrees()


def test_nights_that_are_gone_guarantee_nothing(held: Booking) -> None:
    say("DELETE FROM availability")
    with pytest.raises(HoldOver):
        guarantees.guarantee(SYSTEM, held.order_id, "desk")
    assert (reload(held).status, order_of(held).guarantee) == ("PENDING", None)


def test_while_somebody_pays_nothing_is_guaranteed(
    alice: User, room: Room, held: Booking, desk: BookingContext
) -> None:
    def meanwhile(_: object) -> None:
        with pytest.raises(PaymentInProgress):
            guarantees.guarantee(SYSTEM, held.order_id, "desk")

    paid = bookings.pay(acting(alice), held.id, VISA, held.total_price, interrupted(desk, meanwhile))
    assert (paid.status, order_of(paid).guarantee) == ("CONFIRMED", None)


def test_a_payment_and_a_guarantee_at_once_confirm_once_and_charge_at_most_once(
    app: Flask, alice: User, held: Booking, desk: BookingContext
) -> None:
    paying = partial(bookings.pay, acting(alice), held.id, VISA, held.total_price, desk)
    vouching = partial(guarantees.guarantee, SYSTEM, held.order_id, "desk")
    all_at_once(app, [paying, vouching, vouching])
    assert (reload(held).status, len(confirmations())) == ("CONFIRMED", 1)
    assert (order_of(held).guarantee is None) == (int(order_of(held).paid) == 360)
    assert agrees()


def test_what_the_policy_keeps_of_an_unpaid_stay_stays_due_and_nothing_goes_back(
    alice: User, desk: BookingContext
) -> None:
    half = {"name": "half", "tiers": [{"daysBefore": 1, "percent": 50}]}
    held = holds.reserve(acting(alice), order(alice, a_room(cancellation_policy=half)), desk)
    guarantees.guarantee(SYSTEM, held.order_id, "desk")
    cancelled = bookings.cancel(acting(alice), held.id, desk, seen_refund=Decimal(0))
    assert (cancelled.refund_amount, int(cancelled.kept or 0), payments_of(held)) == (Decimal(0), 180, [])
    assert int(order_of(held).due) == 180
    [balance] = balances.due(SYSTEM)
    assert (balance.reference, int(balance.due), balance.is_cancelled) == (held.reference, 180, True)
    assert agrees()


def test_what_is_cancelled_for_free_is_due_no_more(alice: User, held: Booking, desk: BookingContext) -> None:
    guarantees.guarantee(SYSTEM, held.order_id, "later")
    bookings.cancel(acting(alice), held.id, desk)
    assert (int(order_of(held).due), balances.due(SYSTEM)) == (0, [])
    assert agrees()


@each(
    ("statement", "constraint"),
    [
        ("UPDATE orders SET guarantee = 'wish', guaranteed_by = 'x', guaranteed_at = now()", "guarantee_known"),
        ("UPDATE orders SET guarantee = 'desk', guaranteed_at = now()", "guarantee_has_author"),
        ("UPDATE orders SET guarantee = 'desk', guaranteed_by = 'x'", "guarantee_has_author"),
        ("UPDATE orders SET guaranteed_by = 'x', guaranteed_at = now()", "guarantee_has_author"),
        ("UPDATE orders SET guarantee_note = 'x'", "only_guarantee_has_note"),
    ],
)
def test_the_database_knows_no_guarantee_without_its_author(held: Booking, statement: str, constraint: str) -> None:
    with pytest.raises(IntegrityError, match=f"ck_orders_{constraint}"):
        say(statement)


def test_verify_finds_a_confirmed_stay_that_nobody_pays_or_vouches_for(held: Booking) -> None:
    guarantees.guarantee(SYSTEM, held.order_id, "desk", "note")
    say("UPDATE orders SET guarantee = NULL, guaranteed_by = NULL, guaranteed_at = NULL, guarantee_note = NULL")
    assert "order_not_paid" in {found.rule for found in verification.verify().findings}
    assert transaction(lambda: db.session.query(Order).count())() == 1


def test_staff_vouches_for_what_is_still_due_and_no_card_is_charged_for_it(
    alice: User, room: Room, desk: BookingContext
) -> None:
    plan = DepositPlan(balance_days=10, percent=Decimal(30))
    wanted = replace(order(alice, room, in_days(30)), deposit=plan)
    booked = bookings.pay(acting(alice), holds.reserve(acting(alice), wanted, desk).id, VISA, Decimal(360), desk)
    told = len(confirmations())
    [done] = guarantees.guarantee(SYSTEM, booked.order_id, "desk")
    assert (done.status, order_of(booked).guarantee, len(confirmations())) == ("CONFIRMED", "desk", told)
    later(dt.timedelta(days=21))
    deposits.charge_due(SYSTEM, desk)
    assert ([int(one.amount) for one in payments_of(booked)], int(order_of(booked).due)) == ([108], 252)
    payments.record_received(SYSTEM, booked.order_id, Decimal(252), by="desk", reference="receipt 9")
    assert (int(order_of(booked).due), agrees()) == (0, True)


def test_what_is_paid_needs_nobody_to_vouch_for_it(alice: User, room: Room, desk: BookingContext) -> None:
    booked = bookings.book(acting(alice), order(alice, room), VISA, desk)
    with pytest.raises(GuaranteeOfPaid):
        guarantees.guarantee(SYSTEM, booked.order_id, "desk")
    assert order_of(booked).guarantee is None
