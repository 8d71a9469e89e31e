"""What was read a moment ago. Searches are kept under their location's generation; a new generation forgets them all.

A generation is a random token, not a counter: a counter that starts again after a flush would meet old entries.
With a replica, the token carries the position in the write-ahead log (LSN) that a reader must have seen.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, cast

import redis
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from booking.infra import telemetry
from booking.infra.db import Unavailable, asking, db
from booking.infra.ids import new_secret
from booking.infra.redis import servers

EVERYWHERE = "*"
GENERATION_TTL = 24 * 3600  # seconds; longer than any entry lives
CHANGING_TTL = 120  # seconds; longer than a change takes to commit and an entry lives, together

# Two commits may tell us in the wrong order: the later position wins, the token always changes.
_BUMP = """
for i, key in ipairs(KEYS) do
  local seen = tonumber(string.match(redis.call('get', key) or '', ':(%d+)$') or '0')
  redis.call('set', key, ARGV[1] .. ':' .. string.format('%.0f', math.max(seen, tonumber(ARGV[2]))), 'EX', ARGV[3])
end
"""


# What is kept about users belongs to an era. It lasts only as long as the server takes writes: a server that cannot be
# told of a change (away, read-only, full) has none a second later, and a new one makes all older entries void.
ERA = 1.0  # seconds
_ERA = "era"
_LIVE_ON = """
local era = redis.call('get', KEYS[1]) or ARGV[1]
redis.call('set', KEYS[1], era, 'PX', ARGV[2])
local now = redis.call('time')
return {era, now[1], now[2]}
"""


class _State:
    replica = False  # is the log position worth asking for?
    keeps = True  # is anything kept about users?
    prolonged = 0.0  # when this process last prolonged the era
    unheard: set[str] = set()  # noqa: RUF012 locations whose change could not be told, on purpose shared
    lock = threading.Lock()


@dataclass(slots=True)
class _Ahead:
    keys: tuple[str, ...]
    found: dict[str, str | None] = field(default_factory=dict)


_ahead: ContextVar[_Ahead | None] = ContextVar("_ahead", default=None)


def use_replica(configured: bool) -> None:
    _State.replica = configured


def keep_users(wanted: bool) -> None:
    """Whether anything is kept about users at all."""
    _State.keeps = wanted


def bump(locations: Iterable[str]) -> bool:
    """Forget every search of these locations and of "everywhere". False when Redis is away: told at the next chance."""
    with _State.lock:
        names = {*locations, EVERYWHERE, *_State.unheard}
        _State.unheard = set(names)
    keys = [f"generation:{name}" for name in sorted(names)]
    position = _position_now()
    if position is None:
        return False

    def tell(client: redis.Redis) -> bool:
        client.eval(_BUMP, len(keys), *keys, new_secret(), position, GENERATION_TTL)
        return True

    told = servers.cache.ask(tell, away=False)
    if told:
        with _State.lock:
            _State.unheard -= names
        if ahead := _ahead.get():
            ahead.found.clear()  # it was read before
    return told


def remembered_in(location: str | None, what: str, key: str, seconds: int, read: Callable[[int | None], str]) -> str:
    """The text under `key` if it was read in the location's present generation, else `read(lsn)`, kept for `seconds`.

    `lsn` is what a replica must have replayed for that; None where nobody knows: while Redis is away, or where there
    is neither a cache (0 seconds) nor a replica to ask for.
    """
    if not (seconds or _State.replica) or (_State.unheard and not bump([])):
        return read(None)
    generation = _generation(location)
    present, entry = _values(generation, key) or ("", None)
    token, _, lsn = (_first(generation) if present is None else present).rpartition(":")
    if not token:
        return read(None)
    kept = entry.removeprefix(f"{token}\n") if seconds and entry and entry.startswith(f"{token}\n") else None
    telemetry.count_lookup(what, hit=kept is not None)
    if kept is not None:
        return kept
    text = read(int(lsn))
    if seconds:
        servers.cache.ask(lambda client: client.set(key, f"{token}\n{text}", ex=seconds), away=None)
    return text


def asked_in(location: str | None, key: str, seconds: int) -> tuple[str, ...]:
    """What `remembered_in` will ask for, for `reading_ahead`."""
    return (_generation(location), key) if seconds or _State.replica else ()


def changing(name: str) -> bool:
    """To be said before the commit that changes something about `name`: what is kept about it counts no longer.

    An entry that is written meanwhile, from what was read before the commit, dies before the mark does. False when
    nobody could be told: entries count until their seconds are over, or until `disbelieve`.
    """
    return servers.cache.insist(lambda client: client.set(f"changing:{name}", "1", ex=CHANGING_TTL))


def disbelieve() -> None:
    """To be said after a commit whose `changing` could not be told: returns when nobody believes what was kept before.

    At once where a full server still forgets its era, where none can have lasted since the server went away, and where
    nothing is kept; else within ERA seconds.
    """
    until = time.monotonic() + ERA
    while _State.keeps and servers.cache.down_for() < ERA and time.monotonic() < until:
        if servers.cache.insist(lambda client: client.delete(_ERA)):
            return
        time.sleep(0.05)


def remembered_about(name: str, what: str, key: str, seconds: int, read: Callable[[], str | None]) -> str | None:
    """The text under `key`, or `read()`'s, kept for `seconds` (0: not kept); nothing kept while `name` is changing.

    The seconds begin before it is read, by the server's clock: whatever stands still meanwhile, they are over when they
    are over, and nobody believes an entry for longer than `seconds` after a change. What was written in an earlier era
    is not believed either.
    """
    if not seconds:
        return read()
    era, change, kept = _values(_ERA, f"changing:{name}", key) or (None, "unknown", None)
    hit = not change and kept is not None and bool(era) and kept.startswith(f"{era}\n")
    telemetry.count_lookup(what, hit=hit)
    if hit and kept:
        _prolong()
        return kept.partition("\n")[2]
    if change:
        return read()
    present, now = _present_era()
    fresh = read()
    if fresh is not None and present:
        entry, until = f"{present}\n{fresh}", now + 1000 * seconds
        servers.cache.ask(lambda client: client.set(key, entry, pxat=until), away=None)
    return fresh


def _prolong() -> None:
    if time.monotonic() - _State.prolonged > ERA / 3:
        _present_era()


def _present_era() -> tuple[str, int]:
    """The era, begun or prolonged by this, and the server's clock in ms; ("", 0) where it takes no writes."""
    _State.prolonged = time.monotonic()

    def ask(client: redis.Redis) -> tuple[str, int]:
        era, seconds, microseconds = cast("list[str]", client.eval(_LIVE_ON, 1, _ERA, new_secret(), int(ERA * 1000)))
        return era, int(seconds) * 1000 + int(microseconds) // 1000

    return servers.cache.ask(ask, away=("", 0))


