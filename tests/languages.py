"""A language of its own for tests: every text is in brackets, so that whatever is not translated shows itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, g
from flask_babel import force_locale

from booking.http import language

TEMPLATE = Path(language.__file__).parents[1] / "translations" / "messages.pot"
SPOKEN = "de"  # whose dates and amounts look unlike English ones


def catalogue() -> Catalog:
    """What `make messages` has collected."""
    with TEMPLATE.open("rb") as file:
        return read_po(file, ignore_obsolete=True)


def bracketed(folder: Path) -> Path:
    """A compiled translation of all texts into themselves, in brackets."""
    into = Catalog(locale=SPOKEN)
    for message in catalogue():
        if message.id:
            forms = message.id if isinstance(message.id, tuple) else (message.id,)
            shown = tuple(f"⟦{form}⟧" for form in forms)
            into.add(message.id, shown if len(shown) > 1 else shown[0], flags=message.flags)
    target = folder / SPOKEN / "LC_MESSAGES" / "messages.mo"
    target.parent.mkdir(parents=True)
    with target.open("wb") as file:
        write_mo(file, into)
    return folder


@contextmanager
def speaking(name: str) -> Iterator[None]:
    """Texts, numbers and dates in another language, until the end of the block."""
    with force_locale(name):
        g.pop("spoken", None)
        try:
            yield
        finally:
            g.pop("spoken", None)


@contextmanager
def spoken_by(app: Flask, folder: Path) -> Iterator[None]:
    """The application speaks what stands in the folder."""
    babel = app.extensions["babel"]
    before = babel.default_locale, babel.translation_directories
    babel.default_locale, babel.translation_directories = SPOKEN, [str(folder)]
    babel.instance.domain_instance.cache.clear()
    try:
        yield
    finally:
        babel.default_locale, babel.translation_directories = before
        babel.instance.domain_instance.cache.clear()


def outside(text: str) -> str:
    """What no bracket surrounds."""
    while text != (fewer := re.sub(r"⟦[^⟦⟧]*⟧", " ", text)):
        text = fewer
    assert "⟦" not in text
    assert "⟧" not in text
    return " ".join(text.split())
