"""Sends broken messages by raw sockets and looks what becomes of the server: its answers, its log, its memory."""

from __future__ import annotations

import random
import re
import socket
import time
import urllib.request
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field

from tests.faults.product import Product
from tests.fuzz import messages
from tests.fuzz.messages import ANSWERED, AWAITED, REFUSED, Message

PATIENCE = 5.0  # seconds for an answer that has to come
SHORT_PATIENCE = 0.5  # seconds for what the server rightly waits for
# Seconds of silence before an answer that is owed counts as lost. How quick they are is not asked here: a machine that
# gives the server no turn for five seconds has once left some of a thousand unread.
LONG_PATIENCE = 30.0
AT_ONCE, BATCH = 8, 200
GROWTH = 50 * 2**20  # bytes that the web processes may grow while they are mistreated
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
SILENT = 40  # clients that announce a body and say no more: more than there are threads
HEALTH = "/api/v1/health"


@dataclass
class Answer:
    """What came back on one connection; `closed` by the server, or left open until our patience was over."""

    statuses: list[int]
    closed: bool
    seconds: float = 0.0

    def told(self) -> str:
        """How many of which status, and how it ended: 999 x 200, closed after 1.5 s."""
        counted = ", ".join(f"{number} x {status}" for status, number in sorted(Counter(self.statuses).items()))
        return f"{counted or 'nothing'}, {'closed' if self.closed else 'silent'} after {self.seconds:.1f} s"


@dataclass
class Wire:
    """The server under test and what was found so far."""

    product: Product
    sent: int = 0
    findings: list[str] = field(default_factory=list)

    def run(self, seed: int, seconds: float) -> list[str]:
        """Every message once, silent clients, then mutations until the time is over; lines about it."""
        self._send(AT_ONCE * [*messages.everything(), *messages.good()])  # by all processes and threads, before we look
        before, end = self._memory(), time.monotonic() + seconds
        self._send(messages.everything())
        self._check_alive("all messages")
        self.silent_clients(b"POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{", "a body")
        self.silent_clients(b"GET / HTTP/1.1\r\nHost: a\r\nX-A: ", "a header")
        mutations = self._mutations(random.Random(seed), end)
        growth = self._memory() - before
        if growth > GROWTH:
            self.findings.append(f"the web processes grew by {growth / 2**20:.0f} MB")
        self.findings += faults_in_the_log(self.product)
        return [f"{mutations} mutations, seed {seed}; memory {growth / 2**20:+.0f} MB"]

    def _send(self, batch: Iterable[Message]) -> None:
        """Several at once, judged in their order."""
        batch = list(batch)
        with ThreadPoolExecutor(AT_ONCE) as clients:
            for message, answer in zip(batch, clients.map(lambda one: ask(self.product.port, one), batch), strict=True):
                self.judge(message, answer)

    def judge(self, message: Message, answer: Answer) -> None:
        """Note what the message may not have led to."""
        self.sent += 1
        statuses = answer.statuses
        wrong = {
            "a fault": any(status >= 500 for status in statuses),
            "accepted": message.outcome == REFUSED and any(status < 400 for status in statuses),
            "neither refused nor closed": message.outcome == REFUSED and not statuses and not answer.closed,
            "not answered": message.outcome == ANSWERED and len(statuses) < message.answers,
        }
        self.findings += [
            f"{message.name[:300]}: {what}, but {answer.told()}" for what, is_so in wrong.items() if is_so
        ]

    def silent_clients(self, beginning: bytes, rest: str) -> None:
        """Many at once that begin and say no more; everybody else is served meanwhile."""
        with ExitStack() as open_ones:
            for _ in range(SILENT):
                client = open_ones.enter_context(socket.create_connection(("127.0.0.1", self.product.port), PATIENCE))
                client.sendall(beginning)
                self.sent += 1
            time.sleep(0.5)
            self._check_alive(f"{SILENT} clients that owe {rest}")
        self._check_alive(f"{SILENT} clients that owed {rest}")
        self._send([Message("a request after them", messages.post(messages.LOGIN, b"{}"), ANSWERED)])

    def _mutations(self, chance: random.Random, end: float) -> int:
        number = 0
        while time.monotonic() < end or not number:
            self._send(messages.mutated(chance) for _ in range(BATCH))
            number += BATCH
            self._check_alive(f"{number} mutations")
        return number

    def _check_alive(self, when: str) -> None:
        for path in (HEALTH, "/"):
            began = time.monotonic()
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.product.port}{path}", timeout=PATIENCE) as answer:
                    assert answer.status == 200
            except OSError as error:
                self.findings.append(f"{path} after {time.monotonic() - began:.1f} s, {when}: {error}")

    def _memory(self) -> int:
        web = self.product.process("web")
        return sum(process.memory_info().rss for process in [web, *web.children(recursive=True)])


def faults_in_the_log(product: Product) -> list[str]:
    """The first faults of ours, and whatever else in the web's log looks like one."""
    lines = (product.home / "log" / "web.log").read_text(errors="replace").splitlines()
    faults = [line for line in lines if '"unexpected_error"' in line]
    faults += [line for line in lines if not line.startswith("{") and re.search(r"Traceback|panicked|Error", line)]
    return [f"in the log: {fault}" for fault in faults[:5]]


def ask(port: int, message: Message) -> Answer:
    """Send it on a connection of its own and read until the server closes it or nothing comes any more."""
    received, closed, began = bytearray(), False, time.monotonic()
    patience = {ANSWERED: LONG_PATIENCE, AWAITED: SHORT_PATIENCE}.get(message.outcome, PATIENCE)
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
        client.settimeout(patience)
        try:
            client.sendall(message.sent)
            if message.half_close:
                client.shutdown(socket.SHUT_WR)
        except OSError:
            closed = True  # refused before all of it was said; the answer may be there all the same
        try:
            while part := client.recv(1 << 16):
                received += part
            closed = True
        except TimeoutError:
            pass
        except OSError:
            closed = True
    return Answer([int(status) for status in STATUS.findall(received)], closed, time.monotonic() - began)
