"""What an email says by which a guest is answered: the words as they were written, and where to write back."""

from __future__ import annotations

from booking.config import Settings
from booking.domain import correspondence
from booking.domain.reservations import BookingSummary
from booking.infra import ids
from booking.infra.mail_headers import one_line
from booking.jobs.account_mails import site


def facts(notice: BookingSummary, said: str, settings: Settings) -> dict[str, object]:
    """For the templates, beside the notice. `said`: its lines. `answer_link` is None where nobody can look at the
    booking any more.
    """
    return {"said": [one_line(line) for line in said.split("\n")], "answer_link": _answer_link(notice, settings)}


def _answer_link(notice: BookingSummary, settings: Settings) -> str | None:
    """To the booking's page; for whoever stays without the account, to a page of its own, by a link that proves it."""
    if notice.account_is_deleted:
        return None
    return write_link(notice, settings) or f"{site(settings)}/bookings/{_shown(notice)}#messages"


def write_link(notice: BookingSummary, settings: Settings) -> str | None:
    """Where whoever stays without the account writes to the house; None where the account has the booking's page."""
    if notice.account_is_deleted or not notice.is_contacts:
        return None
    link = correspondence.written_conversation_link(notice.booking_id, notice.email, settings.secret_keys)
    return f"{site(settings)}/messages/{link}"


def _shown(notice: BookingSummary) -> str:
    return ids.encode("booking", notice.booking_id)
