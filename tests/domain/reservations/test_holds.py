"""Pressing "Reserve" once, twice, again with other dates, in two tabs: one hold, and never a lost one."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import partial

import pytest
from flask import Flask

from booking.domain.errors import Invalid, PaymentUnknown, RoomNotAvailable
from booking.domain.maintenance import verification
from booking.domain.pricing import offers
from booking.domain.reservations import bookings, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Event, Room, User
from tests.cast import VISA, acting, all_at_once, count, in_days, interrupted, later, nights_of, order, reload, silent


def test_a_reservation_is_a_hold(alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    assert (held.status, set(nights_of(room).values())) == ("PENDING", {"held"})


def test_the_same_again_is_the_same_hold(alice: User, room: Room, desk: BookingContext) -> None:
    first = holds.reserve(acting(alice), order(alice, room), desk)
    again = holds.reserve(acting(alice), order(alice, room), desk)
    assert (again.id, again.held_until) == (first.id, first.held_until)
    assert count(Booking) == 1


def test_the_same_for_another_number_of_guests_follows_it(alice: User, room: Room, desk: BookingContext) -> None:
    first = holds.reserve(acting(alice), order(alice, room, guests=2), desk)
    assert holds.reserve(acting(alice), order(alice, room, guests=3), desk).id == first.id
    assert reload(first).guests == 3
    with pytest.raises(Invalid):
        holds.reserve(acting(alice), order(alice, room, guests=9), desk)


def test_the_same_after_paying_is_what_was_paid(alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    paid = bookings.pay(acting(alice), held.id, VISA, held.total_price, desk)
    again = holds.reserve(acting(alice), order(alice, room, guests=1), desk)
    assert (again.id, again.status, again.guests) == (paid.id, "CONFIRMED", 2)


def test_the_same_while_the_payment_is_unknown_is_that_booking(alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    with pytest.raises(PaymentUnknown):
        bookings.pay(acting(alice), held.id, VISA, held.total_price, interrupted(desk, silent))
    assert holds.reserve(acting(alice), order(alice, room), desk).id == held.id


def test_the_same_after_the_hold_ran_out_is_a_new_hold(alice: User, room: Room, desk: BookingContext) -> None:
    first = holds.reserve(acting(alice), order(alice, room), desk)
    later(desk.hold_for + dt.timedelta(seconds=1))
    assert holds.reserve(acting(alice), order(alice, room), desk).id != first.id
    assert verification.verify().findings == []


def test_a_strangers_hold_stands(alice: User, bob: User, room: Room, desk: BookingContext) -> None:
    holds.reserve(acting(alice), order(alice, room), desk)
    with pytest.raises(RoomNotAvailable):
        holds.reserve(acting(bob), order(bob, room), desk)


def test_other_dates_take_the_place_of_ones_own_hold(alice: User, room: Room, desk: BookingContext) -> None:
    first = holds.reserve(acting(alice), order(alice, room, in_days(30, 3)), desk)
    second = holds.reserve(acting(alice), order(alice, room, in_days(31, 4)), desk)
    assert (reload(first).status, second.nights) == ("CANCELLED", 4)
    assert set(nights_of(room)) == set(in_days(31, 4).dates())
    assert count(Event, type="booking.cancelled") == 1
    assert verification.verify().findings == []


def test_other_dates_can_be_had_although_a_hold_that_ran_out_is_there_still(
    alice: User, bob: User, room: Room, desk: BookingContext
) -> None:
    holds.reserve(acting(bob), order(bob, room, in_days(33, 2)), desk)
    later(desk.hold_for / 2)
    first = holds.reserve(acting(alice), order(alice, room, in_days(30, 3)), desk)
    later(desk.hold_for / 2)
    second = holds.reserve(acting(alice), order(alice, room, in_days(31, 4)), desk)
    assert (second.held_until, reload(first).status) == (first.held_until, "CANCELLED")
    assert set(nights_of(room)) == set(in_days(31, 4).dates())


def test_dates_that_do_not_touch_stand_beside_it(alice: User, room: Room, desk: BookingContext) -> None:
    first = holds.reserve(acting(alice), order(alice, room, in_days(30, 3)), desk)
    holds.reserve(acting(alice), order(alice, room, in_days(33, 3)), desk)
    assert reload(first).status == "PENDING"


def test_other_dates_that_cannot_be_had_leave_the_hold_alone(
    alice: User, bob: User, room: Room, desk: BookingContext
) -> None:
    holds.reserve(acting(bob), order(bob, room, in_days(33, 2)), desk)
    first = holds.reserve(acting(alice), order(alice, room, in_days(30, 3)), desk)
    with pytest.raises(RoomNotAvailable):
        holds.reserve(acting(alice), order(alice, room, in_days(31, 4)), desk)
    assert reload(first).status == "PENDING"
    assert set(in_days(30, 3).dates()) <= set(nights_of(room))


def test_a_paid_stay_never_makes_way(alice: User, room: Room, desk: BookingContext) -> None:
    paid = bookings.book(acting(alice), order(alice, room, in_days(30, 3)), VISA, desk)
    with pytest.raises(RoomNotAvailable):
        holds.reserve(acting(alice), order(alice, room, in_days(31, 4)), desk)
    assert reload(paid).status == "CONFIRMED"


@pytest.mark.parametrize("lock", [True, False], ids=["with the Redis lock", "without it"])
def test_many_clicks_at_once_are_one_hold(
    app: Flask, alice: User, room: Room, desk: BookingContext, lock: bool
) -> None:
    selling = replace(desk, lock_rooms=lock)
    results = all_at_once(app, [lambda: holds.reserve(acting(alice), order(alice, room), selling)] * 8)
    assert {getattr(result, "id", result) for result in results} == {results[0].id}
    assert count(Booking) == 1


def test_changing_dates_in_two_tabs_at_once_leaves_one_hold(
    app: Flask, alice: User, room: Room, desk: BookingContext
) -> None:
    stays = [in_days(30 + start, 4) for start in range(4)]
    all_at_once(app, [partial(holds.reserve, acting(alice), order(alice, room, stay), desk) for stay in stays])
    assert count(Booking, status="PENDING") == 1
    assert verification.verify().findings == []


# --- looking


def test_what_one_has_already_is_seen(alice: User, bob: User, room: Room, desk: BookingContext) -> None:
    assert holds.mine(acting(alice), order(alice, room)) == holds.GuestClaim()
    held = holds.reserve(acting(alice), order(alice, room, in_days(30, 3)), desk)
    assert holds.mine(acting(alice), order(alice, room, in_days(30, 3))).same.id == held.id
    assert holds.mine(acting(alice), order(alice, room, in_days(31, 4))).making_way.id == held.id
    assert (
        holds.mine(acting(alice), order(alice, room, in_days(30, 4))).making_way.id == held.id
    )  # all of its nights are wanted
    assert holds.mine(acting(bob), order(bob, room, in_days(31, 4))) == holds.GuestClaim()


def test_a_hold_does_not_make_way_for_nights_that_somebody_else_has(
    alice: User, bob: User, room: Room, desk: BookingContext
) -> None:
    held = holds.reserve(acting(alice), order(alice, room, in_days(30, 3)), desk)
    holds.reserve(acting(bob), order(bob, room, in_days(34, 2)), desk)
    seen = holds.mine(acting(alice), order(alice, room, in_days(31, 4)))
    assert (seen.making_way, seen.in_the_way, seen.kept.id) == (None, None, held.id)
    assert holds.mine(acting(alice), order(alice, room, in_days(31, 3))).making_way


def test_a_paid_stay_is_seen_and_does_not_make_way(alice: User, room: Room, desk: BookingContext) -> None:
    paid = bookings.book(acting(alice), order(alice, room, in_days(30, 3)), VISA, desk)
    assert holds.mine(acting(alice), order(alice, room, in_days(30, 3))).same.id == paid.id
    seen = holds.mine(acting(alice), order(alice, room, in_days(31, 4)))
    assert (seen.standing.id, seen.making_way) == (paid.id, None)


@pytest.mark.parametrize(("guests", "changes"), [(2, False), (3, True)])
def test_only_another_number_of_guests_changes_a_hold(
    alice: User, room: Room, desk: BookingContext, guests: int, changes: bool
) -> None:
    held = holds.reserve(acting(alice), order(alice, room, guests=2), desk)
    assert holds.mine(acting(alice), order(alice, room, guests=guests)).changes == changes
    bookings.pay(acting(alice), held.id, VISA, held.total_price, desk)
    assert not holds.mine(acting(alice), order(alice, room, guests=guests)).changes


def test_what_alone_makes_way_can_be_had(alice: User, bob: User, room: Room, desk: BookingContext) -> None:
    holds.reserve(acting(alice), order(alice, room, in_days(30, 3)), desk)
    quote = offers.quote(room.id, in_days(31, 3), 2, desk.rules)
    assert not quote.is_available
    assert holds.mine(acting(alice), order(alice, room, in_days(31, 3))).can_be_had(quote)
    assert not holds.mine(acting(bob), order(bob, room, in_days(31, 3))).can_be_had(quote)


def test_what_stands_in_the_way_is_ones_own_same_stay_before_other_dates(
    alice: User, room: Room, desk: BookingContext
) -> None:
    assert holds.mine(acting(alice), order(alice, room)).in_the_way is None
    held = holds.reserve(acting(alice), order(alice, room, in_days(30, 3)), desk)
    for stay in (in_days(30, 3), in_days(31, 4)):
        assert holds.mine(acting(alice), order(alice, room, stay)).in_the_way.id == held.id
    bookings.pay(acting(alice), held.id, VISA, held.total_price, desk)
    seen = holds.mine(acting(alice), order(alice, room, in_days(31, 4)))
    assert (seen.in_the_way.id, seen.standing.id) == (held.id, held.id)
