"""Mails about bookings: which event is worth one, what it says, and the calendar entry that comes with it.

A mail is made from the data alone, never from the wall clock or chance: trying again makes the same bytes.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass, replace
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from functools import cache
from urllib.parse import urlsplit

import css_inline
from icalendar import Calendar, Event, vCalAddress
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from booking.config import Settings
from booking.domain import notices
from booking.domain.events import Task
from booking.domain.notices import Notice
from booking.infra import ids
from booking.infra.mail import HEADERS, MailError, Post
from booking.infra.telemetry import log
from booking.jobs import wording

CONFIRMATION, CANCELLATION = "confirmation", "cancellation"
MAILBOX = r"""[^\s@<>()\[\],;:\\"\x00-\x1f\x7f]+"""  # what stands before the @ without quotes


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail is, apart from what the booking is."""

    kind: str
    message_id: str
    written_at: dt.datetime


def handle(task: Task, post: Post, settings: Settings) -> None:
    """Send the mail that this event is worth, if any.

    A booking that was cancelled in the meantime still gets its confirmation: the cancellation follows as its own mail.
    """
    kind = kind_of(task)
    if kind is None:
        return
    booking_id = ids.decode("booking", task.payload["bookingId"])
    notice = notices.notice(booking_id) if booking_id else None
    if notice is None:
        log.warning("mail_without_booking", booking_id=task.payload["bookingId"])
        return
    message_id = f"<{task.event_id}.{task.consumer}@{host(settings)}>"
    post(compose(notice, Letter(kind, message_id, task.occurred_at), settings))
    log.info("mail_sent", kind=kind, booking_id=task.payload["bookingId"], message_id=message_id)


def kind_of(task: Task) -> str | None:
    """Which mail an event is worth: a hold that ends or a declined card is none."""
    if task.type == "booking.confirmed":
        return CONFIRMATION
    return CANCELLATION if task.type == "booking.cancelled" and task.payload.get("wasConfirmed") else None


def compose(notice: Notice, letter: Letter, settings: Settings) -> EmailMessage:
    """Text and HTML with a calendar entry. Raises MailError for an address that no header can hold."""
    notice = _clean(notice)
    message = EmailMessage(policy=HEADERS)
    message["From"] = settings.mail_from
    message["To"] = recipient(notice)
    message["Subject"] = subject(notice, letter.kind)
    message["Date"] = format_datetime(letter.written_at.astimezone(dt.UTC))
    message["Message-ID"] = letter.message_id
    message["Auto-Submitted"] = "auto-generated"
    message["X-Booking-Reference"] = notice.reference
    facts = {"notice": notice, "site_name": settings.site_name, "link": link(notice, settings)}
    message.set_content(render(f"{letter.kind}.txt", facts), cte="quoted-printable")
    message.add_alternative(styled(render(f"{letter.kind}.html", facts)), subtype="html", cte="quoted-printable")
    entry, method = calendar(notice, letter, settings)
    message.add_attachment(
        entry, maintype="text", subtype="calendar", filename="stay.ics", params={"charset": "utf-8", "method": method}
    )
    _mark_boundaries(message, letter.message_id)
    return message


def recipient(notice: Notice) -> Address:
    """The account's address; a domain outside ASCII in the form that every mail server knows."""
    user, _, domain = notice.email.rpartition("@")
    if not re.fullmatch(MAILBOX, user):
        raise MailError("the address cannot be written into a header")
    try:
        return Address(notice.guest_name[:80].strip(), user, domain.encode("idna").decode("ascii"))
    except (UnicodeError, ValueError) as error:
        raise MailError(f"the address cannot be written into a header: {error}") from error


def subject(notice: Notice, kind: str) -> str:
    state = "is confirmed" if kind == CONFIRMATION else "is cancelled"
    room = notice.room if len(notice.room) <= 60 else f"{notice.room[:59].rstrip()}…"
    return f"{notice.reference}: your booking {state} ({room}, {wording.short_day(notice.arrival)})"


def link(notice: Notice, settings: Settings) -> str:
    return f"{settings.site_url.rstrip('/')}/bookings/{ids.encode('booking', notice.booking_id)}"


def host(settings: Settings) -> str:
    return urlsplit(settings.site_url).hostname or "localhost"


def calendar(notice: Notice, letter: Letter, settings: Settings) -> tuple[bytes, str]:
    """The stay as an iCalendar entry, and its method. A published entry asks for no answer; CANCEL takes it away."""
    cancelled = letter.kind == CANCELLATION
    method = "CANCEL" if cancelled else "PUBLISH"
    sheet = Calendar()
    sheet.add("prodid", f"-//{settings.site_name}//Bookings//EN")
    sheet.add("version", "2.0")
    sheet.add("calscale", "GREGORIAN")
    sheet.add("method", method)
    sheet.add_component(_stay(notice, letter, settings, cancelled=cancelled))
    sheet.add_missing_timezones(
        first_date=notice.arrival.date() - dt.timedelta(days=366),
        last_date=notice.departure.date() + dt.timedelta(days=366),
    )
    return sheet.to_ical(), method


def _stay(notice: Notice, letter: Letter, settings: Settings, *, cancelled: bool) -> Event:
    stay = Event()
    stay.add("uid", f"{ids.encode('booking', notice.booking_id)}@{host(settings)}")
    stay.add("sequence", int(cancelled))
    stay.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    stay.add("dtstamp", letter.written_at.astimezone(dt.UTC).replace(microsecond=0))
    stay.add("dtstart", notice.arrival)
    stay.add("dtend", notice.departure)
    stay.add("summary", f"{notice.room}, {notice.property}")
    stay.add("location", ", ".join((notice.property, *notice.address)))
    stay.add("description", f"Booking {notice.reference}\n{link(notice, settings)}")
    stay.add("url", link(notice, settings))
    stay.add("transp", "TRANSPARENT")  # a stay keeps nobody from a meeting
    stay.add("organizer", vCalAddress(f"mailto:{parseaddr(settings.mail_from)[1]}"))
    if cancelled:  # RFC 5546 §3.2.5 wants to know whom the cancellation concerns
        stay.add("attendee", vCalAddress(f"mailto:{notice.email}"))
    return stay


def _clean(notice: Notice) -> Notice:
    """Names come from guests and hosts: one line each, and nothing that steers a terminal or turns text around."""
    return replace(
        notice,
        guest_name=one_line(notice.guest_name),
        room=one_line(notice.room),
        property=one_line(notice.property),
        address=tuple(one_line(line) for line in notice.address),
    )


def one_line(text: str) -> str:
    """Without control characters, line and paragraph separators and direction overrides; single spaces."""
    unwanted = {"Cc", "Cs", "Zl", "Zp"}
    turning = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}
    kept = (" " if unicodedata.category(sign) in unwanted or ord(sign) in turning else sign for sign in text)
    return " ".join("".join(kept).split())


def _mark_boundaries(message: EmailMessage, message_id: str) -> None:
    """Python would draw them by lot."""
    name = message_id.strip("<>").partition("@")[0]
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"=_{number}_{name}")


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("booking", "templates/mail"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    spelled = (wording.day, wording.hour, wording.zone, wording.moment, wording.money, wording.count)
    environment.filters.update({function.__name__: function for function in spelled})
    return environment


def render(name: str, facts: dict[str, object]) -> str:
    return _templates().get_template(name).render(facts)


@cache
def _inliner() -> css_inline.CSSInliner:
    # Nothing is fetched: neither while it is made nor when it is read.
    return css_inline.CSSInliner(keep_at_rules=True, keep_style_tags=False, load_remote_stylesheets=False)


def styled(html: str) -> str:
    """Styles move onto the elements, because many mail programs read nothing else; media queries stay in the head."""
    return _inliner().inline(html)
