"""Clean, dirty, inspected, out of order: who says so, what it does to the nights, and how it is undone."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from booking.domain import inventory
from booking.domain.actors import Actor, Membership, Role
from booking.domain.errors import Invalid, NotFound, RoomNotFound
from booking.domain.inventory import NightsTaken, StatusModified, StatusNotUndoable
from booking.domain.people import audit_log
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.stays import Stay, StayRules
from booking.domain.tables import Room, User
from booking.infra import clock
from booking.infra.ids import encode
from tests.cast import SYSTEM, VISA, a_room, acting, all_at_once, beside, later, nights_of, order

RULES = StayRules()
DAY = dt.timedelta(days=1)


def member(role: Role, room: Room | None) -> Actor:
    held = Membership(role, room.property_id if room else None)
    return Actor.signed_in(uuid.uuid4(), (held,), None)


def from_today(nights: int, after: int = 0) -> Stay:
    first = RULES.today("Europe/Brussels") + after * DAY
    return Stay(first, first + nights * DAY)


def out(room: Room, stay: Stay, actor: Actor = SYSTEM, **more: object) -> inventory.RoomState:
    return inventory.put_out_of_order(actor, room.id, stay, rules=RULES, reason="no hot water", **more)  # type: ignore[arg-type]


def test_a_room_nobody_has_spoken_of_is_clean_and_what_is_said_is_written_down(room: Room) -> None:
    nobody = inventory.get_room_state(SYSTEM, room.id, RULES)
    assert (nobody.status, nobody.version) == ("clean", 0)
    maid = member(Role.HOUSEKEEPING, room)
    said = inventory.set_room_status(maid, room.id, "dirty", RULES, seen_version=0)
    assert (said.status, said.by, said.version) == ("dirty", str(maid), 1)
    again = inventory.set_room_status(maid, room.id, "dirty", RULES, seen_version=0)  # pressed twice
    assert (again.since, again.version) == (said.since, 1)
    [entry] = audit_log.entries(SYSTEM, subject=encode("room", room.id))
    assert (entry.action, entry.before, entry.after) == (
        "room_status.changed",
        {"status": "clean"},
        {"status": "dirty"},
    )


def test_who_may_say_and_see_it(room: Room, alice: User) -> None:
    for stranger in (member(Role.OWNER, a_room()), acting(alice)):
        with pytest.raises(RoomNotFound):
            inventory.set_room_status(stranger, room.id, "dirty", RULES)
        with pytest.raises(RoomNotFound):
            inventory.undo_room_status(stranger, room.id, RULES)
        with pytest.raises(NotFound):
            inventory.room_states(stranger, RULES, room.property_id)
    with pytest.raises(RoomNotFound):
        inventory.set_room_status(SYSTEM, uuid.uuid4(), "dirty", RULES)
    for role in Role:
        assert inventory.set_room_status(member(role, room), room.id, "dirty", RULES).status == "dirty"
    with pytest.raises(Invalid):
        inventory.set_room_status(SYSTEM, room.id, "spotless", RULES)


@pytest.mark.slow
def test_each_sees_the_rooms_of_their_houses(room: Room) -> None:
    neighbour, elsewhere = beside(room, "The attic", 90), a_room()
    inventory.set_room_status(SYSTEM, neighbour.id, "dirty", RULES)
    here = inventory.room_states(member(Role.HOUSEKEEPING, room), RULES)
    assert [(one.room_id, one.status) for one in here] == [(room.id, "clean"), (neighbour.id, "dirty")]
    assert {one.room_id for one in inventory.room_states(SYSTEM, RULES)} == {room.id, neighbour.id, elsewhere.id}
    assert [one.room_id for one in inventory.room_states(SYSTEM, RULES, elsewhere.property_id)] == [elsewhere.id]


def test_rooms_come_by_the_numbers_in_their_names(room: Room) -> None:
    for name in ("Room 10", "room 2", "Room 9 b", "Room 9"):
        beside(room, name, 90)
    names = [one.room_name for one in inventory.room_states(SYSTEM, RULES, room.property_id)]
    assert names == ["room 2", "Room 9", "Room 9 b", "Room 10", room.name]


def test_rooms_to_be_seen_to_are_those_not_fit_for_a_guest(room: Room) -> None:
    def listed() -> list[tuple[uuid.UUID, str]]:
        states = inventory.room_states(SYSTEM, RULES, room.property_id, to_be_seen_to=True)
        return [(one.room_id, one.status) for one in states]

    dirty, closed = beside(room, "The attic", 90), beside(room, "The cellar", 90)
    assert listed() == []
    inventory.set_room_status(SYSTEM, dirty.id, "dirty", RULES)
    out(closed, from_today(3))
    inventory.set_room_status(SYSTEM, room.id, "inspected", RULES)
    assert listed() == [(dirty.id, "dirty"), (closed.id, "out_of_order")]


def test_out_of_order_takes_the_nights_off_sale_and_clean_puts_them_back(room: Room) -> None:
    said = out(room, from_today(3))
    assert (said.status, said.out_of_order, said.reason) == ("out_of_order", from_today(3), "no hot water")
    assert set(nights_of(room).values()) == {"blocked"}
    assert out(room, from_today(3)).version == said.version
    longer = out(room, from_today(5), seen_version=said.version)
    assert (longer.out_of_order, len(nights_of(room))) == (from_today(5), 5)
    done = inventory.set_room_status(SYSTEM, room.id, "clean", RULES)
    assert (done.status, done.out_of_order, nights_of(room)) == ("clean", None, {})


def test_out_of_order_needs_a_reason_and_nights_that_nobody_has(room: Room, alice: User, desk: BookingContext) -> None:
    with pytest.raises(Invalid):
        inventory.put_out_of_order(SYSTEM, room.id, from_today(3), rules=RULES, reason=" ")
    bookings.book(acting(alice), order(alice, room, from_today(2, after=1)), VISA, desk)
    with pytest.raises(NightsTaken):
        out(room, from_today(3))
    assert inventory.get_room_state(SYSTEM, room.id, RULES).status == "clean"
    assert set(nights_of(room).values()) == {"booked"}


def test_where_its_block_is_gone_or_over_the_room_is_dirty(room: Room) -> None:
    out(room, from_today(3))
    [block] = inventory.list_blocks(SYSTEM, room.id, RULES)
    inventory.unblock(SYSTEM, block.id)
    assert inventory.get_room_state(SYSTEM, room.id, RULES).status == "dirty"
    out(room, from_today(2))
    later(3 * DAY)
    assert inventory.get_room_state(SYSTEM, room.id, RULES).status == "dirty"
    assert inventory.set_room_status(SYSTEM, room.id, "clean", RULES).status == "clean"


@pytest.mark.slow
def test_out_of_order_for_a_night_lasts_until_the_house_s_next_day_begins_not_until_midnight(room: Room) -> None:
    stay = from_today(1)
    out(room, stay)
    for hour, status in ((1, "out_of_order"), (5, "dirty")):
        later(dt.datetime.combine(stay.check_out, dt.time(hour), ZoneInfo("Europe/Brussels")) - clock.now())
        assert inventory.get_room_state(SYSTEM, room.id, RULES).status == status
        assert [one.status for one in inventory.room_states(SYSTEM, RULES, room.property_id)] == [status]


def test_within_a_minute_it_is_as_it_was(room: Room) -> None:
    first = inventory.set_room_status(SYSTEM, room.id, "dirty", RULES)
    second = inventory.set_room_status(SYSTEM, room.id, "inspected", RULES)
    assert second.undo_until
    back = inventory.undo_room_status(SYSTEM, room.id, RULES, seen_version=second.version)
    assert (back.status, back.since, back.by, back.undo_until) == ("dirty", first.since, first.by, None)
    again = inventory.undo_room_status(SYSTEM, room.id, RULES, seen_version=second.version)  # pressed twice
    assert again.version == back.version
    with pytest.raises(StatusNotUndoable):
        inventory.undo_room_status(SYSTEM, room.id, RULES)
    inventory.set_room_status(SYSTEM, room.id, "clean", RULES)
    later(dt.timedelta(seconds=61))
    with pytest.raises(StatusNotUndoable):
        inventory.undo_room_status(SYSTEM, room.id, RULES)
    assert inventory.get_room_state(SYSTEM, room.id, RULES).status == "clean"


def test_undone_the_nights_are_on_sale_or_off_again_as_before(room: Room, alice: User, desk: BookingContext) -> None:
    out(room, from_today(3))
    back = inventory.undo_room_status(SYSTEM, room.id, RULES)
    assert (back.status, nights_of(room)) == ("clean", {})
    out(room, from_today(3))
    inventory.set_room_status(SYSTEM, room.id, "clean", RULES)
    back = inventory.undo_room_status(SYSTEM, room.id, RULES)
    assert (back.status, back.out_of_order, len(nights_of(room))) == ("out_of_order", from_today(3), 3)
    inventory.set_room_status(SYSTEM, room.id, "clean", RULES)
    bookings.book(acting(alice), order(alice, room, from_today(1, after=1)), VISA, desk)
    with pytest.raises(NightsTaken):
        inventory.undo_room_status(SYSTEM, room.id, RULES)
    assert inventory.get_room_state(SYSTEM, room.id, RULES).status == "clean"


def test_what_somebody_else_said_meanwhile_is_not_overwritten(room: Room) -> None:
    inventory.set_room_status(SYSTEM, room.id, "dirty", RULES)
    late: list[Callable[[], object]] = [
        lambda: inventory.set_room_status(SYSTEM, room.id, "inspected", RULES, seen_version=0),
        lambda: out(room, from_today(1), seen_version=0),
        lambda: inventory.undo_room_status(SYSTEM, room.id, RULES, seen_version=3),
    ]
    for say in late:
        with pytest.raises(StatusModified):
            say()
    assert inventory.get_room_state(SYSTEM, room.id, RULES).status == "dirty"


def test_of_two_who_say_the_first_about_a_room_both_are_heard(app: Flask, room: Room) -> None:
    words = [partial(inventory.set_room_status, SYSTEM, room.id, status, RULES) for status in ("dirty", "inspected")]
    said = all_at_once(app, [*words])
    assert {one.status for one in said} == {"dirty", "inspected"}, said
    assert inventory.get_room_state(SYSTEM, room.id, RULES).version == 2
