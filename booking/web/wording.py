"""The language of a page (English for now), and what is wrong with a form in the words of the form."""

from __future__ import annotations

import re

from flask import Flask
from flask_babel import Babel, gettext, lazy_gettext

_ = lazy_gettext

# What the input models call a field, as people read it.
LABELS = {
    "checkIn": _("Check-in"),
    "checkOut": _("Check-out"),
    "guests": _("Guests"),
    "capacity": _("Guests"),
    "location": _("Where"),
    "minPrice": _("Minimum price"),
    "maxPrice": _("Maximum price"),
    "currency": _("Currency"),
    "amenities": _("Amenities"),
    "sort": _("Sort by"),
    "kind": _("Type of place"),
    "q": _("Keyword"),
    "page": _("Page"),
    "email": _("Email"),
    "password": _("Password"),
    "fullName": _("Name"),
    "currentPassword": _("Current password"),
    "confirmEmail": _("Your email"),
    "newEmail": _("New email"),
    "newPassword": _("New password"),
    "confirmPassword": _("Your password"),
    "paymentMethodId": _("Card"),
    "shownTotal": _("Total"),
    "version": _("Version"),
    "shownRefund": _("Refund"),
}
_FIELD = re.compile("|".join(sorted(LABELS, key=len, reverse=True)))
_PREDICATE = re.compile(r"(is|are|must|may|has|have|can|cannot|should|contains?) ")


def install(app: Flask) -> None:
    """Texts through gettext from the start; translations are compiled into booking/translations."""
    Babel(app, default_locale="en", default_timezone="UTC", default_translation_directories="translations")


def label(field: str) -> str:
    """A field's name on pages."""
    return str(LABELS.get(field, field))


def sentence(field: str, problem: str) -> str:
    """ "is missing" about checkIn -> "Check-in is missing."; a sentence of its own only gets its capital and dot."""
    said = gettext(problem)
    whole = f"{field} {said}" if _PREDICATE.match(said) else said
    named = _FIELD.sub(lambda found: label(found[0]) if found.start() == 0 else label(found[0]).lower(), whole)
    return named[:1].upper() + named[1:].rstrip(".") + "."
