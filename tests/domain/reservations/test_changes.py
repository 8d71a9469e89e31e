"""Changing a booked stay: the old one is kept until the new one is paid for, and nothing comes back that should not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from flask import Flask

from booking.domain import inventory
from booking.domain.errors import (
    BookingError,
    BookingModified,
    BookingNotCancellable,
    BookingNotChangeable,
    BookingNotFound,
    Invalid,
    PaymentFailed,
    PaymentUnknown,
    PriceChanged,
    RoomNotAvailable,
    RoomNotFound,
)
from booking.domain.reservations import (
    bookings,
    change_outcomes,
    change_quotes,
    idempotency,
    recovery,
    stay_changes,
)
from booking.domain.reservations.change_quotes import StayChange
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.stay_changes import Agreed
from booking.domain.tables import Booking, BookingChange, Property, Room, User
from booking.infra.db import db, transaction
from booking.infra.provider import Outcome
from tests.cast import (
    AN_HOUR,
    DECLINED,
    SYSTEM,
    VISA,
    a_room,
    acting,
    all_at_once,
    blocked,
    in_days,
    interrupted,
    later,
    nights_of,
    order,
    order_of,
    reload,
    silent,
)
from tests.domain.reservations.changing import (
    agreed,
    as_it_was,
    attempts_of,
    changed,
    changes_of,
    findings,
    has_exactly,
    kept_money,
    longer,
    quoted,
    shorter,
    stay_of,
    told,
)

# --- more is to be paid


def test_a_longer_stay_is_paid_for_before_it_is_the_guests(booked: Booking, room: Room, desk: BookingContext) -> None:
    quote = quoted(booked, desk, **longer())
    assert (quote.difference, quote.price.total, quote.version) == (240, 600, booked.version)
    now = changed(booked, desk, **longer())
    assert (stay_of(now), now.total_price, now.reference) == (in_days(30, 5), 600, booked.reference)
    has_exactly(booked, room)
    assert attempts_of(booked) == [
        ("stay", "charge", 360, "succeeded"),
        ("change", "charge", 240, "succeeded"),
    ]
    assert order_of(booked).owed == 600
    assert (kept_money(), findings()) == (600, [])
    assert (now.times_changed, reload(booked).version) == (1, booked.version + 1)


def test_what_was_sold_stays_as_sold_and_new_nights_cost_what_they_cost_now(
    booked: Booking, room: Room, desk: BookingContext
) -> None:
    set_price(room, 150)
    assert quoted(booked, desk, check_in=in_days(29).check_in).difference == 150
    assert quoted(booked, desk, guests=3).difference == 3 * 30  # for more guests, all nights are sold anew
    assert quoted(booked, desk, check_out=in_days(30, 2).check_out).difference == -120


@transaction
def set_price(room: Room, price: int) -> None:
    db.session.get_one(Room, room.id).price_per_night = Decimal(price)


def test_another_room_takes_the_place_of_the_old_one(
    booked: Booking, room: Room, suite: Room, desk: BookingContext
) -> None:
    now = changed(booked, desk, room_id=suite.id)
    assert (now.room_id, now.room_name, now.total_price) == (suite.id, "The suite", 600)
    has_exactly(booked, room, suite)
    assert (kept_money(), findings()) == (600, [])


def test_the_change_is_told_once_with_before_and_after(booked: Booking, suite: Room, desk: BookingContext) -> None:
    changed(booked, desk, room_id=suite.id, guests=3)
    [event] = told()
    assert (event["before"]["totalPrice"], event["after"]["totalPrice"]) == ("360.00", "600.00")
    assert (event["before"]["guests"], event["after"]["guests"], event["difference"]) == (2, 3, "240.00")
    assert event["reference"] == booked.reference


def test_a_declined_card_leaves_the_old_stay_untouched(
    booked: Booking, room: Room, suite: Room, desk: BookingContext
) -> None:
    for wanted in (longer(), {"room_id": suite.id}, {"guests": 3, "room_id": suite.id}):
        with pytest.raises(PaymentFailed):
            changed(booked, desk, DECLINED, **wanted)
        as_it_was(booked, room, suite)
    assert {one.state for one in changes_of(booked)} == {"failed"}
    changed(booked, desk, **longer())  # another card
    assert (kept_money(), findings()) == (600, [])


@pytest.mark.parametrize("charged", [True, False])
def test_a_silent_provider_keeps_the_old_stay_until_recovery_knows(
    booked: Booking, room: Room, desk: BookingContext, charged: bool
) -> None:
    def lost(_: Outcome) -> None:
        silent(_)

    desk_now = interrupted(desk, lost) if charged else replace(desk, provider=Deaf(desk.provider))
    old, new = stay_of(booked), in_days(30, 5)
    with pytest.raises(PaymentUnknown):
        changed(booked, desk_now, **longer())
    assert stay_of(reload(booked)) == old
    assert sorted(nights_of(room).values()) == ["booked"] * 3 + ["pinned"] * 2
    with pytest.raises(BookingNotCancellable):
        bookings.cancel(acting(booked.user_id), booked.id, desk)
    with pytest.raises(BookingNotChangeable):
        changed(booked, desk, **shorter())
    later(AN_HOUR)
    bookings.expire_holds(SYSTEM)  # what is pinned does not end by time
    assert len(nights_of(room)) == 5
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    assert stay_of(reload(booked)) == (new if charged else old)
    has_exactly(booked, room)
    assert (kept_money(), findings()) == (600 if charged else 360, [])


class Deaf:
    """A provider that hears of no charge."""

    name = "simulated"

    def __init__(self, provider: Any) -> None:
        self.provider = provider

    def charge(self, *_: Any) -> Outcome:
        from booking.infra.provider import NoAnswer

        raise NoAnswer

    def __getattr__(self, name: str) -> Any:
        return getattr(self.provider, name)


def test_money_for_nights_that_are_gone_goes_back_and_nothing_that_was_sold_is_freed(
    booked: Booking, alice: User, bob: User, room: Room, suite: Room, desk: BookingContext
) -> None:
    """As if every guard had failed: somebody else has booked the pinned nights meanwhile."""

    def meanwhile(_: Outcome) -> None:
        [pending] = [one for one in changes_of(booked) if one.state == "pending"]
        gone(pending)
        bookings.book(acting(bob), order(bob, suite), VISA, desk)

    with pytest.raises(RoomNotAvailable):
        changed(booked, interrupted(desk, meanwhile), room_id=suite.id)
    assert set(nights_of(suite).values()) == set(nights_of(room).values()) == {"booked"}
    assert stay_of(reload(booked)) == in_days(30)
    assert attempts_of(booked)[1:] == [
        ("change", "charge", 240, "succeeded"),
        ("change", "refund", 240, "succeeded"),
    ]
    assert (kept_money(), findings()) == (360 + 600, [])


@transaction
def gone(pending: BookingChange) -> None:
    inventory.release_nights(SYSTEM, pending.id)


def test_taken_nights_refuse_the_change_and_keep_the_old_stay(
    booked: Booking, bob: User, room: Room, desk: BookingContext
) -> None:
    bookings.book(acting(bob), order(bob, room, in_days(34, 2)), VISA, desk)
    with pytest.raises(RoomNotAvailable):
        quoted(booked, desk, **longer())
    with pytest.raises(RoomNotAvailable):
        agreed(booked, desk, 240, **longer())
    assert stay_of(reload(booked)) == in_days(30)
    assert len(nights_of(room)) == 5
    assert findings() == []


def test_of_many_who_want_the_same_night_one_gets_it(
    app: Flask, booked: Booking, bob: User, room: Room, desk: BookingContext
) -> None:
    before = bookings.book(acting(bob), order(bob, room, in_days(34)), VISA, desk)
    desk = replace(desk, lock_rooms=False)
    acts: list[Callable[[], Any]] = [
        partial(agreed, booked, desk, 120, check_out=in_days(30, 4).check_out),
        partial(agreed, before, desk, 120, check_in=in_days(33).check_in),
    ] * 2
    results = all_at_once(app, acts)
    winners = {result.id for result in results if isinstance(result, Booking)}
    assert len(winners) == 1, results
    assert all(isinstance(result, Booking | BookingError) for result in results)
    assert len(nights_of(room)) == 7
    assert (kept_money(), findings()) == (360 + 360 + 120, [])


def test_the_same_change_twice_at_once_is_charged_once(app: Flask, booked: Booking, desk: BookingContext) -> None:
    desk = replace(desk, lock_rooms=False)
    results = all_at_once(app, [partial(agreed, booked, desk, 240, **longer())] * 4)
    assert any(isinstance(result, Booking) for result in results), results
    assert all(isinstance(result, Booking | BookingError) for result in results), results
    assert (kept_money(), stay_of(reload(booked)), findings()) == (600, in_days(30, 5), [])
    assert len(told()) == 1
    agreed(booked, desk, 240, **longer())  # and once more: it is so already
    assert (kept_money(), len(told())) == (600, 1)


# --- who may, and what is refused


def test_what_is_wrong_is_said_by_its_field(booked: Booking, room: Room, desk: BookingContext) -> None:
    elsewhere = a_room()
    for wanted, field in (
        ({"check_in": in_days(40).check_in}, "checkIn"),
        ({"check_in": in_days(-3).check_in, "check_out": in_days(-3).check_out}, "checkIn"),
        ({"check_out": in_days(30, 40).check_out}, "checkOut"),
        ({"guests": 5}, "guests"),
        ({"room_id": elsewhere.id}, "roomId"),
    ):
        with pytest.raises(Invalid) as refusal:
            quoted(booked, desk, **wanted)
        assert list(refusal.value.details) == [field], wanted
    with pytest.raises(Invalid) as refusal:
        agreed(booked, desk, 240, None, **longer())
    assert list(refusal.value.details) == ["paymentMethodId"]
    as_it_was(booked, room)


def test_a_stranger_finds_no_booking_and_nobody_a_room_that_is_not_for_sale(
    booked: Booking, bob: User, room: Room, desk: BookingContext
) -> None:
    asked = Agreed(StayChange(**shorter()), Decimal(-120))
    with pytest.raises(BookingNotFound):
        change_quotes.quote(acting(bob), booked.id, asked.wanted, desk.rules)
    with pytest.raises(BookingNotFound):
        stay_changes.change(acting(bob), booked.id, asked, desk)
    with pytest.raises(RoomNotFound):
        quoted(booked, desk, room_id=neighbour_for_nobody(room).id)
    as_it_was(booked, room)


@transaction
def neighbour_for_nobody(room: Room) -> Room:
    house = db.session.get_one(Property, room.property_id)
    hidden = Room(
        property_id=house.id,
        location=room.location,
        currency=room.currency,
        name="Attic",
        capacity=4,
        price_per_night=Decimal(1),
        cancellation_policy=room.cancellation_policy,
        published=False,
        amenities=[],
    )
    db.session.add(hidden)
    return hidden


def test_another_price_or_version_than_was_shown_changes_nothing(
    booked: Booking, room: Room, desk: BookingContext
) -> None:
    with pytest.raises(PriceChanged):
        agreed(booked, desk, 200, **longer())
    with pytest.raises(PriceChanged):
        agreed(booked, desk, -200, **shorter())
    old = Agreed(StayChange(**shorter()), Decimal(-120), seen_version=booked.version - 1)
    with pytest.raises(BookingModified):
        stay_changes.change(acting(booked.user_id), booked.id, old, desk)
    as_it_was(booked, room)


def test_the_same_values_change_nothing(booked: Booking, room: Room, desk: BookingContext) -> None:
    same = agreed(booked, desk, 0, check_in=booked.check_in, check_out=booked.check_out, guests=2, room_id=room.id)
    assert same.version == booked.version
    as_it_was(booked, room)
    assert (told(), changes_of(booked)) == ([], [])


def test_nights_that_were_dropped_can_be_had_at_once(
    booked: Booking, bob: User, room: Room, suite: Room, desk: BookingContext
) -> None:
    changed(booked, desk, room_id=suite.id)
    assert bookings.book(acting(bob), order(bob, room), VISA, desk).status == "CONFIRMED"
    assert findings() == []


# --- what others left


def test_a_change_that_nobody_paid_for_makes_way_and_ends_with_its_hold(
    booked: Booking, bob: User, room: Room, desk: BookingContext
) -> None:
    dropped = leave(booked, desk, **longer())
    assert len(nights_of(room)) == 5
    changed(booked, desk, **longer())  # the guest tries again
    assert [one.state for one in changes_of(booked)] == ["failed", "confirmed"]
    leave(booked, desk, check_out=in_days(30, 6).check_out)
    later(dt.timedelta(minutes=16))
    bookings.expire_holds(SYSTEM)
    assert [one.state for one in changes_of(booked)] == ["failed", "confirmed", "expired"]
    has_exactly(booked, room)
    leave(booked, desk, check_out=in_days(30, 6).check_out)
    bookings.cancel(acting(booked.user_id), booked.id, desk)
    assert (nights_of(room), kept_money(), findings()) == ({}, 0, [])
    assert dropped.state == "pending"


def leave(booking: Booking, desk: BookingContext, **wanted: Any) -> BookingChange:
    """Begun, and nothing more: the process died."""
    asked = Agreed(StayChange(**wanted), quoted(booking, desk, **wanted).difference, method=VISA)
    return stay_changes._begin(acting(booking.user_id), booking.id, asked, desk, None)[0]


def test_one_key_is_one_change_whatever_happened_to_the_first_call(
    booked: Booking, room: Room, desk: BookingContext
) -> None:
    asked = Agreed(StayChange(**longer()), Decimal(240), method=VISA)

    def call(desk: BookingContext) -> Booking | idempotency.Answer:
        claim = idempotency.claim(acting(booked.user_id), "change", "key", b"same")
        if isinstance(claim, idempotency.Answer):
            return claim
        return stay_changes.change(
            acting(booked.user_id),
            booked.id,
            asked,
            desk,
            claim=claim,
            render=lambda lines: idempotency.Answer(200, f'"{lines[0].total_price}"'),
        )

    with pytest.raises(PaymentUnknown):
        call(interrupted(desk, silent))
    later(dt.timedelta(minutes=1))
    finished = call(desk)
    assert isinstance(finished, Booking)
    assert finished.total_price == 600
    assert call(desk) == idempotency.Answer(200, '"600.000"')
    assert (kept_money(), len(told()), findings()) == (600, 1, [])


def test_blocked_nights_are_not_taken_by_a_change(booked: Booking, room: Room, desk: BookingContext) -> None:
    blocked(room, in_days(33, 1))
    with pytest.raises(RoomNotAvailable):
        agreed(booked, desk, 240, **longer())
    assert change_outcomes._over(10) == []
