"""The way out for emails."""

from __future__ import annotations

from collections.abc import Iterator

from booking.config import Settings
from booking.infra import mail
from booking.infra.doctor.report import Diagnosis, ok, problem, said, warning

PATIENCE = 4.0  # seconds for each answer


def office(settings: Settings) -> Iterator[Diagnosis]:
    """Whether the mail server lets us in; nothing is sent."""
    if settings.mail_dir:
        yield ok("emails are written as files into MAIL_DIR")
        return
    try:
        hello = mail.say_hello(settings, PATIENCE)
    except (mail.MailError, ValueError) as error:
        sentence = said(error) if isinstance(error, mail.MailError) else "SMTP_URL cannot be read"
        yield problem(sentence.rstrip("."), "set SMTP_URL, or MAIL_DIR to have files instead")
    except mail.Unreachable as error:
        yield problem(
            f"the mail server takes nothing: {said(error)}",
            "start it, or correct SMTP_URL; what waits is sent as soon as it answers",
        )
    else:
        yield from _let_in(settings, hello)


def _let_in(settings: Settings, hello: mail.Greeting) -> Iterator[Diagnosis]:
    if settings.production and not hello.encrypted:
        yield warning(
            "the mail server answers without TLS, so emails can be read on the way",
            "use one with STARTTLS (smtp://) or TLS from the start (smtps://), and remove SMTP_TLS",
        )
    else:
        limits = "" if hello.international else ", but takes no address with letters outside ASCII before the @"
        yield ok(f"the mail server answers, {'over TLS' if hello.encrypted else 'without TLS'}{limits}")
