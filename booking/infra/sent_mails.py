"""Reading back the mails that were written as files (see `mail`), for trying the product out."""

from __future__ import annotations

import datetime as dt
import re
import time
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from itertools import islice
from pathlib import Path

KEPT = dt.timedelta(days=30)
NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,200}\.eml")


@dataclass(frozen=True, slots=True)
class SentMail:
    """A mail as its reader gets it."""

    name: str  # of its file
    to: str
    subject: str
    written_at: dt.datetime
    text: str
    html: str
    attachments: tuple[str, ...]


def latest(folder: str, limit: int = 50) -> list[SentMail]:
    """The newest first; names begin with the instant."""
    files = sorted((file for file in Path(folder).glob("*.eml") if NAME.fullmatch(file.name)), reverse=True)
    return [_read(file) for file in files[:limit]]


def one(folder: str, name: str) -> SentMail | None:
    """The mail in this file, None where there is none."""
    file = Path(folder) / name
    return _read(file) if NAME.fullmatch(name) and file.is_file() else None


def prune(folder: str, older_than: dt.timedelta = KEPT, limit: int = 10_000) -> int:
    """Delete our files that were written so long ago, at most `limit`. Returns how many."""
    before = time.time() - older_than.total_seconds()
    old = (file for file in Path(folder).glob("*.eml") if NAME.fullmatch(file.name) and file.stat().st_mtime < before)
    gone = list(islice(old, limit))
    for file in gone:
        file.unlink(missing_ok=True)
    return len(gone)


def _read(file: Path) -> SentMail:
    message = message_from_bytes(file.read_bytes(), policy=default)
    assert isinstance(message, EmailMessage)
    return SentMail(
        name=file.name,
        to=str(message["To"]),
        subject=str(message["Subject"]),
        written_at=parsedate_to_datetime(str(message["Date"])),
        text=_part(message, "plain"),
        html=_part(message, "html"),
        attachments=tuple(str(part.get_filename()) for part in message.iter_attachments()),
    )


def _part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    return str(body.get_content()) if body else ""
