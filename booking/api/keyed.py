"""A POST that an Idempotency-Key makes harmless to repeat: done once, and answered word for word from then on."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from flask import Response, request

from booking.api import errors
from booking.api.endpoint import json_response
from booking.domain import reservations
from booking.domain.errors import BookingError, Invalid
from booking.domain.notices import Notice
from booking.domain.people import CurrentUser
from booking.domain.reservations import Answer, Claim
from booking.http.error_rendering import status_of

KEY = re.compile(r"[!-~]{1,255}")

Thing = TypeVar("Thing")


class Kept(Generic[Thing]):
    """Renders a thing in the transaction that makes it so, and has the answer still when that has ended."""

    def __init__(self, shown: Shown[Thing]) -> None:
        self._shown = shown
        self._answer: Answer | None = None

    def __call__(self, thing: Thing) -> Answer:
        self._answer = Answer(self._shown.status, self._shown.body(thing).decode())
        return self._answer

    def answer(self, thing: Thing) -> Answer:
        """What was kept, else as it is now."""
        return self._answer or self(thing)


@dataclass(frozen=True, slots=True)
class Shown(Generic[Thing]):
    """How a thing goes out. `headers` say how it stands by now; `again` finds it by the id in its first answer."""

    status: int
    body: Callable[[Thing], bytes]
    headers: Callable[[Thing], dict[str, str]]
    again: Callable[[CurrentUser, str], Thing]


Work = Callable[[Claim | None, Kept[Thing]], Thing]
Once = Callable[..., Thing | Answer]  # reservations.once or once_claimed


def answered(
    user: CurrentUser, name: str, sent: dict[str, Any], work: Work[Thing], shown: Shown[Thing], *, once: Once[Thing]
) -> Response:
    """Do the work, under the request's key where it has one. `sent` is what makes another request of it."""
    kept, key = Kept(shown), _idempotency_key()
    if key is None:
        return _done(work(None, kept), shown, kept)
    first = reservations.first_claim(user.actor, name, key, reservations.request_fingerprint(sent))
    done = once(first, lambda claim: work(claim, kept), _refused)
    return _replayed(user, done, shown) if isinstance(done, Answer) else _done(done, shown, kept)


def _done(thing: Thing, shown: Shown[Thing], kept: Kept[Thing]) -> Response:
    return json_response(kept.answer(thing).body, shown.status, shown.headers(thing))


def _replayed(user: CurrentUser, first: Answer, shown: Shown[Thing]) -> Response:
    """The first answer again. Only the headers of a thing say how it stands by now."""
    headers = {"Idempotency-Replayed": "true"}
    if first.status == shown.status:
        headers |= shown.headers(shown.again(user, json.loads(first.body)["id"]))
    return json_response(first.body, first.status, headers)


def _refused(refusal: BookingError) -> Answer:
    """A refusal as it is kept under a key."""
    return Answer(status_of(refusal), errors.body_of(refusal).decode())


def _idempotency_key() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not KEY.fullmatch(key):
        raise Invalid(details={"Idempotency-Key": Notice("no_key")})
    return key