@contextmanager
def reading_ahead(keys: tuple[str, ...]) -> Iterator[None]:
    """While the block runs, the first look-up brings these along: two questions of one request in one round trip."""
    token = _ahead.set(_Ahead(keys))
    try:
        yield
    finally:
        _ahead.reset(token)


def _values(*keys: str) -> tuple[str | None, ...] | None:
    """What is under the keys, None when the server is away."""
    ahead = _ahead.get()
    if ahead and all(key in ahead.found for key in keys):
        return tuple(ahead.found.pop(key) for key in keys)  # once: who asks again wants to know how it is now
    more = tuple(key for key in ahead.keys if key not in keys) if ahead else ()
    values = servers.cache.ask(lambda client: cast("list[str | None]", client.mget(*keys, *more)), away=None)
    if values is None:
        return None
    if ahead:
        ahead.keys, ahead.found = (), dict(zip(more, values[len(keys) :], strict=True))
    return tuple(values[: len(keys)])


def _generation(location: str | None) -> str:
    return f"generation:{location or EVERYWHERE}"


def _first(generation: str) -> str:
    # A forgotten generation (flush, eviction) may hide a commit that no replica has replayed yet.
    position = _position_now()
    if position is None:
        return ""

    def begin(client: redis.Redis) -> str:
        client.set(generation, f"{new_secret()}:{position}", nx=True, ex=GENERATION_TTL)
        return cast("str | None", client.get(generation)) or ""

    return servers.cache.ask(begin, away="")


def remembered(what: str, key: str, seconds: int, read: Callable[[], Any]) -> Any:
    """The JSON value under `key`, or `read()`'s, kept for `seconds` (0: not kept)."""
    [kept] = (_values(key) if seconds else None) or (None,)
    telemetry.count_lookup(what, hit=kept is not None)
    if kept is not None:
        return json.loads(kept)
    value = read()
    if seconds:
        servers.cache.ask(lambda client: client.set(key, json.dumps(value), ex=seconds), away=None)
    return value


def drop_room(room_id: str) -> None:
    """Forget a room's details."""
    drop(room_key(room_id))


def drop(*keys: str) -> None:
    """Forget what is kept under these keys."""
    servers.cache.ask(lambda client: client.delete(*keys), away=None)


def room_key(room_id: str) -> str:
    return f"room:{room_id}:details"


def _position_now() -> int | None:
    """The log's position where a replica is to wait for it, 0 where there is none, None when Postgres does not say."""
    try:
        return log_position() if _State.replica else 0
    except (DBAPIError, PoolTimeout, Unavailable) as error:
        telemetry.log.warning("log_position_unknown", error=str(error.__cause__ or error).strip())
        return None


def log_position() -> int:
    """How far the primary's write-ahead log has come, in bytes; what was committed before lies before it."""
    with asking(), db.engine.connect() as connection:
        return int(connection.execute(text("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')")).scalar_one())
