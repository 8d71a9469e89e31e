"""What was read a moment ago. Searches are kept under their location's generation; a new generation forgets them all.

A generation is a random token, not a counter: a counter that starts again after a flush would meet old entries.
With a replica, the token carries the position in the write-ahead log (LSN) that a reader must have seen.

Every key carries the version of its entry's shape: while a new version of the code is rolled out, old and new processes
share the server, and neither finds what the other has written.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any, cast

import redis
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from booking.infra import clock, telemetry, windows
from booking.infra.db import Unavailable, asking, db
from booking.infra.ids import new_secret
from booking.infra.of_app import OfApp
from booking.infra.redis import Script, last, servers

EVERYWHERE = "*"
GENERATION_TTL = 24 * 3600  # seconds; longer than any entry lives
TOLD_TTL = 600  # seconds; longer than the outbox takes to ask
CHANGING_TTL = 120  # seconds; longer than a change takes to commit and an entry lives, together

# Two commits may tell us in the wrong order: the later position wins, the token always changes.
_BUMP = """
for i = 5, #ARGV do redis.call('set', 'told:' .. ARGV[i], '1', 'EX', ARGV[4]) end
for i, key in ipairs(KEYS) do
  local seen = tonumber(string.match(redis.call('get', key) or '', ':(%d+)$') or '0')
  redis.call('set', key, ARGV[1] .. ':' .. string.format('%.0f', math.max(seen, tonumber(ARGV[2]))), 'EX', ARGV[3])
