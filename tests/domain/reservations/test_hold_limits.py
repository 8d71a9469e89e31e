"""How many unpaid holds one guest may have, and that changing a hold neither renews it nor keeps an old price."""

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

from booking.domain.actors import Actor
from booking.domain.catalogue.cancellation_policies import STRICT
from booking.domain.errors import PaymentFailed, PaymentUnknown, PriceChanged, TooManyHolds
from booking.domain.maintenance import verification
from booking.domain.pricing import offers
from booking.domain.reservations import bookings, history, hold_limits, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.models import Lines
from booking.domain.reservations.requests import BookingRequest
from booking.domain.tables import Booking, Room, User
from booking.infra import telemetry
from booking.infra.db import db, transaction
from tests.cast import (
    DECLINED,
    SYSTEM,
    VISA,
    a_room,
    acting,
    all_at_once,
    count,
    in_days,
    interrupted,
    later,
    nights_of,
    order,
    payments_of,
    person,
    reload,
    silent,
)

Hold = Callable[[Actor, BookingRequest, BookingContext], Booking]


def hold_order(actor: Actor, wanted: BookingRequest, desk: BookingContext) -> Booking:
    [held] = bookings.hold_all(actor, wanted, desk)
    return held


WAYS = pytest.mark.parametrize("hold", [hold_order, holds.reserve], ids=["an order", "reserve"])


def some_rooms(number: int) -> list[Room]:
    return [a_room() for _ in range(number)]


@WAYS
def test_three_holds_are_as_many_as_a_guest_may_have(alice: User, bob: User, desk: BookingContext, hold: Hold) -> None:
    *three, fourth = some_rooms(4)
    for room in three:
        hold(acting(alice), order(alice, room), desk)
    with pytest.raises(TooManyHolds):
        hold(acting(alice), order(alice, fourth), desk)
    assert count(Booking, user_id=alice.id) == 3
    assert hold(acting(bob), order(bob, fourth), desk).status == "PENDING"


@WAYS
@pytest.mark.parametrize("most", [1, 2, 5])
def test_the_number_is_a_setting(alice: User, desk: BookingContext, hold: Hold, most: int) -> None:
    sells = replace(desk, holds_per_guest=most)
    *enough, more = some_rooms(most + 1)
    for room in enough:
        hold(acting(alice), order(alice, room), sells)
    with pytest.raises(TooManyHolds):
        hold(acting(alice), order(alice, more), sells)


def pays(alice: User, held: Booking, desk: BookingContext) -> None:
    bookings.pay(acting(alice), held.id, VISA, held.total_price, desk)


def releases(alice: User, held: Booking, desk: BookingContext) -> None:
    bookings.cancel(acting(alice), held.id, desk)


def lets_it_run_out(alice: User, held: Booking, desk: BookingContext) -> None:
    later(desk.hold_for)


@pytest.mark.parametrize("ends", [pays, releases, lets_it_run_out])
def test_what_is_paid_released_or_run_out_makes_room_for_another(
    alice: User, desk: BookingContext, ends: Callable[[User, Booking, BookingContext], None]
) -> None:
    first, *more, fourth = some_rooms(4)
    held = holds.reserve(acting(alice), order(alice, first), desk)
    for room in more:
        holds.reserve(acting(alice), order(alice, room), desk)
    ends(alice, held, desk)
    assert holds.reserve(acting(alice), order(alice, fourth), desk).status == "PENDING"


def test_a_hold_whose_payment_is_not_settled_still_counts(alice: User, desk: BookingContext) -> None:
    *three, fourth = some_rooms(4)
    mute = interrupted(desk, silent)
    for room in three:
        held = holds.reserve(acting(alice), order(alice, room), desk)
        with pytest.raises(PaymentUnknown):
            bookings.pay(acting(alice), held.id, VISA, held.total_price, mute)
    with pytest.raises(TooManyHolds):
        holds.reserve(acting(alice), order(alice, fourth), desk)


