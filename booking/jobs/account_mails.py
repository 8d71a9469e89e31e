"""Mails about an account and its address. Only here and in the reader's mailbox a link stands in full."""

from __future__ import annotations

from email.message import EmailMessage

from booking.config import Settings
from booking.domain import emails, links
from booking.domain.emails import Addressee, VerificationNotice
from booking.domain.events import Task
from booking.domain.links import Kind
from booking.infra import ids
from booking.infra.domains import ascii_url
from booking.jobs import letters
from booking.jobs.letters import Letter, one_line

VERIFICATION = "verification"


def verification_for_task(task: Task, message_id: str, settings: Settings) -> EmailMessage | None:
    """The mail, or None: the address is confirmed, another one, or the link is too old by now."""
    verification_id = ids.decode("verify", task.payload["verificationId"])
    notice = emails.notice(verification_id) if verification_id else None
    return verification(notice, Letter(VERIFICATION, message_id, task.occurred_at), settings) if notice else None


def verification(notice: VerificationNotice, letter: Letter, settings: Settings) -> EmailMessage:
    """Text and HTML with the link. Raises MailError for an address that no header can hold."""
    link = links.written(Kind.VERIFY, notice.verification_id, settings.secret_keys)
    facts: dict[str, object] = {"days": emails.GOOD_FOR.days, "link": f"{site(settings)}/verify-email/{link}"}
    to = Addressee(notice.email, "")
    return written(to, f"Confirm your email address for {settings.site_name}", letter, settings, facts)


def written(to: Addressee, subject: str, letter: Letter, settings: Settings, facts: dict[str, object]) -> EmailMessage:
    """A mail to an account's owner. Raises MailError for an address that no header can hold."""
    name = one_line(to.name)
    message = letters.begin(letter, settings.mail_from, letters.recipient(name, to.email), subject)
    letters.fill(message, letter, {"name": name, "email": to.email, "site_name": settings.site_name, **facts})
    return letters.finish(message, letter)


def site(settings: Settings) -> str:
    """Where links of ours begin."""
    return ascii_url(settings.site_url)


WRITERS = {"verification.requested": verification_for_task}
