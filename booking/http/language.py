"""The language that is spoken: English for now. Translations are compiled into booking/translations.

A page has hundreds of texts, numbers and dates, and Flask-Babel looks up for each of them in which language it is to
be. That is found out once for a request here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from babel import Locale
from babel.support import NullTranslations
from flask import Flask, g
from flask_babel import Babel, get_locale, get_translations

DEFAULT = "en"


class _Spoken(NamedTuple):
    locale: Locale
    translations: NullTranslations
    name: str  # of the locale: de, pt_BR


def install(app: Flask) -> None:
    """All texts go through gettext."""
    Babel(app, default_locale=DEFAULT, default_timezone="UTC", default_translation_directories="translations")
    environment: Any = app.jinja_env  # the extension gives it this method
    environment.install_gettext_callables(
        text,
        counted,
        newstyle=True,
    )
    environment.globals["_"] = environment.globals["gettext"]  # and not by way of looking it up in each page's context


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
