"""Bodies of requests, taken in before anything else, and never by all threads at once.

Reading a body waits until the client has sent it, and the server (granian) knows no limit for that: a read cannot be
interrupted, and an answer that is given beside one makes the whole process hang. Clients that announce a body and stay
silent would stop all threads; so some are left for whoever has no body, and no address gets more than half of the rest.
Against many addresses helps only a proxy that takes in the whole body first, such as the one in compose.yaml.
"""

from __future__ import annotations

import threading
from collections import Counter

from flask import Request

from booking.domain.errors import Unavailable

AT_ONCE = 6  # of the eight threads of a process
OF_ONE_ADDRESS = 3
PATIENCE = 0.2  # seconds to wait for one of them


class _Places:
    """Who reads at the moment."""

    def __init__(self) -> None:
        self._change, self._taken = threading.Condition(), Counter[str]()

    def take(self, address: str) -> None:
        with self._change:
            if not self._change.wait_for(lambda: self._has_room(address), PATIENCE):
                raise Unavailable
            self._taken[address] += 1

    def give_back(self, address: str) -> None:
        with self._change:
            self._taken[address] -= 1
            if not self._taken[address]:
                del self._taken[address]  # else every address there ever was would be kept
            self._change.notify_all()

    def _has_room(self, address: str) -> bool:
        return self._taken.total() < AT_ONCE and self._taken[address] < OF_ONE_ADDRESS


_places = _Places()


def take(asked: Request) -> None:
    """Read the whole body into the request. Raises Unavailable where too many are on their way already."""
    if not asked.content_length and "Transfer-Encoding" not in asked.headers:
        return
    address = asked.remote_addr or ""
    _places.take(address)
    try:
        asked.get_data()
    finally:
        _places.give_back(address)
