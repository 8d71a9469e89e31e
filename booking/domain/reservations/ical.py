"""The stay as an iCalendar entry, for mails and for downloading."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from booking.domain.reservations.booking_summary import BookingSummary
from booking.infra import ids
from booking.infra.domains import ascii_email, ascii_url, host_of
from booking.infra.mail_headers import sender_of

if TYPE_CHECKING:
    from icalendar import Event


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
    from icalendar import Calendar  # not before somebody wants an entry: it takes 3 % of a start

    sheet = Calendar()
    sheet.add("prodid", f"-//{publisher.site_name}//Bookings//EN")
    sheet.add("version", "2.0")
    sheet.add("calscale", "GREGORIAN")
    sheet.add("method", method(cancelled=cancelled))
    sheet.add_component(_stay(notice, publisher, written_at, cancelled=cancelled))
    sheet.add_missing_timezones(
        first_date=notice.arrival.date() - dt.timedelta(days=366),
        last_date=notice.departure.date() + dt.timedelta(days=366),
    )
    return bytes(sheet.to_ical())


def method(*, cancelled: bool) -> str:
    """iCalendar's word for what the entry does."""
    return "CANCEL" if cancelled else "PUBLISH"


def _stay(notice: BookingSummary, publisher: CalendarPublisher, written_at: dt.datetime, *, cancelled: bool) -> Event:
    from icalendar import Event, vCalAddress

    link, stay = publisher.link(notice.booking_id), Event()
    stay.add("uid", f"{ids.encode('booking', notice.booking_id)}@{publisher.host}")
    stay.add("sequence", notice.times_changed + int(cancelled))
    stay.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    stay.add("dtstamp", written_at.astimezone(dt.UTC).replace(microsecond=0))
    stay.add("dtstart", notice.arrival)
    stay.add("dtend", notice.departure)
    stay.add("summary", f"{notice.room}, {notice.property}")
    stay.add("location", ", ".join((notice.property, *notice.address)))
    stay.add("description", f"Booking {notice.reference}\n{link}")
    stay.add("url", link)
    stay.add("transp", "TRANSPARENT")  # a stay keeps nobody from a meeting
    stay.add("organizer", vCalAddress(f"mailto:{sender_of(publisher.mail_from).addr_spec}"))
    if cancelled:  # RFC 5546 §3.2.5 wants to know whom the cancellation concerns
        stay.add("attendee", vCalAddress(f"mailto:{ascii_email(notice.email)}"))
    return stay
