"""Between the password and the code of a sign-in in two steps: who has come half way, in the signed cookie."""

from __future__ import annotations

import datetime as dt

from flask import session

from booking.domain.people import PasswordProved
from booking.infra.ids import decode, encode

HALF = "half"


def remember(proved: PasswordProved) -> None:
    """The password was right."""
    session[HALF] = [encode("user", proved.user_id), proved.mark, proved.at.timestamp()]


def found() -> PasswordProved | None:
    """Who came half way in this browser; None where nobody did."""
    try:
        shown, mark, at = session[HALF]
    except (KeyError, ValueError, TypeError):
        return None
    user_id = decode("user", shown)
    return PasswordProved(user_id, mark, dt.datetime.fromtimestamp(at, dt.UTC)) if user_id else None


def forget() -> None:
    """It begins again."""
    session.pop(HALF, None)
