"""Codes on bookings: what they take off, who may have them, and that no limit is passed, whoever comes at once."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from booking.domain import pricing
from booking.domain.errors import BookingNotFound, HoldOver, Invalid, PaymentFailed, RoomNotAvailable
from booking.domain.maintenance import verification
from booking.domain.notices import Notice
from booking.domain.reservations import bookings, holds, promotion_codes, stay_changes
from booking.domain.reservations.change_quotes import StayChange, quote
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.requests import OrderItem, OrderRequest
from booking.domain.reservations.stay_changes import Agreed
from booking.domain.tables import Booking, Order, Room, User
from booking.infra.db import db
from tests.cases import each
from tests.cast import (
    DECLINED,
    SYSTEM,
    VISA,
    a_room,
    acting,
    all_at_once,
    beside,
    in_days,
    later,
    order,
    reload,
    today,
)
from tests.faults import code_rush
from tests.promotions import promotion, said, uses

pytestmark = pytest.mark.slow
CROWD = 40


def booked(guest: User, room: Room, desk: BookingContext, code: str | None = "SPRING", **more: Any) -> Booking:
    wanted = replace(order(guest, room, more.pop("stay", None)), code=code)
    return bookings.book(acting(guest), wanted, more.pop("method", VISA), desk)


def refusal(act: Any) -> Notice:
    with pytest.raises(Invalid) as refused:
        act()
    assert list(refused.value.details) == ["code"]
    found: Notice = refused.value.details["code"]
    return found


def test_a_code_takes_its_part_off_and_is_a_line_with_its_name(alice: User, room: Room, desk: BookingContext) -> None:
    spring = promotion()
    made = booked(alice, room, desk, "SPRING")
    assert (made.status, made.total_price, made.promotion_id) == ("CONFIRMED", Decimal(324), spring)
    line = pricing.kept_lines(made.price_lines)[-1]
    assert (line.kind, line.amount, line.label, line.reasons[0].kind) == (
        "discount",
        Decimal(-36),
        "Spring sale",
        "promotion",
    )
    assert (uses(spring), db.session.get_one(Order, made.order_id).owed) == (1, Decimal(324))
    assert verification.verify().findings == []


def test_a_hold_takes_a_code_in_small_letters_another_instead_and_none(
    alice: User, room: Room, desk: BookingContext
) -> None:
    spring, fifty = promotion(), promotion(code="FIFTY", name="Fifty", amount=50)
    held = holds.reserve(acting(alice), order(alice, room), desk)
    use = partial(promotion_codes.use, acting(alice), held.order_id, rules=desk.rules)
    [once] = use(code=pricing.promotion_code(" spring "))
    assert once.total_price == 324
    assert [use(code="SPRING")[0].version for _ in range(2)] == [once.version] * 2
    assert [one.total_price for one in use(code="FIFTY")] == [310]
    assert (uses(spring), uses(fifty)) == (0, 1)
    [none] = promotion_codes.drop(acting(alice), held.order_id)
    assert (none.total_price, none.price_lines) == (Decimal(360), held.price_lines)
    assert none.promotion_id is None
    assert promotion_codes.drop(acting(alice), held.order_id)[0].version == none.version
    assert uses(fifty) == 0


def test_a_stranger_has_no_such_hold(alice: User, bob: User, room: Room, desk: BookingContext) -> None:
    promotion()
    held = holds.reserve(acting(alice), order(alice, room), desk)
    with pytest.raises(BookingNotFound):
        promotion_codes.use(acting(bob), held.order_id, "SPRING", desk.rules)
    with pytest.raises(BookingNotFound):
        promotion_codes.drop(acting(bob), held.order_id)


def test_no_price_falls_below_zero_and_nothing_needs_no_card(alice: User, room: Room, desk: BookingContext) -> None:
    promotion(code="ALL", percent=100)
    promotion(code="MUCH", amount=9999)
    held = holds.reserve(acting(alice), order(alice, room), desk)
    for code in ("ALL", "MUCH"):
        [free] = promotion_codes.use(acting(alice), held.order_id, code, desk.rules)
        assert free.total_price == 0
    assert bookings.pay(acting(alice), held.id, None, Decimal(0), desk).status == "CONFIRMED"
    assert verification.verify().findings == []


DAY = dt.timedelta(days=1)
ELSEWHERE = uuid.UUID("018f0000-0000-7000-8000-000000000000")


@each(
    "changes, why",
    [
        (lambda: {"code": "OTHER"}, lambda: Notice("promotion_unknown")),
        (lambda: {"validTo": today() - DAY}, lambda: Notice("promotion_ended")),
        (lambda: {"validFrom": today() + DAY}, lambda: Notice("promotion_not_yet", first=today() + DAY)),
        (lambda: {"minNights": 4}, lambda: Notice("promotion_stay_too_short", least=4)),
        (lambda: {"staysFrom": second()}, lambda: Notice("promotion_nights_from", first=second())),
        (lambda: {"staysTo": second()}, lambda: Notice("promotion_nights_until", last=second())),
        (lambda: {"amount": 10, "currency": "JPY"}, lambda: Notice("promotion_elsewhere")),
        (lambda: {"properties": [ELSEWHERE]}, lambda: Notice("promotion_elsewhere")),
    ],
)
def test_a_code_that_is_not_to_be_had_says_why(
    alice: User, room: Room, desk: BookingContext, changes: Callable[[], Any], why: Callable[[], Notice]
) -> None:
    made = promotion(**changes())
    assert refusal(partial(booked, alice, room, desk, stay=in_days(30))) == why()
    assert not db.session.query(Booking).filter_by(status="PENDING").count()
    pricing.end_promotion(SYSTEM, made)


def second() -> dt.date:
    return in_days(31).check_in


def test_what_was_refused_leaves_nothing_held(alice: User, bob: User, room: Room, desk: BookingContext) -> None:
    refusal(partial(booked, alice, room, desk, "WINTER"))
    assert booked(bob, room, desk, None).status == "CONFIRMED"


def test_a_use_comes_back_with_a_hold_a_declined_card_and_a_cancelled_booking(
    alice: User, bob: User, room: Room, desk: BookingContext
) -> None:
    spring = promotion(mostUses=1)
    held = holds.reserve(acting(alice), order(alice, room), desk)
    promotion_codes.use(acting(alice), held.order_id, "SPRING", desk.rules)
    other = a_room()
    assert refusal(partial(booked, bob, other, desk)) == Notice("promotion_used_up")
    later(desk.hold_for)
    assert bookings.expire_holds(SYSTEM) == 1
    with pytest.raises(PaymentFailed):
        booked(bob, other, desk, method=DECLINED)
    made = booked(bob, other, desk)
    assert uses(spring) == 1
    bookings.cancel(acting(bob), made.id, desk)
    assert uses(spring) == 0
    assert booked(alice, room, desk).status == "CONFIRMED"


def test_a_guest_uses_a_code_as_often_as_it_says_and_each_room_counts(
    alice: User, bob: User, room: Room, desk: BookingContext
) -> None:
    promotion(mostPerGuest=1)
    booked(alice, room, desk, stay=in_days(30))
    why = Notice("promotion_used_by_guest", most=1)
    assert refusal(partial(booked, alice, room, desk, stay=in_days(40))) == why
    suite = beside(room, "Suite", 200)
    items = tuple(OrderItem(one.id, in_days(50), 2) for one in (room, suite))
    both = OrderRequest(bob.id, items, code="SPRING")
    assert refusal(partial(bookings.book_all, acting(bob), both, VISA, desk)) == why
    assert booked(bob, room, desk, stay=in_days(60)).status == "CONFIRMED"


def test_a_hold_that_is_over_takes_no_code(alice: User, room: Room, desk: BookingContext) -> None:
    promotion()
    held = holds.reserve(acting(alice), order(alice, room), desk)
    later(desk.hold_for)
    with pytest.raises(HoldOver):
        promotion_codes.use(acting(alice), held.order_id, "SPRING", desk.rules)


def test_more_guests_in_a_hold_keep_its_code(alice: User, room: Room, desk: BookingContext) -> None:
    promotion()
    held = holds.reserve(acting(alice), order(alice, room), desk)
    promotion_codes.use(acting(alice), held.order_id, "SPRING", desk.rules)
    more = holds.reserve(acting(alice), order(alice, room, guests=3), desk)
    assert (more.id, more.guests, more.total_price) == (held.id, 3, Decimal(324))


def test_a_changed_stay_keeps_its_promotion_by_the_terms_that_it_was_sold_on(
    alice: User, room: Room, desk: BookingContext
) -> None:
    spring = promotion(minNights=2)
    made = booked(alice, room, desk, stay=in_days(30, 3))
    pricing.change_promotion(SYSTEM, spring, said(percent=50))
    pricing.end_promotion(SYSTEM, spring)
    longer = quote(acting(alice), made.id, StayChange(check_out=in_days(30, 5).check_out), desk.rules)
    assert longer.price.total == 540
    suite = beside(room, "Suite", 200)
    assert quote(acting(alice), made.id, StayChange(room_id=suite.id), desk.rules).price.total == 540
    shorter = quote(acting(alice), made.id, StayChange(check_out=in_days(30, 2).check_out), desk.rules)
    assert shorter.price.total == 216
    one = quote(acting(alice), made.id, StayChange(check_out=in_days(30, 1).check_out), desk.rules)
    assert one.price.total == 120  # too short for it, and never dearer than what was sold
    changed = stay_changes.change(
        acting(alice), made.id, Agreed(StayChange(check_out=in_days(30, 5).check_out), Decimal(216), method=VISA), desk
    )
    assert (changed.total_price, reload(made).promotion_id, uses(spring)) == (Decimal(540), spring, 1)
    assert verification.verify().findings == []


def test_of_forty_at_once_exactly_ten_have_it_in_the_end(app: Flask, desk: BookingContext) -> None:
    told = code_rush.rush(app, desk, CROWD, 10)
    assert set(told) <= {code_rush.CONFIRMED, code_rush.USED_UP, code_rush.UNKNOWN}
    assert code_rush.findings(10) == []


def test_a_guest_who_comes_eight_times_at_once_uses_a_code_twice(app: Flask, alice: User, desk: BookingContext) -> None:
    spring = promotion(mostPerGuest=2)
    first = a_room()
    rooms = [first, *(beside(first, f"Room {number}", 100) for number in range(7))]
    results = all_at_once(app, [partial(booked, alice, one, desk) for one in rooms])
    assert sum(isinstance(one, Booking) for one in results) == uses(spring) == 2


def test_a_room_that_is_taken_uses_nothing(alice: User, bob: User, room: Room, desk: BookingContext) -> None:
    spring = promotion(mostUses=1)
    booked(alice, room, desk, None)
    with pytest.raises(RoomNotAvailable):
        booked(bob, room, desk)
    assert uses(spring) == 0


@pytest.mark.parametrize(
    ("damage", "rule"),
    [
        ("UPDATE promotions SET most_uses = 1", "promotion_used_too_often"),
        ("DELETE FROM promotions", "booking_of_no_promotion"),
        ("UPDATE bookings SET promotion_id = NULL", "promotion_not_counted"),
    ],
)
def test_what_bookings_and_promotions_say_otherwise_is_found(
    alice: User, desk: BookingContext, damage: str, rule: str
) -> None:
    promotion()
    for _ in range(2):
        booked(alice, a_room(), desk)
    with db.engine.begin() as connection:
        connection.execute(text(damage))
    assert {finding.rule for finding in verification.verify().findings} == {rule}
