"""Clients that ask over HTTP, as light as Python allows: raw sockets, kept open, two processes."""

from __future__ import annotations

import json
import multiprocessing
import random
import socket
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Request = Callable[[random.Random], tuple[str, str, dict[str, Any] | None]]


@dataclass(frozen=True)
class Measured:
    """What came of it: answers per second of the wanted status, latencies in ms, and how many of which status."""

    per_second: float
    p50: float
    p95: float
    p99: float
    statuses: dict[int, int]

    def __str__(self) -> str:
        latency = f"p50 {self.p50:6.1f}  p95 {self.p95:6.1f}  p99 {self.p99:6.1f} ms"
        return f"{self.per_second:7.0f}/s   {latency}   {self.statuses}"


def sign_in(port: int, name: str) -> str:
    """An access token for a new user."""
    person = {"email": f"{name}@example.com", "password": "a-password-for-measuring", "fullName": name}
    _post(port, "/auth/register", person)
    return str(_post(port, "/auth/login", person)["accessToken"])


def _post(port: int, path: str, body: dict[str, Any]) -> Any:
    headers = {"Content-Type": "application/json"}
    url = f"http://127.0.0.1:{port}/api/v1{path}"
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers)) as answer:
        return json.load(answer)


def measure(port: int, tokens: list[str], seconds: float, request: Request, wanted: int) -> Measured:
    """Let one client per token ask again and again for so many seconds."""
    results: Any = multiprocessing.get_context("fork").Queue()
    shares = [list(enumerate(tokens))[part::2] for part in range(2)]
    processes = [
        multiprocessing.get_context("fork").Process(target=_share, args=(port, share, seconds, request, results))
        for share in shares
    ]
    for process in processes:
        process.start()
    answers = [answer for _ in processes for answer in results.get()]
    for process in processes:
        process.join()
    took = sorted(latency for latency, _ in answers)
    statuses = Counter(status for _, status in answers)
    at = lambda share: 1000 * took[min(len(took) - 1, int(len(took) * share))]  # noqa: E731
    return Measured(statuses[wanted] / seconds, at(0.5), at(0.95), at(0.99), dict(statuses))


def _share(port: int, clients: list[tuple[int, str]], seconds: float, request: Request, results: Any) -> None:
    answers: list[tuple[float, int]] = []
    threads = [
        threading.Thread(target=_client, args=(port, number, token, seconds, request, answers))
        for number, token in clients
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put(answers)


def _client(
    port: int, number: int, token: str, seconds: float, request: Request, answers: list[tuple[float, int]]
) -> None:
    chance = random.Random(f"{number} {time.time()}")
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    reader, until = connection.makefile("rb"), time.perf_counter() + seconds
    while time.perf_counter() < until:
        sent = _bytes(token, *request(chance))
        began = time.perf_counter()
        connection.sendall(sent)
        status = _status(reader)
        answers.append((time.perf_counter() - began, status))
    connection.close()


def _bytes(token: str, method: str, path: str, body: dict[str, Any] | None) -> bytes:
    content = json.dumps(body).encode() if body else b""
    head = f"{method} /api/v1{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
    return f"{head}\r\n".encode() + content


def _status(reader: Any) -> int:
    status, length = int(reader.readline().split()[1]), 0
    while (line := reader.readline()) not in (b"\r\n", b""):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    reader.read(length)
    return status
