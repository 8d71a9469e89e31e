"""A TCP proxy in front of Postgres that cuts a connection at a chosen statement."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast

from tests.faults.loop import listening

# What happens to a statement: it passes; it never arrives; it arrives, and its answer does not.
PASS, LOSE, CUT = "pass", "lose", "cut"
Decide = Callable[[bytes], str]
Where = Callable[[], tuple[str, int]]

# After these nobody knows whether they happened: COMMIT, and what is committed by itself.
FRAGILE = (
    *(b"INSERT INTO simulated_ledger", b"EXECUTE insert_simulated_ledger"),
    *(b"INSERT INTO idempotency_keys", b"EXECUTE insert_idempotency_keys"),
    *(b"UPDATE idempotency_keys", b"EXECUTE update_idempotency_keys"),
)


def commits(message: bytes) -> bool:
    """Whether a message ends with COMMIT, whatever else it says before."""
    return message.rstrip(b"\0").endswith(b"COMMIT")


def is_fragile(message: bytes) -> bool:
    return commits(message) or message.startswith(FRAGILE)


@dataclass
class Shears:
    """Cuts fragile statements, by lot, as long as some are `left` to be cut; counts the cuts."""

    seed: int
    left: int = 0
    cuts: int = 0
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def decide(self, statement: bytes) -> str:
        if not self.left or not is_fragile(statement) or self.chance.random() < 0.5:
            return PASS
        self.left -= 1
        self.cuts += 1
        return self.chance.choice([CUT, CUT, LOSE])


@contextmanager
def proxy(where: Where, decide: Decide) -> Iterator[int]:
    """The port of a proxy for the server that `where` names each time somebody connects.

    `decide` sees each statement a client sends and says what becomes of it.
    """
    with listening(lambda: _Client(where, decide)) as port:
        yield port


class _Client(asyncio.Protocol):
    """A client's end of a connection."""

    def __init__(self, where: Where, decide: Decide) -> None:
        self._where, self._decide = where, decide

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.end = cast(asyncio.Transport, transport)
        self.end.pause_reading()
        self._connecting = asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        try:
            loop = asyncio.get_running_loop()
            end, _ = await loop.create_connection(lambda: _Server(self.end), *self._where())
        except (OSError, ValueError):  # it is dead, or was never there
            self.end.abort()
            return
        self._server = end
        self.end.resume_reading()

    def data_received(self, data: bytes) -> None:
        fate = self._decide(data[5:]) if _is_statement(data) else PASS
        if fate != PASS:
            # The answer must not slip through: the client's end goes first.
            self.end.abort()
        if fate != LOSE:
            self._server.write(data)
        if fate != PASS:
            self._server.write_eof()  # what was sent still arrives

    def connection_lost(self, _: Exception | None) -> None:
        if hasattr(self, "_server") and not self._server.is_closing() and self._server.can_write_eof():
            self._server.write_eof()


class _Server(asyncio.Protocol):
    """The server's end: answers go to the client while there is one."""

    def __init__(self, client: asyncio.Transport) -> None:
        self._client = client

    def data_received(self, data: bytes) -> None:
        if not self._client.is_closing():
            self._client.write(data)

    def connection_lost(self, _: Exception | None) -> None:
        self._client.close()


def _is_statement(data: bytes) -> bool:
    """A client waits for each answer, so a statement that is not very long arrives whole and alone."""
    return data[:1] == b"Q" and int.from_bytes(data[1:5], "big") == len(data) - 1
