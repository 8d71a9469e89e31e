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

THREADS_LEFT = 2  # for requests without a body
PATIENCE = 0.2  # seconds to wait for one of them


class _Places:
    """Who reads at the moment, and how many may, in all and of one address."""

    at_once: int
    of_one_address: int

    def __init__(self, threads: int) -> None:
        self._change, self._taken = threading.Condition(), Counter[str]()
        self.divide(threads)

    def divide(self, threads: int) -> None:
        self.at_once = max(1, threads - THREADS_LEFT)
        self.of_one_address = max(1, self.at_once // 2)

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
        return self._taken.total() < self.at_once and self._taken[address] < self.of_one_address


_places = _Places(threads=8)


def configure(threads: int) -> None:
    """How many threads of this process serve requests."""
    _places.divide(threads)


def take(asked: Request, *, is_form: bool) -> None:
    """Read the whole body into the request. Raises Unavailable where too many are on their way already.

    Files of a form go to a temporary file as they come, so that large ones never stand in memory.
    """
    if not asked.content_length and "Transfer-Encoding" not in asked.headers:
        return
    address = asked.remote_addr or ""
    _places.take(address)
    try:
        asked.get_data(parse_form_data=is_form and asked.mimetype == "multipart/form-data")
    finally:
        _places.give_back(address)
