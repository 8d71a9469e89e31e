"""Speaking to Stripe: their library, with an end to waiting that holds for a whole action and not for each call."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import requests
import stripe

CONNECTING = 2.0  # seconds for a new connection, at most
PAGE = 100  # the most that Stripe lists at once

_until: ContextVar[float] = ContextVar("stripe_until")


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """All that Stripe is asked inside of the block takes so long at most."""
    token = _until.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _until.reset(token)


class _Patient(stripe.HTTPClient):
    """Their client over requests, each call with the time that is left; every thread keeps its connections.

    A line that breaks is tried once more, with the same idempotency key, where as much time is left as it took. (Their
    own retries sleep half a second first, however little time there is.)
    """

    name = "requests"

    def __init__(self) -> None:
        super().__init__()
        self._kept = threading.local()

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_: Any
    ) -> tuple[Any, int, Mapping[str, str]]:
        began = time.monotonic()
        try:
            return self._once(method, url, headers, post_data)
        except stripe.APIConnectionError as error:
            if not error.should_retry or _until.get() - time.monotonic() < time.monotonic() - began:
                raise
        return self._once(method, url, headers, post_data)

    def _once(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any
    ) -> tuple[Any, int, Mapping[str, str]]:
        left = _until.get() - time.monotonic()
        if left <= 0:
            raise stripe.APIConnectionError("the time for asking is over")  # type: ignore[no-untyped-call]
        connecting = min(CONNECTING, left / 2)
        waits = stripe.RequestsClient(timeout=(connecting, left - connecting), session=self._session())
        return waits.request(method, url, headers, post_data)

    def close(self) -> None:
        self._session().close()

    def _session(self) -> requests.Session:
        if not hasattr(self._kept, "session"):
            self._kept.session = requests.Session()
        session: requests.Session = self._kept.session
        return session


def connect(secret_key: str, base: str) -> stripe.StripeClient:
    """A client for this account; `base` replaces https://api.stripe.com where it is given."""
    logging.getLogger("stripe").setLevel(logging.WARNING)  # it tells every request, and what is in it
    stripe.enable_telemetry = False  # durations of our calls are nobody's business
    stripe.set_app_info("room-booking")
    return stripe.StripeClient(
        secret_key,
        base_addresses={"api": base} if base else {},
        max_network_retries=0,
        http_client=_Patient(),
    )
