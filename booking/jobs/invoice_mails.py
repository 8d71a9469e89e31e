"""Where the guest of an email finds the invoices of their stay: a page, which an email never waits for."""

from __future__ import annotations

from booking.config import Settings
from booking.domain import invoicing
from booking.domain.reservations import BookingSummary
from booking.infra import ids
from booking.jobs.account_mails import site


def link(notice: BookingSummary, settings: Settings) -> str | None:
    """At the booking's page; for whoever stays without the account, by a link that proves it. None of what costs
    nothing, and where nobody can look at the booking any more.
    """
    if notice.account_is_deleted or not notice.total:
        return None
    if notice.is_contacts:
        written = invoicing.written_invoice_link(notice.booking_id, notice.email, settings.secret_keys)
        return f"{site(settings)}/invoices/{written}"
    return f"{site(settings)}/bookings/{ids.encode('booking', notice.booking_id)}/invoices"
