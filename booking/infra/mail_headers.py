"""Headers of mails from what people typed. A name is shown as it stands, whatever it looks like: it is never parsed.

Python's own header objects decode encoded words (RFC 2047) in a text that they are given, so that a name could become
other text or, before 3.11.10 and 3.12.5, new headers (CVE-2024-6923).
"""

from __future__ import annotations

import re
import unicodedata
from base64 import b64encode
from dataclasses import dataclass
from textwrap import wrap

from booking.config_values import split_sender
from booking.infra.domains import ascii_domain

CRLF = "\r\n"
LINE = 76  # characters of a header's line
WORD = 39  # bytes in an encoded word, so that the longest of our headers' names fits beside it
LOCAL_PART = re.compile(r"""[^\s@<>()\[\],;:\\"\x00-\x1f\x7f]+""")  # what stands before the @ without quotes
LONGEST_NAME = 80  # characters of a name in an address
LONGEST_AS_IT_IS = 60  # characters that fit into a line beside the header's name
_WORDS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")  # atoms and spaces (RFC 5322 §3.2.3)
_PRINTABLE = re.compile(r"[ -~]*")
_UNWANTED = {"Cc", "Cs", "Zl", "Zp"}
_TURNING = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}


def one_line(text: str) -> str:
    """Without control characters, line and paragraph separators and direction overrides; single spaces."""
    kept = (" " if unicodedata.category(sign) in _UNWANTED or ord(sign) in _TURNING else sign for sign in text)
    return " ".join("".join(kept).split())


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A name and an address as a mail server knows it. `typed` is the address as its owner wrote it."""

    display_name: str
    addr_spec: str
    typed: str


def mailbox_of(name: str, email: str) -> Mailbox:
    """The domain in ASCII, as every server knows it. Raises ValueError where no header can hold the address."""
    local, _, domain = email.rpartition("@")
    if not LOCAL_PART.fullmatch(local) or local.startswith(".") or local.endswith(".") or ".." in local:
        raise ValueError("what stands before the @ cannot be written into a header")
    domain = ascii_domain(domain)
    if not re.fullmatch(r"(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*|\[[0-9a-f:.]+\]", domain):
        raise ValueError("what stands after the @ is no domain")
    return Mailbox(one_line(name)[:LONGEST_NAME].strip(), f"{local}@{domain}", email)


def sender_of(mail_from: str) -> Mailbox:
    """MAIL_FROM as a mailbox. Raises ValueError."""
    return mailbox_of(*split_sender(mail_from))


def sentence(header: str, text: str) -> str:
    """A header that is a sentence (Subject), in its lines."""
    said = one_line(text)
    if not _is_safe(said) or any(len(word) > LONGEST_AS_IT_IS for word in said.split()):
        return f"{header}: {encoded(said)}"
    return f"{CRLF} ".join(wrap(f"{header}: {said}", LINE, break_long_words=False, break_on_hyphens=False))


def address(header: str, mailbox: Mailbox) -> str:
    """A header that is one address (To, From), in its lines. Outside ASCII only where the address is (RFC 6532)."""
    phrase = _phrase(mailbox.display_name)
    return f"{header}: {phrase}{CRLF + ' ' if phrase else ''}<{mailbox.addr_spec}>"


def _phrase(name: str) -> str:
    if not _is_safe(name) or len(name) > LONGEST_AS_IT_IS:
        return encoded(name)
    if not name or _WORDS.fullmatch(name):
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _is_safe(text: str) -> bool:
    """Nobody takes it for an encoded word, nor for anything but ASCII."""
    return "=?" not in text and bool(_PRINTABLE.fullmatch(text))


def encoded(text: str) -> str:
    """As encoded words (RFC 2047), over as many lines as needed; no character is parted."""
    words = [b""]
    for sign in map(str.encode, text):
        if len(words[-1]) + len(sign) > WORD:
            words.append(b"")
        words[-1] += sign
    return f"{CRLF} ".join(f"=?utf-8?b?{b64encode(word).decode()}?=" for word in words)
