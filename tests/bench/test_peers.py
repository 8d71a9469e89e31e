"""Others beside us: who cannot be measured is named, and ratios are to the better way of running them."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bench.clients import Measured, answer, measure, request, rush
from bench.filled import Filling
from bench.peers.__main__ import BOOKED, FOUND, Found, ready, report
from bench.peers.indico import Indico
from bench.peers.pretix import Pretix
from bench.rounds import Case


def case(name: str, *speeds: float) -> Case:
    return Case(name, lambda _: measured(1), measured=[measured(speed) for speed in speeds])


def measured(speed: float) -> Measured:
    return Measured(speed, 1.0, 2.0, 3.0, {200: 10}, 0.1)


def test_the_ratio_is_to_the_better_mode_within_a_round() -> None:
    theirs = {
        ("Indico", BOOKED, "sync"): case("Indico: booking, sync", 10, 20),
        ("Indico", BOOKED, "threads"): case("Indico: booking, threads", 5, 100),
        ("Indico", FOUND, "sync"): case("Indico: search, sync", 10, 10),
    }
    ours = {BOOKED: case("ours: bookings", 100, 105), FOUND: case("ours: searches", 200, 400)}
    lines = report(Found(ours, theirs, {"ours": [(1, 0.25), (1, 0.35)]}), {"pretix": "no database"})
    assert lines[0] == "- left out: pretix: no database"
    assert "| ours: bookings, to Indico: booking, threads | at least 8.0 | 10.5 (1.1–20.0) | met |" in lines
    assert "| ours: searches, to Indico: search, sync | at least 1.0 | 30.0 (20.0–40.0) | met |" in lines
    assert "| ours | 1, 1 | 0.3 (0.2–0.3) |" in lines or "| ours | 1, 1 | 0.3 (0.2–0.4) |" in lines


def test_who_cannot_be_started_is_named_and_the_other_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy: Any = SimpleNamespace(home=tmp_path, rows=lambda *_, **__: [], environ={"REDIS_URL": "redis://h:1/0"})
    copy.url_of = lambda database: f"postgresql://u:p@h:1/{database}"
    broken, fine = Indico(copy), Pretix(copy)
    for peer in (broken, fine):
        monkeypatch.setattr(peer, "_install", lambda: None)
    monkeypatch.setattr(broken, "prepare", lambda _: broken.run("sh", "-c", "echo it wants another Python >&2; exit 3"))
    monkeypatch.setattr(fine, "prepare", lambda _: None)
    left_out: dict[str, str] = {}
    assert list(ready([broken, fine], Filling(1, 1), left_out)) == [fine]
    assert left_out == {"Indico": "sh -c echo it wants another Python >&2; exit 3: it wants another Python"}


class Closing(BaseHTTPRequestHandler):
    """Answers once on each connection, as gunicorn's simplest worker does."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        first = not os.path.basename(self.path).startswith("taken")
        self.send_response(200 if first else 409)
        for name, value in (("Content-Length", "2"), ("Connection", "close"), ("X", self.headers["Accept-Encoding"])):
            self.send_header(name, value or "")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """Nothing."""


class Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Clients leave in the middle of an answer when their time is over."""


@pytest.fixture
def closing() -> Iterator[int]:
    with Server(("127.0.0.1", 0), Closing) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()


def test_a_server_that_closes_after_each_answer_is_asked_again(closing: int) -> None:
    found = measure(closing, [lambda _: request("GET", "/"), lambda _: request("GET", "/taken")], 0.5, 200, expected=10)
    assert found.statuses[200] > 2
    assert found.statuses[409] > 2
    assert found.per_second == found.statuses[200] / 0.5


def test_a_rush_counts_who_got_it(closing: int) -> None:
    statuses, took = rush(closing, [request("GET", path) for path in ("/", "/taken", "/taken")])
    assert statuses == {200: 1, 409: 2}
    assert 0 < took < 60
    assert answer(closing, request("GET", "/taken")) == (409, b"ok")
