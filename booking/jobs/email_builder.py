"""What all mails have in common: headers, text beside HTML, and names that cannot become anything else.

A mail is made from the data alone, never from the wall clock or chance: trying again makes the same bytes.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache

import css_inline
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from booking.infra import words
from booking.infra.mail import Undeliverable
from booking.infra.mail_headers import HEADERS, Address, Mailbox, Text, mailbox_of, one_line, sender_of
from booking.jobs import wording

__all__ = ["Letter", "begin", "fill", "finish", "one_line", "recipient", "render", "styled"]


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail is, apart from what it tells. `kind` names its templates."""

    kind: str
    message_id: str
    written_at: dt.datetime


def begin(letter: Letter, mail_from: str, to: Mailbox, subject: str) -> EmailMessage:
    """A message with its headers."""
    message = EmailMessage(policy=HEADERS)
    message["From"] = Address("From", sender_of(mail_from))
    message["To"] = Address("To", to)
    message["Subject"] = Text("Subject", subject)
    message["Date"] = format_datetime(letter.written_at.astimezone(dt.UTC))
    message["Message-ID"] = letter.message_id
    message["Auto-Submitted"] = "auto-generated"
    return message


def fill(message: EmailMessage, letter: Letter, facts: dict[str, object]) -> None:
    """Text and HTML from the letter's templates."""
    message.set_content(render(f"{letter.kind}.txt", facts), cte="quoted-printable")
    message.add_alternative(styled(render(f"{letter.kind}.html", facts)), subtype="html", cte="quoted-printable")


def finish(message: EmailMessage, letter: Letter) -> EmailMessage:
    """Name the boundaries; Python would draw them by lot."""
    name = letter.message_id.strip("<>").partition("@")[0]
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"=_{number}_{name}")
    return message


def recipient(name: str, email: str) -> Mailbox:
    """The account's address; a domain outside ASCII in the form that every mail server knows. Raises Undeliverable."""
    try:
        return mailbox_of(name, email)
    except ValueError as error:
        raise Undeliverable(f"the address cannot be used: {error}", email, "invalid") from error


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("booking", "templates/mail"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    spelled = (wording.day, wording.hour, wording.zone, wording.moment, wording.universal, wording.money, words.count)
    environment.filters.update({function.__name__: function for function in spelled})
    return environment


def render(name: str, facts: dict[str, object]) -> str:
    return _templates().get_template(name).render(facts)


@cache
def _inliner() -> css_inline.CSSInliner:
    # Nothing is fetched: neither while it is made nor when it is read.
    return css_inline.CSSInliner(keep_at_rules=True, keep_style_tags=False, load_remote_stylesheets=False)


def styled(html: str) -> str:
    """Styles move onto the elements, because many mail programs read nothing else; media queries stay in the head."""
    return _inliner().inline(html)
