"""A booking as its guest sees it, lists of them, and where else one could stay."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, cast
from zoneinfo import ZoneInfo

import icalendar
import pytest

from booking.domain.errors import BookingNotFound, PaymentFailed, PaymentUnknown, RefundChanged, RoomNotAvailable
from booking.domain.inventory import availability
from booking.domain.reservations import booking_details, bookings, history, holds, ical, recovery
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.ical import CalendarPublisher
from booking.domain.reservations.personal_data import account_deletion
from booking.domain.search import alternatives
from booking.domain.stays import Stay
from booking.domain.tables import Room, User
from booking.infra import clock
from booking.infra.db import transaction
from tests.cast import (
    AN_HOUR,
    DECLINED,
    SYSTEM,
    VISA,
    a_room,
    acting,
    in_days,
    interrupted,
    later,
    nights_of,
    order,
    reload,
    silent,
)

DAY = dt.timedelta(days=1)


def test_a_hold_counts_down(alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    trip = booking_details.trip(acting(alice), held.id)
    assert trip.stage == booking_details.HELD
    assert 890 < trip.seconds_left <= 900
    assert trip.refund_now is None


def test_a_hold_that_ran_out_is_over_before_anybody_swept(alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    later(desk.hold_for)
    trip = booking_details.trip(acting(alice), held.id)
    assert (trip.stage, trip.seconds_left, trip.held_until) == (booking_details.OVER, 0, None)


def test_a_declined_card_leaves_it_held(alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    with pytest.raises(PaymentFailed):
        bookings.pay(acting(alice), held.id, DECLINED, held.total_price, desk)
    trip = booking_details.trip(acting(alice), held.id)
    assert (trip.stage, trip.payment_failed) == (booking_details.HELD, False)
    later(desk.hold_for)
    trip = booking_details.trip(acting(alice), held.id)
    assert (trip.stage, trip.payment_failed) == (booking_details.OVER, True)


def test_a_hold_that_nobody_tried_to_pay_had_no_failed_payment(alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    later(desk.hold_for)
    assert not booking_details.trip(acting(alice), held.id).payment_failed


def test_a_payment_under_way_is_being_checked(alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    with pytest.raises(PaymentUnknown):
        bookings.pay(acting(alice), held.id, VISA, held.total_price, interrupted(desk, silent))
    assert booking_details.trip(acting(alice), held.id).stage == booking_details.PAYING
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    assert booking_details.trip(acting(alice), held.id).stage == booking_details.BOOKED


def test_charged_too_late_and_refunded_is_said(alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)

    def nights_are_lost(_: Any) -> None:
        transaction(lambda: availability.release(SYSTEM, held.id))()

    with pytest.raises(RoomNotAvailable):
        bookings.pay(acting(alice), held.id, VISA, held.total_price, interrupted(desk, nights_are_lost))
    trip = booking_details.trip(acting(alice), held.id)
    assert (trip.stage, trip.money_went_back) == (booking_details.OVER, True)


def test_a_booked_stay_says_what_a_cancellation_brings(alice: User, room: Room, desk: BookingContext) -> None:
    booked = bookings.book(acting(alice), order(alice, room), VISA, desk)
    assert booking_details.trip(acting(alice), booked.id).refund_now == Decimal(360)
    bookings.cancel(acting(alice), booked.id, desk)
    trip = booking_details.trip(acting(alice), booked.id)
    assert (trip.stage, trip.refund_now, trip.notice.refunded) == (booking_details.CANCELLED, None, Decimal(360))


def test_a_stay_that_has_begun_cannot_be_cancelled(alice: User, room: Room, desk: BookingContext) -> None:
    booked = bookings.book(acting(alice), order(alice, room, in_days(1)), VISA, desk)
    later(2 * DAY)
    assert booking_details.trip(acting(alice), booked.id).refund_now is None


def test_a_refund_that_shrank_meanwhile_is_shown_first(alice: User, room: Room, desk: BookingContext) -> None:
    booked = bookings.book(acting(alice), order(alice, room, in_days(5)), VISA, desk)
    shown = booking_details.trip(acting(alice), booked.id)
    seen = shown.refund_now
    later(shown.notice.arrival - DAY / 2 - clock.now())
    with pytest.raises(RefundChanged):
        bookings.cancel(acting(alice), booked.id, desk, seen_refund=seen)
    assert reload(booked).status == "CONFIRMED"
    now = booking_details.trip(acting(alice), booked.id).refund_now
    assert bookings.cancel(acting(alice), booked.id, desk, seen_refund=now).refund_amount == now


def test_a_strangers_booking_does_not_exist(alice: User, bob: User, room: Room, desk: BookingContext) -> None:
    booked = bookings.book(acting(alice), order(alice, room), VISA, desk)
    with pytest.raises(BookingNotFound):
        booking_details.trip(acting(bob), booked.id)


# --- lists


def references(guest: Any, group: Any, page: int = 1) -> Any:
    return [entry.booking.reference for entry in history.overview(acting(guest), group, page).entries]


def test_stays_stand_where_they_belong(alice: User, bob: User, room: Room, desk: BookingContext) -> None:
    late = bookings.book(acting(alice), order(alice, room, in_days(40)), VISA, desk)
    soon = bookings.book(acting(alice), order(alice, room, in_days(20)), VISA, desk)
    held = holds.reserve(acting(alice), order(alice, room, in_days(30)), desk)
    gone = bookings.book(acting(alice), order(alice, room, in_days(50)), VISA, desk)
    bookings.cancel(acting(alice), gone.id, desk)
    never = holds.reserve(acting(alice), order(alice, room, in_days(60)), desk)
    bookings.cancel(acting(alice), never.id, desk)
    bookings.book(acting(bob), order(bob, room, in_days(70)), VISA, desk)
    assert references(alice, history.UPCOMING) == [held.reference, soon.reference, late.reference]
    assert references(alice, history.CANCELLED) == [gone.reference]
    assert references(alice, history.PAST) == []
    overview = history.overview(acting(alice), history.UPCOMING, 1)
    assert overview.counts == {"upcoming": 3, "past": 0, "cancelled": 1}
    assert (overview.entries[0].booking.room_name, overview.entries[0].booking.city) == ("Room with a view", "Antwerp")
    assert [entry.stage for entry in overview.entries] == ["held", "booked", "booked"]


def test_a_stay_is_past_from_its_check_out_on_by_the_clock_at_the_property(alice: User, desk: BookingContext) -> None:
    zone = "Pacific/Auckland"
    there, today = a_room(time_zone=zone, location="auckland", check_out_time=dt.time(9, 30)), clock.today(zone)
    stay = Stay(today + 3 * DAY, today + 5 * DAY)
    booked = bookings.book(acting(alice), order(alice, there, stay), VISA, desk)

    def is_past_at(hour: dt.time) -> bool:
        later(dt.datetime.combine(stay.check_out, hour, ZoneInfo(zone)) - clock.now())
        found = {group: references(alice, group) for group in (history.UPCOMING, history.PAST)}
        past = booking_details.trip(acting(alice), booked.id).is_past
        assert found == {history.UPCOMING: [], history.PAST: [booked.reference]} if past else found[history.UPCOMING]
        assert bool(account_deletion.deletion_obstacles(acting(alice), alice.id)) is not past
        return past

    assert [is_past_at(dt.time(*hour)) for hour in ((0, 1), (9, 29), (9, 31), (23, 59))] == [False, False, True, True]


def test_a_hold_that_ran_out_is_in_no_list(alice: User, room: Room, desk: BookingContext) -> None:
    holds.reserve(acting(alice), order(alice, room), desk)
    later(desk.hold_for)
    assert all(references(alice, group) == [] for group in history.GROUPS)


def test_lists_have_pages(alice: User, room: Room, desk: BookingContext) -> None:
    for start in range(3):
        bookings.book(acting(alice), order(alice, room, in_days(10 + 3 * start)), VISA, desk)
    first, second = (history.overview(acting(alice), history.UPCOMING, page, 2) for page in (1, 2))
    assert [len(first.entries), len(second.entries)] == [2, 1]


# --- elsewhere on the same nights


def test_other_free_rooms_for_the_same_nights(alice: User, room: Room, desk: BookingContext) -> None:
    cheap, dear = a_room(price_per_night=Decimal(90)), a_room(price_per_night=Decimal(300))
    taken, elsewhere = a_room(), a_room(location="lisbon")
    holds.reserve(acting(alice), order(alice, taken), desk)
    found = alternatives.others(room.id, room.location, in_days(30), 2, rules=desk.rules, cache_seconds=0)
    assert [one.total for one in found] == [Decimal(270), Decimal(900)]
    assert cheap.id != dear.id != elsewhere.id


def test_nights_that_are_past_have_no_alternatives(room: Room, desk: BookingContext) -> None:
    assert alternatives.others(room.id, "antwerp", in_days(-5), 2, rules=desk.rules, cache_seconds=0) == []
    assert alternatives.still_free(room.id, in_days(-5), 2, desk.rules) is None


def test_the_same_room_may_still_be_free(alice: User, room: Room, desk: BookingContext) -> None:
    assert alternatives.still_free(room.id, in_days(30), 2, desk.rules).price.total == Decimal(360)
    holds.reserve(acting(alice), order(alice, room), desk)
    assert nights_of(room)
    assert alternatives.still_free(room.id, in_days(30), 2, desk.rules) is None


# --- calendar


def test_the_calendar_entry_is_the_stay(alice: User, room: Room, desk: BookingContext) -> None:
    booked = bookings.book(acting(alice), order(alice, room), VISA, desk)
    trip = booking_details.trip(acting(alice), booked.id)
    publisher = CalendarPublisher("Stays", "https://stay.example/", "Stays <hello@stay.example>")
    (stay,) = icalendar.Calendar.from_ical(
        ical.entry(trip.notice, publisher, cast(dt.datetime, trip.confirmed_at))
    ).walk("VEVENT")
    assert stay["DTSTART"].dt == trip.notice.arrival
    assert str(stay["URL"]).startswith("https://stay.example/bookings/booking_")
    assert stay["UID"].endswith("@stay.example")


def test_an_unknown_booking_does_not_exist(alice: User, bob: User) -> None:
    with pytest.raises(BookingNotFound):
        booking_details.trip(acting(alice), bob.id)


def test_of_what_never_was_booked_only_what_was_charged_too_late_is_among_the_cancelled(
    alice: User, desk: BookingContext
) -> None:
    held = holds.reserve(acting(alice), order(alice, a_room()), desk)

    @transaction
    def nights_go(_: object) -> None:
        availability.release(SYSTEM, held.id)

    with pytest.raises(RoomNotAvailable):
        bookings.pay(acting(alice), held.id, VISA, held.total_price, interrupted(desk, nights_go))
    with pytest.raises(PaymentFailed):
        bookings.book(acting(alice), order(alice, a_room()), DECLINED, desk)
    bookings.cancel(acting(alice), holds.reserve(acting(alice), order(alice, a_room()), desk).id, desk)
    listed = history.overview(acting(alice), history.CANCELLED, page=1)
    assert [entry.booking.id for entry in listed.entries] == [held.id]
    assert listed.counts[history.CANCELLED] == 1
