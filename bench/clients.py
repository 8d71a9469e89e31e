"""Clients that ask over HTTP, as light as Python allows: one process, raw sockets kept open, ready-made bytes.

They use the cores that they measure, so what they cost is measured too (`Measured.own_cpu`).
"""

from __future__ import annotations

import itertools
import json
import multiprocessing
import random
import selectors
import socket
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Make = Callable[[random.Random], bytes]
CLOSED = b""
COMPRESSED = b"\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"


@dataclass(frozen=True)
class Measured:
    """What came of it: wanted answers per second, latencies in ms of all, how many of which status.

    `own_cpu` is the share of one core that the clients themselves used. `retries` and `given_up` are transactions that
    were tried again, and those that were not any more. `wanted` is the status that counts. `cpu` is what the product
    spent: ms per answer, by its parts.
    """

    per_second: float
    p50: float
    p95: float
    p99: float
    statuses: dict[int, int]
    own_cpu: float
    retries: int = 0
    given_up: int = 0
    wanted: int = 200
    cpu: dict[str, float] = field(default_factory=dict)

    @property
    def answers(self) -> int:
        """How many came, wanted or not."""
        return sum(self.statuses.values())

    def __str__(self) -> str:
        latency = f"p50 {self.p50:6.1f}  p95 {self.p95:6.1f}  p99 {self.p99:6.1f} ms"
        return f"{self.per_second:7.0f}/s   {latency}   {self.statuses}   clients' own CPU {self.own_cpu:.0%}"


def request(
    method: str,
    path: str,
    *,
    token: str = "",
    key: str = "",
    body: dict[str, Any] | None = None,
    scheme: str = "Bearer",
) -> bytes:
    """A whole HTTP request; `key` is its Idempotency-Key, `scheme` what stands before the token."""
    content = json.dumps(body).encode() if body else b""
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n"
    head += f"Authorization: {scheme} {token}\r\n" if token else ""
    head += f"Idempotency-Key: {key}\r\n" if key else ""
    head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n" if body else ""
    return f"{head}\r\n".encode() + content


def ask(port: int, sent: bytes) -> Any:
    """Send one request and return the JSON of its answer."""
    return json.loads(answer(port, sent)[1])


