"""At the desk: who may be let in when, what leaving early frees and brings back, who has not come."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from booking.domain import inventory
from booking.domain.actors import Actor, Membership, Role
from booking.domain.errors import (
    BookingModified,
    BookingNotChangeable,
    BookingNotFound,
    Invalid,
    RefundChanged,
    StayHasBegun,
)
from booking.domain.people import audit_log
from booking.domain.reservations import bookings, change_quotes, desk_errors, holds, stay_changes
from booking.domain.reservations.change_quotes import StayChange
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.front_desk import presence
from booking.domain.reservations.stay_changes import Agreed
from booking.domain.stays import Stay, StayRules
from booking.domain.tables import Booking, Event, Room, User
from booking.infra import clock
from booking.infra.db import db, transaction
from tests.cases import each
from tests.cast import (
    SYSTEM,
    VISA,
    a_room,
    acting,
    all_at_once,
    beside,
    in_days,
    later,
    nights_of,
    order,
    order_of,
    payments_of,
    reload,
)
from tests.domain.reservations.changing import findings

DAY = dt.timedelta(days=1)
NIGHTS = 4


def clerk(role: Role, room: Room | None) -> Actor:
    held = Membership(role, room.property_id if room else None)
    return Actor.signed_in(uuid.uuid4(), (held,), None)


@pytest.fixture
def booking(alice: User, room: Room, desk: BookingContext) -> Booking:
    """Four nights from in 30 days on, paid: 480. It is some time before."""
    return bookings.book(acting(alice), order(alice, room, in_days(30, NIGHTS)), VISA, desk)


def at(booking: Booking, days: int, hour: int, minute: int = 0) -> None:
    """So many days after that of arrival, at this hour at the property."""
    local = dt.datetime.combine(
        booking.check_in + days * DAY, dt.time(hour, minute), tzinfo=ZoneInfo(booking.time_zone)
    )
    later(local - clock.now())


@pytest.fixture
def arrived(booking: Booking, desk: BookingContext) -> Booking:
    """Checked in at 16:00."""
    at(booking, 0, 16)
    return presence.check_in(SYSTEM, booking.id, desk)


@transaction
def told(kind: str) -> list[dict[str, object]]:
    return [one.payload for one in db.session.query(Event).filter_by(type=kind).order_by(Event.id)]


# --- arriving


def test_a_guest_is_let_in_once_and_the_log_says_by_whom(booking: Booking, room: Room, desk: BookingContext) -> None:
    at(booking, 0, 16)
    staff = clerk(Role.DESK, room)
    done = presence.check_in(staff, booking.id, desk, seen_version=booking.version)
    assert (done.presence, done.version) == ("in_house", booking.version + 1)
    again = presence.check_in(staff, booking.id, desk, seen_version=booking.version)  # the button pressed twice
    assert (again.checked_in_at, again.version) == (done.checked_in_at, done.version)
    [entry] = audit_log.entries(SYSTEM, by=staff.user_id)
    assert (entry.action, entry.before, entry.after) == (
        "booking.arrived",
        {"presence": "expected"},
        {"presence": "in_house"},
    )
    assert [one["reference"] for one in told("booking.arrived")] == [booking.reference]
    assert findings() == []


def test_early_on_the_day_is_written_down_and_the_day_before_is_refused(booking: Booking, desk: BookingContext) -> None:
    at(booking, -1, 23)
    with pytest.raises(desk_errors.CheckInTooEarly) as refused:
        presence.check_in(SYSTEM, booking.id, desk)
    assert refused.value.params == {"day": booking.check_in}
    at(booking, 0, 8)
    presence.check_in(SYSTEM, booking.id, desk)
    assert told("booking.arrived")[0]["early"] is True
    # Whoever is in the house has begun their stay, before the hour, too.
    with pytest.raises(StayHasBegun):
        bookings.cancel(acting(booking.user_id), booking.id, desk)


def test_who_may_let_somebody_in(booking: Booking, alice: User, bob: User, room: Room, desk: BookingContext) -> None:
    at(booking, 0, 16)
    others = clerk(Role.OWNER, a_room()), clerk(Role.HOUSEKEEPING, room), acting(alice), acting(bob)
    for stranger in others:
        for verb in (presence.check_in, presence.check_out, presence.mark_no_show):
            with pytest.raises(BookingNotFound):
                verb(stranger, booking.id, desk)
    for role in (Role.OWNER, Role.MANAGER, Role.DESK):
        presence.check_in(clerk(role, room), booking.id, desk)
    with pytest.raises(BookingNotFound):
        presence.check_in(SYSTEM, uuid.uuid4(), desk)


def test_what_has_changed_since_is_not_decided_on(booking: Booking, desk: BookingContext) -> None:
    at(booking, 0, 16)
    for verb in (presence.check_in, presence.mark_no_show):
        with pytest.raises(BookingModified):
            verb(SYSTEM, booking.id, desk, seen_version=booking.version + 1)
    presence.check_in(SYSTEM, booking.id, desk)
    with pytest.raises(BookingModified):
        presence.check_out(SYSTEM, booking.id, desk, seen_version=booking.version)


def test_only_a_confirmed_stay_that_is_not_over_is_begun(
    booking: Booking, alice: User, room: Room, desk: BookingContext
) -> None:
    held = holds.reserve(acting(alice), order(alice, room, in_days(50)), desk)
    at(booking, 0, 16)
    with pytest.raises(desk_errors.CheckInOfUnconfirmed):
        presence.check_in(SYSTEM, held.id, desk)
    with pytest.raises(desk_errors.NoShowOfUnconfirmed):
        presence.mark_no_show(SYSTEM, held.id, desk)
    with pytest.raises(desk_errors.CheckOutRefused):
        presence.check_out(SYSTEM, booking.id, desk)
    at(booking, NIGHTS, 11)
    with pytest.raises(desk_errors.CheckInAfterStay):
        presence.check_in(SYSTEM, booking.id, desk)


def test_nobody_is_let_into_a_room_that_somebody_is_still_in(
    app: Flask, arrived: Booking, bob: User, room: Room, desk: BookingContext
) -> None:
    following = order(bob, room, Stay(arrived.check_out, arrived.check_out + 2 * DAY))
    next_one = bookings.book(acting(bob), following, VISA, desk)
    at(arrived, NIGHTS, 10)
    with pytest.raises(desk_errors.RoomOccupied) as refused:
        presence.check_in(SYSTEM, next_one.id, desk)
    assert refused.value.params == {"reference": arrived.reference}
    presence.check_out(SYSTEM, arrived.id, desk)
    assert presence.check_in(SYSTEM, next_one.id, desk).presence == "in_house"
    assert findings() == []


def test_of_two_at_the_desk_both_are_told_that_the_guest_is_in(
    app: Flask, booking: Booking, desk: BookingContext
) -> None:
    at(booking, 0, 16)
    seen = booking.version
    done = all_at_once(app, [lambda: presence.check_in(SYSTEM, booking.id, desk, seen_version=seen) for _ in range(4)])
    assert {getattr(one, "version", one) for one in done} == {seen + 1}
    assert len(told("booking.arrived")) == 1


def test_who_was_checked_out_changes_nothing_any_more(
    arrived: Booking, alice: User, room: Room, desk: BookingContext
) -> None:
    gone = presence.check_out(SYSTEM, arrived.id, desk)
    assert clock.now() < gone.departure  # by the hour, the stay is not over
    wanted = StayChange(check_out=gone.check_out + DAY)
    for actor in (acting(alice), clerk(Role.DESK, room)):
        with pytest.raises(BookingNotChangeable):
            change_quotes.quote(actor, gone.id, wanted, desk.rules)
        with pytest.raises(BookingNotChangeable):
            stay_changes.change(actor, gone.id, Agreed(wanted, Decimal(120), method=VISA), desk)
    assert (reload(gone).nights, findings()) == (1, [])


# --- another room on the day of arrival


def moved(actor: Actor, booking: Booking, room: Room, desk: BookingContext) -> Booking:
    wanted = StayChange(room_id=room.id)
    shown = change_quotes.quote(actor, booking.id, wanted, desk.rules).difference
    return stay_changes.change(actor, booking.id, Agreed(wanted, shown), desk)


def test_who_has_just_come_is_moved_by_staff_alone(
    arrived: Booking, alice: User, room: Room, desk: BookingContext
) -> None:
    other, staff = beside(room, "Garden room", 120), clerk(Role.DESK, room)
    with pytest.raises(Invalid) as refused:
        moved(acting(alice), arrived, other, desk)
    assert list(refused.value.details) == ["roomId"]
    now = moved(staff, arrived, other, desk)
    assert (now.room_id, now.presence, now.total_price) == (other.id, "in_house", Decimal(480))
    assert (len(nights_of(other)), len(nights_of(room))) == (NIGHTS, 0)
    states = {one.room_id: one.status for one in inventory.room_states(SYSTEM, StayRules(), room.property_id)}
    assert (states[room.id], states[other.id]) == ("dirty", "clean")  # somebody was in it
    assert presence.check_out(staff, now.id, desk).nights == 1
    assert findings() == []


def test_of_two_who_are_moved_into_one_room_at_once_one_stays(
    app: Flask, arrived: Booking, alice: User, room: Room, desk: BookingContext
) -> None:
    third, other = beside(room, "Attic", 120), beside(room, "Garden room", 120)
    second = bookings.book(acting(alice), order(alice, third, Stay(arrived.check_in, arrived.check_out)), VISA, desk)
    done = all_at_once(app, [partial(moved, SYSTEM, one, other, desk) for one in (arrived, second)])
    assert sorted(type(one).__name__ for one in done)[0] == "Booking"
    assert sum(isinstance(one, Booking) for one in done) == 1
    assert len(nights_of(other)) == NIGHTS
    assert findings() == []


# --- leaving


def test_leaving_on_the_day_frees_nothing_and_leaves_a_dirty_room(
    arrived: Booking, room: Room, desk: BookingContext
) -> None:
    at(arrived, NIGHTS, 10)
    seen = presence.preview(SYSTEM, arrived.id, desk.rules)
    assert (seen.freed, int(seen.refund), seen.quote) == (0, 0, None)
    done = presence.check_out(SYSTEM, arrived.id, desk, seen_version=arrived.version, seen_refund=Decimal(0))
    assert (done.presence, done.check_out, done.version) == ("departed", arrived.check_out, arrived.version + 1)
    again = presence.check_out(SYSTEM, arrived.id, desk, seen_version=arrived.version)
    assert again.version == done.version
    assert inventory.get_room_state(SYSTEM, room.id, StayRules()).status == "dirty"
    assert len(nights_of(room)) == NIGHTS
    with pytest.raises(desk_errors.CheckedOutAlready):
        presence.check_in(SYSTEM, arrived.id, desk)
    assert findings() == []


@each(("days", "hour", "kept"), [(2, 9, 2), (2, 23, 2), (3, 1, 3), (0, 20, 1)])
def test_nights_that_were_not_slept_are_free_at_once(
    alice: User, desk: BookingContext, days: int, hour: int, kept: int
) -> None:
    room = a_room()
    booking = bookings.book(acting(alice), order(alice, room, in_days(30, NIGHTS)), VISA, desk)
    at(booking, 0, 16)
    presence.check_in(SYSTEM, booking.id, desk)
    at(booking, days, hour)
    seen = presence.preview(SYSTEM, booking.id, desk.rules)
    assert (seen.freed, seen.last_day, int(seen.refund)) == (NIGHTS - kept, booking.check_in + kept * DAY, 0)
    done = presence.check_out(SYSTEM, booking.id, desk)
    assert (done.nights, int(done.total_price), len(nights_of(room))) == (kept, 480, kept)
    assert sorted(nights_of(room)) == [booking.check_in + night * DAY for night in range(kept)]
    assert told("booking.departed")[-1]["nightsFreed"] == NIGHTS - kept
    assert findings() == []


def test_what_comes_back_is_shown_before_and_held_against_it(alice: User, desk: BookingContext) -> None:
    kind = {"name": "kind", "tiers": [{"daysBefore": -2, "percent": 50}]}  # until two days after check-in
    room = a_room(cancellation_policy=kind)
    booking = bookings.book(acting(alice), order(alice, room, in_days(30, NIGHTS)), VISA, desk)
    at(booking, 0, 16)
    arrived = presence.check_in(SYSTEM, booking.id, desk)
    at(booking, 1, 10)
    seen = presence.preview(SYSTEM, booking.id, desk.rules)
    assert (seen.freed, int(seen.refund)) == (3, 180)
    with pytest.raises(RefundChanged):
        presence.check_out(SYSTEM, booking.id, desk, seen_refund=Decimal(360))
    assert reload(booking).presence == "in_house"
    presence.check_out(SYSTEM, booking.id, desk, seen_version=arrived.version, seen_refund=seen.refund)
    assert [(one.kind, one.state, int(one.amount)) for one in payments_of(booking)] == [
        ("charge", "succeeded", 480),
        ("refund", "succeeded", 180),
    ]
    assert (int(order_of(booking).due), findings()) == (0, [])


def test_a_guest_who_is_in_the_house_may_stay_longer_and_not_elsewhere(
    arrived: Booking, room: Room, desk: BookingContext
) -> None:
    more = StayChange(check_out=arrived.check_out + DAY)
    longer = stay_changes.change(acting(arrived.user_id), arrived.id, Agreed(more, Decimal(120), method=VISA), desk)
    assert (longer.nights, longer.presence, len(nights_of(room))) == (NIGHTS + 1, "in_house", NIGHTS + 1)


# --- not coming


def test_a_no_show_is_known_in_the_evening_and_keeps_its_nights(
    booking: Booking, room: Room, desk: BookingContext
) -> None:
    at(booking, 0, 17, 59)
    with pytest.raises(desk_errors.NoShowTooEarly) as refused:
        presence.mark_no_show(SYSTEM, booking.id, desk)
    assert refused.value.params == {"day": booking.check_in, "hour": dt.time(18)}
    at(booking, 0, 18)
    done = presence.mark_no_show(SYSTEM, booking.id, desk, seen_version=booking.version)
    again = presence.mark_no_show(SYSTEM, booking.id, desk, seen_version=booking.version)
    assert (done.presence, again.version) == ("no_show", done.version)
    assert (done.nights, len(nights_of(room)), int(done.total_price)) == (NIGHTS, NIGHTS, 480)
    assert findings() == []


def test_told_so_the_nights_after_the_first_are_on_sale_again_on_the_terms_of_the_policy(
    booking: Booking, room: Room, desk: BookingContext
) -> None:
    at(booking, 0, 21)
    presence.mark_no_show(SYSTEM, booking.id, desk)
    done = presence.mark_no_show(SYSTEM, booking.id, desk, free_nights=True)  # decided later
    assert (done.nights, list(nights_of(room)), int(done.total_price)) == (1, [booking.check_in], 480)
    assert findings() == []


def test_who_comes_after_all_is_no_no_show(booking: Booking, desk: BookingContext) -> None:
    at(booking, 0, 21)
    presence.mark_no_show(SYSTEM, booking.id, desk)
    at(booking, 1, 2)
    done = presence.check_in(SYSTEM, booking.id, desk)
    assert (done.presence, done.no_show_at) == ("in_house", None)
    with pytest.raises(desk_errors.NoShowOfArrived):
        presence.mark_no_show(SYSTEM, booking.id, desk)
    assert findings() == []
