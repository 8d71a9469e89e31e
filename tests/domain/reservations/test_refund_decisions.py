"""A cancellation with another refund than the policy's: what is kept, what is due, and what its guest is told."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import text

from booking.domain import payments
from booking.domain.actors import Actor, Membership, Role
from booking.domain.errors import BookingNotFound, Forbidden, Invalid, RefundChanged
from booking.domain.reservations import bookings, guarantees, holds
from booking.domain.reservations.booking_summary import notice
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.refund_decisions import Decided
from booking.domain.reservations.requests import OrderItem, OrderRequest
from booking.domain.tables import Booking, RefundDecision, Room, User
from booking.infra.db import db, transaction
from tests.cases import each
from tests.cast import SYSTEM, VISA, acting, all_at_once, beside, in_days, order, order_of, payments_of, person, reload
from tests.domain.reservations.changing import findings

pytestmark = pytest.mark.slow


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    """360 EUR, paid; all of it would come back."""
    return bookings.book(acting(alice), order(alice, room), VISA, desk)


def decided(refund: str, reason: str = "as agreed") -> Decided:
    return Decided(Decimal(refund), reason)


@transaction
def decisions() -> list[RefundDecision]:
    return db.session.query(RefundDecision).all()


def test_what_was_paid_beyond_is_kept_and_nothing_is_due(booked: Booking, desk: BookingContext) -> None:
    now = bookings.cancel(SYSTEM, booked.id, desk, decided=decided("60"))
    assert [now.refund_amount, now.kept, order_of(booked).due] == [60, 300, 0]
    [made] = decisions()
    assert [made.refund, made.by_policy] == [60, 360]
    assert made.reason == "as agreed"
    told = notice(booked.id)
    assert told is not None
    assert not told.kept_by_policy
    assert findings() == []


def test_another_refund_than_was_shown_is_shown_again(booked: Booking, desk: BookingContext) -> None:
    with pytest.raises(RefundChanged):
        bookings.cancel(SYSTEM, booked.id, desk, seen_refund=Decimal("359.99"))
    assert reload(booked).status == "CONFIRMED"
    assert bookings.cancel(SYSTEM, booked.id, desk, seen_refund=Decimal(360)).refund_amount == 360


def test_as_much_as_by_the_policy_is_no_decision(booked: Booking, desk: BookingContext) -> None:
    bookings.cancel(SYSTEM, booked.id, desk, decided=decided("360"))
    told = notice(booked.id)
    assert decisions() == []
    assert told is not None
    assert told.kept_by_policy


def test_no_more_comes_back_than_was_paid(alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    guarantees.guarantee(SYSTEM, held.order_id, "desk")
    payments.record_received(SYSTEM, held.order_id, Decimal(100), by="desk", reference="receipt 1")
    with pytest.raises(Invalid) as refused:
        bookings.cancel(SYSTEM, held.id, desk, decided=decided("100.01"))
    assert set(refused.value.details) == {"refund"}
    bookings.cancel(SYSTEM, held.id, desk, decided=decided("40"))
    assert [reload(held).kept, order_of(held).due, order_of(held).refunding] == [60, 0, 40]
    assert findings() == []


def test_of_one_room_of_several_what_the_others_cost_stays_paid(alice: User, room: Room, desk: BookingContext) -> None:
    items = tuple(OrderItem(one.id, in_days(30), 2) for one in (room, beside(room, "The attic", 100)))
    made = bookings.book_all(acting(alice), OrderRequest(alice.id, items), VISA, desk)
    attic = next(one for one in made if one.room_name == "The attic")
    bookings.cancel(SYSTEM, attic.id, desk, decided=decided("0"))
    assert [reload(attic).kept, order_of(attic).owed, order_of(attic).due] == [300, 660, 0]
    assert findings() == []


@each("role", [Role.DESK, Role.HOUSEKEEPING, None])
def test_only_managers_and_owners_decide(booked: Booking, room: Room, desk: BookingContext, role: Role | None) -> None:
    who = (
        Actor.signed_in(person("dora").id, (Membership(role, room.property_id),), None)
        if role
        else acting(booked.user_id)
    )
    with pytest.raises((Forbidden, BookingNotFound)):
        bookings.cancel(who, booked.id, desk, decided=decided("10"))
    assert reload(booked).status == "CONFIRMED"


def test_of_two_who_decide_at_once_one_does(app: Flask, booked: Booking, desk: BookingContext) -> None:
    cancel = partial(bookings.cancel, SYSTEM, booked.id, desk)
    results = all_at_once(app, [partial(cancel, decided=decided(refund)) for refund in ("10", "20")])
    assert len([one for one in results if isinstance(one, Booking)]) == 1
    assert len([one for one in payments_of(booked) if one.kind == "refund"]) == len(decisions()) == 1
    assert findings() == []


@transaction
def _say(statement: str) -> None:
    db.session.execute(text(statement))


def test_verify_finds_a_refund_that_is_not_what_was_decided(booked: Booking, desk: BookingContext) -> None:
    bookings.cancel(SYSTEM, booked.id, desk, decided=decided("60"))
    _say("UPDATE refund_decisions SET refund = 50")
    assert [one.rule for one in findings()] == ["refund_decided_otherwise"]
