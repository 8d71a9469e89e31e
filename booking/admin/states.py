"""Words for what staff sees of a booking, its payments and its emails."""

from __future__ import annotations

from flask_babel import gettext, lazy_gettext

from booking.domain import payments
from booking.domain.reservations.front_desk import StaffBooking

_ = lazy_gettext

# Of a booking: what it is called, and the look of its badge.
BOOKINGS = {
    "PENDING": (_("Held"), "warn"),
    "CONFIRMED": (_("Confirmed"), "good"),
    "CANCELLED": (_("Cancelled"), ""),
    "EXPIRED": (_("Expired hold"), ""),
}
FILTERS = {
    "held": _("Held"),
    "confirmed": _("Confirmed"),
    "cancelled": _("Cancelled"),
    "expired": _("Expired hold"),
}
CHANNELS = {"web": _("Website"), "api": _("Programs"), "desk": _("Front desk"), "import": _("Import")}
PAYMENTS = {
    "started": (_("In progress"), "warn"),
    "unknown": (_("No answer yet"), "warn"),
    "awaiting_guest": (_("At the payment page"), "warn"),
    "awaiting_staff": (_("To be refunded"), "warn"),
    "succeeded": (_("Done"), "good"),
    "failed": (_("Declined"), "bad"),
}
PROVIDERS = {
    "desk": _("Cash"),
    "terminal": _("Card at the desk"),
    "transfer": _("By transfer"),
    "elsewhere": _("Paid elsewhere"),
    "stripe": _("Card"),
    "simulated": _("Card"),
}
GUARANTEES = {"desk": _("at the desk"), "transfer": _("by transfer"), "later": _("later")}
EMAILS = {
    "booking.confirmed": _("Confirmation"),
    "booking.changed": _("Change of the stay"),
    "booking.cancelled": _("Cancellation"),
    "refund.declined": _("Refund declined"),
    "figures.weekly": _("Figures of the week"),
    "refund.returned": _("Refund sent"),
    "balance.declined": _("Card declined for the rest"),
    "balance.reminded": _("Reminder of the rest"),
    "payment.requested": _("Payment link"),
    "message.answered": _("Message to the guest"),
    # about accounts
    "account.deleted": _("Account deleted"),
    "account.disabled": _("Account disabled"),
    "authenticator.added": _("Authenticator app added"),
    "authenticator.removed": _("Authenticator app removed"),
    "email.announced": _("Change of address announced"),
    "email.awaited": _("Change of address to confirm"),
    "email.changed": _("Address changed"),
    "email.requested": _("New address to confirm"),
    "passkey.added": _("Passkey added"),
    "passkey.removed": _("Passkey removed"),
    "password.changed": _("Password changed"),
    "password.requested": _("New password"),
    "recoverycode.used": _("Recovery code used"),
    "secondfactor.disabled": _("Two-step sign-in turned off"),
    "secondfactor.enabled": _("Two-step sign-in turned on"),
    "staff.invited": _("Invitation"),
    "verification.requested": _("Address to confirm"),
    "alert.opened": _("Alert"),
    "alert.reminded": _("Alert, once more"),
    "alert.closed": _("Alert over"),
    "alert.news": _("News for staff"),
}
DELIVERIES = {
    "waiting": (_("Waiting to be sent"), "warn"),
    "running": (_("Being sent"), "warn"),
    "done": (_("Sent"), "good"),
    "failed": (_("Not delivered"), "bad"),
    "bounced": (_("Came back"), "bad"),
    "no_address": (_("Not sent: no email address"), "warn"),
    "not_needed": (_("Not sent: no longer needed"), ""),
    "dropped": (_("Not sent: given up by staff"), "warn"),
}


def of_booking(status: str) -> tuple[str, str]:
    """Name and look."""
    name, look = BOOKINGS[status]
    return str(name), look


# Where a guest is, and what a room is like.
PRESENCES = {
    "expected": _("Expected"),
    "in_house": _("Checked in"),
    "departed": _("Checked out"),
    "no_show": _("No-show"),
}
ROOMS = {
    "clean": _("Clean"),
    "dirty": _("To clean"),
    "inspected": _("Inspected"),
    "out_of_order": _("Out of order"),
}
DATA_REQUESTS = {
    "export": _("A copy of their data"),
    "erasure": _("Erasure of their data"),
}


def of_anything(state: str) -> str:
    """As logs write it, of a booking, its guest or a room; one of another version by its own name."""
    known = {name: called for name, (called, _look) in BOOKINGS.items()} | PRESENCES | ROOMS
    return str(known.get(state, state))


