"""Hold, pay, confirm, cancel, expire, recover: what each step promises to the guest."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace
from decimal import Decimal
from typing import Any, cast

import pytest

from booking.domain.catalogue.cancellation_policies import MODERATE, STRICT
from booking.domain.errors import (
    BookingModified,
    BookingNotCancellable,
    BookingNotFound,
    HoldOver,
    Invalid,
    PaymentFailed,
    PaymentInProgress,
    PaymentUnknown,
    PriceChanged,
    RoomNotAvailable,
    RoomNotFound,
)
from booking.domain.inventory import availability
from booking.domain.payments import ledger
from booking.domain.pricing import policies
from booking.domain.reservations import bookings, cancellation, holds, recovery
from booking.domain.reservations.context import BookingContext
from booking.domain.stays import Stay
from booking.domain.tables import Booking, Event, Room, User
from booking.infra import clock
from booking.infra.db import transaction
from booking.infra.ids import new_id
from booking.infra.provider import Outcome, Provider
from tests.cast import (
    AN_HOUR,
    DECLINED,
    SLOW,
    SYSTEM,
    VISA,
    a_room,
    acting,
    count,
    in_days,
    interrupted,
    later,
    nights_of,
    order,
    payments_of,
    reload,
    silent,
)

QUARTER = dt.timedelta(minutes=15)


# --- book: the whole way in one call


def test_a_booking_is_confirmed_paid_and_its_nights_are_taken(alice: User, room: Room, desk: BookingContext) -> None:
    booking = bookings.book(acting(alice), order(alice, room), VISA, desk)
    assert (booking.status, booking.total_price) == ("CONFIRMED", Decimal(360))
    assert list(nights_of(room).values()) == ["booked"] * 3
    assert [(p.kind, p.state, p.amount) for p in payments_of(booking)] == [("charge", "succeeded", Decimal(360))]


def test_what_happened_is_in_the_outbox(alice: User, room: Room, desk: BookingContext) -> None:
    bookings.book(acting(alice), order(alice, room), VISA, desk)
    assert count(Event, type="booking.created") == count(Event, type="booking.confirmed") == 1
    assert count(Event, type="availability.updated") == 1


def test_a_taken_night_is_refused_and_nothing_is_left_behind(
    alice: User, bob: User, room: Room, desk: BookingContext
) -> None:
    bookings.book(acting(alice), order(alice, room, in_days(30)), VISA, desk)
    with pytest.raises(RoomNotAvailable):
        bookings.book(acting(bob), order(bob, room, in_days(28)), VISA, desk)
    assert len(nights_of(room)) == 3
    assert count(Booking, user_id=bob.id) == 0


def test_back_to_back_stays_are_fine(alice: User, bob: User, room: Room, desk: BookingContext) -> None:
    bookings.book(acting(alice), order(alice, room, in_days(30, 3)), VISA, desk)
    assert bookings.book(acting(bob), order(bob, room, in_days(33, 2)), VISA, desk).status == "CONFIRMED"
    assert bookings.book(acting(bob), order(bob, room, in_days(28, 2)), VISA, desk).status == "CONFIRMED"


def test_a_declined_card_leaves_the_room_free(alice: User, bob: User, room: Room, desk: BookingContext) -> None:
    with pytest.raises(PaymentFailed):
        bookings.book(acting(alice), order(alice, room), DECLINED, desk)
    assert nights_of(room) == {}
    assert bookings.book(acting(bob), order(bob, room), VISA, desk).status == "CONFIRMED"


def test_everything_wrong_with_an_order_is_said_at_once(alice: User, room: Room, desk: BookingContext) -> None:
    with pytest.raises(Invalid) as refusal:
        bookings.book(acting(alice), order(alice, room, in_days(600, 40), guests=9), VISA, desk)
    assert refusal.value.details.keys() == {"checkIn", "checkOut", "guests"}


def test_yesterday_cannot_be_booked_and_today_is_the_propertys_own(alice: User, desk: BookingContext) -> None:
    far_east = a_room(time_zone="Pacific/Kiritimati")  # UTC+14
    yesterday_there = desk.rules.today("Pacific/Kiritimati") - dt.timedelta(days=1)
    too_late = order(alice, far_east, Stay(yesterday_there, yesterday_there + dt.timedelta(days=2)))
    with pytest.raises(Invalid) as refusal:
        bookings.book(acting(alice), too_late, VISA, desk)
    assert refusal.value.details.keys() == {"checkIn"}
    far_west = a_room(time_zone="Pacific/Niue")  # UTC-11
    today_there = desk.rules.today("Pacific/Niue")
    night = Stay(today_there, today_there + dt.timedelta(days=1))
    assert bookings.book(acting(alice), order(alice, far_west, night), VISA, desk)


def test_a_room_that_is_unknown_or_not_on_sale_does_not_exist(alice: User, desk: BookingContext) -> None:
    unpublished = order(alice, a_room(published=False))
    for wanted in (unpublished, replace(unpublished, room_id=new_id())):
        with pytest.raises(RoomNotFound):
            bookings.book(acting(alice), wanted, VISA, desk)


# --- hold and pay: the same in two steps


def test_a_hold_keeps_the_nights_for_a_quarter_of_an_hour(
    alice: User, bob: User, room: Room, desk: BookingContext
) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    assert dt.timedelta(minutes=14) < held.held_until - clock.now() <= QUARTER
    with pytest.raises(RoomNotAvailable):
        holds.reserve(acting(bob), order(bob, room), desk)


def test_a_paid_hold_is_confirmed(alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    paid = bookings.pay(acting(alice), held.id, VISA, held.total_price, desk)
    assert (paid.status, paid.held_until) == ("CONFIRMED", None)


def test_paying_twice_charges_once(alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    bookings.pay(acting(alice), held.id, VISA, held.total_price, desk)
    assert bookings.pay(acting(alice), held.id, VISA, held.total_price, desk).status == "CONFIRMED"
    assert len(payments_of(held)) == 1


def test_a_second_pay_while_the_first_is_under_way_is_refused(alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    refusals = []

    def second_click(_: Any) -> None:
        with pytest.raises(PaymentInProgress) as refusal:
            bookings.pay(acting(alice), held.id, VISA, held.total_price, desk)
        refusals.append(refusal)

    bookings.pay(acting(alice), held.id, VISA, held.total_price, interrupted(desk, second_click))
    assert len(refusals) == len(payments_of(held)) == 1


def test_a_declined_card_keeps_the_hold_for_another_one(alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    with pytest.raises(PaymentFailed):
        bookings.pay(acting(alice), held.id, DECLINED, held.total_price, desk)
    assert reload(held).held_until == held.held_until
    assert bookings.pay(acting(alice), held.id, VISA, held.total_price, desk).status == "CONFIRMED"
    assert [p.state for p in payments_of(held)] == ["failed", "succeeded"]


def test_a_stranger_cannot_pay_or_cancel(alice: User, bob: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    with pytest.raises(BookingNotFound):
        bookings.pay(acting(bob), held.id, VISA, held.total_price, desk)
    with pytest.raises(BookingNotFound):
        bookings.cancel(acting(bob), held.id, desk)


def test_another_total_than_the_one_shown_is_not_charged(alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    with pytest.raises(PriceChanged):
        bookings.pay(acting(alice), held.id, VISA, Decimal(300), desk)
    assert payments_of(held) == []
    assert set(nights_of(room).values()) == {"held"}


def test_a_hold_that_is_over_cannot_be_paid(alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    later(QUARTER)
    with pytest.raises(HoldOver):
        bookings.pay(acting(alice), held.id, VISA, held.total_price, desk)
    assert payments_of(held) == []


# --- the end of a hold


def test_an_expired_hold_frees_its_nights_once(alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    assert bookings.expire_holds(SYSTEM) == 0
    later(QUARTER)
    assert cancellation.shown_status(reload(held)) == "EXPIRED"  # before any sweeper came by
    assert (bookings.expire_holds(SYSTEM), bookings.expire_holds(SYSTEM)) == (1, 0)
    assert (reload(held).status, nights_of(room)) == ("EXPIRED", {})


def test_nights_whose_hold_ran_out_can_be_booked_before_the_sweeper_comes(
    alice: User, bob: User, room: Room, desk: BookingContext
) -> None:
    held = holds.reserve(acting(alice), order(alice, room, in_days(30, 3)), desk)
    later(QUARTER)
    assert bookings.book(acting(bob), order(bob, room, in_days(31, 4)), VISA, desk).status == "CONFIRMED"
    with pytest.raises(HoldOver):
        bookings.pay(acting(alice), held.id, VISA, held.total_price, desk)
    bookings.expire_holds(SYSTEM)
    assert set(nights_of(room).values()) == {"booked"}


def test_a_run_out_hold_beside_a_booked_night_changes_nothing(
    alice: User, bob: User, room: Room, desk: BookingContext
) -> None:
    holds.reserve(acting(alice), order(alice, room, in_days(30, 2)), desk)
    bookings.book(acting(bob), order(bob, room, in_days(32, 1)), VISA, desk)
    later(QUARTER)
    before = nights_of(room)
    with pytest.raises(RoomNotAvailable):
        bookings.book(acting(bob), order(bob, room, in_days(29, 5)), VISA, desk)
    assert nights_of(room) == before


def test_pinned_nights_do_not_end_by_time(alice: User, bob: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)

    def a_long_time(_: Any) -> None:
        later(dt.timedelta(hours=2))
        assert bookings.expire_holds(SYSTEM) == 0
        with pytest.raises(RoomNotAvailable):
            bookings.book(acting(bob), order(bob, room), VISA, desk)

    paid = bookings.pay(acting(alice), held.id, VISA, held.total_price, interrupted(desk, a_long_time))
    assert paid.status == "CONFIRMED"


# --- cancel


def test_cancelling_frees_the_nights_and_sends_the_refund(alice: User, room: Room, desk: BookingContext) -> None:
    booking = bookings.book(acting(alice), order(alice, room), VISA, desk)
    cancelled = bookings.cancel(acting(alice), booking.id, desk)
    assert (cancelled.status, cancelled.refund_amount, nights_of(room)) == ("CANCELLED", Decimal(360), {})
    refund = payments_of(booking)[1]
    assert (refund.kind, refund.state, refund.amount) == ("refund", "succeeded", Decimal(360))


def test_cancelling_twice_refunds_once(alice: User, room: Room, desk: BookingContext) -> None:
    booking = bookings.book(acting(alice), order(alice, room), VISA, desk)
    bookings.cancel(acting(alice), booking.id, desk)
    with pytest.raises(BookingNotCancellable):
        bookings.cancel(acting(alice), booking.id, desk)
    assert len(payments_of(booking)) == 2


def test_the_refund_follows_the_policy_at_sale_not_todays(alice: User, desk: BookingContext) -> None:
    room = a_room(cancellation_policy=MODERATE)
    booking = bookings.book(acting(alice), order(alice, room, in_days(3)), VISA, desk)

    @transaction
    def the_owner_gets_strict() -> None:
        from booking.infra.db import db

        db.session.merge(room).cancellation_policy = STRICT

    the_owner_gets_strict()
    assert bookings.cancel(acting(alice), booking.id, desk).refund_amount == Decimal(180)


def test_nothing_is_refunded_after_the_last_tier(alice: User, room: Room, desk: BookingContext) -> None:
    booked = bookings.book(acting(alice), order(alice, room, in_days(3)), VISA, desk)
    [tier] = policies.tiers(booked.policy, booked.check_in)
    later(tier.until + dt.timedelta(seconds=1) - clock.now())
    assert bookings.cancel(acting(alice), booked.id, desk).refund_amount == 0
    assert len(payments_of(booked)) == 1


def test_a_stay_that_has_begun_cannot_be_cancelled(alice: User, room: Room, desk: BookingContext) -> None:
    booking = bookings.book(acting(alice), order(alice, room, in_days(2)), VISA, desk)
    later(dt.timedelta(days=3))
    with pytest.raises(BookingNotCancellable):
        bookings.cancel(acting(alice), booking.id, desk)


def test_a_change_through_an_old_version_is_refused(alice: User, room: Room, desk: BookingContext) -> None:
    booking = bookings.book(acting(alice), order(alice, room), VISA, desk)
    with pytest.raises(BookingModified):
        bookings.cancel(acting(alice), booking.id, desk, seen_version=booking.version - 1)
    assert bookings.cancel(acting(alice), booking.id, desk, seen_version=booking.version).status == "CANCELLED"


def test_a_hold_can_be_given_back(alice: User, bob: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    assert bookings.cancel(acting(alice), held.id, desk).refund_amount is None
    assert bookings.book(acting(bob), order(bob, room), VISA, desk).status == "CONFIRMED"


# --- when the answer does not come


def test_a_charge_whose_answer_was_lost_is_confirmed_by_recovery(alice: User, room: Room, desk: BookingContext) -> None:
    with pytest.raises(PaymentUnknown):
        bookings.book(acting(alice), order(alice, room), VISA, interrupted(desk, silent))
    assert set(nights_of(room).values()) == {"pinned"}
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    assert count(Booking, status="CONFIRMED") == count(Event, type="booking.confirmed") == 1
    assert set(nights_of(room).values()) == {"booked"}


def test_a_slow_card_is_unknown_first_and_settled_by_recovery(alice: User, room: Room, desk: BookingContext) -> None:
    with pytest.raises(PaymentUnknown):
        bookings.book(acting(alice), order(alice, room), SLOW, desk)
    [payment] = _all_payments()
    for _ in range(500):
        if desk.provider.find(payment.id):  # charged, though too late for us
            break
        time.sleep(0.01)
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    assert count(Booking, status="CONFIRMED") == 1
    assert set(nights_of(room).values()) == {"booked"}


def test_a_charge_that_never_arrived_is_cancelled_and_cannot_arrive_later(
    alice: User, bob: User, room: Room, desk: BookingContext
) -> None:
    class Lost:
        name = "simulated"

        def charge(self, *_: Any) -> Any:
            return silent(cast(Outcome, _))

        def __getattr__(self, name: Any) -> Any:
            return getattr(desk.provider, name)

    with pytest.raises(PaymentUnknown):
        bookings.book(acting(alice), order(alice, room), VISA, replace(desk, provider=Lost()))
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    assert nights_of(room) == {}
    lost = count(Booking, status="CANCELLED")
    assert lost == 1
    charge = desk.provider.charge  # the message in the bottle arrives after all
    [payment] = _all_payments()
    assert charge(payment.id, payment.amount, payment.currency, VISA).result.value == "tombstone"
    assert bookings.book(acting(bob), order(bob, room), VISA, desk).status == "CONFIRMED"


def test_a_refund_without_an_answer_is_sent_again(alice: User, room: Room, desk: BookingContext) -> None:
    booking = bookings.book(acting(alice), order(alice, room), VISA, desk)

    class Mute:
        name = "simulated"

        def refund(self, *_: Any) -> Any:
            return silent(cast(Outcome, _))

    bookings.cancel(acting(alice), booking.id, replace(desk, provider=cast(Provider, Mute())))
    assert payments_of(booking)[1].state == "started"
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    assert [p.state for p in payments_of(booking)] == ["succeeded", "succeeded"]


def test_charged_but_the_nights_are_gone_gives_the_money_back(alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)

    @transaction
    def an_operator_frees_the_nights(_: Any) -> None:
        availability.release(SYSTEM, held.id)

    with pytest.raises(RoomNotAvailable):
        bookings.pay(acting(alice), held.id, VISA, held.total_price, interrupted(desk, an_operator_frees_the_nights))
    assert [(p.kind, p.state) for p in payments_of(held)] == [("charge", "succeeded"), ("refund", "succeeded")]
    assert reload(held).status == "CANCELLED"


@transaction
def _all_payments() -> Any:
    from booking.domain.tables import Payment
    from booking.infra.db import db

    return db.session.query(Payment).all()


def test_recovery_beside_a_charge_settles_it_once(alice: User, room: Room, desk: BookingContext) -> None:
    def recovery_is_quicker(_: Any) -> None:
        recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)

    booking = bookings.book(acting(alice), order(alice, room), VISA, interrupted(desk, recovery_is_quicker))
    assert booking.status == "CONFIRMED"
    assert [p.state for p in payments_of(booking)] == ["succeeded"]
    assert count(Event, type="booking.confirmed") == 1
    assert ledger.latest_charge(booking.order_id).state == "succeeded"
