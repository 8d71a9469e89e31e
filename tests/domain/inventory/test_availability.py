"""What a change of nights tells others, and what each move of nights returns."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest

from booking.domain.errors import RoomNotAvailable
from booking.domain.inventory import availability
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.stays import Stay
from booking.domain.tables import Event, Room, User
from booking.infra import cache, clock
from booking.infra.db import db, transaction
from booking.infra.ids import encode, new_id
from tests.cast import SYSTEM, VISA, acting, in_days, later, nights_of, order

MINUTE = dt.timedelta(minutes=1)
claim, release, unpin = (transaction(act) for act in (availability.claim, availability.release, availability.unpin))
pin, book = transaction(availability.pin), transaction(availability.book)
block, unblock = transaction(availability.block), transaction(availability.unblock)
release_abandoned = transaction(availability.release_abandoned)


@transaction
def told(kind: str) -> list[dict[str, Any]]:
    """What the outbox holds of this kind, in its order."""
    return [event.payload for event in db.session.query(Event).filter_by(type=kind).order_by(Event.id)]


def held_by(room: Room, stay: Stay, until: dt.datetime | None = None) -> uuid.UUID:
    claim_id = uuid.uuid4()
    claim(SYSTEM, claim_id, room.id, room.location, stay, held_until=until or clock.now() + 15 * MINUTE)
    return claim_id


def nights(room: Room, stay: Stay) -> dict[str, str]:
    dates = {"from": stay.check_in.isoformat(), "to": stay.check_out.isoformat()}
    return {"actor": "system:tests", "roomId": encode("room", room.id), "location": "antwerp", **dates}


def test_whoever_keeps_nights_is_told_the_room_its_place_and_the_dates(room: Room) -> None:
    held, blocked = in_days(30), in_days(50, 1)
    claim_id = held_by(room, held)
    release(SYSTEM, claim_id)
    block(SYSTEM, room.id, room.location, blocked)
    unblock(SYSTEM, room.id, room.location, blocked)
    assert told("availability.updated") == [nights(room, stay) for stay in (held, held, blocked, blocked)]


def test_nothing_is_told_of_what_did_not_change(room: Room) -> None:
    held_by(room, in_days(30))
    with pytest.raises(RoomNotAvailable):
        held_by(room, in_days(31))
    with pytest.raises(availability.NightsBlocked):
        block(SYSTEM, room.id, room.location, in_days(29))
    assert release(SYSTEM, uuid.uuid4()) == 0
    assert told("availability.updated") == [nights(room, in_days(30))]


def test_a_release_returns_how_many_nights_it_freed_and_only_the_first_time(room: Room) -> None:
    claim_id = held_by(room, in_days(30))
    assert [release(SYSTEM, claim_id), release(SYSTEM, claim_id)] == [3, 0]
    assert nights_of(room) == {}


def test_a_move_succeeds_only_with_every_night_of_the_claim(room: Room) -> None:
    claim_id = held_by(room, in_days(30))
    assert not book(claim_id, 3)  # not pinned yet
    assert pin(claim_id, 3)
    assert not pin(claim_id, 3)
    assert book(claim_id, 3)
    assert not book(claim_id, 3)
    short = held_by(room, in_days(40))
    assert not pin(short, 4)


def test_unpinned_nights_are_held_to_the_holds_own_end(room: Room) -> None:
    until = clock.now() + 15 * MINUTE
    claim_id = held_by(room, in_days(30), until)
    assert unpin(claim_id) is None
    pin(claim_id, 3)
    assert unpin(claim_id) == until
    assert set(nights_of(room).values()) == {"held"}


def test_abandoned_nights_are_freed_a_minute_after_their_hold_and_no_others(room: Room) -> None:
    for first in (30, 40):
        held_by(room, in_days(first))
    pin(pinned := held_by(room, in_days(50)), 3)
    later(15 * MINUTE)
    assert release_abandoned(SYSTEM) == 0
    later(MINUTE)
    assert release_abandoned(SYSTEM, limit=1) == 3
    assert release_abandoned(SYSTEM) == 3
    assert book(pinned, 3)


def test_taken_nights_are_those_within_the_stay(room: Room) -> None:
    held_by(room, in_days(30))
    first = in_days(30).check_in
    asked = in_days(32)
    assert transaction(availability.taken_nights)(room.id, asked) == {first + dt.timedelta(days=2)}
    assert not transaction(availability.is_free)(room.id, asked)
    assert transaction(availability.is_free)(room.id, in_days(33))


@pytest.mark.parametrize("paid", [True, False])
def test_a_cancellation_says_whether_it_was_confirmed_and_what_comes_back(
    alice: User, room: Room, desk: BookingContext, paid: bool
) -> None:
    booking = (
        bookings.book(acting(alice), order(alice, room), VISA, desk)
        if paid
        else bookings.hold(acting(alice), order(alice, room), desk)
    )
    bookings.cancel(acting(alice), booking.id, desk)
    [payload] = told("booking.cancelled")
    assert payload["bookingId"] == encode("booking", booking.id)
    assert payload["wasConfirmed"] is paid
    assert payload["refundAmount"] == ("360.00" if paid else None)


def test_the_caches_hear_of_each_change_of_a_transaction_once_by_the_id_of_its_event(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[tuple[set[str], list[str]]] = []
    monkeypatch.setattr(cache, "bump", lambda locations, changes=(): heard.append((set(locations), list(changes))))

    @transaction
    def two_changes() -> None:
        for start in (30, 40):
            availability.claim(
                SYSTEM, uuid.uuid4(), room.id, room.location, in_days(start), held_until=clock.now() + 15 * MINUTE
            )

    two_changes()
    events = transaction(lambda: [str(event.id) for event in db.session.query(Event).order_by(Event.id)])()
    assert (heard, len(events)) == ([({room.location}, events)], 2)


def test_a_claim_whose_booking_never_came_ends_with_its_hold(
    alice: User, bob: User, room: Room, desk: BookingContext
) -> None:
    @transaction
    def claim_of_another_region() -> None:
        availability.claim(
            SYSTEM, new_id(), room.id, room.location, in_days(30), held_until=clock.now() + desk.hold_for
        )

    claim_of_another_region()
    later(desk.hold_for + dt.timedelta(minutes=2))
    bookings.expire_holds(SYSTEM)
    assert nights_of(room) == {}
