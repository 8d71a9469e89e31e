"""Redis or Valkey: does it answer, does it keep what it is given, does anybody take the work out of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from booking.config import Settings
from booking.infra import queue
from booking.infra.doctor.report import Diagnosis, fault, ok, problem, said, warning
from booking.infra.words import count

PATIENCE = 2.0  # seconds for each answer
OLDEST = (6, 2)  # workers wait for work with BLMOVE
CROWDED = 1000  # jobs
STALE = 60.0  # seconds that a job waits: the ticker offers what was not taken anew after half of that
PROBE = "doctor"


def client(url: str) -> redis.Redis:
    """A client of its own, quick to give up. Raises ValueError for what is no URL."""
    return redis.Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=PATIENCE,
        socket_connect_timeout=PATIENCE,
        retry=Retry(NoBackoff(), 0),
    )


def main(settings: Settings) -> Iterator[Diagnosis]:
    """The server of locks, limits and the queue: it must neither forget nor refuse."""
    yield from _server("REDIS_URL", settings.redis_url, _keeps)


def shared(settings: Settings) -> bool:
    """Whether the cache lives on the server of the queue."""
    return settings.cache_redis_url == settings.redis_url


def cache(settings: Settings) -> Iterator[Diagnosis]:
    """The server of the cache, which may forget."""
    if shared(settings):
        yield ok("on the server of the queue; every entry ends by time")
        return
    yield from _server("CACHE_REDIS_URL", settings.cache_redis_url, _forgets)


def _server(variable: str, url: str, judge: Any) -> Iterator[Diagnosis]:
    try:
        with closing(client(url)) as server:
            facts = server.info()
            server.set(PROBE, "1", ex=10)
            yield from _common(facts)
            yield from judge(facts)
    except ValueError:
        yield problem(f"{variable} cannot be read", "write redis://:password@host:6379/0", blocks=True)
    except redis.AuthenticationError as error:
        yield problem(f"the server refuses us: {said(error)}", f"correct user and password in {variable}", blocks=True)
    except (redis.ConnectionError, redis.TimeoutError) as error:
        advice = f"start it, or correct {variable}; bookings go on without it, emails later and searches slower"
        yield problem(f"the server does not answer: {said(error)}", advice, blocks=True)
    except redis.ResponseError as error:
        yield problem(
            f"the server refuses a command: {said(error)}", "see its log, memory and access rules", blocks=True
        )


def _common(facts: dict[str, Any]) -> Iterator[Diagnosis]:
    name, version = (
        ("Valkey", facts["valkey_version"]) if "valkey_version" in facts else ("Redis", facts["redis_version"])
    )
    if name == "Redis" and tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        yield problem(f"Redis {version} is too old", "move to Redis 6.2 or newer, or to Valkey")
    most, used = facts.get("maxmemory", 0), facts["used_memory"]
    limit = f"of {most / 2**20:.0f} MB" if most else "MB, without a limit"
    if most and used > most * 0.9:
        yield warning(f"{used / 2**20:.0f} {limit} are in use", "raise maxmemory, or move the cache to another server")
    yield ok(f"{name} {version}, {used / 2**20:.0f} {limit}")


def _keeps(facts: dict[str, Any]) -> Iterator[Diagnosis]:
    policy = facts.get("maxmemory_policy", "unknown")
    if policy != "noeviction":
        yield problem(f"maxmemory-policy is {policy}: jobs, locks and limits may vanish", "set it to noeviction")
    broken = [name for name in ("rdb_last_bgsave_status", "aof_last_write_status") if facts.get(name, "ok") != "ok"]
    if broken:
        yield problem(f"it cannot write to its disk ({', '.join(broken)})", "make room, or give it the right to write")
    if not facts.get("aof_enabled"):
        yield warning("it keeps nothing on disk at once", "set appendonly yes, or limits begin anew after its restart")


def _forgets(facts: dict[str, Any]) -> Iterator[Diagnosis]:
    if facts.get("maxmemory") and facts.get("maxmemory_policy") == "noeviction":
        yield warning("the cache's server does not evict", "set its maxmemory-policy to allkeys-lru, or it fills up")


def waiting(settings: Settings) -> Iterator[Diagnosis]:
    """How much work waits for a worker, and since when."""
    with closing(client(settings.redis_url)) as server:
        jobs, since = queue.waiting(server)
    age = time.time() - since if since else 0.0
    if age > STALE or jobs > CROWDED:
        yield fault(jobs > CROWDED)(
            f"{count(jobs, 'job waits', 'jobs wait')}, the oldest for {age:.0f} s",
            "start workers: `python worker.py`, as many as it takes",
        )
    else:
        yield ok(count(jobs, "job waits", "jobs wait"))