def filters() -> list[tuple[str, str]]:
    """What the list can be narrowed to."""
    return [(state, str(name)) for state, name in FILTERS.items()]


def channel(name: str) -> str:
    """How an order came in."""
    return str(CHANNELS[name])


def payment(state: str) -> tuple[str, str]:
    """Name and look."""
    name, look = PAYMENTS[state]
    return str(name), look


def by_hand() -> list[tuple[str, str]]:
    """How money can be entered that staff takes or gives back."""
    return [(name, str(PROVIDERS[name])) for name in payments.BY_HAND]


def provider(name: str) -> str:
    """How money moved; a provider of another version by its own name."""
    return str(PROVIDERS.get(name, name))


def data_request(kind: str) -> str:
    """What a guest has asked for."""
    return str(DATA_REQUESTS[kind])


def guarantee(how: str) -> str:
    """As in "to be paid ..."."""
    return str(GUARANTEES.get(how, how))


def email(kind: str) -> str:
    """What an email about a booking tells, by the event that it is about."""
    return str(EMAILS.get(kind, kind))


# Of emails in their list.
EMAIL_STATES = {
    "to_send": (_("To be sent"), "warn"),
    "sent": (_("Sent"), "good"),
    "failed": (_("Not delivered"), "bad"),
    "bounced": (_("Came back"), "bad"),
}


def email_state(state: str) -> tuple[str, str]:
    """Name and look; of what was not sent after all, as a booking's page says it."""
    name, look = EMAIL_STATES.get(state) or DELIVERIES[state]
    return str(name), look


# Of text messages in their list.
TEXTS = {
    "arrival.near": _("Before arrival"),
    "alert.opened": _("Alert"),
    "alert.closed": _("Alert over"),
    "alert.news": _("News for staff"),
}
TEXT_STATES = {
    "to_send": (_("To be sent"), "warn"),
    "sent": (_("Sent"), ""),
    "delivered": (_("Delivered"), "good"),
    "undelivered": (_("Not delivered"), "bad"),
    "failed": (_("Not sent"), "bad"),
}


# Of text messages that did not arrive, by Twilio’s codes (www.twilio.com/docs/api/errors).
TEXT_ERRORS = {
    "21211": _("This number doesn’t exist"),
    "21408": _("Texts to this country are switched off at the provider"),
    "21610": _("They have replied STOP"),
    "21614": _("This number gets no text messages"),
    "30003": _("The phone is off or out of reach"),
    "30005": _("Nobody has this number"),
    "30006": _("A landline, or a network that takes no text messages"),
    "30007": _("The network has filtered it out"),
}


def text_error(error: str) -> str:
    """Why one did not arrive, in words where they are known, with the code."""
    code = error.removeprefix("refused: ")
    return f"{TEXT_ERRORS[code]} ({code})" if code in TEXT_ERRORS else error


def text(kind: str) -> str:
    """What a text message tells, by the event that it is about; one of another version by its own name."""
    return str(TEXTS.get(kind, kind))


def text_state(state: str) -> tuple[str, str]:
    """Name and look; of what was not sent after all, as of an email."""
    name, look = TEXT_STATES.get(state) or DELIVERIES[state]
    return str(name), look


def emailing(seen: StaffBooking) -> str:
    """Whether the guest hears of what is done by email."""
    if seen.mail.to:
        return str(gettext("The guest gets an email."))
    if seen.contact and seen.contact.phone:
        return str(gettext("No email: tell the guest by phone."))
    return str(gettext("No email: no address is known."))


def delivery(state: str) -> tuple[str, str]:
    """Name and look."""
    name, look = DELIVERIES[state]
    return str(name), look


PAYMENT_LINK = "system:payment-link"  # whoever pays by one


def actor(written: str, names: dict[str, str]) -> str:
    """Who did something, as logs write it: by name where it is somebody's account."""
    if written in names:
        return names[written]
    kind, _colon, who = written.partition(":")
    if written == PAYMENT_LINK:
        return str(gettext("The payment link"))
    if kind == "system":
        return str(gettext("The system")) if who in ("", "worker") else who
    return str(gettext("The guest")) if kind == "guest" else who or written


ROLES = {
    "owner": _("Owner"),
    "manager": _("Manager"),
    "desk": _("Front desk"),
    "housekeeping": _("Housekeeping"),
}


def role(name: str) -> str:
    """What somebody is."""
    return str(ROLES[name])


def roles() -> list[tuple[str, str]]:
    """To choose from, the least first."""
    return [(name, str(called)) for name, called in reversed(ROLES.items())]