def test_booking_in_one_call_is_not_counted(alice: User, desk: BookingContext) -> None:
    *three, fourth = some_rooms(4)
    for room in three:
        holds.reserve(acting(alice), order(alice, room), desk)
    assert bookings.book(acting(alice), order(alice, fourth), VISA, desk).status == "CONFIRMED"
    with pytest.raises(PaymentFailed):
        bookings.book(acting(alice), order(alice, fourth, in_days(60)), DECLINED, desk)


def test_the_same_and_other_dates_of_a_held_room_are_no_further_hold(alice: User, desk: BookingContext) -> None:
    three = some_rooms(3)
    for room in three:
        holds.reserve(acting(alice), order(alice, room), desk)
    assert holds.reserve(acting(alice), order(alice, three[0]), desk).status == "PENDING"
    assert holds.reserve(acting(alice), order(alice, three[0], in_days(31, 4)), desk).nights == 4
    with pytest.raises(TooManyHolds):
        holds.reserve(acting(alice), order(alice, three[0], in_days(60)), desk)


def test_a_refusal_leaves_the_hold_that_would_have_made_way(alice: User, room: Room, desk: BookingContext) -> None:
    short = holds.reserve(acting(alice), order(alice, room, in_days(30, 2)), desk)
    holds.reserve(acting(alice), order(alice, room, in_days(40, 2)), desk)
    with pytest.raises(TooManyHolds):
        holds.reserve(acting(alice), order(alice, room, in_days(30, 3)), replace(desk, holds_per_guest=1))
    assert reload(short).status == "PENDING"


@WAYS
def test_many_at_once_stay_within_the_number(app: Flask, alice: User, desk: BookingContext, hold: Hold) -> None:
    acts: list[Callable[[], Any]] = [partial(hold, acting(alice), order(alice, room), desk) for room in some_rooms(6)]
    results = all_at_once(app, acts)
    assert count(Booking, status="PENDING") == 3, results
    assert sum(isinstance(result, TooManyHolds) for result in results) == 3
    assert verification.verify().findings == []


