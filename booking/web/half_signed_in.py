"""Between the password and the code of a sign-in in two steps: who has come half way, in the signed cookie."""

from __future__ import annotations

import datetime as dt

from flask import session

from booking.domain.people import PasswordProved, Ways
from booking.infra.ids import decode, encode

HALF, WAYS = "half", "half_ways"


def remember(proved: PasswordProved) -> None:
    """The password was right."""
    session[HALF] = [encode("user", proved.user_id), proved.mark, proved.at.timestamp()]
    session[WAYS] = [proved.ways.app, proved.ways.passkey]


def found() -> PasswordProved | None:
    """Who came half way in this browser; None where nobody did."""
    try:
        shown, mark, at = session[HALF]
    except (KeyError, ValueError, TypeError):
        return None
    user_id = decode("user", shown)
    return PasswordProved(user_id, mark, dt.datetime.fromtimestamp(at, dt.UTC), ways()) if user_id else None


def ways() -> Ways:
    """By what they can go on; all that can be known without asking Postgres."""
    return Ways(*session.get(WAYS, (True, False)))


def forget() -> None:
    """It begins again."""
    session.pop(HALF, None)
    session.pop(WAYS, None)