def answer(port: int, sent: bytes) -> tuple[int, bytes]:
    """The status and the content of the answer to one request."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(sent)
        reader = _Reader(connection)
        while not reader.complete():
            reader.receive()
        return reader.status, reader.buffer.partition(b"\r\n\r\n")[2]


def sign_in(port: int, name: str) -> str:
    """An access token for a new user."""
    person = {"email": f"{name}@example.com", "password": "a-password-for-measuring", "fullName": name}
    for path in ("register", "login"):
        url = f"http://127.0.0.1:{port}/api/v1/auth/{path}"
        posted = urllib.request.Request(url, json.dumps(person).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(posted) as answer:
            told = json.load(answer)
    return str(told["accessToken"])


def measure(port: int, makes: list[Make], seconds: float, wanted: int, *, expected: int = 4000) -> Measured:
    """Let one client per maker ask again and again for so many seconds.

    Requests for `expected` per second are made before the clock starts, the others when it is their turn.
    """
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    # A process of its own: it shares neither the GIL nor the memory of whoever measures.
    process = context.Process(target=_all, args=(port, makes, seconds, expected, theirs))
    process.start()
    theirs.close()
    answers, own_cpu = ours.recv()
    process.join()
    took = sorted(latency for latency, _ in answers) or [seconds]
    statuses = Counter(status for _, status in answers)
    p50, p95, p99 = (1000 * took[min(len(took) - 1, int(len(took) * share))] for share in (0.5, 0.95, 0.99))
    return Measured(statuses[wanted] / seconds, p50, p95, p99, dict(statuses), own_cpu / seconds, wanted=wanted)


def _all(port: int, makes: list[Make], seconds: float, expected: int, report: Any) -> None:
    each = int(expected * seconds / len(makes)) + 10
    ready = [_ready(number, make, each) for number, make in enumerate(makes)]
    clients = [_Client(port, requests) for requests in ready]
    waiting = selectors.DefaultSelector()
    cpu, until = time.process_time(), time.perf_counter() + seconds
    for client in clients:
        client.send(waiting)
    answers = _loop(waiting, until)
    report.send((answers, time.process_time() - cpu))


def _ready(number: int, make: Make, each: int) -> Iterator[bytes]:
    chance = random.Random(f"{number} {time.time_ns()}")
    made = [_accepting(make(chance)) for _ in range(each)]
    return itertools.chain(made, iter(lambda: _accepting(make(chance)), CLOSED))


def _accepting(sent: bytes) -> bytes:
    """As browsers and programs ask: for a compressed answer."""
    return sent.replace(b"\r\n", COMPRESSED, 1)


def _loop(waiting: selectors.BaseSelector, until: float) -> list[tuple[float, int]]:
    answers: list[tuple[float, int]] = []
    while (left := until - time.perf_counter()) > 0:
        for key, _ in waiting.select(left):
            client: _Client = key.data
            client.reader.receive()
            if client.reader.complete():
                answers.append((time.perf_counter() - client.began, client.reader.status))
                client.send(waiting)
    return answers


class _Client:
    def __init__(self, port: int, requests: Iterator[bytes]) -> None:
        self.port, self.requests, self.began = port, requests, 0.0
        self.reader = _connected(port)
        self.is_new = True

    def send(self, waiting: selectors.BaseSelector) -> None:
        """The next request; some servers want a new connection for each, which is part of what they take."""
        sent = next(self.requests)
        self.began = time.perf_counter()
        if self.reader.closes:
            waiting.unregister(self.reader.connection)
            self.reader.connection.close()
            self.reader, self.is_new = _connected(self.port), True
        if self.is_new:
            waiting.register(self.reader.connection, selectors.EVENT_READ, self)
            self.is_new = False
        self.reader.begin()
        self.reader.connection.sendall(sent)


class Connection:
    """One client that asks and waits, over a connection that is kept."""

    def __init__(self, port: int) -> None:
        self._port, self._reader = port, _connected(port)

    def ask(self, sent: bytes) -> tuple[int, int]:
        """The status and the bytes of the answer."""
        if self._reader.closes:
            self._reader.connection.close()
            self._reader = _connected(self._port)
        self._reader.begin()
        self._reader.connection.sendall(_accepting(sent))
        while not self._reader.complete():
            self._reader.receive()
        return self._reader.status, len(self._reader.buffer)


def _connected(port: int) -> _Reader:
    reader = _Reader(socket.create_connection(("127.0.0.1", port)))
    reader.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return reader


def rush(port: int, requests: list[bytes], patience: float = 120) -> tuple[dict[int, int], float]:
    """All at once, each on a connection of its own: how many of which status, and seconds until the last answer.

    Who is not answered within `patience` counts as status 0.
    """
    readers = [_connected(port) for _ in requests]
    waiting = selectors.DefaultSelector()
    began = last = time.perf_counter()
    for reader, sent in zip(readers, requests, strict=True):
        waiting.register(reader.connection, selectors.EVENT_READ, reader)
        reader.connection.sendall(_accepting(sent))
    statuses: Counter[int] = Counter()
    while waiting.get_map() and (left := began + patience - time.perf_counter()) > 0:
        for key, _ in waiting.select(left):
            key.data.receive()
            if key.data.complete():
                statuses[key.data.status] += 1
                last = time.perf_counter()
                waiting.unregister(key.fileobj)
                key.data.connection.close()  # some servers wait for that before they turn to the next
    return dict(statuses + Counter({0: len(waiting.get_map())})), last - began


class _Reader:
    """One answer at a time: a status line, headers, and as many bytes as Content-Length says."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection, self.closes = connection, False
        self.begin()

    def begin(self) -> None:
        self.buffer, self.length = b"", -1

    @property
    def status(self) -> int:
        return int(self.buffer[9:12])

    def receive(self) -> None:
        received = self.connection.recv(262144)
        if received == CLOSED:
            raise SystemExit("The server closed a connection in the middle of the measurement.")
        self.buffer += received

    def complete(self) -> bool:
        if self.length < 0:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return False
            head = self.buffer[:end].lower()
            at = head.find(b"content-length: ")
            if at < 0:
                raise SystemExit(f"An answer without Content-Length cannot be measured: {head!r}")
            self.closes = b"\r\nconnection: close" in head
            self.length = end + 4 + int(head[at + 16 :].split(b"\r", 1)[0])
        return len(self.buffer) >= self.length
