"""The Redis lock in front of a hold: it keeps the crowd for the same nights away from Postgres, and decides nothing."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from booking.domain.errors import RoomLocked, RoomLockedByKey
from booking.domain.stays import Stay
from booking.infra import redis
from booking.infra.ids import encode

LOCK_MS = 5000  # then it ends by itself, whoever holds it


@contextmanager
def one_at_a_time(room_id: uuid.UUID, stay: Stay, *, wait: float, lock: bool = True, mark: str = "") -> Iterator[None]:
    """Raise RoomLocked while somebody books an overlapping stay in this room, after `wait` seconds of asking again.

    It is RoomLockedByKey where whoever does so has the same `mark`, which the lock carries. Another stay in the same
    room goes on beside it, and so does everybody while Redis is away, or without the `lock`.
    """
    if not lock:
        yield
        return

    def overlaps(other: str) -> bool:
        check_in, check_out = map(dt.date.fromisoformat, other.split())
        return stay.overlaps(Stay(check_in, check_out))

    note = f"{stay.check_in.isoformat()} {stay.check_out.isoformat()}"
    name = f"lock:room:{encode('room', room_id)}"
    with redis.lock(name, note, ttl_ms=LOCK_MS, busy=overlaps, wait=wait, mark=mark) as state:
        if state is redis.Lock.SAME_MARK:
            raise RoomLockedByKey
        if state is redis.Lock.BUSY:
            raise RoomLocked
        yield
