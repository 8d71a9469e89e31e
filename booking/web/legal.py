"""Who sells here and by which terms: a contact page, and pages made of the owner's own text files (settings)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, current_app
from flask_babel import lazy_gettext as _

from booking.config import Settings, SettingsError
from booking.http.services import current_services
from booking.pages.rendering import page

blueprint = Blueprint("legal", __name__)

TITLES = {"terms": _("Terms"), "privacy": _("Privacy")}


@dataclass(frozen=True, slots=True)
class Part:
    """A heading or a paragraph."""

    text: str
    is_heading: bool


def install(app: Flask, settings: Settings) -> None:
    """Read the texts once; raises SettingsError for a file that cannot be read. Pages without a text are not linked."""
    files = {"terms": settings.terms_file, "privacy": settings.privacy_file}
    app.extensions["legal_texts"] = {name: _read(name, file) for name, file in files.items() if file}
    app.jinja_env.globals.update(legal_links=_links, taxes_included=settings.taxes_included)


@blueprint.get("/contact")
def contact() -> Response:
    """Who sells here, and how to reach them."""
    settings = current_services().settings
    if not _has_contact(settings):
        abort(404)
    return page("legal/contact.html", seller=settings, address=address(settings))


@blueprint.get("/terms", endpoint="terms", defaults={"name": "terms"})
@blueprint.get("/privacy", endpoint="privacy", defaults={"name": "privacy"})
def text(name: str) -> Response:
    """The owner's own text."""
    parts = _texts().get(name)
    if parts is None:
        abort(404)
    return page("legal/text.html", heading=TITLES[name], parts=parts)


def address(settings: Settings) -> list[str]:
    """The seller's postal address, line by line."""
    return [line.strip() for line in settings.legal_address.split(",") if line.strip()]


def parts_of(text: str) -> list[Part]:
    """Paragraphs stand between empty lines; one that begins with # is a heading, as in Markdown."""
    blocks = (block.strip() for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n")))
    return [Part(block.lstrip("# ").strip(), block.startswith("#")) for block in blocks if block]


def _links() -> list[tuple[str, str]]:
    """Endpoint and title of each page that there is."""
    contact = [("legal.contact", str(_("Contact")))] if _has_contact(current_services().settings) else []
    return contact + [(f"legal.{name}", str(TITLES[name])) for name in TITLES if name in _texts()]


def _has_contact(settings: Settings) -> bool:
    return any((settings.legal_name, settings.legal_address, settings.contact_email, settings.contact_phone))


def _texts() -> dict[str, list[Part]]:
    texts: dict[str, list[Part]] = current_app.extensions["legal_texts"]
    return texts


def _read(name: str, file: str) -> list[Part]:
    try:
        return parts_of(Path(file).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"{name.upper()}_FILE cannot be read: {error}."]) from None