end
"""


# What is kept about users belongs to an era. It lasts only as long as the server takes writes: a server that cannot be
# told of a change (away, read-only, full) has none a second later, and a new one makes all older entries void.
ERA = 1.0  # seconds
_ERA = "era"
# What a request asks first. KEYS: the era, the mark of a change, the entry, what else is to be read, windows.
# ARGV: a new era, an era's length in ms, the number of what else, and for each window what counts in it.
# An entry that may be believed prolongs the era, and the request is counted: it is theirs for whom the windows are.
_ABOUT = Script(f"""{windows.LUA}
local era, change, kept = unpack(redis.call('mget', KEYS[1], KEYS[2], KEYS[3]))
local ms, others, told, other = tonumber(ARGV[2]), tonumber(ARGV[3]), {{}}, {{}}
local known = era and not change and kept and string.sub(kept, 1, #era + 1) == era .. '\\n'
if not change and (not known or redis.call('pttl', KEYS[1]) < ms * 2 / 3) then
  local written = redis.pcall('set', KEYS[1], era or ARGV[1], 'PX', ms)
  era = not written.err and (era or ARGV[1])
end
if known then pcall(count, told, 4 + others, 4) end
if others > 0 then other = redis.call('mget', unpack(KEYS, 4, 3 + others)) end
local now = redis.call('time')
return {{known and string.match(kept, '\\n(.*)') or false, change, era, now[1], now[2], told, other}}
""")
IN_PROCESS_SECONDS = 30  # what this process keeps by itself may be so old; nobody can tell it of changes


@dataclass(slots=True)
class _State:
    """What one application knows about its cache server."""

    replica: bool  # is the log position worth asking for?
    keeps: bool  # is anything kept about users?
    kept: dict[str, tuple[float, Any]] = field(default_factory=dict)  # key -> (until by the monotonic clock, value)
    unheard: set[str] = field(default_factory=set)  # locations whose change could not be told
    lock: threading.Lock = field(default_factory=threading.Lock)


_states: OfApp[_State] = OfApp("cache")


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of entry. Whoever changes what is written under it, or what is made of that, counts the version up."""

    name: str
    version: int
    in_process: bool = False  # while the server is away, kept in this process: for the few entries that cost much

    def key(self, rest: str) -> str:
        """The key of one entry; nothing is kept under any other."""
        return f"{self.name}.{self.version}:{rest}"


@dataclass(frozen=True, slots=True)
class Fresh:
    """A text that was just read, and until when (seconds since 1970) it is true whatever happens; None: no such end."""

    text: str
    until: float | None = None


@dataclass(slots=True)
class _Ahead:
    keys: tuple[str, ...]
    found: dict[str, str | None] = field(default_factory=dict)


_ahead: ContextVar[_Ahead | None] = ContextVar("_ahead", default=None)


def configure(app: Flask, *, replica: bool, users: bool) -> None:
    """Whether the application has a replica, and whether it keeps anything about users."""
    _states.set(app, _State(replica, users))


def bump(locations: Iterable[str], changes: Iterable[str] = ()) -> bool:
    """Forget every search of these locations and of "everywhere". False when Redis is away: told at the next chance.

    `changes` are the ids of what is told by this, for was_told().
    """
    state = _states.get()
    with state.lock:
        names = {*locations, EVERYWHERE, *state.unheard}
        state.unheard = set(names)
    keys = [f"generation:{name}" for name in sorted(names)]
    position = _position_now()
    if position is None:
        return False

    told = last(servers.cache, _BUMP, keys, [new_secret(), position, GENERATION_TTL, TOLD_TTL, *changes])
    if told:
        with state.lock:
            state.unheard -= names
        if ahead := _ahead.get():
            ahead.found.clear()  # it was read before: the first search after the server was away asks for it again
    return told


def was_told(changes: Sequence[str]) -> set[str]:
    """Which of these changes have been told by a bump; none where nobody knows."""
    keys = [f"told:{change}" for change in changes]
    found = servers.cache.call(lambda client: cast("list[str | None]", client.mget(*keys)), away=None) if keys else None
    return {change for change, told in zip(changes, found or (), strict=False) if told}


def remembered_in(
    location: str | None, kind: Kind, rest: str, seconds: int, read: Callable[[int | None], Fresh]
) -> str:
    """The text if it was read in the location's present generation and has not ended, else `read(lsn)`, kept for
    `seconds`.

    `lsn` is what a replica must have replayed for that; None where nobody knows: while Redis is away, or where there
    is neither a cache (0 seconds) nor a replica to ask for.
    """
    state = _states.get()
    if not (seconds or state.replica) or (state.unheard and not bump([])):
        return read(None).text
    generation, key = _generation(location), kind.key(rest)
    present, entry = _values(generation, key) or ("", None)
    token, _, lsn = (_first(generation) if present is None else present).rpartition(":")
    if not token:
        return read(None).text
    kept = _still_true(entry, token) if seconds and entry else None
    telemetry.count_lookup(kind.name, hit=kept is not None)
    if kept is not None:
        return kept
    fresh = read(int(lsn))
    if seconds:
        written = f"{token} {fresh.until or ''}\n{fresh.text}"
        servers.cache.call(lambda client: client.set(key, written, ex=seconds), away=None)
    return fresh.text


def _still_true(entry: str, token: str) -> str | None:
    """The entry's text, None where it was read in another generation or has ended since."""
    head, _, text = entry.partition("\n")
    written_in, _, until = head.partition(" ")
    over = until and clock.now().timestamp() >= float(until)
    return None if written_in != token or over else text


def asked_in(location: str | None, kind: Kind, rest: str, seconds: int) -> tuple[str, ...]:
    """What `remembered_in` will ask for, for `reading_ahead`."""
    return (_generation(location), kind.key(rest)) if seconds or _states.get().replica else ()


def changing(name: str) -> bool:
    """To be said before the commit that changes something about `name`: what is kept about it counts no longer.

    An entry that is written meanwhile, from what was read before the commit, dies before the mark does. False when
    nobody could be told: entries count until their seconds are over, or until `disbelieve`.
    """
    return servers.cache.call_required(lambda client: client.set(f"changing:{name}", "1", ex=CHANGING_TTL))


def disbelieve() -> None:
    """To be said after a commit whose `changing` could not be told: returns when nobody believes what was kept before.

    At once where a full server still forgets its era, where none can have lasted since the server went away, and where
    nothing is kept; else within ERA seconds.
    """
    until = time.monotonic() + ERA
    while _states.get().keeps and servers.cache.down_for() < ERA and time.monotonic() < until:
        if servers.cache.call_required(lambda client: client.delete(_ERA)):
            return
        time.sleep(0.05)


def remembered_about(name: str, kind: Kind, rest: str, seconds: int, read: Callable[[], str | None]) -> str | None:
    """The text that is kept, or `read()`'s, kept for `seconds` (0: not kept); nothing kept while `name` is changing.

    The seconds begin before it is read, by the server's clock: whatever stands still meanwhile, they are over when they
    are over, and nobody believes an entry for longer than `seconds` after a change. What was written in an earlier era
    is not believed either.
    """
    if not seconds:
        return read()
    key = kind.key(rest)
    asked = _about(f"changing:{name}", key)
    telemetry.count_lookup(kind.name, hit=bool(asked and asked.kept is not None))
    if asked is None or asked.changing:
        return read()
    if asked.kept is not None:
        return asked.kept
    fresh = read()
    if fresh is not None and asked.era:
        entry, until = f"{asked.era}\n{fresh}", asked.at + 1000 * seconds
        servers.cache.call(lambda client: client.set(key, entry, pxat=until), away=None)
    return fresh


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the server says about an entry: its text where it may be believed; in which era it answers ("" where it
    takes no writes), and when, by its own clock in ms.
    """

    kept: str | None
    changing: bool
    era: str
    at: int


def _about(change: str, key: str) -> _Asked | None:
    """None when the server is away."""
    ahead = _ahead.get()
    more = ahead.keys if ahead else ()
    # Requests are counted on the main server.
    counts, numbers = windows.arguments(windows.waiting() if servers.cache is servers.main else ())
    values = (new_secret(), int(ERA * 1000), len(more), *numbers)
    asked = servers.cache.call(
        lambda client: cast("list[Any] | None", _ABOUT(client, (_ERA, change, key, *more, *counts), values)), away=None
    )
    if asked is None:
        return None
    kept, changing, era, seconds, microseconds, told, other = asked
    if kept is not None and counts:
        windows.counted(told)
    if ahead:
        ahead.keys, ahead.found = (), dict(zip(more, other, strict=True))
    return _Asked(kept, bool(changing), era or "", int(seconds) * 1000 + int(microseconds) // 1000)


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
    values = servers.cache.call(lambda client: cast("list[str | None]", client.mget(*keys, *more)), away=None)
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

    return servers.cache.call(begin, away="")


def remembered(kind: Kind, rest: str, seconds: int, read: Callable[[], Any]) -> Any:
    """The JSON value that is kept, or `read()`'s, kept for `seconds` (0: not kept)."""
    if not seconds:
        return read()
    key = kind.key(rest)
    found = _values(key)
    if found is None and kind.in_process:
        return _in_process(key, min(seconds, IN_PROCESS_SECONDS), read)
    [kept] = found or (None,)
    telemetry.count_lookup(kind.name, hit=kept is not None)
    if kept is not None:
        return json.loads(kept)
    value = read()
    servers.cache.call(lambda client: client.set(key, json.dumps(value), ex=seconds), away=None)
    return value


def _in_process(key: str, seconds: int, read: Callable[[], Any]) -> Any:
    until, value = _states.get().kept.get(key, (0.0, None))
    if time.monotonic() >= until:
        value = read()
        _states.get().kept[key] = (time.monotonic() + seconds, value)
    return value


def drop(*entries: tuple[Kind, str]) -> None:
    """Forget these entries, also as the version before wrote them; those of others end by their time."""
    keys = [
        replace(kind, version=version).key(rest)
        for kind, rest in entries
        for version in (kind.version, kind.version - 1)
    ]
    for key in keys:
        _states.get().kept.pop(key, None)
    servers.cache.call(lambda client: client.delete(*keys), away=None)


def _position_now() -> int | None:
    """The log's position where a replica is to wait for it, 0 where there is none, None when Postgres does not say."""
    try:
        return log_position() if _states.get().replica else 0
    except (DBAPIError, PoolTimeout, Unavailable) as error:
        telemetry.log.warning("log_position_unknown", error=str(error.__cause__ or error).strip())
        return None


def log_position() -> int:
    """How far the primary's write-ahead log has come, in bytes; what was committed before lies before it."""
    with asking(), db.engine.connect() as connection:
        return int(connection.execute(text("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')")).scalar_one())
