"""What a change of nights tells others, and what each move of nights returns."""

from __future__ import annotations

import datetime as dt
import uuid
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError

from booking.domain import inventory
from booking.domain.errors import RoomNotAvailable
from booking.domain.inventory import availability
from booking.domain.reservations import bookings, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.stays import Stay
from booking.domain.tables import Availability, Event, Room, User
from booking.infra import cache, clock
from booking.infra.db import db, transaction
from booking.infra.ids import encode, new_id
from tests.cast import SYSTEM, VISA, a_room, acting, all_at_once, blocked, in_days, later, nights_of, order

MINUTE = dt.timedelta(minutes=1)
claim, release, unpin = (transaction(act) for act in (availability.claim, availability.release, availability.unpin))
pin, book = transaction(availability.pin), transaction(availability.book)
move = transaction(availability.move)
release_abandoned = transaction(availability.release_abandoned)
claim_all, record_sold = transaction(availability.claim_all), transaction(availability.record_sold)


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
    held, off_sale = in_days(30), in_days(50, 1)
    claim_id = held_by(room, held)
    release(SYSTEM, claim_id)
    inventory.unblock(SYSTEM, blocked(room, off_sale).id)
    assert told("availability.updated") == [nights(room, stay) for stay in (held, held, off_sale, off_sale)]


def test_nothing_is_told_of_what_did_not_change(room: Room) -> None:
    held_by(room, in_days(30))
    with pytest.raises(RoomNotAvailable):
        held_by(room, in_days(31))
    with pytest.raises(inventory.NightsTaken):
        blocked(room, in_days(29))
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
        else holds.reserve(acting(alice), order(alice, room), desk)
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


def test_part_of_a_claim_is_given_back_and_the_rest_stays_as_it_is(room: Room) -> None:
    first, last = in_days(30, 1), in_days(32, 1)
    claim_id = held_by(room, in_days(30, 3))
    pin(claim_id, 3)
    book(claim_id, 3)
    assert release(SYSTEM, claim_id, last) == 1
    assert release(SYSTEM, claim_id, last) == 0
    assert nights_of(room) == {first.check_in + dt.timedelta(days=day): "booked" for day in (0, 1)}
    assert told("availability.updated")[1:] == [nights(room, last)]
    assert release(SYSTEM, claim_id) == 2


def test_only_the_claims_own_nights_are_given_back(room: Room) -> None:
    mine, theirs = held_by(room, in_days(30, 2)), held_by(room, in_days(32, 2))
    assert release(SYSTEM, mine, in_days(29, 9)) == 2
    assert release(SYSTEM, theirs, in_days(40, 2)) == 0
    assert len(nights_of(room)) == 2


def wanted(room: Room, stay: Stay) -> inventory.Claim:
    return inventory.Claim(uuid.uuid4(), room.id, room.location, stay)


def test_several_claims_are_held_in_one_go_or_none_is(room: Room) -> None:
    until, other, third = clock.now() + 15 * MINUTE, a_room(), a_room()
    claim_all(SYSTEM, [wanted(one, in_days(30)) for one in (third, room, other)], held_until=until)
    assert [len(nights_of(one)) for one in (room, other, third)] == [3, 3, 3]
    with pytest.raises(RoomNotAvailable):
        claim_all(
            SYSTEM,
            [wanted(room, in_days(40)), wanted(other, in_days(31)), wanted(third, in_days(40))],
            held_until=until,
        )
    assert [len(nights_of(one)) for one in (room, other, third)] == [3, 3, 3]


def test_several_claims_are_taken_in_the_order_of_their_rooms(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[uuid.UUID] = []
    take = availability._take

    def noted(one: inventory.Claim, *rest: Any) -> bool:
        taken.append(one.room_id)
        return take(one, *rest)

    monkeypatch.setattr(availability, "_take", noted)
    rooms = [a_room() for _ in range(4)]
    claim_all(SYSTEM, [wanted(one, in_days(30)) for one in reversed(rooms)], held_until=clock.now() + 15 * MINUTE)
    assert taken == sorted(one.id for one in rooms)


def test_two_who_want_the_same_rooms_at_once_never_share_one(app: Flask, room: Room) -> None:
    rooms, until = [room, *(a_room() for _ in range(3))], clock.now() + 15 * MINUTE

    def all_of(those: list[Room]) -> bool:
        try:
            claim_all(SYSTEM, [wanted(one, in_days(30)) for one in those], held_until=until)
        except RoomNotAvailable:
            return False
        return True

    for _ in range(5):
        results = all_at_once(app, [partial(all_of, those) for those in (rooms, rooms[::-1], rooms[1:], rooms[::2])])
        assert set(results) == {True, False}
        owners = transaction(lambda: db.session.query(Availability.claim_id, Availability.room_id).distinct().all())()
        assert len({row.room_id for row in owners}) == len(owners)
        for claim_id in {row.claim_id for row in owners}:
            release(SYSTEM, claim_id)


@pytest.mark.parametrize("state", ["pinned", "booked"])
def test_a_sweeper_frees_no_night_that_is_not_held_even_of_a_hold_that_is_over(room: Room, state: str) -> None:
    claim_id = held_by(room, in_days(30, 2))
    part_of_it_moved_on(claim_id, state)
    later(20 * MINUTE)
    assert release_abandoned(SYSTEM) == 1
    assert transaction(availability.release_held)(SYSTEM, claim_id) == 0
    assert list(nights_of(room).values()) == [state]


@transaction
def part_of_it_moved_on(claim_id: uuid.UUID, state: str) -> None:
    """As no verb would: the first night is in another state than the rest."""
    first = db.session.query(Availability).filter_by(claim_id=claim_id).order_by(Availability.night).first()
    assert first
    first.state = state
    first.held_until = first.held_until if state == "pinned" else None


def test_nights_that_were_sold_before_are_booked_at_once_and_never_over_others(room: Room) -> None:
    sold = [wanted(room, in_days(30)), wanted(room, in_days(33))]
    record_sold(sold)
    assert list(nights_of(room).values()) == ["booked"] * 6
    assert [release(SYSTEM, one.id) for one in sold] == [3, 3]  # each has its own
    record_sold(sold)
    with pytest.raises(IntegrityError):
        record_sold([wanted(room, in_days(50)), wanted(room, in_days(35))])
    assert len(nights_of(room)) == 6


def test_what_was_not_sold_is_freed_and_told_and_nothing_else(room: Room) -> None:
    held, pinned, booked = (held_by(room, in_days(start, 2)) for start in (30, 40, 50))
    assert pin(pinned, 2)
    assert pin(booked, 2)
    assert book(booked, 2)
    free = transaction(availability.release_unsold)
    assert [free(SYSTEM, one) for one in (held, pinned, booked)] == [2, 2, 0]
    assert told("availability.updated")[3:] == [nights(room, in_days(start, 2)) for start in (30, 40)]


def test_pinned_nights_become_anothers_all_or_none(room: Room) -> None:
    change, owner = held_by(room, in_days(30)), uuid.uuid4()
    assert not move(change, 3, owner)  # they are only held
    assert pin(change, 3)
    assert not move(change, 4, owner)
    assert set(nights_of(room).values()) == {"pinned"}
    assert move(change, 3, owner)
    assert set(nights_of(room).values()) == {"booked"}
    assert transaction(availability.release_unsold)(SYSTEM, owner) == release(SYSTEM, change) == 0
    assert release(SYSTEM, owner) == 3
