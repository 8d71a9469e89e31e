"""What has just been done at the desk, or refused: told once, above the lists of the page that is shown next."""

from __future__ import annotations

from typing import Any

from flask import session

from booking.domain.errors import BookingError
from booking.http import words

TOLD = "today"  # in the cookie


def tell(done: str, **facts: object) -> None:
    """Keep it until the next page."""
    session[TOLD] = {"done": done, **facts}


def tell_refusal(refusal: BookingError) -> None:
    """Keep until the next page why nothing was done, and because of whose booking."""
    tell("refused", why=words.reasons(refusal), in_the_way=refusal.params.get("reference", ""))


def taken() -> dict[str, Any] | None:
    """What there is to tell; from then on nothing."""
    told: dict[str, Any] | None = session.pop(TOLD, None)
    return told and {"undo": "", "freed": 0, "guest": "", **told}
