"""The stay as an iCalendar entry, for mails and for downloading."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from booking.domain.reservations.booking_summary import BookingSummary
from booking.infra import ids
from booking.infra.domains import ascii_email, ascii_url, host_of
from booking.infra.mail_headers import sender_of

LINE = 75  # octets of a line, without its end


@dataclass(frozen=True, slots=True)
class CalendarPublisher:
    """Who publishes the entry (settings)."""

    site_name: str
    site_url: str
    mail_from: str

    @property
    def host(self) -> str:
        return host_of(self.site_url)

    def link(self, booking_id: uuid.UUID) -> str:
        """The booking's page."""
        return f"{ascii_url(self.site_url)}/bookings/{ids.encode('booking', booking_id)}"


def entry(
    notice: BookingSummary, publisher: CalendarPublisher, written_at: dt.datetime, *, cancelled: bool = False
) -> bytes:
    """A published entry asks for no answer; a cancelled one takes it away (see `method`)."""
    first, last = notice.arrival.year - 1, notice.departure.year + 1
    zone = _zone(notice.arrival.tzinfo.key, first, last) if isinstance(notice.arrival.tzinfo, ZoneInfo) else ""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{_text(f'-//{publisher.site_name}//Bookings//EN')}",
        "CALSCALE:GREGORIAN",
        f"METHOD:{method(cancelled=cancelled)}",
        *zone.splitlines(),
        "BEGIN:VEVENT",
        *_stay(notice, publisher, written_at, in_zone=bool(zone), cancelled=cancelled),
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines).encode()


def method(*, cancelled: bool) -> str:
    """iCalendar's word for what the entry does."""
    return "CANCEL" if cancelled else "PUBLISH"


def _stay(
    notice: BookingSummary, publisher: CalendarPublisher, written_at: dt.datetime, *, in_zone: bool, cancelled: bool
) -> Iterator[str]:
    link = publisher.link(notice.booking_id)
    description, place = f"Booking {notice.reference}\n{link}", ", ".join((notice.property, *notice.address))
    yield f"SUMMARY:{_text(f'{notice.room}, {notice.property}')}"
    yield f"DTSTART{_instant(notice.arrival, in_zone=in_zone)}"
    yield f"DTEND{_instant(notice.departure, in_zone=in_zone)}"
    yield f"DTSTAMP{_instant(written_at, in_zone=False)}"
    yield f"UID:{ids.encode('booking', notice.booking_id)}@{publisher.host}"
    yield f"SEQUENCE:{notice.times_changed + int(cancelled)}"
    if cancelled:  # RFC 5546 §3.2.5 wants to know whom the cancellation concerns
        yield f"ATTENDEE:mailto:{ascii_email(notice.email)}"
    yield f"DESCRIPTION:{_text(description)}"
    yield f"LOCATION:{_text(place)}"
    yield f"ORGANIZER:mailto:{sender_of(publisher.mail_from).addr_spec}"
    yield f"STATUS:{'CANCELLED' if cancelled else 'CONFIRMED'}"
    yield "TRANSP:TRANSPARENT"  # a stay keeps nobody from a meeting
    yield f"URL:{link}"


@lru_cache(maxsize=1024)
def _zone(key: str, first_year: int, last_year: int) -> str:
    """A zone's rules in these years as iCalendar tells them, the same for all stays; empty where it is UTC itself."""
    from icalendar import Calendar, Event  # not before somebody wants an entry: it takes 3 % of a start

    sheet, there = Calendar(), Event()
    there.add("dtstart", dt.datetime(first_year, 1, 1, tzinfo=ZoneInfo(key)))
    sheet.add_component(there)
    sheet.add_missing_timezones(first_date=dt.date(first_year, 1, 1), last_date=dt.date(last_year, 12, 31))
    zones = sheet.walk("VTIMEZONE")
    for zone in zones:
        zone.pop("COMMENT", None)  # the library's own words, which some calendars show
    return "".join(zone.to_ical().decode() for zone in zones)


def _instant(instant: dt.datetime, *, in_zone: bool) -> str:
    """A property's value, by the clocks of its zone or by UTC."""
    if in_zone:
        return f";TZID={instant.tzinfo}:{instant:%Y%m%dT%H%M%S}"
    return f":{instant.astimezone(dt.UTC):%Y%m%dT%H%M%S}Z"


def _text(text: str) -> str:
    """As RFC 5545 §3.3.11 writes it: on one line, and with nothing that parts a value from the next."""
    lines = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").splitlines()
    return "\\n".join(lines)


def _folded(line: str) -> str:
    """Over several lines where it takes more than 75 octets (RFC 5545 §3.1), no character of it over two."""
    if len(line) <= LINE // 4 or len(line.encode()) <= LINE:
        return line
    folded, taken = list[str](), 0
    for sign in line:
        size = len(sign.encode())
        if taken + size > LINE:
            folded.append("\r\n ")
            taken = 1
        folded.append(sign)
        taken += size
    return "".join(folded)
