"""A TCP proxy in front of Postgres that cuts a connection at a chosen statement."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

# What happens to a statement: it passes; it never arrives; it arrives, and its answer does not.
PASS, LOSE, CUT = "pass", "lose", "cut"
STARTUP = 196608  # protocol 3.0; other codes ask for encryption, and another first message follows
Decide = Callable[[bytes], str]


class Proxy:
    """Listens on `port`. `decide` sees each statement a client sends and says what becomes of it."""

    def __init__(self, host: str, port: int, decide: Decide) -> None:
        self._target, self._decide = (host, port), decide
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()
        for end in self._open:
            hang_up(end)

    def _accept(self) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                self._open += [client, server]
                threading.Thread(target=self._forward, args=(client, server), daemon=True).start()
                threading.Thread(target=self._answer, args=(server, client), daemon=True).start()

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                client.sendall(data)
        hang_up(client)

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError, EOFError):
            for message in messages(client):
                fate = self._decide(message[5:]) if message[:1] == b"Q" else PASS
                if fate == CUT:
                    # The answer must not slip through: the client's end goes first.
                    hang_up(client)
                if fate != LOSE:
                    server.sendall(message)
                if fate != PASS:
                    break
        hang_up(client)
        with suppress(OSError):
            server.shutdown(socket.SHUT_WR)  # what was sent still arrives


def messages(client: socket.socket) -> Iterator[bytes]:
    """Whole messages of the protocol, the ones before the session begins included."""
    code = 0
    while code != STARTUP:
        head = exactly(client, 8)
        length, code = struct.unpack("!ii", head)
        yield head + exactly(client, length - 8)
    while True:
        head = exactly(client, 5)
        yield head + exactly(client, struct.unpack("!i", head[1:])[0] - 4)


def exactly(client: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        piece = client.recv(length - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@contextmanager
def proxy(host: str, port: int, decide: Decide) -> Iterator[Proxy]:
    made = Proxy(host, port, decide)
    try:
        yield made
    finally:
        made.close()
