"""What happened to one's account, in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import gettext, lazy_gettext

from booking.domain.people.security_log import BAD, Entry, Kind
from booking.web import browsers

_ = lazy_gettext

TEXTS = {
    Kind.SIGN_IN: _("Signed in"),
    Kind.SIGN_IN_FAILED: _("Failed sign-in: wrong password"),
    Kind.SIGNED_OUT: _("Signed out"),
    Kind.SESSION_ENDED: _("Another device was signed out"),
    Kind.REFRESH_REUSED: _("Signed out for safety: an old API token was used again"),
    Kind.IDENTITY_CONFIRMED: _("Password confirmed"),
    Kind.IDENTITY_REFUSED: _("Wrong password on your account page"),
    Kind.REGISTERED: _("Account created"),
    Kind.PASSWORD_CHANGED: _("Password changed"),
    Kind.EMAIL_CHANGED: _("Email changed"),
    Kind.ROLE_CHANGED: _("Access rights changed"),
    Kind.ACCOUNT_DISABLED: _("Account disabled"),
    Kind.ACCOUNT_ENABLED: _("Account enabled again"),
    Kind.DATA_DOWNLOADED: _("Personal data downloaded"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One entry: what, when, from which browser and address."""

    text: str
    at: dt.datetime
    where: str
    is_bad: bool


def lines(entries: Iterable[Entry]) -> list[Line]:
    """Entries as they are shown; those without words of their own are not."""
    return [
        Line(str(TEXTS[Kind(entry.kind)]), entry.at, _where(entry), Kind(entry.kind) in BAD)
        for entry in entries
        if entry.kind in TEXTS
    ]


def _where(entry: Entry) -> str:
    if not entry.address:
        return ""  # by the house, not by a browser
    browser = browsers.called(entry.client)
    return str(gettext("%(browser)s, from %(address)s", browser=browser, address=entry.address))
