"""Which event is worth a mail, and what mails about bookings say."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext

from booking.config import Settings
from booking.domain import catalogue, correspondence, messages, payments, people, reservations
from booking.domain.catalogue import HouseFacts
from booking.domain.messages import EmailText, Task
from booking.domain.reservations import BookingSummary, CalendarPublisher, EmailNotFound, ResendRefused
from booking.http import date_format, money_format, words
from booking.http.language import gettext
from booking.infra import ids, redaction
from booking.infra.mail import Undeliverable
from booking.infra.mail_headers import Mailbox, mailbox_of
from booking.infra.mail_message import Attachment, Email
from booking.infra.telemetry import log
from booking.jobs import (
    account_mails,
    alert_mails,
    email_builder,
    figures_mails,
    invoice_mails,
    mail_covers,
    message_mails,
    password_mails,
)
from booking.jobs.account_mails import Writer, site
from booking.jobs.deliver import NoAddress, NotYet
from booking.jobs.email_builder import Letter, one_line
from booking.jobs.mail_covers import Cover

CONFIRMATION, CHANGE, CANCELLATION = "confirmation", "change", "cancellation"
REFUND_DECLINED, REFUND_RETURNED = "refund_declined", "refund_returned"
HAS_CALENDAR_ENTRY = (CONFIRMATION, CHANGE, CANCELLATION)
BALANCE_AHEAD, BALANCE_DECLINED = "balance_ahead", "balance_declined"
PAYMENT_LINK, MESSAGE = "payment_link", "message"


def written(task: Task, settings: Settings) -> Email | None:
    """The mail that this event is worth, if any. Raises NoAddress.

    A booking that was cancelled in the meantime still gets its confirmation: the cancellation follows as its own mail.
    """
    return WRITERS[task.type](task, f"<{task.event_id}.{task.consumer}@{publisher(settings).host}>", settings)


def sent(task: Task, message: Email) -> None:
    """What follows from it."""
    if task.type in account_mails.AFTERWARDS:
        account_mails.AFTERWARDS[task.type](task)
    log.info("mail_sent", kind=task.type, booking_id=task.payload.get("bookingId"), message_id=message.message_id)


def to_keep(task: Task, message: Email) -> EmailText | None:
    """The mail as staff finds it again; None of the last one to somebody whose account is deleted."""
    if task.type in account_mails.AFTERWARDS:
        return None
    shown, address = task.payload.get("bookingId"), message.to.typed
    return EmailText(
        kind=task.payload.get("repeats", task.type),
        booking_id=ids.decode("booking", shown) if shown else None,
        to_address=address,
        to_key=people.email_key(address),
        subject=message.subject,
        text=redaction.without_links(message.text),
    )


def _about_booking(task: Task, message_id: str, settings: Settings) -> Email | None:
    kind = kind_of(task)
    if kind is None:
        return None
    change = task.payload.get("changeId") if kind == CHANGE else None  # none in events of an older version
    notice = _find_summary(task, task.payload["bookingId"], change)
    if notice is None:
        log.warning("mail_without_booking", booking_id=task.payload["bookingId"])
        return None
    if not notice.email:
        raise NoAddress
    if kind in (REFUND_DECLINED, REFUND_RETURNED):
        if kind == REFUND_DECLINED and (_refund_state(notice) == payments.RETURNED or _is_told(task, notice)):
            return None  # tried again in the meantime; the email about that tells all of it
        notice = replace(notice, refunded=Decimal(task.payload["amount"]))
    if kind == CHANGE:
        if not reservations.change_is_noticed(task.payload):
            return None
        notice = replace(notice, changed_from=reservations.changed_from(task.payload))
    if kind in (BALANCE_DECLINED, BALANCE_AHEAD):
        if not (notice.due if kind == BALANCE_DECLINED else notice.later):
            return None  # paid in the meantime
        notice = replace(notice, **_of_rest(task, notice))
    if kind == CANCELLATION:
        if payments.refund_is_asked_for(notice.booking_id):
            raise NotYet("a refund that is being asked for")
        is_owed = _refund_state(notice) == payments.OWED
        notice = replace(notice, refund_is_owed=is_owed, was_unpaid=task.payload.get("unpaid", False))
    others = [_find_summary(task, one) for one in _together(task)[1:]] if kind == CONFIRMATION else []
    letter, beside = Letter(kind, message_id, task.occurred_at), [one for one in others if one]
    cover = mail_covers.of(notice, letter) if kind == CONFIRMATION else None
    facts = _of_house(notice) | {"invoices_link": invoice_mails.link(notice, settings)}
    return compose(notice, letter, settings, beside, facts, cover=cover)


def _of_rest(task: Task, notice: BookingSummary) -> dict[str, Any]:
    """Where a card was declined for it: what its bank wants, and until when the stay is kept."""
    told = task.payload
    ends = dt.datetime.fromisoformat(told["cancelAt"]) if "cancelAt" in told else None
    local = ends.astimezone(notice.arrival.tzinfo) if ends else None
    return {"bank_asks_guest": told.get("asksOwner", False), "cancels_at": local}


def _is_told(task: Task, notice: BookingSummary) -> bool:
    """Whether the email about the cancellation, which waits for the first answer, says that the refund was declined."""
    cancelled_at = notice.cancelled_at
    return bool(task.payload.get(payments.DECLINED_AT_ONCE) and cancelled_at and cancelled_at <= task.occurred_at)


def _again(task: Task, message_id: str, settings: Settings) -> Email | None:
    """As it was written first. Raises Undeliverable where that no longer holds, so that whoever pressed sees it."""
    told = task.payload
    try:
        first = reservations.first_email(_id("booking", told["bookingId"]), _id("email", told["of"]))
    except (EmailNotFound, ResendRefused) as refusal:
        raise Undeliverable(words.message(refusal), "", "outdated", at_fault=False) from refusal
    repeated = replace(task, type=first.type, payload={**told, **first.payload})
    return WRITERS[first.type](repeated, message_id, settings)


def _payment_link(task: Task, message_id: str, settings: Settings) -> Email | None:
    """The link by which its guest pays. Raises Undeliverable where there is nothing to pay by it any more, NotYet while
    a payment of it is being checked.
    """
    told, until = task.payload, dt.datetime.fromisoformat(task.payload["until"])
    linked = reservations.linked_order(_id("booking", told["bookingId"]), until)
    if linked is None or _find_summary(task, told["bookingId"]) is None:
        return None
    if not linked.first.email:
        raise NoAddress
    if linked.is_being_checked:
        raise NotYet("a payment that is being checked")
    if not linked.is_to_pay:
        raise Undeliverable("there is nothing to pay by this link any more", "", "outdated", at_fault=False)
    link = reservations.written_payment_link(linked.order_id, until, settings.secret_keys)
    facts = {
        "pay_link": f"{site(settings)}/pay/{link}",
        "amount": linked.amount,
        "is_cancelled": linked.is_cancelled,
        "held_until": linked.held_until,
        "good_until": until.astimezone(linked.first.arrival.tzinfo),
    }
    letter = Letter(PAYMENT_LINK, message_id, task.occurred_at)
    return compose(linked.first, letter, settings, linked.stays[1:], facts | _of_house(linked.first))


def _message(task: Task, message_id: str, settings: Settings) -> Email | None:
    """What the house has written to the guest; None where it was erased meanwhile."""
    said = correspondence.find_message(_id("message", task.payload["messageId"]))
    notice = _find_summary(task, task.payload["bookingId"])
    if said is None or notice is None:
        return None
    if not notice.email:
        raise NoAddress
    facts = message_mails.facts(notice, said, settings) | _of_house(notice)
    return compose(notice, Letter(MESSAGE, message_id, task.occurred_at), settings, more=facts)


def _of_house(notice: BookingSummary) -> dict[str, object]:
    """How its guests reach the house, and what it asks of them, as it says by now."""
    return {"house": catalogue.house_facts(notice.property_id)} if notice.property_id else {}


def _id(kind: str, shown: str) -> uuid.UUID:
    found = ids.decode(kind, shown)
    if found is None:
        raise ValueError(shown)
    return found


def _together(task: Task) -> list[str]:
    """The bookings that were confirmed with this one, in their order."""
    return task.payload.get("confirmedTogether") or [task.payload["bookingId"]]


def _find_summary(task: Task, shown: str, change: str | None = None) -> BookingSummary | None:
    """Also where the account was deleted after this had happened: its last emails are owed to the address kept."""
    booking_id = ids.decode("booking", shown)
    if booking_id is None:
        return None
    change_id = ids.decode("change", change) if change else None
    if summary := reservations.find_summary(booking_id, change_id=change_id):
        return summary
    farewell = messages.find_fact(task.event_id, people.FAREWELL)
    kept = account_mails.kept_address(farewell) if farewell else None
    return reservations.find_summary(booking_id, kept.email, change_id) if kept else None


def kind_of(task: Task) -> str | None:
    """Which mail a booking's event is worth: a hold that ends or a declined card is none. Of bookings that were
    confirmed together, the first has the email for all.
    """
    if task.type == "booking.confirmed" and task.payload["bookingId"] != _together(task)[0]:
        return None
    if task.type in _KINDS:
        return _KINDS[task.type]
    return CANCELLATION if task.type == "booking.cancelled" and task.payload.get("wasConfirmed") else None


def _refund_state(notice: BookingSummary) -> str | None:
    return payments.refund_states([notice.booking_id]).get(notice.booking_id)


def compose(
    notice: BookingSummary,
    letter: Letter,
    settings: Settings,
    others: Sequence[BookingSummary] = (),
    more: Mapping[str, object] | None = None,
    *,
    cover: Cover | None = None,
) -> Email:
    """Text and HTML, with a calendar entry where the stay begins or ends to be one. Raises MailError for an address
    that no header can hold. `others` are bookings of the same order that it tells of, too; `more` is for its templates,
    `cover` a picture of the room.
    """
    notice, issuer = _clean(notice), publisher(settings)
    stays = [notice, *map(_clean, others)]
    to = email_builder.recipient(notice.guest_name, notice.email)
    facts: dict[str, object] = {
        "house": None,
        "cover": cover,
        "write_link": message_mails.write_link(notice, settings) if letter.kind == CONFIRMATION else None,
        "notice": notice,
        "site_name": settings.site_name,
        **_of_order(stays, issuer),
        **(more or {}),
    }
    said = _subject_of(stays, letter.kind)
    of_kind = letter if len(stays) == 1 or letter.kind == PAYMENT_LINK else replace(letter, kind=f"order_{letter.kind}")
    email = email_builder.email(of_kind, settings.mail_from, to, said, facts)
    with_entry = stays if letter.kind in HAS_CALENDAR_ENTRY else []
    entries = (_entry(one, issuer, letter, number) for number, one in enumerate(with_entry, 1))
    email = replace(email, reference=notice.reference, reply_to=_reply_to(notice, facts["house"]))
    return replace(email, attachments=tuple(entries), pictures=(cover.picture,) if cover else ())


def _reply_to(notice: BookingSummary, house: object) -> Mailbox | None:
    """The house's own address where it has one, and a header can hold it; else what is answered goes to the sender."""
    if not isinstance(house, HouseFacts) or not house.email:
        return None
    try:
        return mailbox_of(notice.property, house.email)
    except ValueError:
        log.warning("contact_unusable", property=notice.property)
        return None


