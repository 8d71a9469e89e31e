"""What happened to one's account, in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import gettext, lazy_gettext

from booking.domain.people import BAD_SECURITY_EVENTS, SecurityEntry, SecurityEventKind
from booking.pages import browsers

_ = lazy_gettext

TEXTS = {
    SecurityEventKind.SIGN_IN: _("Signed in"),
    SecurityEventKind.SIGN_IN_FAILED: _("Failed sign-in: wrong password"),
    SecurityEventKind.SIGNED_OUT: _("Signed out"),
    SecurityEventKind.SESSION_ENDED: _("Another device was signed out"),
    SecurityEventKind.REFRESH_REUSED: _("Signed out for safety: an old API token was used again"),
    SecurityEventKind.IDENTITY_CONFIRMED: _("Password confirmed"),
    SecurityEventKind.IDENTITY_REFUSED: _("Wrong password on your account page"),
    SecurityEventKind.REGISTERED: _("Account created"),
    SecurityEventKind.PASSWORD_CHANGED: _("Password changed"),
    SecurityEventKind.SECOND_FACTOR_ON: _("Two-step sign-in turned on"),
    SecurityEventKind.SECOND_FACTOR_OFF: _("Two-step sign-in turned off"),
    SecurityEventKind.SECOND_FACTOR_FAILED: _("Failed sign-in: right password, wrong code"),
    SecurityEventKind.RECOVERY_CODE_USED: _("Signed in with a recovery code"),
    SecurityEventKind.RECOVERY_CODES_RENEWED: _("New recovery codes made"),
    SecurityEventKind.AUTHENTICATOR_ADDED: _("Authenticator app added"),
    SecurityEventKind.AUTHENTICATOR_REMOVED: _("Authenticator app removed"),
    SecurityEventKind.PASSKEY_ADDED: _("Passkey added"),
    SecurityEventKind.PASSKEY_REMOVED: _("Passkey removed"),
    SecurityEventKind.PASSKEY_REFUSED: _("Failed sign-in: passkey refused"),
    SecurityEventKind.EMAIL_CHANGED: _("Email changed"),
    SecurityEventKind.ROLE_CHANGED: _("Access rights changed"),
    SecurityEventKind.ACCOUNT_DISABLED: _("Account disabled"),
    SecurityEventKind.ACCOUNT_ENABLED: _("Account enabled again"),
    SecurityEventKind.DATA_DOWNLOADED: _("Personal data downloaded"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One entry: what, when, from which browser and address."""

    text: str
    at: dt.datetime
    where: str
    is_bad: bool


def lines(entries: Iterable[SecurityEntry]) -> list[Line]:
    """Entries as they are shown; those without words of their own are not."""
    return [
        Line(
            str(TEXTS[SecurityEventKind(entry.kind)]),
            entry.at,
            _where(entry),
            SecurityEventKind(entry.kind) in BAD_SECURITY_EVENTS,
        )
        for entry in entries
        if entry.kind in TEXTS
    ]


def _where(entry: SecurityEntry) -> str:
    if not entry.address:
        return ""  # by the house, not by a browser
    browser = browsers.called(entry.client)
    return str(gettext("%(browser)s, from %(address)s", browser=browser, address=entry.address))
