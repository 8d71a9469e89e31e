"""Nights that are off sale: nobody can book them, and no night that somebody has can be blocked."""

from __future__ import annotations

import datetime as dt
import uuid
from functools import partial
from typing import Any

import pytest
from flask import Flask

from booking.domain import inventory, people
from booking.domain.actors import VISITOR, Actor, Membership, Role
from booking.domain.errors import Forbidden, Invalid, RoomNotAvailable, RoomNotFound
from booking.domain.inventory import Block, BlockDiffers, BlockNotFound, NightsTaken, availability
from booking.domain.maintenance import verification
from booking.domain.reservations import bookings, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.stays import Stay, StayRules
from booking.domain.tables import Availability, Room, User
from booking.infra.db import db, transaction
from booking.infra.ids import encode
from tests.cases import each
from tests.cast import SYSTEM, VISA, a_room, acting, all_at_once, blocked, count, in_days, later, nights_of, order

FEED: dict[str, Any] = {"source": "feed", "actor": Actor.system("feeds")}


def shown(room: Room) -> list[Block]:
    return list(inventory.list_blocks(SYSTEM, room.id, StayRules()))


def test_a_blocked_night_cannot_be_booked_until_it_is_put_on_sale_again(
    alice: User, room: Room, desk: BookingContext
) -> None:
    block = blocked(room, in_days(31, 1))
    with pytest.raises(RoomNotAvailable):
        bookings.book(acting(alice), order(alice, room, in_days(30)), VISA, desk)
    assert inventory.unblock(SYSTEM, block.id).id == block.id
    assert bookings.book(acting(alice), order(alice, room, in_days(30)), VISA, desk).status == "CONFIRMED"


def test_every_night_of_a_block_is_claimed_by_it(room: Room) -> None:
    block = blocked(room, in_days(30))
    claims = transaction(lambda: db.session.query(Availability.claim_id, Availability.state).all())()
    assert [tuple(row) for row in claims] == [(block.id, "blocked")] * 3
    [kept] = shown(room)
    assert (kept.reason, kept.source, kept.created_by, kept.nights) == ("painting", "staff", "system:tests", 3)