def _of_order(stays: list[BookingSummary], issuer: CalendarPublisher) -> dict[str, object]:
    """What templates need beside the notice: the links to each stay, and how all amounts are written."""
    amounts = [amount for one in stays for amount in reservations.amounts_of(one)]
    links = [None if one.account_is_deleted or one.is_contacts else issuer.link(one.booking_id) for one in stays]
    return {
        "stays": list(zip(stays, links, strict=True)),
        "link": links[0],
        "with_decimals": money_format.has_fraction(amounts, stays[0].currency),
    }


def _entry(notice: BookingSummary, issuer: CalendarPublisher, letter: Letter, number: int) -> Attachment:
    cancelled = letter.kind == CANCELLATION
    return Attachment(
        f"stay-{number}.ics" if number > 1 else "stay.ics",
        f'text/calendar; charset="utf-8"; method="{reservations.calendar_method(cancelled=cancelled)}"',
        reservations.calendar_entry(notice, issuer, letter.written_at, cancelled=cancelled),
    )


def _subject_of(stays: list[BookingSummary], kind: str) -> str:
    if len(stays) == 1:
        return subject(stays[0], kind)
    first = min(stays, key=lambda one: one.arrival)
    facts = {"reference": first.order_reference, "day": date_format.day_short(first.arrival)}
    if kind == PAYMENT_LINK:
        return str(gettext("%(reference)s: pay for your %(rooms)s rooms (%(day)s)", rooms=len(stays), **facts))
    return str(gettext("%(reference)s: your %(rooms)s rooms are booked (%(day)s)", rooms=len(stays), **facts))


