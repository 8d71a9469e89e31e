"""Redis or Valkey: a convenience. Every call here has an answer for when the server is away, within 0.2 s.

Clients do not retry (redis-py's defaults take 4.2 s per refused command), and a breaker keeps the next calls from
waiting at all.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar, cast

import redis
from flask import Flask
from redis.backoff import NoBackoff
from redis.retry import Retry

from booking.infra import telemetry
from booking.infra.ids import new_secret
from booking.infra.of_app import OfApp

T = TypeVar("T")

PATIENCE = 0.2  # seconds until a silent server counts as away
BREAK = 1.0  # seconds during which it is not asked again

FAIL_FAST: dict[str, Any] = {
    "socket_timeout": PATIENCE,
    "socket_connect_timeout": PATIENCE,
    "retry": Retry(NoBackoff(), 0),
    "health_check_interval": 0,
}


FAILURES = (redis.ConnectionError, redis.TimeoutError, redis.ResponseError)


class Script:
    """Lua that is sent to a server once, and then called by its hash."""

    def __init__(self, text: str) -> None:
        self.text, self.sha = text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    def __call__(self, client: redis.Redis, keys: Sequence[str], values: Sequence[Any]) -> Any:
        try:
            return client.evalsha(self.sha, len(keys), *keys, *values)
        except redis.exceptions.NoScriptError:  # a server that has just begun
            return client.eval(self.text, len(keys), *keys, *values)


class Guarded:
    """A server that may be away."""

    def __init__(self, url: str) -> None:
        self.client: redis.Redis = redis.Redis.from_url(url, decode_responses=True, **FAIL_FAST)
        self._away_until = 0.0
        self._down_since: float | None = None

    def call(self, question: Callable[[redis.Redis], T], *, away: T) -> T:
        """The answer to `question`, or `away` when the server is (or was, within the last second)."""
        if time.monotonic() < self._away_until:
            return away
        try:
            answer = question(self.client)
        except FAILURES as error:
            self._away_until = time.monotonic() + BREAK
            telemetry.REDIS_DOWN.inc()
            self._failed(error)
            return away
        self._down_since = None
        return answer

    def call_required(self, question: Callable[[redis.Redis], object]) -> bool:
        """Ask even where the server was away a moment ago, and twice: a connection may have died with the last server.

        False when nobody answered, or it was refused.
        """
        for _ in range(2 if self.down_for() < BREAK else 1):
            try:
                question(self.client)
            except FAILURES as error:
                self._failed(error)
                if isinstance(error, redis.ResponseError):
                    break  # refused: it would be once more
            else:
                self._down_since = None
                return True
        return False

    def down_for(self) -> float:
        """For how many seconds nothing that was asked has succeeded."""
        since = self._down_since
        return 0.0 if since is None else time.monotonic() - since

    def _failed(self, error: Exception) -> None:
        if self._down_since is None:
            self._down_since = time.monotonic()
        telemetry.log.warning("redis_unavailable", error=str(error))

    def takes_writes(self) -> bool:
        """Whether it answers and is neither full nor read-only nor at odds with its disk."""
        return self.call(lambda client: bool(client.set("trial-write", "1", ex=10)), away=False)


@dataclass(frozen=True, slots=True)
class _Pair:
    main: Guarded
    cache: Guarded


_pairs: OfApp[_Pair] = OfApp("redis")


class _Servers:
    """The application's own."""

    @property
    def main(self) -> Guarded:
        return _pairs.get().main

    @property
    def cache(self) -> Guarded:
        return _pairs.get().cache


servers = _Servers()


def connect(app: Flask, redis_url: str, cache_redis_url: str) -> None:
    """Set up the application's clients; nothing is contacted yet."""
    main = Guarded(redis_url)
    _pairs.set(app, _Pair(main, main if cache_redis_url == redis_url else Guarded(cache_redis_url)))


class Lock(Enum):
    """What became of asking for a lock: ours; somebody else's, who matters to us (and has our mark) or not; or no
    server to ask.
    """

    TAKEN = "taken"
    BUSY = "busy"
    SAME_MARK = "same mark"
    UNRELATED = "unrelated"
    AWAY = "away"


_RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"


@dataclass(slots=True)
class _Held:
    """A lock that is ours until it is given back, or runs out."""

    name: str
    value: str
    given_back: bool = False


_held: ContextVar[_Held | None] = ContextVar("_held", default=None)


@contextmanager
def lock(
    name: str, note: str, *, ttl_ms: int, busy: Callable[[str], bool], wait: float = 0.0, mark: str = ""
) -> Iterator[Lock]:
    """Hold `name` while the block runs, for `ttl_ms` at most, or until `last`; `note` is for others to read.

    When it is held, `busy(note of the holder)` says whether that matters; if so, ask again until `wait` seconds are
    over. A `mark` (no spaces) tells holders who belong together: SAME_MARK is BUSY by one with ours. Losing the lock
    costs nothing: it only keeps crowds away from the database.
    """
    held = _Held(name, f"{new_secret()}{_marked(mark)} {note}")

    def judged(holder: str) -> Lock:
        owner, _, told = holder.partition(" ")
        if not holder or not busy(told):
            return Lock.UNRELATED
        return Lock.SAME_MARK if mark and owner.endswith(_marked(mark)) else Lock.BUSY

    state = _acquire(held, ttl_ms, judged, time.monotonic() + wait)
    token = _held.set(held if state is Lock.TAKEN else None)
    try:
        yield state
    finally:
        _held.reset(token)
        if state is Lock.TAKEN and not held.given_back:
            servers.main.call(lambda client: client.eval(_RELEASE, 1, name, held.value), away=None)


def last(server: Guarded, script: str, keys: Sequence[str], values: Sequence[Any]) -> bool:
    """Run a script with which the work under this thread's lock is done: it is given back in the same round trip.

    Whether the server was there.
    """
    held = _held.get() if server is servers.main else None

    def ask(client: redis.Redis) -> bool:
        if held is None or held.given_back:
            client.eval(script, len(keys), *keys, *values)
            return True
        together = client.pipeline(transaction=False)
        together.eval(script, len(keys), *keys, *values)
        together.eval(_RELEASE, 1, held.name, held.value)
        together.execute()
        held.given_back = True
        return True

    return server.call(ask, away=False)


def _marked(mark: str) -> str:
    return f".{mark}" if mark else ""  # before the note, which the release before this one reads to its end


def _acquire(wanted: _Held, ttl_ms: int, judged: Callable[[str], Lock], until: float) -> Lock:
    def attempt(client: redis.Redis) -> Lock:
        if client.set(wanted.name, wanted.value, nx=True, px=ttl_ms):
            return Lock.TAKEN
        return judged(cast("str | None", client.get(wanted.name)) or "")

    while True:
        state = servers.main.call(attempt, away=Lock.AWAY)
        if state not in (Lock.BUSY, Lock.SAME_MARK) or time.monotonic() >= until:
            return state
        time.sleep(0.05)
