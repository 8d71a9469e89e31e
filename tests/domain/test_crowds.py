"""The lock in front of a room: who gets it, who waits, and who goes on beside it, each by its name."""

from __future__ import annotations

import uuid

import pytest
from flask import Flask

from booking.domain import crowds
from booking.domain.errors import RoomLocked
from booking.infra import redis
from booking.infra.redis import Lock
from tests.cast import in_days

NAME = "lock:test"


def test_each_answer_of_the_lock_has_a_name_of_its_own(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with redis.lock(NAME, "mine", ttl_ms=5000, busy=lambda _: True) as first:
        with redis.lock(NAME, "yours", ttl_ms=5000, busy=lambda note: note == "mine") as busy:
            pass
        with redis.lock(NAME, "yours", ttl_ms=5000, busy=lambda note: note != "mine") as beside:
            pass
    away = redis.Guarded("redis://127.0.0.1:1")
    monkeypatch.setattr(redis.servers, "main", away)
    with redis.lock(NAME, "mine", ttl_ms=5000, busy=lambda _: True) as without_a_server:
        pass
    assert [first, busy, beside, without_a_server] == [Lock.TAKEN, Lock.BUSY, Lock.UNRELATED, Lock.AWAY]


def test_whoever_goes_on_beside_it_leaves_it_to_its_holder(app: Flask) -> None:
    room = uuid.uuid4()
    with crowds.one_at_a_time(room, in_days(10, 2), wait=0):
        with crowds.one_at_a_time(room, in_days(20, 2), wait=0):
            pass
        with pytest.raises(RoomLocked), crowds.one_at_a_time(room, in_days(11, 2), wait=0):
            pass
    with crowds.one_at_a_time(room, in_days(11, 2), wait=0):
        pass
