"""The language that is spoken: English for now. Translations are compiled into booking/translations.

A page has hundreds of texts, numbers and dates, and Flask-Babel looks up for each of them in which language it is to
be. That is found out once for a request here.
"""

from __future__ import annotations

from typing import NamedTuple

from babel import Locale
from babel.support import NullTranslations
from flask import Flask, g
from flask_babel import Babel, get_locale, get_translations
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

DEFAULT = "en"


class _Spoken(NamedTuple):
    locale: Locale
    translations: NullTranslations
    name: str  # of the locale: de, pt_BR


def install(app: Flask) -> None:
    """All texts go through gettext."""
    Babel(app, default_locale=DEFAULT, default_timezone="UTC", default_translation_directories="translations")
    # Not the extension's own functions: they ask for the context, which Jinja makes anew, with all that a page knows,
    # for every text that stands in a loop.
    app.jinja_env.globals.update(_=_shown, gettext=_shown, ngettext=_shown_counted)


@pass_eval_context
def _shown(page: EvalContext, said: str, /, **facts: object) -> str:
    found = text(said)
    return (Markup(found) if page.autoescape else found) % facts  # noqa: S704 as templates and translators write it


@pass_eval_context
def _shown_counted(page: EvalContext, one: str, many: str, num: int, /, **facts: object) -> str:
    found = counted(one, many, num)
    return (Markup(found) if page.autoescape else found) % {"num": num, **facts}  # noqa: S704 the same


def text(said: str) -> str:
    """What templates call gettext."""
    return str(_spoken().translations.ugettext(said))


def counted(one: str, many: str, number: int) -> str:
    """What templates call ngettext."""
    return str(_spoken().translations.ungettext(one, many, number))


def gettext(said: str, **facts: object) -> str:
    """As Flask-Babel's, which finds out each time in which language it is to be."""
    return text(said) % facts if facts else text(said)


def ngettext(one: str, many: str, num: int, **facts: object) -> str:
    """As Flask-Babel's: `num` is among the facts."""
    return counted(one, many, num) % {"num": num, **facts}


def locale() -> Locale:
    """The reader's: a guest's of the page or email, an operator's at a terminal."""
    return _spoken().locale


def name() -> str:
    """The locale's, by which it is found again (Locale.parse)."""
    return _spoken().name


def _spoken() -> _Spoken:
    try:
        found: _Spoken = g.spoken
    except AttributeError:
        locale = get_locale() or Locale(DEFAULT)
        found = g.spoken = _Spoken(locale, get_translations(), str(locale))
    except RuntimeError:  # at no request and no command
        found = _Spoken(Locale(DEFAULT), NullTranslations(), DEFAULT)
    return found


def tag() -> str:
    """As HTML names it: de, pt-BR."""
    return str(locale()).replace("_", "-")


def is_right_to_left() -> bool:
    return locale().text_direction == "rtl"
