"""Working off what is due, and reading what was written."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from booking.domain.messages import outbox
from booking.infra.mail_message import Email
from booking.jobs import deliver
from booking.jobs.mail_deliveries import MAIL


def sent(mail_dir: Path) -> list[EmailMessage]:
    """Every mail so far, the oldest first."""
    outbox.relay()
    deliver.deliver(MAIL, [str(event_id) for _, event_id in outbox.due()])
    files = sorted(mail_dir.glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
    return [message_from_bytes(file.read_bytes(), policy=SMTP) for file in files]  # type: ignore[arg-type]  # as the stubs have it


def received(email: Email) -> EmailMessage:
    """As its reader's program understands it."""
    return message_from_bytes(email.as_bytes(), policy=SMTP)  # type: ignore[return-value]  # by this policy it is one


def newest(mail_dir: Path, subject: str) -> EmailMessage:
    """The latest mail whose subject begins so."""
    found = [message for message in sent(mail_dir) if str(message["Subject"]).startswith(subject)]
    assert found, [str(message["Subject"]) for message in sent(mail_dir)]
    return found[-1]


def text(message: EmailMessage, kind: str = "plain") -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def recipient(message: EmailMessage) -> str:
    return str(message["To"].addresses[0].addr_spec)


def path_in(message: EmailMessage, page: str) -> str:
    """Where on the site the mail's link to this page leads; text and HTML agree."""
    (path,) = set(re.findall(rf"https://stay\.example(/{page}/\S+)", text(message)))
    assert path in text(message, "html")
    return str(path)
