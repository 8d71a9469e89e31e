"""What all mails have in common: headers, text beside HTML, and names that cannot become anything else.

A mail is made from the data alone, never from the wall clock or chance: trying again makes the same bytes.
"""

from __future__ import annotations

import datetime as dt
import textwrap
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from booking.http import date_format, language, money_format, number_format, words
from booking.infra.mail import Undeliverable
from booking.infra.mail_headers import Mailbox, mailbox_of, one_line, sender_of
from booking.infra.mail_message import Email

FOLDER = Path(__file__).parents[1] / "templates" / "mail"
LINE, LABEL = 78, 11  # characters of a text email, and of what stands before a fact

if TYPE_CHECKING:
    from css_inline import CSSInliner

__all__ = ["Letter", "email", "one_line", "recipient", "render", "styled"]


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail is, apart from what it tells. `kind` names its templates."""

    kind: str
    message_id: str
    written_at: dt.datetime


def email(letter: Letter, mail_from: str, to: Mailbox, subject: str, facts: dict[str, object]) -> Email:
    """With text and HTML from the letter's templates."""
    return Email(
        sender_of(mail_from),
        to,
        subject,
        letter.message_id,
        letter.written_at,
        text=render(f"{letter.kind}.txt", facts),
        html=styled(render(f"{letter.kind}.html", facts)),
    )


def recipient(name: str, email: str) -> Mailbox:
    """The account's address; a domain outside ASCII in the form that every mail server knows. Raises Undeliverable."""
    try:
        return mailbox_of(name, email)
    except ValueError as error:
        raise Undeliverable(f"the address cannot be used: {error}", email, "invalid") from error


@cache
def _templates() -> Environment:
    environment = Environment(
        extensions=["jinja2.ext.i18n"],
        loader=FileSystemLoader(FOLDER),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    environment.install_gettext_callables(language.text, language.counted, newstyle=True)  # type: ignore[attr-defined]  # i18n has it
    environment.globals["_"] = environment.globals["gettext"]  # Jinja's own _ looks it up each time
    environment.filters.update({function.__name__: function for function in _FILTERS})
    environment.globals.update(language=language.tag, is_right_to_left=language.is_right_to_left)
    return environment


def wrapped(text: str, indent: int = 0) -> str:
    """A paragraph in lines that fit into every window, so that no translator has to break them."""
    margin = " " * indent
    lines = textwrap.wrap(
        text, LINE, initial_indent=margin, subsequent_indent=margin, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(lines)


def column(label: str) -> str:
    """What stands before a fact, as wide as its neighbours."""
    return label.ljust(LABEL - 1) + " "


def bidi(name: str) -> Markup:
    """A name that may run the other way than the sentence around it."""
    return Markup('<span dir="auto">{}</span>').format(name)


def strong(text: str) -> Markup:
    return Markup("<strong>{}</strong>").format(text)


_FILTERS = (
    date_format.day_long,
    date_format.day_short,
    date_format.hour,
    date_format.moment_long,
    date_format.month,
    date_format.moment_utc,
    date_format.zone_offset,
    money_format.money,
    number_format.guests,
    number_format.nights,
    number_format.number,
    words.price_rule,
    words.tax_included,
    wrapped,
    column,
    bidi,
    strong,
)


def render(name: str, facts: dict[str, object]) -> str:
    return _templates().get_template(name).render(facts)


@cache
def _inliner() -> CSSInliner:
    import css_inline  # only who sends emails needs its megabytes

    # Nothing is fetched: neither while it is made nor when it is read.
    return css_inline.CSSInliner(keep_at_rules=True, keep_style_tags=False, load_remote_stylesheets=False)


def styled(html: str) -> str:
    """Styles move onto the elements, because many mail programs read nothing else; media queries stay in the head."""
    return _inliner().inline(html)