def test_what_stood_in_the_way_and_is_gone_by_now_is_no_block(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(availability, "_take", lambda *_: False)
    with pytest.raises(RoomNotAvailable):
        blocked(room, in_days(30))
    assert (shown(room), nights_of(room)) == ([], {})


def test_blocking_twice_is_blocking_once(room: Room) -> None:
    first, second = blocked(room, in_days(30)), blocked(room, in_days(30), reason="painting again")
    assert second.id == first.id
    assert list(nights_of(room).values()) == ["blocked"] * 3
    assert [block.reason for block in shown(room)] == ["painting"]


def test_a_feed_blocks_once_per_uid_whatever_its_dates_and_says_where_they_differ(room: Room) -> None:
    first = blocked(room, in_days(30), uid="a@airbnb", **FEED)
    assert blocked(room, in_days(30), uid="a@airbnb", **FEED).id == first.id
    assert blocked(room, in_days(40), uid="b@airbnb", **FEED).id != first.id
    with pytest.raises(BlockDiffers):
        blocked(room, in_days(50), uid="a@airbnb", **FEED)
    assert len(nights_of(room)) == 6


def test_one_uid_may_block_several_rooms(room: Room) -> None:
    """A stay that takes two rooms of a house has one entry in its calendar."""
    other = a_room()
    assert blocked(room, in_days(30), uid="a", **FEED).id != blocked(other, in_days(30), uid="a", **FEED).id
    assert len(nights_of(other)) == 3


def test_what_a_feed_has_blocked_is_not_blocked_by_staff_too(room: Room) -> None:
    blocked(room, in_days(30), uid="a", **FEED)
    with pytest.raises(NightsTaken) as refused:
        blocked(room, in_days(30))
    assert set(refused.value.nights.values()) == {"blocked"}


def test_a_sold_night_is_never_blocked_and_the_error_names_it(alice: User, room: Room, desk: BookingContext) -> None:
    sold = in_days(31, 1)
    bookings.book(acting(alice), order(alice, room, sold), VISA, desk)
    with pytest.raises(NightsTaken) as refused:
        blocked(room, in_days(30))
    assert refused.value.nights == {sold.check_in: "booked"}
    assert refused.value.params == {"nights": (sold.check_in,)}
    assert list(nights_of(room).values()) == ["booked"]
    assert shown(room) == []


def test_a_held_night_is_not_blocked_and_one_whose_hold_is_over_is(
    alice: User, room: Room, desk: BookingContext
) -> None:
    holds.reserve(acting(alice), order(alice, room, in_days(31, 1)), desk)
    with pytest.raises(NightsTaken) as refused:
        blocked(room, in_days(30))
    assert list(refused.value.nights.values()) == ["held"]
    later(desk.hold_for + dt.timedelta(seconds=1))
    blocked(room, in_days(30))
    assert list(nights_of(room).values()) == ["blocked"] * 3


def test_of_many_nights_that_are_taken_some_are_named(room: Room) -> None:
    blocked(room, in_days(30, 12))
    with pytest.raises(NightsTaken) as refused:
        blocked(room, in_days(29, 14))
    assert len(refused.value.nights) == 12
    assert refused.value.params["nights"][9:] == (in_days(39).check_in, "…")


def test_unblocking_frees_the_blocks_own_nights_and_only_once(room: Room) -> None:
    block, other = blocked(room, in_days(30)), blocked(room, in_days(33))
    inventory.unblock(SYSTEM, block.id)
    with pytest.raises(BlockNotFound):
        inventory.unblock(SYSTEM, block.id)
    assert [one.id for one in shown(room)] == [other.id]
    assert len(nights_of(room)) == 3


def test_a_booking_is_not_unblocked(alice: User, room: Room, desk: BookingContext) -> None:
    booked = bookings.book(acting(alice), order(alice, room), VISA, desk)
    with pytest.raises(BlockNotFound):
        inventory.unblock(SYSTEM, booked.id)
    assert len(nights_of(room)) == 3


def test_blocks_that_are_over_are_not_shown(room: Room) -> None:
    blocked(room, in_days(1, 2))
    running, coming = blocked(room, in_days(3, 3)), blocked(room, in_days(9))
    later(dt.timedelta(days=4))
    assert [block.id for block in shown(room)] == [running.id, coming.id]


@each(
    ("said", "field"),
    lambda: [
        ({"reason": "x" * 256}, "reason"),
        ({"uid": "x" * 256, **FEED}, "uid"),
        ({"uid": "", **FEED}, "uid"),
        ({"uid": None, **FEED}, "uid"),
        ({"stay": in_days(30, 1001)}, "checkOut"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(room: Room, said: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        blocked(room, **({"stay": in_days(30)} | said))
    assert list(refused.value.details) == [field]


def test_staff_blocks_what_could_be_booked_by_the_calendar_of_the_property(room: Room) -> None:
    rules = StayRules()
    today = rules.today("Europe/Brussels")
    for first, problem in (
        (today - dt.timedelta(days=1), "in_the_past"),
        (today + dt.timedelta(days=rules.horizon_days + 1), "too_far_ahead"),
    ):
        with pytest.raises(Invalid) as refused:
            blocked(room, Stay(first, first + dt.timedelta(days=3)))
        assert {field: notice.code for field, notice in refused.value.details.items()} == {"checkIn": problem}
    assert count(Block) == 0
    for first in (today, today + dt.timedelta(days=rules.horizon_days)):
        assert blocked(room, Stay(first, first + dt.timedelta(days=1)))


def test_where_the_day_begins_earlier_today_is_another_one(app: Flask) -> None:
    zones = ("Pacific/Kiritimati", "Pacific/Pago_Pago")  # 25 hours apart
    far_east, far_west = (a_room(time_zone=zone) for zone in zones)
    yesterday_there = StayRules().today(zones[0]) - dt.timedelta(days=1)
    night = Stay(yesterday_there, yesterday_there + dt.timedelta(days=1))
    with pytest.raises(Invalid):
        blocked(far_east, night)
    assert blocked(far_west, night)


def test_a_block_that_has_begun_may_be_said_again(room: Room) -> None:
    first, stay = blocked(room, in_days(1)), in_days(1)
    later(dt.timedelta(days=2))
    assert blocked(room, stay).id == first.id


def test_a_feed_tells_what_was_sold_elsewhere_whenever_that_began(room: Room) -> None:
    assert blocked(room, in_days(-5, 9), uid="running", **FEED)
    assert blocked(room, in_days(700, 300), uid="far", **FEED)
    with pytest.raises(Invalid) as refused:
        blocked(room, in_days(-9, 3), uid="over", **FEED)
    assert list(refused.value.details) == ["checkOut"]


def test_a_room_that_is_not_there_has_nothing_to_block(app: Flask) -> None:
    with pytest.raises(RoomNotFound):
        inventory.block(SYSTEM, uuid.uuid4(), in_days(30), rules=StayRules(), reason="")


# --- at once


def test_a_block_and_bookings_at_once_have_one_winner(
    app: Flask, alice: User, room: Room, desk: BookingContext
) -> None:
    winners = set()
    for number in range(6):
        stay = in_days(30 + 4 * number)
        acts: list[Any] = [
            partial(bookings.book, acting(alice), order(alice, room, stay), VISA, desk),
            partial(blocked, room, Stay(stay.check_in, stay.check_out)),
        ]
        results = all_at_once(app, acts[:: 1 if number % 2 else -1])
        won = [result for result in results if not isinstance(result, Exception)]
        assert len(won) == 1, results
        assert {type(r) for r in results if isinstance(r, Exception)} <= {RoomNotAvailable, NightsTaken}
        winners |= {type(won[0])}
    assert verification.verify().findings == []


def test_one_block_at_once_from_several_windows_is_one_block(app: Flask, room: Room) -> None:
    for number, said in enumerate(({}, {"uid": "a", **FEED})):
        results = all_at_once(app, [partial(blocked, room, in_days(30 + 4 * number), **said)] * 4)
        assert len({result.id for result in results}) == 1, results
    assert count(Block) == 2
    assert len(nights_of(room)) == 6
    assert verification.verify().findings == []


def test_overlapping_blocks_at_once_never_share_a_night(app: Flask, room: Room) -> None:
    results = all_at_once(app, [partial(blocked, room, in_days(30 + day, 3)) for day in range(5)])
    assert {type(result) for result in results} == {Block, NightsTaken}
    assert verification.verify().findings == []


def test_a_block_has_its_nights_or_is_not_there(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(availability, "block", dies)
    with pytest.raises(RuntimeError):
        blocked(room, in_days(30))
    assert count(Block) == 0


# --- who may


def staff(role: Role, at: uuid.UUID | None) -> Actor:
    return Actor.signed_in(uuid.uuid4(), (Membership(role, at),), None)


def test_staff_of_the_house_may_and_says_who_it_was(room: Room) -> None:
    manager = staff(Role.MANAGER, room.property_id)
    block = blocked(room, in_days(30), actor=manager)
    assert block.created_by == str(manager)
    assert [one.id for one in inventory.list_blocks(manager, room.id, StayRules())] == [block.id]
    inventory.unblock(manager, block.id)
    facts = {"block": encode("block", block.id), "source": "staff", "from": block.check_in.isoformat()}
    facts["to"] = block.check_out.isoformat()
    log = people.audit_entries(SYSTEM, subject=encode("room", room.id))
    assert [(entry.actor, entry.action, dict(entry.before or entry.after)) for entry in log] == [
        (str(manager), "nights.unblocked", facts),
        (str(manager), "nights.blocked", facts),
    ]


def test_guests_and_staff_of_other_houses_may_not_and_nothing_changes(alice: User, room: Room) -> None:
    block = blocked(room, in_days(30))
    for stranger in (acting(alice), staff(Role.MANAGER, a_room().property_id), VISITOR):
        with pytest.raises(Forbidden):
            blocked(room, in_days(40), actor=stranger)
        with pytest.raises(Forbidden):
            inventory.list_blocks(stranger, room.id, StayRules())
        with pytest.raises(BlockNotFound):
            inventory.unblock(stranger, block.id)
    assert set(nights_of(room).values()) == {"blocked"}
    assert count(Block) == 1
