"""The mail with the link for setting a new password. Only here and in the reader's mailbox the link stands in full."""

from __future__ import annotations

from email.message import EmailMessage

from booking.config import Settings
from booking.domain import resets
from booking.domain.events import Task
from booking.domain.resets import ResetNotice
from booking.infra import ids
from booking.jobs import letters
from booking.jobs.letters import Letter, one_line

KIND = "password"


def for_task(task: Task, message_id: str, settings: Settings) -> EmailMessage | None:
    """The mail, or None: nobody has this address, the link was used or replaced, or it is too old by now."""
    reset_id = ids.decode("reset", task.payload["resetId"] or "")
    notice = resets.notice(reset_id) if reset_id else None
    return compose(notice, Letter(KIND, message_id, task.occurred_at), settings) if notice else None


def compose(notice: ResetNotice, letter: Letter, settings: Settings) -> EmailMessage:
    """Text and HTML with the link. Raises MailError for an address that no header can hold."""
    name = one_line(notice.full_name)
    to = letters.recipient(name, notice.email)
    message = letters.begin(letter, settings.mail_from, to, f"Set a new password for {settings.site_name}")
    token = resets.token(notice.reset_id, settings.secret_key)
    facts: dict[str, object] = {
        "name": name,
        "email": notice.email,
        "site_name": settings.site_name,
        "minutes": int(resets.GOOD_FOR.total_seconds()) // 60,
        "link": f"{settings.site_url.rstrip('/')}/reset-password/{token}",
    }
    letters.fill(message, letter, facts)
    return letters.finish(message, letter)
