"""Which event is worth a mail, and what mails about bookings say."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from email.message import EmailMessage

from flask_babel import gettext

from booking.config import Settings
from booking.domain import messages, payments, people, reservations
from booking.domain.messages import Task
from booking.domain.reservations import BookingSummary, CalendarPublisher
from booking.http import date_format, money_format
from booking.infra import ids
from booking.infra.mail import Post
from booking.infra.telemetry import log
from booking.jobs import account_mails, email_builder, password_mails
from booking.jobs.account_mails import Writer
from booking.jobs.email_builder import Letter, one_line

CONFIRMATION, CHANGE, CANCELLATION = "confirmation", "change", "cancellation"
REFUND_DECLINED, REFUND_RETURNED = "refund_declined", "refund_returned"
HAS_CALENDAR_ENTRY = (CONFIRMATION, CHANGE, CANCELLATION)
BALANCE_DECLINED = "balance_declined"


def handle(task: Task, post: Post, settings: Settings) -> str | None:
    """Send the mail that this event is worth, if any. Returns the address that it went to.

    A booking that was cancelled in the meantime still gets its confirmation: the cancellation follows as its own mail.
    """
    message_id = f"<{task.event_id}.{task.consumer}@{publisher(settings).host}>"
    message = WRITERS[task.type](task, message_id, settings)
    if message is None:
        return None
    post(message)
    if task.type in account_mails.AFTERWARDS:
        account_mails.AFTERWARDS[task.type](task)
    log.info("mail_sent", kind=task.type, booking_id=task.payload.get("bookingId"), message_id=message_id)
    return str(message["To"].addresses[0].typed)


def _about_booking(task: Task, message_id: str, settings: Settings) -> EmailMessage | None:
    kind = kind_of(task)
    if kind is None:
        return None
    notice = _find_summary(task)
    if notice is None:
        log.warning("mail_without_booking", booking_id=task.payload["bookingId"])
        return None
    if kind in (REFUND_DECLINED, REFUND_RETURNED):
        if kind == REFUND_DECLINED and _refund_state(notice) == payments.RETURNED:
            return None  # tried again in the meantime; the email about that tells all of it
        notice = replace(notice, refunded=Decimal(task.payload["amount"]))
    if kind == CHANGE:
        notice = replace(notice, changed_from=reservations.changed_from(task.payload))
    if kind == BALANCE_DECLINED and not notice.due:
        return None  # paid in the meantime
    if kind == CANCELLATION:
        notice = replace(notice, refund_is_owed=_refund_state(notice) == payments.OWED)
    return compose(notice, Letter(kind, message_id, task.occurred_at), settings)


def _find_summary(task: Task) -> BookingSummary | None:
    """Also where the account was deleted after this had happened: its last emails are owed to the address kept."""
    booking_id = ids.decode("booking", task.payload["bookingId"])
    if booking_id is None:
        return None
    if summary := reservations.find_summary(booking_id):
        return summary
    farewell = messages.find_fact(task.event_id, people.FAREWELL)
    kept = account_mails.kept_address(farewell) if farewell else None
    return reservations.find_summary(booking_id, kept.email) if kept else None


def kind_of(task: Task) -> str | None:
    """Which mail a booking's event is worth: a hold that ends or a declined card is none."""
    if task.type in _KINDS:
        return _KINDS[task.type]
    return CANCELLATION if task.type == "booking.cancelled" and task.payload.get("wasConfirmed") else None


def _refund_state(notice: BookingSummary) -> str | None:
    return payments.refund_states([notice.booking_id]).get(notice.booking_id)


def compose(notice: BookingSummary, letter: Letter, settings: Settings) -> EmailMessage:
    """Text and HTML, with a calendar entry where the stay begins or ends to be one. Raises MailError for an address
    that no header can hold.
    """
    notice, issuer = _clean(notice), publisher(settings)
    to = email_builder.recipient(notice.guest_name, notice.email)
    message = email_builder.begin(letter, settings.mail_from, to, subject(notice, letter.kind))
    message["X-Booking-Reference"] = notice.reference
    facts: dict[str, object] = {
        "notice": notice,
        "site_name": settings.site_name,
        "link": None if notice.account_is_deleted else issuer.link(notice.booking_id),
        "with_decimals": money_format.has_fraction(reservations.amounts_of(notice), notice.currency),
    }
    email_builder.fill(message, letter, facts)
    if letter.kind in HAS_CALENDAR_ENTRY:
        _attach_entry(message, notice, issuer, letter)
    return email_builder.finish(message, letter)


def _attach_entry(message: EmailMessage, notice: BookingSummary, issuer: CalendarPublisher, letter: Letter) -> None:
    cancelled = letter.kind == CANCELLATION
    message.add_attachment(
        reservations.calendar_entry(notice, issuer, letter.written_at, cancelled=cancelled),
        maintype="text",
        subtype="calendar",
        filename="stay.ics",
        params={"charset": "utf-8", "method": reservations.calendar_method(cancelled=cancelled)},
    )


def subject(notice: BookingSummary, kind: str) -> str:
    room = notice.room if len(notice.room) <= 60 else f"{notice.room[:59].rstrip()}…"
    facts = {"reference": notice.reference, "room": room, "day": date_format.day_short(notice.arrival)}
    if kind == CONFIRMATION:
        return str(gettext("%(reference)s: your booking is confirmed (%(room)s, %(day)s)", **facts))
    if kind == CHANGE:
        return str(gettext("%(reference)s: your booking has changed (%(room)s, %(day)s)", **facts))
    if kind == REFUND_DECLINED:
        return str(gettext("%(reference)s: your refund was declined (%(room)s, %(day)s)", **facts))
    if kind == REFUND_RETURNED:
        return str(gettext("%(reference)s: your refund has been sent (%(room)s, %(day)s)", **facts))
    if kind == BALANCE_DECLINED:
        return str(gettext("%(reference)s: we couldn’t charge your card (%(room)s, %(day)s)", **facts))
    return str(gettext("%(reference)s: your booking has been cancelled (%(room)s, %(day)s)", **facts))


def publisher(settings: Settings) -> CalendarPublisher:
    return CalendarPublisher(settings.site_name, settings.site_url, settings.mail_from)


def _clean(notice: BookingSummary) -> BookingSummary:
    """Names come from guests and hosts: one line each, and nothing that steers a terminal or turns text around."""
    was = notice.changed_from
    return replace(
        notice,
        changed_from=was and replace(was, room=one_line(was.room)),
        guest_name=one_line(notice.guest_name),
        room=one_line(notice.room),
        property=one_line(notice.property),
        address=tuple(one_line(line) for line in notice.address),
    )


_KINDS = {
    "booking.confirmed": CONFIRMATION,
    "booking.changed": CHANGE,
    payments.REFUND_DECLINED: REFUND_DECLINED,
    payments.REFUND_RETURNED: REFUND_RETURNED,
    payments.BALANCE_DECLINED: BALANCE_DECLINED,
}

# Who writes the email about an event, by the event's type. An email that an event is not worth is None.
WRITERS: dict[str, Writer] = {
    "booking.confirmed": _about_booking,
    "booking.changed": _about_booking,
    "booking.cancelled": _about_booking,
    payments.REFUND_DECLINED: _about_booking,
    payments.REFUND_RETURNED: _about_booking,
    payments.BALANCE_DECLINED: _about_booking,
    **password_mails.WRITERS,
    **account_mails.WRITERS,
}
