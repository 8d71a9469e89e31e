"""A mail server that can be told to misbehave."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import ExitStack
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest
import structlog
from aiosmtpd.controller import Controller
from flask import Flask

from booking.jobs import deliver
from tests.mails import mail_settings


class MailServer:
    """Keeps what it accepts. `answers` are taken first, one per message; `delay` seconds pass before each.

    `refusals` are answers to addresses, before a message comes.
    """

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.envelopes: list[Any] = []
        self.answers: list[str] = []
        self.refusals: dict[str, str] = {}
        self.sessions: set[int] = set()
        self.heard: list[str] = []  # how clients introduced themselves, one per message
        self.delay = 0.0
        self.controller = Controller(self, hostname="127.0.0.1", port=0)

    async def handle_RCPT(self, _: Any, __: Any, envelope: Any, address: str, ___: Any) -> str:
        if refusal := self.refusals.get(address):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: Any, session: Any, envelope: Any) -> str:
        time.sleep(self.delay)
        self.sessions.add(id(session))
        answer = self.answers.pop(0) if self.answers else "250 OK"
        self.heard.append(session.host_name)
        if answer.startswith("250"):
            self.envelopes.append(envelope)
            self.messages.append(message_from_bytes(envelope.content, policy=SMTP))
        return answer

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.controller.server.sockets[0].getsockname()[1]}"

    def message_ids(self) -> list[str]:
        return [message["Message-ID"] for message in self.messages]


class AnyPort(Controller):
    """aiosmtpd connects to its own port to see whether it runs; with port 0 it must look up which one that is."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    server = MailServer()
    server.controller = AnyPort(server, hostname="127.0.0.1", port=0)
    server.controller.start()
    yield server
    server.controller.stop()


@pytest.fixture
def another_mail_server() -> Iterator[Callable[..., MailServer]]:
    """Start one with options of aiosmtpd, such as `enable_SMTPUTF8=True` or `tls_context=...`."""
    with ExitStack() as running:

        def start(**options: Any) -> MailServer:
            server = MailServer()
            server.controller = AnyPort(server, hostname="127.0.0.1", port=0, **options)
            server.controller.start()
            running.callback(server.controller.stop)
            return server

        yield start


@pytest.fixture
def smtp(app: Flask, mail_server: MailServer) -> Iterator[MailServer]:
    """The application sends its mails to this server."""
    with mail_settings(app, mail_dir="", smtp_url=mail_server.url):
        yield mail_server


@pytest.fixture
def said() -> Iterator[list[dict[str, Any]]]:
    """What is logged meanwhile, as it would be written."""
    before, lines = structlog.get_config(), list[dict[str, Any]]()

    def keep(_: Any, __: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
        lines.append(dict(line))
        raise structlog.DropEvent

    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, structlog.processors.format_exc_info, keep],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    yield lines
    structlog.configure(**before)


@pytest.fixture(autouse=True)
def _not_stopping() -> Iterator[None]:
    yield
    deliver.stopping.clear()
