"""Emails as they are sent: our headers, text beside HTML, what is attached. Written in one pass.

Python's email package reads every header that it is given and folds every line: it took more than half of an email's
time.
"""

from __future__ import annotations

import datetime as dt
from base64 import encodebytes
from binascii import b2a_qp
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import format_datetime

from booking.infra.mail_headers import CRLF, Mailbox, address, sentence


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file beside the email. `filename` and `kind` (its media type with parameters) are ours, in ASCII."""

    filename: str
    kind: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG that is shown in the HTML, which names it `cid:` and its id; nothing is fetched for it."""

    content_id: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Email:
    """An email to one reader. `message_id` is in angle brackets; `reference` is the booking's, empty where it tells of
    none. What its reader answers goes to `reply_to`, else to the sender.
    """

    sender: Mailbox
    to: Mailbox
    subject: str
    message_id: str
    written_at: dt.datetime
    text: str
    html: str
    reference: str = ""
    reply_to: Mailbox | None = None
    attachments: tuple[Attachment, ...] = ()
    pictures: tuple[Picture, ...] = ()

    @property
    def is_international(self) -> bool:
        """Whether an address itself is outside ASCII, so that only servers with SMTPUTF8 can take the email."""
        named = (self.sender, self.to, *([self.reply_to] if self.reply_to else []))
        return not all(one.addr_spec.isascii() for one in named)

    def as_bytes(self) -> bytes:
        """The same each time, its lines ending in CRLF. Outside ASCII only where an address is."""
        html = _readable("html", self.html)
        if self.pictures:
            html = _parts("related", [html, *map(_shown, self.pictures)], self._boundary(2))
        forms = [_readable("plain", self.text), html]
        body = _parts("alternative", forms, self._boundary(int(bool(self.attachments))))
        if self.attachments:
            body = _parts("mixed", [body, *map(_attached, self.attachments)], self._boundary(0))
        return _lines(*self._headers(), "MIME-Version: 1.0") + body

    def _headers(self) -> list[str]:
        headers = [
            address("From", self.sender),
            address("To", self.to),
            sentence("Subject", self.subject),
            f"Date: {format_datetime(self.written_at.astimezone(dt.UTC))}",
            f"Message-ID: {self.message_id}",
            "Auto-Submitted: auto-generated",
        ]
        if self.reply_to:
            headers.append(address("Reply-To", self.reply_to))
        return [*headers, f"X-Booking-Reference: {self.reference}"] if self.reference else headers

    def _boundary(self, number: int) -> str:
        # No line of a part can begin so: "=_" is neither quoted-printable nor base64.
        return f"=_{number}_{self.message_id.strip('<>').partition('@')[0]}"


def _parts(kind: str, parts: Sequence[bytes], boundary: str) -> bytes:
    """A multipart, from its Content-Type on."""
    begin, between = _lines(f'Content-Type: multipart/{kind}; boundary="{boundary}"'), _lines("", f"--{boundary}")
    return begin + between + between.join(parts) + _lines("", f"--{boundary}--")


def _readable(kind: str, text: str) -> bytes:
    head = f'Content-Type: text/{kind}; charset="utf-8"', "Content-Transfer-Encoding: quoted-printable", ""
    return _lines(*head) + _with_crlf(b2a_qp(b"".join(line + b"\n" for line in text.encode().splitlines())))


def _attached(file: Attachment) -> bytes:
    head = (
        "Content-Transfer-Encoding: base64",
        f'Content-Disposition: attachment; filename="{file.filename}"',
        f"Content-Type: {file.kind}",
        "",
    )
    return _lines(*head) + _with_crlf(encodebytes(file.content))


def _shown(picture: Picture) -> bytes:
    head = (
        "Content-Transfer-Encoding: base64",
        "Content-Disposition: inline",
        f"Content-ID: <{picture.content_id}>",
        "Content-Type: image/jpeg",
        "",
    )
    return _lines(*head) + _with_crlf(encodebytes(picture.content))


def _with_crlf(lines: bytes) -> bytes:
    return lines.replace(b"\n", CRLF.encode())


def _lines(*lines: str) -> bytes:
    return "".join(line + CRLF for line in lines).encode()
