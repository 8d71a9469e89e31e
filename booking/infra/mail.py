"""Mail leaves the house: by SMTP, or as files in a directory. Whatever goes wrong is raised; the caller tries again."""

from __future__ import annotations

import os
import re
import smtplib
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.header import Header
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from booking.config import Settings

PATIENCE = 10  # seconds for every answer of the mail server
NO_WAY_OUT = "Neither SMTP_URL nor MAIL_DIR is set."
LOOPBACK = {"localhost", "127.0.0.1", "::1"}

Post = Callable[[EmailMessage], None]


class MailError(Exception):
    """This mail cannot leave as the settings stand."""


class Unreachable(Exception):
    """The mail server does not take any mail now; it has nothing to do with the message."""


def send(message: EmailMessage, settings: Settings) -> None:
    """Send one message. Raises MailError, Unreachable, smtplib.SMTPException or OSError."""
    with mailbox(settings) as post:
        post(message)


def say_hello(settings: Settings, patience: float) -> bool:
    """Connect, greet, encrypt and sign in as for a mail, and hang up. True where the connection was encrypted.

    Every answer may take `patience` seconds. Raises MailError, Unreachable; ValueError for a port that is none.
    """
    if not settings.smtp_url:
        raise MailError(NO_WAY_OUT)
    server = _server(settings, patience)
    try:
        return server.greet()
    finally:
        server.close()


@contextmanager
def mailbox(settings: Settings) -> Iterator[Post]:
    """A function that sends messages, over one connection that is made when the first one comes."""
    if settings.mail_dir:
        yield partial(_write, Path(settings.mail_dir))
        return
    if not settings.smtp_url:
        raise MailError(NO_WAY_OUT)
    server = _server(settings, PATIENCE)
    try:
        yield server.send
    finally:
        server.close()


def _server(settings: Settings, patience: float) -> _Server:
    return _Server(urlsplit(settings.smtp_url), urlsplit(settings.site_url).hostname or "localhost", patience)


def _write(directory: Path, message: EmailMessage) -> None:
    """One file per Message-ID, complete or not there at all: the same mail again takes the place of the first."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = file_name(message)
    unfinished = directory / f".{name}.{os.getpid()}.{threading.get_ident()}"
    with unfinished.open("wb") as file:
        file.write(message.as_bytes(policy=HEADERS.clone(utf8=_international(message))))
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(directory / name)


def _international(message: EmailMessage) -> bool:
    """Whether an address itself is outside ASCII, so that only servers with SMTPUTF8 can take the mail."""
    return not all(address.addr_spec.isascii() for address in message["To"].addresses)


def file_name(message: EmailMessage) -> str:
    """`2026-05-04T101500Z-K7PQ2WXH-019a….mail.eml`: when, which booking, which delivery."""
    instant = parsedate_to_datetime(message["Date"]).strftime("%Y-%m-%dT%H%M%SZ")
    delivery = message["Message-ID"].strip("<>").partition("@")[0]
    parts = (instant, message.get("X-Booking-Reference", ""), delivery)
    return "-".join(re.sub(r"[^A-Za-z0-9._-]", "", part) for part in parts if part) + ".eml"


class _Headers(EmailPolicy):
    """Python 3.11 and 3.12 lose spaces when they fold long texts outside ASCII; the older encoder does not."""

    def fold(self, name: str, value: Any) -> str:
        folded = self._folded(name, value)
        return super().fold(name, value) if folded is None else folded

    def fold_binary(self, name: str, value: Any) -> bytes:
        folded = self._folded(name, value)
        return super().fold_binary(name, value) if folded is None else folded.encode("ascii")

    def _folded(self, name: str, value: Any) -> str | None:
        if self.utf8 or str(value).isascii():
            return None
        if name.lower() == "subject":
            return f"{name}: {self._encoded(name, str(value))}\r\n"
        if name.lower() in {"to", "from"} and len(value.addresses) == 1 and value.addresses[0].addr_spec.isascii():
            address = value.addresses[0]
            return f"{name}: {self._encoded(name, address.display_name)}\r\n <{address.addr_spec}>\r\n"
        return None

    @staticmethod
    def _encoded(name: str, text: str) -> str:
        return Header(text, "utf-8", header_name=name).encode(linesep="\r\n")


HEADERS = _Headers(linesep="\r\n", max_line_length=78)  # the policy of our messages


class _Server:
    def __init__(self, url: SplitResult, our_name: str, patience: float) -> None:
        if url.scheme not in {"smtp", "smtps"} or not url.hostname:
            raise MailError("SMTP_URL must look like smtp://user:password@host:587 or smtps://user:password@host:465.")
        self._url, self._host, self._our_name, self._patience = url, url.hostname, our_name, patience
        self._smtp: smtplib.SMTP | None = None

    def greet(self) -> bool:
        """Whether what follows would be encrypted."""
        return isinstance(self._connected().sock, ssl.SSLSocket)

    def send(self, message: EmailMessage) -> None:
        smtp = self._connected()
        try:
            smtp.send_message(message)
        except BaseException:
            self.close()  # where in the conversation it broke is unknown
            raise

    def close(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp:
            # The mail is accepted or refused by now; a goodbye that fails changes nothing.
            with suppress(OSError, smtplib.SMTPException):
                smtp.quit()
            smtp.close()

    def _connected(self) -> smtplib.SMTP:
        if self._smtp and not _alive(self._smtp):
            self.close()
        if not self._smtp:
            try:
                self._smtp = self._connect()
            except (OSError, smtplib.SMTPException) as error:
                raise Unreachable(f"{self._host}: {error or type(error).__name__}") from error
        return self._smtp

    def _connect(self) -> smtplib.SMTP:
        tls = ssl.create_default_context()
        if self._url.scheme == "smtps":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._url.port or 465, self._our_name, timeout=self._patience, context=tls
            )
        else:
            smtp = smtplib.SMTP(self._host, self._url.port or 25, self._our_name, timeout=self._patience)
        try:
            self._greet(smtp, tls)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _greet(self, smtp: smtplib.SMTP, tls: ssl.SSLContext) -> None:
        smtp.ehlo_or_helo_if_needed()
        encrypted = self._url.scheme == "smtps"
        if not encrypted and smtp.has_extn("starttls"):
            smtp.starttls(context=tls)
            smtp.ehlo()
            encrypted = True
        if self._url.username:
            if not encrypted and self._host not in LOOPBACK:
                raise smtplib.SMTPException("no TLS offered, so the password is not sent")
            smtp.login(unquote(self._url.username), unquote(self._url.password or ""))


def _alive(smtp: smtplib.SMTP) -> bool:
    """Servers hang up on clients after a while or a number of mails; better known before a mail than in it."""
    try:
        return smtp.noop()[0] == 250
    except (OSError, smtplib.SMTPException):
        return False
