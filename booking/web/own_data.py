"""What is kept about somebody, in words: the page's side of reservations/personal_data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import get_locale, gettext, lazy_gettext

from booking.domain import texting
from booking.domain.messages import BY_GUEST
from booking.domain.payments import AWAITING_GUEST, FAILED, REFUND, STARTED, SUCCEEDED, UNKNOWN
from booking.domain.reservations import CANCELLED, CONFIRMED, EXPIRED, PENDING
from booking.domain.reservations.guest_register import countries
from booking.http import date_format
from booking.infra import phone_numbers
from booking.pages import browsers, formats
from booking.web import activity

_ = lazy_gettext

Entry = dict[str, Any]
Line = tuple[str, list[str]]  # what it is, and the facts below it

STATES = {
    PENDING: _("Not paid yet"),
    CONFIRMED: _("Confirmed"),
    CANCELLED: _("Cancelled"),
    EXPIRED: _("Not booked"),
    STARTED: _("In progress"),
    UNKNOWN: _("In progress"),
    AWAITING_GUEST: _("In progress"),
    SUCCEEDED: _("Done"),
    FAILED: _("Declined"),
}


# What the audit log says about a person.
CHANGES = {
    "account.made": _("Account created"),
    "account.renamed": _("Name changed"),
    "account.disabled": _("Account disabled"),
    "account.enabled": _("Account enabled"),
    "password.changed": _("Password changed"),
    "authenticator.added": _("Authenticator app added"),
    "authenticator.removed": _("Authenticator app removed"),
    "passkey.added": _("Passkey added"),
    "passkey.removed": _("Passkey removed"),
    "secondfactor.enabled": _("Two-step sign-in turned on"),
    "secondfactor.disabled": _("Two-step sign-in turned off"),
    "recoverycodes.renewed": _("New recovery codes made"),
    "role.changed": _("Role changed"),
    "texts.agreed": _("Agreed to text messages"),
    "texts.withdrawn": _("Text messages ended"),
    "email.requested": _("Change of email requested"),
    "email.kept": _("Change of email given up"),
    "email.changed": _("Email changed"),
    "email.restored": _("Email restored"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One list of the page: the newest entries, and how many there are."""

    heading: str
    entries: list[Line]
    count: int


def account(entry: Entry) -> list[tuple[str, str]]:
    """What the account itself says: pairs of a name and a value."""
    return [
        (gettext("Name"), entry["fullName"]),
        (gettext("Email"), entry["email"]),
        (gettext("Email confirmed"), instant(entry["emailVerifiedAt"]) or gettext("Not yet")),
        (gettext("Two-step sign-in"), instant(entry["secondFactorSince"]) or gettext("Off")),
        (gettext("Account created"), instant(entry["createdAt"])),
        (gettext("Region"), entry["region"]),
        (gettext("Role"), entry["role"]),
    ]


def parts(found: Entry, shown: int) -> list[Part]:
    """The lists of `personal_data.of`, at most so many entries of each."""
    for payment in found["payments"][:shown]:
        formats.alike(payment["currency"], [payment["amount"]])
    others = [order for order in found["orders"] if order["contact"]]
    return [
        _part(gettext("Bookings"), found["bookings"], shown, _booking),
        *([_part(gettext("Booked for others"), others, shown, _contact)] if others else []),
        _part(gettext("Payments"), found["payments"], shown, _payment),
        *(
            [_part(gettext("Guest register"), found["guestRegister"], shown, _registered)]
            if found["guestRegister"]
            else []
        ),
        *([_part(gettext("Notes by our team"), found["notes"], shown, _note)] if found["notes"] else []),
        *([_part(gettext("Messages"), found["messages"], shown, _message)] if found["messages"] else []),
        *([_part(gettext("Emails we sent you"), found["emails"], shown, _email)] if found["emails"] else []),
        *([_part(gettext("Text messages we sent you"), found["texts"], shown, _text)] if found["texts"] else []),
        *(
            [_part(gettext("Consent to text messages"), found["textConsents"], shown, _consent)]
            if found["textConsents"]
            else []
        ),
        _part(gettext("Devices"), found["sessions"], shown, _device),
        *([_part(gettext("Passkeys"), found["passkeys"], shown, _passkey)] if found["passkeys"] else []),
        _part(gettext("Security"), found["securityEvents"], shown, _event),
        _part(gettext("Email changes"), found["emailChanges"], shown, _email_change),
        *([_part(gettext("Changes by our team"), found["auditLog"], shown, _change)] if found["auditLog"] else []),
    ]