@WAYS
def test_a_hold_waits_for_the_same_guests_others_only(
    alice: User, room: Room, desk: BookingContext, hold: Hold, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[uuid.UUID] = []
    monkeypatch.setattr(hold_limits, "one_at_a_time", waited.append)
    hold(acting(alice), order(alice, room), desk)
    assert waited == [alice.id]


@WAYS
def test_guests_who_hold_different_rooms_at_once_do_not_hinder_each_other(
    app: Flask, desk: BookingContext, hold: Hold, monkeypatch: pytest.MonkeyPatch
) -> None:
    again: list[str] = []
    monkeypatch.setattr(telemetry, "count_retry", again.append)
    guests = [person(f"guest-{number}") for number in range(8)]
    for _ in range(3):
        acts: list[Callable[[], Any]] = [partial(hold, acting(guest), order(guest, a_room()), desk) for guest in guests]
        assert {held.status for held in all_at_once(app, acts)} == {"PENDING"}
    assert again == []


def test_the_running_holds_are_listed_the_one_that_ends_first_at_the_top(
    alice: User, bob: User, desk: BookingContext
) -> None:
    three = some_rooms(3)
    held = []
    for room in three:
        held.append(holds.reserve(acting(alice), order(alice, room), desk))
        later(dt.timedelta(minutes=1))
    holds.reserve(acting(bob), order(bob, a_room()), desk)
    bookings.book(acting(alice), order(alice, a_room()), VISA, desk)
    listed = history.running_holds(acting(alice))
    assert [one.booking.id for one in listed] == [one.id for one in held]
    first = listed[0]
    assert (first.booking.room_name, first.booking.city, first.stage) == ("Room with a view", "Antwerp", "held")
    later(dt.timedelta(minutes=12))
    assert [one.booking.id for one in history.running_holds(acting(alice))] == [one.id for one in held[1:]]


# --- changing a hold


def test_one_night_more_and_back_does_not_start_the_clock_anew(alice: User, room: Room, desk: BookingContext) -> None:
    first = holds.reserve(acting(alice), order(alice, room, in_days(30, 3)), desk)
    for nights in (4, 3, 4):
        later(dt.timedelta(minutes=4))
        again = holds.reserve(acting(alice), order(alice, room, in_days(30, nights)), desk)
        assert again.held_until == first.held_until
    later(dt.timedelta(minutes=4))
    assert bookings.expire_holds(SYSTEM) == 1
    assert verification.verify().findings == []


def test_of_two_holds_that_make_way_the_earlier_end_counts(alice: User, room: Room, desk: BookingContext) -> None:
    first = holds.reserve(acting(alice), order(alice, room, in_days(30, 2)), desk)
    later(dt.timedelta(minutes=5))
    holds.reserve(acting(alice), order(alice, room, in_days(32, 2)), desk)
    both = holds.reserve(acting(alice), order(alice, room, in_days(30, 4)), desk)
    assert both.held_until == first.held_until


@transaction
def reprice(room: Room, price: Decimal) -> None:
    changed = db.session.merge(room)
    changed.price_per_night, changed.cancellation_policy = price, STRICT


def test_another_number_of_guests_is_quoted_anew(alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room, guests=2), desk)
    reprice(room, Decimal(150))
    again = holds.reserve(acting(alice), order(alice, room, guests=3), desk)
    assert again.id == held.id
    saved, quote = reload(held), offers.quote(room.id, in_days(30), 3, desk.rules)
    assert (saved.guests, saved.total_price) == (3, quote.price.total) == (3, Decimal(450))
    assert saved.price_lines == quote.price.as_json()
    assert saved.policy["name"] == "strict"
    assert verification.verify().findings == []


def test_other_dates_are_quoted_anew(alice: User, room: Room, desk: BookingContext) -> None:
    holds.reserve(acting(alice), order(alice, room, in_days(30, 3)), desk)
    reprice(room, Decimal(150))
    assert holds.reserve(acting(alice), order(alice, room, in_days(30, 4)), desk).total_price == Decimal(600)


def test_the_same_again_keeps_the_price_that_was_held(alice: User, room: Room, desk: BookingContext) -> None:
    holds.reserve(acting(alice), order(alice, room), desk)
    reprice(room, Decimal(150))
    assert holds.reserve(acting(alice), order(alice, room), desk).total_price == Decimal(360)


def test_a_price_that_changed_with_the_guests_is_shown_before_it_is_charged(
    alice: User, room: Room, desk: BookingContext
) -> None:
    held = holds.reserve(acting(alice), order(alice, room, guests=2), desk)
    reprice(room, Decimal(150))
    holds.reserve(acting(alice), order(alice, room, guests=3), desk)
    with pytest.raises(PriceChanged):
        bookings.pay(acting(alice), held.id, VISA, held.total_price, desk)
    assert bookings.pay(acting(alice), held.id, VISA, Decimal(450), desk).status == "CONFIRMED"
    assert verification.verify().findings == []


def test_a_price_that_changes_while_somebody_pays_is_not_charged(
    alice: User, room: Room, desk: BookingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = holds.reserve(acting(alice), order(alice, room, guests=2), desk)
    looked_at = bookings.payable

    def looks(*about: Any) -> Lines:
        found = looked_at(*about)
        reprice(room, Decimal(150))  # and another tab reserves for more
        holds.reserve(acting(alice), order(alice, room, guests=3), desk)
        return found

    monkeypatch.setattr(bookings, "payable", looks)
    with pytest.raises(PriceChanged):
        bookings.pay(acting(alice), held.id, VISA, held.total_price, desk)
    assert payments_of(held) == []
    assert set(nights_of(room).values()) == {"held"}
