"""Bodies of requests, taken in before anything else, and never by all threads at once.

Reading a body waits until the client has sent it, and the server knows no limit for that. Sixteen clients that announce
a body and stay silent would stop two processes of eight threads each; so some threads are left for whoever has none.
"""

from __future__ import annotations

import threading

from flask import Request

from booking.domain.errors import Unavailable

AT_ONCE = 6  # of the eight threads of a process
PATIENCE = 0.2  # seconds to wait for one of them

_reading = threading.BoundedSemaphore(AT_ONCE)


def take(asked: Request) -> None:
    """Read the whole body into the request. Raises Unavailable where too many are on their way already."""
    if not asked.content_length and "Transfer-Encoding" not in asked.headers:
        return
    if not _reading.acquire(timeout=PATIENCE):
        raise Unavailable
    try:
        asked.get_data()
    finally:
        _reading.release()