def _part(heading: str, entries: Sequence[Entry], shown: int, written: Callable[[Entry], Line]) -> Part:
    return Part(heading, [written(entry) for entry in entries[:shown]], len(entries))


def _booking(entry: Entry) -> Line:
    dates = date_format.stay(dt.date.fromisoformat(entry["checkIn"]), dt.date.fromisoformat(entry["checkOut"]))
    return f"{entry['room']}, {entry['property']}", _known(entry["reference"], dates, _state(entry["status"]))


def _contact(order: Entry) -> Line:
    given = order["contact"]
    arrival = gettext("arriving at %(time)s", time=given["arrivalTime"]) if given["arrivalTime"] else ""
    return given["fullName"], _known(
        order["reference"], given["email"], given["phone"] or "", arrival, given["requests"] or ""
    )


def _payment(entry: Entry) -> Line:
    amount = formats.money(entry["amount"], entry["currency"])
    is_refund = entry["kind"] == REFUND
    text = gettext("Refund of %(sum)s", sum=amount) if is_refund else gettext("Payment of %(sum)s", sum=amount)
    return text, _known(entry["booking"], _state(entry["state"]), instant(entry["createdAt"]))


def _registered(entry: Entry) -> Line:
    """What was shown at the desk."""
    nationality = countries(str(get_locale())).get(entry["nationality"], entry["nationality"] or "")
    return entry["fullName"] or entry["booking"], _known(
        entry["booking"], nationality, entry["birthDate"] or "", entry["documentNumber"] or ""
    )


def _note(entry: Entry) -> Line:
    return entry["text"], _known(entry["booking"], instant(entry["createdAt"]))


def _message(entry: Entry) -> Line:
    by_guest = entry["from"] == BY_GUEST
    return entry["message"], _known(
        gettext("Written by you") if by_guest else gettext("Written to you"),
        entry["booking"],
        instant(entry["createdAt"]),
    )


def _email(entry: Entry) -> Line:
    return entry["subject"], _known(entry["to"], instant(entry["sentAt"]))


def _text(entry: Entry) -> Line:
    return entry["text"], _known(phone_numbers.shown(entry["to"]), instant(entry["sentAt"]))


def _consent(entry: Entry) -> Line:
    given = gettext("given %(when)s", when=instant(entry["givenAt"]))
    ended = gettext("ended %(when)s", when=instant(entry["withdrawnAt"])) if entry["withdrawnAt"] else ""
    what = [gettext("before your stays")] if entry["arrivals"] else []
    what += [gettext("about your work")] if entry["alerts"] != texting.OFF else []
    return phone_numbers.shown(entry["number"]), _known(", ".join(what), given, ended)


def _device(entry: Entry) -> Line:
    times = [gettext("Signed in %(when)s", when=instant(entry["createdAt"]))]
    if entry["endedAt"]:
        times.append(gettext("signed out %(when)s", when=instant(entry["endedAt"])))
    else:
        times.append(gettext("last active %(when)s", when=instant(entry["lastSeenAt"])))
    return browsers.called(entry["client"]), times


def _passkey(entry: Entry) -> Line:
    added = gettext("added %(when)s", when=instant(entry["createdAt"]))
    used = gettext("last used %(when)s", when=instant(entry["lastUsedAt"])) if entry["lastUsedAt"] else ""
    return entry["name"], _known(added, used)


def _event(entry: Entry) -> Line:
    text = activity.TEXTS.get(entry["kind"], entry["kind"].replace("_", " ").capitalize())
    return str(text), _known(instant(entry["at"]), entry["address"])


def _email_change(entry: Entry) -> Line:
    return entry["to"], _known(gettext("instead of %(email)s", email=entry["from"]), instant(entry["createdAt"]))


def _change(entry: Entry) -> Line:
    values = [
        str(value) for name, value in entry["after"].items() if value and name != "property"
    ]  # its id says nothing
    if entry.get("unreadable"):
        values.append(gettext("Damaged: the details can’t be read"))
    return str(CHANGES.get(entry["action"], entry["action"])), _known(instant(entry["at"]), *values)


def _state(state: str) -> str:
    return str(STATES.get(state, state))


def _known(*facts: str) -> list[str]:
    return [fact for fact in facts if fact]


def instant(written: str | None) -> str:
    """Sat 28 Nov, 23:45 UTC; empty for none."""
    if not written:
        return ""
    return f"{date_format.moment(dt.datetime.fromisoformat(written), 'UTC')} UTC"
