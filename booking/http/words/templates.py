"""What a sentence is made of: a text with %(parameters)s, translated when it is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from flask_babel.speaklater import LazyString

from booking.http.language import ngettext, text


def _(said: str) -> LazyString:
    """As Flask-Babel's, which finds out each time in which language it is to be."""
    return LazyString(text, said)


@dataclass(frozen=True, slots=True)
class Counted:
    """Two texts, or as many as the language has forms of the plural; the parameter `by` chooses."""

    one: str
    many: str
    by: str


def _n(one: str, many: str, by: str) -> Counted:
    """For pybabel: its two first arguments are messages."""
    return Counted(one, many, by)


Template: TypeAlias = LazyString | Counted
Templates: TypeAlias = Mapping[str, Template]


def filled(template: Template, params: Mapping[str, Any], shown: Mapping[str, Any]) -> str:
    """The text in the reader's language; `params` as they are choose the plural, `shown` stand in it."""
    if isinstance(template, Counted):
        return str(ngettext(template.one, template.many, params[template.by], **shown))
    return str(template) % shown
