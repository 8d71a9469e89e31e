"""What has just been done to a property or a room, or why not: told once, above the page that is shown next."""

from __future__ import annotations

from typing import Any

from flask import session

from booking.domain.errors import BookingError
from booking.http import words

TOLD = "house_told"  # in the cookie


def tell(done: str, **facts: object) -> None:
    """Keep it until the next page."""
    session[TOLD] = {"done": done, **facts}


def tell_refusal(refusal: BookingError) -> None:
    """Keep until the next page why nothing was done."""
    tell("refused", why=words.reasons(refusal), in_use=refusal.reason == "STILL_IN_USE")


def taken() -> dict[str, Any] | None:
    """What there is to tell; from then on nothing."""
    told: dict[str, Any] | None = session.pop(TOLD, None)
    return told and {"in_use": False, "number": 0, "left": 0, "what": "", **told}
