"""Attempts that have to wait longer and longer. Counted in Redis; per process while Redis is away, never open."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from booking.infra import clock
from booking.infra.redis import servers

KEPT = 24 * 3600  # seconds after the last attempt; then a key begins anew
MOST = 20_000  # keys in the memory of a process


@dataclass(frozen=True, slots=True)
class Limit:
    """`key` may try `free` times at once; after that 1, 2, 4, ... seconds apart, `longest` at most."""

    key: str
    free: int
    longest: int


# Whoever has to wait is not counted: a crowd that does not wait makes nobody's wait longer.
_TRY = """
local now, waits, refused = tonumber(ARGV[1]), {}, false
for i, key in ipairs(KEYS) do
  local left = tonumber(redis.call('hget', key, 'until') or '0') - now
  waits[i] = math.max(0, math.ceil(left))
  refused = refused or left > 0
end
if refused then return waits end
for i, key in ipairs(KEYS) do
  local tries = redis.call('hincrby', key, 'tries', 1)
  local over = tries - tonumber(ARGV[2 * i + 1])
  if over >= 0 then
    local pause = math.min(tonumber(ARGV[2 * i + 2]), 2 ^ math.min(over, 30))
    redis.call('hset', key, 'until', string.format('%.0f', now + pause * 1000))
  end
  redis.call('expire', key, ARGV[2])
end
return waits
"""
_TAKE_BACK = """
for i, key in ipairs(KEYS) do
  if redis.call('exists', key) == 1 and redis.call('hincrby', key, 'tries', -1) <= 0 then redis.call('del', key) end
end
"""


class _Memory:
    """The same on a machine of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[int, float, float]] = OrderedDict()  # key -> tries, until, last

    def attempt(self, limits: Sequence[Limit], now: float) -> list[int]:
        with self._lock:
            waits = [max(0, int(self._get(limit.key, now)[1] - now)) for limit in limits]
            if not any(waits):
                for limit in limits:
                    self._count(limit, now)
            return waits

    def take_back(self, keys: Sequence[str]) -> None:
        with self._lock:
            for key in keys:
                tries, until, last = self._kept.pop(key, (0, 0.0, 0.0))
                if tries > 1:
                    self._kept[key] = tries - 1, until, last

    def forget(self, keys: Sequence[str]) -> None:
        with self._lock:
            for key in keys:
                self._kept.pop(key, None)

    def _get(self, key: str, now: float) -> tuple[int, float, float]:
        tries, until, last = self._kept.get(key, (0, 0.0, now))
        return (tries, until, last) if now - last < KEPT * 1000 else (0, 0.0, now)

    def _count(self, limit: Limit, now: float) -> None:
        tries, until, _ = self._get(limit.key, now)
        over = tries + 1 - limit.free
        if over >= 0:
            until = now + min(limit.longest, 2 ** min(over, 30)) * 1000
        self._kept[limit.key] = tries + 1, until, now
        self._kept.move_to_end(limit.key)
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)


memory = _Memory()


def attempt(limits: Sequence[Limit]) -> list[int]:
    """One more attempt: the seconds that each limit makes it wait. All 0: it may be made, and has been counted."""
    now = clock.now().timestamp() * 1000
    keys = [limit.key for limit in limits]
    values: list[Any] = [f"{now:.0f}", KEPT]
    for limit in limits:
        values += [limit.free, limit.longest]
    told = servers.main.call(lambda client: cast("list[int]", client.eval(_TRY, len(keys), *keys, *values)), away=None)
    return [-(-wait // 1000) for wait in (memory.attempt(limits, now) if told is None else told)]


def take_back(keys: Sequence[str]) -> None:
    """An attempt that was counted is none."""
    memory.take_back(keys)
    servers.main.call(lambda client: client.eval(_TAKE_BACK, len(keys), *keys), away=None)


def forget(keys: Sequence[str]) -> None:
    """Begin anew."""
    memory.forget(keys)
    servers.main.call(lambda client: client.delete(*keys), away=None)
