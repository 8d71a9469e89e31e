"""Which port a server listens on: chosen once, written down, kept while it can be."""

import random
import socket
from functools import partial
from pathlib import Path

from booking.infra.embedded.errors import EmbeddedError
from booking.infra.embedded.processes import wait_until

HOST = "127.0.0.1"
# Below the range from which systems take the ports of outgoing connections, so that a port is still free tomorrow.
RANGE = range(15000, 30000)


def is_free(port: int, host: str = HOST) -> bool:
    """Whether a server could listen there now. Connections that linger from an earlier one do not count."""
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        with socket.socket(family, kind, protocol) as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                attempt.bind(address)
                attempt.listen(1)
            except OSError:
                return False
    return True


def is_silent(port: int, greeting: bytes, seconds: float) -> bool:
    """Whether whoever listens there leaves a greeting without an answer for so many seconds."""
    try:
        with socket.create_connection((HOST, port), timeout=seconds) as call:
            call.sendall(greeting)
            call.recv(1)
    except TimeoutError:
        return True
    except OSError:  # nobody listens, or they hang up
        return False
    return False


def recorded(file: Path) -> int | None:
    """The port written down there, if any."""
    try:
        return int(file.read_text())
    except (FileNotFoundError, ValueError):
        return None


def choose(file: Path, *, keep: bool) -> int:
    """The port of last time if it is free, else a new one, written down.

    With `keep` there are processes that know the old one: wait for it, and raise EmbeddedError if it stays taken.
    """
    port = recorded(file)
    if port is not None:
        if is_free(port) or (keep and wait_until(partial(is_free, port), 5)):
            return port
        if keep:
            raise EmbeddedError(f"port {port} of {HOST} is taken by another program; end that, or start again")
    port = next(candidate for candidate in random.sample(RANGE, 1000) if is_free(candidate))
    file.write_text(str(port))
    return port
