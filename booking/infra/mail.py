"""Mail leaves the house: by SMTP, or as files in a directory. Whatever goes wrong is raised; the caller tries again."""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import re
import select
import smtplib
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from booking.config import Settings
from booking.infra.domains import ascii_domain, host_of
from booking.infra.mail_message import Email

PATIENCE = 10  # seconds for every answer of the mail server
# RFC 5321 §4.2 and 3463: of the answers that begin with 5, a full mailbox may be emptied, and a server that wants us to
# sign in or finds us too big is set up otherwise by its operator or ours.
NOT_FOR_EVER = {523, 530, 534, 535, 538, 552}
NO_SUCH_MAILBOX = {550, 551, 553}  # where no enhanced status says more
ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
NO_TLS = "it offers no TLS, so nothing is sent: anybody on the way could read it (see SMTP_TLS)"
NO_WAY_OUT = "Neither SMTP_URL nor MAIL_DIR is set."
LOOPBACK = {"localhost", "127.0.0.1", "::1"}

Post = Callable[[Email], None]


class MailError(Exception):
    """This mail cannot leave as the settings stand."""


class Undeliverable(MailError):
    """Trying again is no help. `code` is short and names nobody, such as "550 5.1.1".

    `at_fault` says whether the address is to blame, and not what the mail says or who sends it.
    """

    def __init__(self, reason: str, address: str, code: str, *, at_fault: bool = True) -> None:
        super().__init__(reason)
        self.address, self.code, self.at_fault = address, code, at_fault


class Unreachable(Exception):
    """The mail server does not take any mail now; it has nothing to do with the message."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """How a mail server answers: over TLS, and whether it takes addresses outside ASCII (SMTPUTF8, RFC 6531)."""

    encrypted: bool
    international: bool


def send(message: Email, settings: Settings) -> None:
    """Send one message. Raises MailError (Undeliverable for good), Unreachable, smtplib.SMTPException or OSError."""
    with mailbox(settings) as post:
        post(message)


def say_hello(settings: Settings, patience: float) -> Greeting:
    """Connect, greet, encrypt and sign in as for a mail, and hang up. Whether it was encrypted, and what it can do.

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
    return _Server(urlsplit(settings.smtp_url), _greeting(settings.site_url), patience, settings.mails_need_tls)


def _greeting(site_url: str) -> str:
    """How we introduce ourselves: a domain, or an address in brackets (RFC 5321 §4.1.3)."""
    host = host_of(site_url)
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"


def _write(directory: Path, message: Email) -> None:
    """One file per Message-ID, complete or not there at all: the same mail again takes the place of the first."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = file_name(message)
    unfinished = directory / f".{name}.{os.getpid()}.{threading.get_ident()}"
    with unfinished.open("wb") as file:
        file.write(message.as_bytes())
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(directory / name)


def file_name(message: Email) -> str:
    """`2026-05-04T101500Z-K7PQ2WXH-019a….mail.eml`: when, which booking, which delivery."""
    instant = message.written_at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H%M%SZ")
    delivery = message.message_id.strip("<>").partition("@")[0]
    parts = (instant, message.reference, delivery)
    return "-".join(re.sub(r"[^A-Za-z0-9._-]", "", part) for part in parts if part) + ".eml"


class _Server:
    def __init__(self, url: SplitResult, our_name: str, patience: float, needs_tls: bool) -> None:
        if url.scheme not in {"smtp", "smtps"} or not url.hostname:
            raise MailError("SMTP_URL must look like smtp://user:password@host:587 or smtps://user:password@host:465.")
        self._url, self._host, self._our_name = url, ascii_domain(url.hostname), our_name
        self._patience, self._needs_tls = patience, needs_tls
        self._smtp: smtplib.SMTP | None = None

    def greet(self) -> Greeting:
        """What follows would be so."""
        smtp = self._connected()
        return Greeting(isinstance(smtp.sock, ssl.SSLSocket), smtp.has_extn("smtputf8"))

    def send(self, message: Email) -> None:
        smtp = self._connected()
        options = ["SMTPUTF8", "BODY=8BITMIME"] if message.is_international else []
        try:
            smtp.sendmail(message.sender.addr_spec, [message.to.addr_spec], message.as_bytes(), options)
        except BaseException as error:
            self.close()  # where in the conversation it broke is unknown
            refusal = _refusal(error, message.to.typed)
            if refusal:
                raise refusal from error
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
        if self._url.scheme == "smtps":
            tls = ssl.create_default_context()
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._url.port or 465, self._our_name, timeout=self._patience, context=tls
            )
        else:
            smtp = smtplib.SMTP(self._host, self._url.port or 25, self._our_name, timeout=self._patience)
        try:
            self._greet(smtp)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _greet(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo_or_helo_if_needed()
        encrypted = self._url.scheme == "smtps"
        if not encrypted and smtp.has_extn("starttls"):
            smtp.starttls(context=ssl.create_default_context())  # reading all authorities takes a while
            smtp.ehlo()
            encrypted = True
        if self._needs_tls and not encrypted:
            raise smtplib.SMTPException(NO_TLS)
        if self._url.username:
            if not encrypted and self._host not in LOOPBACK:
                raise smtplib.SMTPException("no TLS offered, so the password is not sent")
            smtp.login(unquote(self._url.username), unquote(self._url.password or ""))


def _refusal(error: BaseException, address: str) -> Undeliverable | None:
    """What the server will say next time too; None where it may change its mind, or its operator may."""
    if isinstance(error, smtplib.SMTPNotSupportedError):
        reason = "the mail server takes no address with letters outside ASCII before the @ (it lacks SMTPUTF8)"
        return Undeliverable(reason, address, "SMTPUTF8")
    said: bytes | str
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPDataError):
        code, said = error.smtp_code, error.smtp_error
    else:  # before anybody was named: our server, our sender, our password
        return None
    text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    status = (ENHANCED.match(text) or [""])[0]
    if code // 100 != 5 or code in NOT_FOR_EVER or status.startswith(("4.", "5.2.2", "5.3.")):
        return None
    at_fault = status.startswith(("5.1.", "5.2.")) or (not status and code in NO_SUCH_MAILBOX)
    return Undeliverable(f"{code} {text}", address, f"{code} {status}".strip(), at_fault=at_fault)


def _alive(smtp: smtplib.SMTP) -> bool:
    """Servers hang up on clients after a while or a number of mails; better known before a mail than in it.

    One that does has said so, or at least closed the connection: only where there is something to read it is asked.
    """
    if smtp.sock and not select.select([smtp.sock], [], [], 0)[0]:
        return True
    try:
        return smtp.noop()[0] == 250
    except (OSError, smtplib.SMTPException):
        return False
