"""How often something was asked lately: sliding windows in Redis. One request is counted in all of its windows at once.

The windows are those of `limits`: its own script, run for one after the other until one is full.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import redis
from limits.storage import RedisStorage

from booking.infra.redis import Script

# Adds to `told`: 1 for a window with room, 0 for the first without, nothing for those after it.
LUA = f"""
local function take(KEYS, ARGV)
{RedisStorage.SCRIPT_ACQUIRE_SLIDING_WINDOW.decode()}
end
local function count(told, key, value)
  while KEYS[key] do
    local taken = take({{KEYS[key], KEYS[key + 1]}}, {{ARGV[value], ARGV[value + 1], ARGV[value + 2]}})
    told[#told + 1] = taken and 1 or 0
    if not taken then return end
    key, value = key + 2, value + 3
  end
end
"""
_COUNT = Script(f"""{LUA}
local told = {{}}
count(told, 1, 1)
return told
""")


@dataclass(frozen=True, slots=True)
class Window:
    """`most` in `seconds`; the keys are those of the window before this one, and of this one."""

    before: str
    now: str
    most: int
    seconds: int
    cost: int = 1


@dataclass(slots=True)
class _Together:
    number: int
    waiting: list[Window]
    told: dict[Window, bool] = field(default_factory=dict)


_together: ContextVar[_Together | None] = ContextVar("_together", default=None)


@contextmanager
def counted_together(windows: Sequence[Window]) -> Iterator[None]:
    """While the block runs, whoever asks for one of these counts them all, in this order until one is full."""
    token = _together.set(_Together(len(windows), list(windows)))
    try:
        yield
    finally:
        _together.reset(token)


def are_expected() -> bool:
    """Whether such a block is running."""
    return _together.get() is not None


def waiting() -> Sequence[Window]:
    """Those that nobody has asked for yet."""
    state = _together.get()
    return state.waiting if state else ()


def arguments(windows: Sequence[Window]) -> tuple[list[str], list[int]]:
    """What the script's `count` takes: keys and values."""
    keys = [key for window in windows for key in (window.before, window.now)]
    return keys, [value for window in windows for value in (window.most, window.seconds, window.cost)]


def counted(told: Sequence[int]) -> None:
    """Those that were waiting have been counted: whether there was room, as far as the script came."""
    if state := _together.get():
        state.told.update(zip(state.waiting, map(bool, told), strict=False))
        state.waiting = []


def had_room() -> bool:
    """Whether all that were expected have been counted, and each had room: told once."""
    state = _together.get()
    # A server in trouble may have come no further than the first.
    if state is None or len(state.told) < max(1, state.number) or not all(state.told.values()):
        return False
    state.told.clear()
    return True


def take(window: Window, client: redis.Redis) -> bool:
    """Whether there is room in it: as it was told before (once), else as the server says. Raises RedisError."""
    state = _together.get()
    if state and window in state.waiting:
        counted(_COUNT(client, *arguments(state.waiting)))
    if state and window in state.told:
        return state.told.pop(window)
    [told] = _COUNT(client, *arguments([window]))
    return bool(told)
