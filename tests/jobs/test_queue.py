"""RQ with a Redis that comes and goes."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
from flask import Flask
from rq import Queue
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer

from booking.http.services import current_services
from booking.infra import queue
from booking.jobs import deliver, ticker
from tests.jobs.conftest import MailServer
from tests.jobs.stories import booked, confirmed

pytestmark = pytest.mark.slow
done: list[object] = []
stop = threading.Event()


def note(what: object) -> None:
    """A job: remember, and end the worker on "last"."""
    done.append(what)
    if what == "last":
        stop.set()


def breaks() -> None:
    raise RuntimeError("a job that breaks")


@pytest.fixture
def redis_url(app: Flask) -> Iterator[str]:
    done.clear()
    stop.clear()
    url = current_services().settings.redis_url
    _forget(url)
    yield url
    _forget(url)


def _forget(url: str) -> None:
    with redis.Redis.from_url(url) as client:
        for key in client.scan_iter("rq:*"):
            client.delete(key)


def work(app: Flask, url: str, seconds: float = 10.0) -> float:
    """Run a worker until a job says "last"; how long it took."""
    alarm = threading.Timer(seconds, stop.set)
    alarm.start()
    began = time.monotonic()
    queue.work(url, stop, app.app_context)
    alarm.cancel()
    return time.monotonic() - began


def job(name: str) -> str:
    return f"{__name__}.{name}"


def test_jobs_are_done_in_order(app: Flask, redis_url: str) -> None:
    jobs = queue.Jobs(redis_url)
    assert jobs.put(job("note"), [["a"], [["b", 1]], ["last"]])
    # Where a busy machine has kept Redis for too long, it is not known, and asked again.
    assert (jobs.waiting(), next(depth for depth in iter(queue.depth, None) if depth >= 0)) == (3, 3)
    work(app, redis_url)
    assert done == ["a", ["b", 1], "last"]
    assert jobs.waiting() == 0


def test_nothing_of_a_finished_job_stays_in_redis(app: Flask, redis_url: str) -> None:
    queue.Jobs(redis_url).put(job("note"), [["a"], ["last"]])
    work(app, redis_url)
    with redis.Redis.from_url(redis_url) as client:
        assert list(client.scan_iter("rq:job:*")) == []
        assert list(client.scan_iter("rq:*intermediate*")) == []


def test_jobs_are_json(app: Flask, redis_url: str) -> None:
    queue.Jobs(redis_url).put(job("note"), [["last"]])
    with redis.Redis.from_url(redis_url) as client:
        (key,) = client.scan_iter("rq:job:*")
        import json
        import zlib

        assert json.loads(zlib.decompress(client.hget(key, "data")))[2] == ["last"]


def test_a_job_that_breaks_or_cannot_be_found_stops_nothing(app: Flask, redis_url: str) -> None:
    jobs = queue.Jobs(redis_url)
    jobs.put(job("breaks"), [[]])
    jobs.put("booking.nothing.here", [[]])
    jobs.put(job("note"), [["last"]])
    assert work(app, redis_url) < 5
    assert done == ["last"]


def test_of_jobs_that_were_interrupted_the_newest_are_shown(
    app: Flask, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with redis.Redis.from_url(redis_url) as client:
        jobs = Queue(queue.NAME, connection=client, serializer=JSONSerializer)
        for name, left in (("before", 100), ("newest", 200)):
            broken = jobs.create_job(name)
            broken.save()
            FailedJobRegistry(queue=jobs).add(broken, ttl=left)
    monkeypatch.setattr(queue, "SHOWN", 1)
    state = queue.state(redis_url)
    assert state is not None
    assert state.interrupted == (("newest", ""),)


def test_an_idle_worker_ends_within_two_seconds_of_a_signal(app: Flask, redis_url: str) -> None:
    before = signal.signal(signal.SIGTERM, lambda *_: stop.set())
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGTERM)).start()
    assert work(app, redis_url) < 2.5
    signal.signal(signal.SIGTERM, before)


def test_a_flush_in_the_middle_stops_nothing(app: Flask, redis_url: str) -> None:
    def flush_and_go_on() -> None:
        _forget(redis_url)
        queue.Jobs(redis_url).put(job("note"), [["last"]])

    threading.Timer(0.5, flush_and_go_on).start()
    assert work(app, redis_url) < 5
    assert done == ["last"]


def test_a_worker_outlives_redis_and_goes_on_when_it_is_back(
    app: Flask, redis_url: str, said: list[dict[str, Any]]
) -> None:
    with Door(redis_url) as door:
        threading.Timer(0.5, door.close).start()
        threading.Timer(3.0, door.open).start()
        threading.Timer(3.1, queue.Jobs(redis_url).put, (job("note"), [["last"]])).start()
        assert work(app, door.url) < 7
    assert done == ["last"]
    assert [line["event"] for line in said] == ["queue_away", "queue_back"]


def test_a_worker_can_start_before_redis(app: Flask, redis_url: str) -> None:
    with Door(redis_url) as door:
        door.close()
        queue.Jobs(redis_url).put(job("note"), [["last"]])
        threading.Timer(1.5, door.open).start()
        assert work(app, door.url) < 5
    assert done == ["last"]


def test_a_silent_redis_is_noticed(app: Flask, redis_url: str) -> None:
    with Door(redis_url) as door:
        queue_client = queue.Jobs(door.url)
        door.stall()
        began = time.monotonic()
        assert queue_client.waiting() is None
        assert time.monotonic() - began < 5


def test_from_the_event_to_the_mail_with_a_flush_in_between(
    app: Flask, redis_url: str, smtp: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.jobs.stories import time_passes

    monkeypatch.setattr(deliver, "stopping", stop)
    jobs = queue.Jobs(redis_url)
    for number in range(3):
        confirmed(booked(number))
    assert ticker.hand_over(jobs) == 3
    _forget(redis_url)  # lost
    time_passes(31)
    assert ticker.hand_over(jobs) == 3
    threading.Timer(2.0, stop.set).start()
    work(app, redis_url)
    assert len(set(smtp.message_ids())) == len(smtp.messages) == 3


class Door:
    """A way to Redis that can be shut (refused), opened again, or stalled (silence), always at the same port."""

    def __init__(self, redis_url: str) -> None:
        self.target = urlsplit(redis_url)
        self.listener: socket.socket | None = None
        self.pairs: list[socket.socket] = []
        self.silent = False
        self.port = 0
        self.open()
        credentials = self.target.netloc.rpartition("@")[0]
        self.url = f"redis://{credentials + '@' if credentials else ''}127.0.0.1:{self.port}{self.target.path}"

    def __enter__(self) -> Door:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def close(self) -> None:
        if self.listener:
            with contextlib.suppress(OSError):
                self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
        for end in self.pairs:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self.pairs.clear()

    def stall(self) -> None:
        self.silent = True

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection((self.target.hostname, self.target.port or 6379))
                self.pairs += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not self.silent:
                    sink.sendall(data)
