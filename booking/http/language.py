"""The language that is spoken: English for now. Translations are compiled into booking/translations."""

from __future__ import annotations

from babel import Locale
from flask import Flask
from flask_babel import Babel, get_locale

DEFAULT = "en"


def install(app: Flask) -> None:
    """All texts go through gettext."""
    Babel(app, default_locale=DEFAULT, default_timezone="UTC", default_translation_directories="translations")


def locale() -> Locale:
    """The reader's: a guest's of the page or email, an operator's at a terminal."""
    return get_locale() or Locale(DEFAULT)


def tag() -> str:
    """As HTML names it: de, pt-BR."""
    return str(locale()).replace("_", "-")


def is_right_to_left() -> bool:
    return locale().text_direction == "rtl"
