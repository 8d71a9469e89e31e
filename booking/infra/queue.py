"""RQ: carries work to the worker processes. It may lose anything at any time; Postgres knows what is to be done.

Nothing here waits long for Redis: redis-py would retry ten times and RQ pause for up to a minute.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, cast

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue, SimpleWorker
from rq.exceptions import DequeueTimeout
from rq.job import Job
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer
from rq.utils import utcparse

from booking.infra.redis import servers
from booking.infra.telemetry import log

NAME = "deliveries"
JOB_SECONDS = 40  # then a job is interrupted; shorter than the lease of a claim
FORGOTTEN_AFTER = 300  # seconds that Redis keeps a job nobody took, or one that was interrupted
SHOWN = 20  # interrupted jobs
PAUSE = 1.0  # seconds between looks while Redis is away


def depth() -> int:
    """How many jobs wait, -1 when Redis is away."""
    return int(servers.main.call(lambda client: client.llen(f"{Queue.redis_queue_namespace_prefix}{NAME}"), away=-1))


def waiting(client: redis.Redis) -> tuple[int, float | None]:
    """How many jobs wait, and when the oldest was enqueued: seconds since 1970, None without any. May raise RedisError.

    `client` decodes its answers.
    """
    key = f"{Queue.redis_queue_namespace_prefix}{NAME}"
    oldest = cast("str | None", client.lindex(key, 0))
    enqueued = cast("str | None", client.hget(Job.key_for(oldest), "enqueued_at")) if oldest else None
    return client.llen(key), utcparse(enqueued).timestamp() if enqueued else None


@dataclass(frozen=True, slots=True)
class QueueState:
    """What Redis knows of the queue: jobs that wait, seconds since each worker was last heard of, and interrupted jobs.

    Those are offered again by themselves: (function, why) of the newest.
    """

    jobs: int
    workers: tuple[float, ...]
    interrupted: tuple[tuple[str, str], ...]


def state(redis_url: str) -> QueueState | None:
    """None while Redis is away."""
    client = _client(redis_url)
    try:
        queue = Queue(NAME, connection=client, serializer=JSONSerializer)
        registry = FailedJobRegistry(queue=queue)
        found = Job.fetch_many(registry.get_job_ids(0, SHOWN - 1, desc=True), client, serializer=JSONSerializer)
        heard = (worker.last_heartbeat for worker in SimpleWorker.all(connection=client, serializer=JSONSerializer))
        now = dt.datetime.now(dt.UTC)
        ages = tuple(sorted((now - at.replace(tzinfo=dt.UTC)).total_seconds() for at in heard if at))
        return QueueState(int(queue.count), ages, tuple(_interrupted(job) for job in found if job))
    except redis.RedisError as error:
        log.warning("queue_unknown", error=str(error))
        return None
    finally:
        client.close()


def _interrupted(job: Job) -> tuple[str, str]:
    result = job.latest_result()
    lines = (result.exc_string or "").strip().splitlines() if result else []
    return job.func_name or "", lines[-1] if lines else ""


class Jobs:
    """The sending end."""

    def __init__(self, redis_url: str) -> None:
        self._queue = Queue(NAME, connection=_client(redis_url), serializer=JSONSerializer)

    def waiting(self) -> int | None:
        """How many jobs wait; None when Redis is away."""
        try:
            return int(self._queue.count)
        except redis.RedisError:
            return None

    def put(self, function: str, calls: Iterable[list[Any]]) -> bool:
        """Ask for `function(*arguments)` for each of `calls`, all at once. False when Redis is away."""
        jobs = [
            Queue.prepare_data(
                function,
                args=arguments,
                timeout=JOB_SECONDS,
                ttl=FORGOTTEN_AFTER,
                result_ttl=0,
                failure_ttl=FORGOTTEN_AFTER,
                retry=None,  # Postgres offers it again
            )
            for arguments in calls
        ]
        try:
            self._queue.enqueue_many(jobs)
        except redis.RedisError:
            return False
        return True


def work(redis_url: str, stopping: threading.Event, context: Callable[[], AbstractContextManager[Any]]) -> None:
    """Do jobs, one at a time, each inside its own `context()`, until `stopping` is set; Redis may come and go.

    Ends after the running job, or within a second when idle. Must be called from the main thread (RQ interrupts
    a job that takes too long by SIGALRM).
    """
    logging.getLogger("rq.worker").setLevel(logging.WARNING)  # else four lines for every job
    away = False
    while not stopping.is_set():
        try:
            worker = _Worker(redis_url, context)
            if away:
                log.info("queue_back")
                away = False
            worker.serve(stopping)
        except redis.RedisError as error:
            if not away:
                log.warning("queue_away", error=str(error))
                away = True
            stopping.wait(PAUSE)
        except Exception:  # noqa: BLE001 a job that cannot be read must not end the worker
            log.exception("queue_broken")
            stopping.wait(PAUSE)


class _Worker(SimpleWorker):
    """RQ's worker without its command channel, and with a loop that a signal cannot break in the middle of a step."""

    def __init__(self, redis_url: str, context: Callable[[], AbstractContextManager[Any]]) -> None:
        self._context = context
        # RQ raises the client's socket_timeout to this: how long a silent Redis is waited for.
        super().__init__([NAME], connection=_client(redis_url), serializer=JSONSerializer, worker_ttl=FORGOTTEN_AFTER)

    @property
    def dequeue_timeout(self) -> int:
        return 1

    @property
    def connection_timeout(self) -> int:
        return 3

    def serve(self, stopping: threading.Event) -> None:
        try:
            while not stopping.is_set():
                self._show_life()
                self._do_next()
        finally:
            self.register_death()  # type: ignore[no-untyped-call]  # RQ is half typed

    def _show_life(self) -> None:
        if self.connection.exists(self.key):
            self.heartbeat()
        else:  # the first time, and after a flush
            self.register_birth()  # type: ignore[no-untyped-call]
        if self.should_run_maintenance_tasks:
            self.clean_registries()  # type: ignore[no-untyped-call]

    def _do_next(self) -> None:
        try:
            found = self.queue_class.dequeue_any(
                self.queues,
                self.dequeue_timeout,
                connection=self.connection,
                job_class=self.job_class,
                serializer=self.serializer,
                death_penalty_class=self.death_penalty_class,
            )
        except DequeueTimeout:
            return
        if found:
            self.execute_job(*found)

    def execute_job(self, job: Job, queue: Queue) -> None:
        with self._context():
            super().execute_job(job, queue)


def _client(redis_url: str) -> redis.Redis:
    # Not the guarded client of redis.py: RQ keeps bytes, and a worker waits for a second at a time.
    return redis.Redis.from_url(
        redis_url, socket_timeout=3, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0), protocol=2
    )
