"""A mail server that takes everything and remembers what each mail was about, and how often it came."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiosmtpd.smtp import SMTP

from tests.faults.loop import listening
from tests.oracle import Mail

HEADER = r"(?mi)^%s:\s*(\S+)"
MESSAGE_ID, REFERENCE = (re.compile((HEADER % name).encode()) for name in ("Message-ID", "X-Booking-Reference"))


class Letterbox:
    """`mails` in the order of their arrival; a mail that was sent twice is there twice."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []

    async def handle_DATA(self, _: Any, __: Any, envelope: Any) -> str:
        head = envelope.content.partition(b"\r\n\r\n")[0]
        self.mails.append(Mail(_first(MESSAGE_ID, head).strip("<>"), _first(REFERENCE, head)))
        return "250 OK"

    def twice(self) -> int:
        """How many came again."""
        return len(self.mails) - len({mail.message_id for mail in self.mails})


def _first(header: re.Pattern[bytes], head: bytes) -> str:
    found = header.search(head)
    return found[1].decode() if found else ""


@contextmanager
def letterbox() -> Iterator[tuple[Letterbox, str]]:
    """The box and its SMTP_URL."""
    box = Letterbox()
    with listening(lambda: SMTP(box, hostname="letterbox")) as port:
        yield box, f"smtp://127.0.0.1:{port}"
