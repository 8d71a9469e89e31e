"""What a device was asked, in the signed cookie until it has answered: for five minutes, the last question only.

It is taken out before its answer is looked at, so that a form that comes again has none. Whoever has a copy of the
cookie brings it back in vain: a passkey takes no challenge that is not newer than the one it answered last, and no
device's new key is kept twice (booking/domain/people/passkeys.py).
"""

from __future__ import annotations

import base64
import datetime as dt

from flask import session

from booking.domain import people
from booking.domain.errors import NotFound
from booking.domain.people import Asked, Challenge, Site
from booking.http.services import current_services

KEPT = "passkey"
ADDING, ENTERING, SECOND_STEP = "add", "enter", "step"  # what it was asked for: an answer counts for nothing else


def keep(purpose: str, asked: Asked) -> None:
    """The browser is about to ask its device."""
    value = base64.b64encode(asked.challenge.value).decode()
    session[KEPT] = [purpose, value, asked.challenge.at.timestamp()]


def take(purpose: str) -> Challenge | None:
    """What was asked for this, for the last time; None where nothing was."""
    try:
        kept_for, value, at = session.pop(KEPT, None)
    except (TypeError, ValueError):
        return None
    if kept_for != purpose:
        return None
    return Challenge(base64.b64decode(value), dt.datetime.fromtimestamp(at, dt.UTC))


def find_site() -> Site | None:
    """Whose passkeys these are; None where SITE_URL can have none."""
    settings = current_services().settings
    return people.passkey_site(settings.site_url, settings.site_name)


def site() -> Site:
    """The same; raises NotFound."""
    found = find_site()
    if found is None:
        raise NotFound
    return found
