"""The lock in front of a room: who gets it, who waits, and who goes on beside it, each by its name."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace

import pytest
from flask import Flask

from booking.domain import inventory
from booking.domain.actors import Actor
from booking.domain.errors import RoomLocked, RoomLockedByKey
from booking.domain.inventory import room_lock
from booking.domain.reservations import bookings, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.requests import BookingRequest
from booking.domain.stays import Stay
from booking.domain.tables import Booking, Room, User
from booking.infra import redis
from booking.infra.ids import encode
from booking.infra.redis import Lock
from tests import databases
from tests.cast import VISA, acting, in_days, order

NAME = "lock:test"


def test_each_answer_of_the_lock_has_a_name_of_its_own(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with redis.lock(NAME, "mine", ttl_ms=5000, busy=lambda _: True) as first:
        with redis.lock(NAME, "yours", ttl_ms=5000, busy=lambda note: note == "mine") as busy:
            pass
        with redis.lock(NAME, "yours", ttl_ms=5000, busy=lambda note: note != "mine") as beside:
            pass
    away = redis.Guarded("redis://127.0.0.1:1")
    databases.redis_elsewhere(monkeypatch, app, main=away)
    with redis.lock(NAME, "mine", ttl_ms=5000, busy=lambda _: True) as without_a_server:
        pass
    assert [first, busy, beside, without_a_server] == [Lock.TAKEN, Lock.BUSY, Lock.UNRELATED, Lock.AWAY]


def test_the_last_thing_that_is_said_under_a_lock_gives_it_back_and_nobody_elses(app: Flask) -> None:
    with redis.lock(NAME, "mine", ttl_ms=5000, busy=lambda _: True):
        assert redis.last(redis.servers.cache, "return redis.call('set', KEYS[1], ARGV[1])", ["said"], ["so"])
        with redis.lock(NAME, "yours", ttl_ms=5000, busy=lambda _: True) as after:
            pass
    assert after is Lock.TAKEN
    assert redis.servers.cache.call(lambda client: client.get("said"), away=None) == "so"
    with redis.lock(NAME, "mine", ttl_ms=5000, busy=lambda _: True):
        with redis.lock(NAME, "yours", ttl_ms=5000, busy=lambda _: True):
            redis.last(redis.servers.cache, "return 1", [], [])  # by somebody who has none
        with redis.lock(NAME, "yours", ttl_ms=5000, busy=lambda _: True) as still:
            pass
    assert still is Lock.BUSY


def test_whoever_goes_on_beside_it_leaves_it_to_its_holder(app: Flask) -> None:
    room = uuid.uuid4()
    with room_lock.one_at_a_time(room, in_days(10, 2), wait=0):
        with room_lock.one_at_a_time(room, in_days(20, 2), wait=0):
            pass
        with pytest.raises(RoomLocked), room_lock.one_at_a_time(room, in_days(11, 2), wait=0):
            pass
    with room_lock.one_at_a_time(room, in_days(11, 2), wait=0):
        pass


def test_whoever_finds_the_lock_under_their_own_mark_is_told_so(app: Flask) -> None:
    room = uuid.uuid4()
    with room_lock.one_at_a_time(room, in_days(10, 2), wait=0, mark="ours"):
        with pytest.raises(RoomLockedByKey), room_lock.one_at_a_time(room, in_days(11, 2), wait=0, mark="ours"):
            pass
        for mark in ("theirs", ""):
            with pytest.raises(RoomLocked) as refused, room_lock.one_at_a_time(room, in_days(11, 2), wait=0, mark=mark):
                pass
            assert type(refused.value) is RoomLocked
    with room_lock.one_at_a_time(room, in_days(10, 2), wait=0):
        with pytest.raises(RoomLocked) as refused, room_lock.one_at_a_time(room, in_days(11, 2), wait=0, mark="ours"):
            pass
        assert type(refused.value) is RoomLocked


def test_the_release_before_this_one_can_read_the_lock(app: Flask) -> None:
    """It takes what stands behind the first space for two dates, and nothing else."""
    room, stay = uuid.uuid4(), in_days(10, 2)
    with room_lock.one_at_a_time(room, stay, wait=0, mark="ours"):
        value = redis.servers.main.client.get(f"lock:room:{encode('room', room)}")
    assert str(value).partition(" ")[2] == f"{stay.check_in} {stay.check_out}"


Way = Callable[[Actor, BookingRequest, BookingContext], object]


def book(actor: Actor, wanted: BookingRequest, desk: BookingContext) -> Booking:
    return bookings.book(actor, wanted, VISA, desk)


@pytest.mark.parametrize("lock", [True, False])
@pytest.mark.parametrize(("way", "seconds"), [(bookings.hold_all, 2), (holds.reserve, 2), (book, 0)])
def test_a_page_waits_two_seconds_for_its_turn_and_a_program_not_at_all(
    alice: User, room: Room, desk: BookingContext, monkeypatch: pytest.MonkeyPatch, way: Way, seconds: int, lock: bool
) -> None:
    asked: list[tuple[object, ...]] = []

    @contextmanager
    def watched(room_id: uuid.UUID, stay: Stay, *, wait: float, lock: bool = True, mark: str = "") -> Iterator[None]:
        asked.append((room_id, stay, wait, lock))
        if len(asked) == 1:
            raise RoomLocked  # somebody is there
        yield

    monkeypatch.setattr(inventory, "lock_room", watched)
    waits = [0, seconds] if seconds else [0]  # at first nobody waits: of identical units another one might do
    with nullcontext() if seconds else pytest.raises(RoomLocked):
        way(acting(alice), order(alice, room), replace(desk, lock_rooms=lock))
    assert asked == [(room.id, in_days(30), pytest.approx(wait, abs=0.5), lock) for wait in waits]
