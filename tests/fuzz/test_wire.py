"""Malformed HTTP against a running copy, the short form: `make fuzz` is the long one."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.faults.product import Product, running
from tests.fuzz.messages import ANSWERED, REFUSED, Message
from tests.fuzz.wire import Answer, Wire, ask


@pytest.mark.programme
@pytest.mark.timeout(300)
def test_broken_messages_are_refused_and_everybody_else_is_served() -> None:
    with running(RATELIMIT_ENABLED="false", WEB_CONCURRENCY="1") as product:
        wire = Wire(product)
        wire.run(seed=1, seconds=0)
        assert wire.findings == []


@pytest.mark.parametrize(
    ("outcome", "answer"),
    [
        (REFUSED, Answer([500], closed=True)),
        (REFUSED, Answer([200], closed=True)),
        (REFUSED, Answer([], closed=False)),
        (ANSWERED, Answer([], closed=True)),
        (ANSWERED, Answer([503], closed=True)),
    ],
)
def test_what_may_not_come_of_a_message_is_found(outcome: Any, answer: Any, tmp_path: Path) -> None:
    wire = Wire(Product(tmp_path))
    wire.judge(Message("a message", b"", outcome), answer)
    assert len(wire.findings) == 1


@pytest.mark.parametrize(
    ("outcome", "answer"),
    [
        (REFUSED, Answer([400], closed=True)),
        (REFUSED, Answer([], closed=True)),
        (ANSWERED, Answer([404], closed=False)),
    ],
)
def test_what_may_come_of_a_message_is_none_of_the_findings(outcome: Any, answer: Any, tmp_path: Path) -> None:
    wire = Wire(Product(tmp_path))
    wire.judge(Message("a message", b"", outcome), answer)
    assert wire.findings == []


@contextmanager
def halting(seconds: float) -> Iterator[int]:
    """The port of a server that answers the first of two requests, does nothing for so long, and answers the other."""

    def serve() -> None:
        client, _ = listener.accept()
        with client:
            client.recv(1 << 16)
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            time.sleep(seconds)
            with suppress(OSError):  # who asked may have gone
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(10)


TWO = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 2


def test_answers_that_are_owed_are_waited_for_while_the_machine_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.wire.PATIENCE", 0.2)
    with halting(0.6) as port:
        answer = ask(port, Message("two requests at once", TWO, ANSWERED, answers=2))
    assert (answer.statuses, answer.closed) == ([200, 200], True)


def test_an_answer_that_never_comes_is_found_and_counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tests.fuzz.wire.LONG_PATIENCE", 0.2)
    message = Message("two requests at once", TWO, ANSWERED, answers=2)
    judge = Wire(Product(tmp_path))
    with halting(0.6) as port:
        judge.judge(message, ask(port, message))
    assert judge.findings == ["two requests at once: not answered, but 1 x 200, silent after 0.2 s"]