def subject(notice: BookingSummary, kind: str) -> str:
    room = notice.room if len(notice.room) <= 60 else f"{notice.room[:59].rstrip()}…"
    facts = {"reference": notice.reference, "room": room, "day": date_format.day_short(notice.arrival)}
    return str(_SUBJECTS[kind]) % facts


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
        earlier_rooms=tuple(replace(one, name=one_line(one.name)) for one in notice.earlier_rooms),
        property=one_line(notice.property),
        address=tuple(one_line(line) for line in notice.address),
    )


_KINDS = {
    "booking.confirmed": CONFIRMATION,
    "booking.changed": CHANGE,
    payments.REFUND_DECLINED: REFUND_DECLINED,
    payments.REFUND_RETURNED: REFUND_RETURNED,
    payments.BALANCE_DECLINED: BALANCE_DECLINED,
    reservations.BALANCE_REMINDED: BALANCE_AHEAD,
}

_SUBJECTS = {
    CONFIRMATION: lazy_gettext("%(reference)s: your booking is confirmed (%(room)s, %(day)s)"),
    CHANGE: lazy_gettext("%(reference)s: your booking has changed (%(room)s, %(day)s)"),
    CANCELLATION: lazy_gettext("%(reference)s: your booking has been cancelled (%(room)s, %(day)s)"),
    REFUND_DECLINED: lazy_gettext("%(reference)s: your refund was declined (%(room)s, %(day)s)"),
    REFUND_RETURNED: lazy_gettext("%(reference)s: your refund has been sent (%(room)s, %(day)s)"),
    BALANCE_AHEAD: lazy_gettext("%(reference)s: the rest of your stay is due soon (%(room)s, %(day)s)"),
    BALANCE_DECLINED: lazy_gettext("%(reference)s: we couldn’t charge your card (%(room)s, %(day)s)"),
    PAYMENT_LINK: lazy_gettext("%(reference)s: pay for your stay (%(room)s, %(day)s)"),
    MESSAGE: lazy_gettext("%(reference)s: a message about your stay (%(room)s, %(day)s)"),
}

# Who writes the email about an event, by the event's type. An email that an event is not worth is None.
WRITERS: dict[str, Writer] = {
    "booking.confirmed": _about_booking,
    "booking.changed": _about_booking,
    "booking.cancelled": _about_booking,
    payments.REFUND_DECLINED: _about_booking,
    payments.REFUND_RETURNED: _about_booking,
    payments.BALANCE_DECLINED: _about_booking,
    reservations.BALANCE_REMINDED: _about_booking,
    messages.EMAIL_RESENT: _again,
    messages.PAYMENT_REQUESTED: _payment_link,
    messages.MESSAGE_ANSWERED: _message,
    **password_mails.WRITERS,
    **account_mails.WRITERS,
    **alert_mails.WRITERS,
    **figures_mails.WRITERS,
}
