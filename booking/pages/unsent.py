"""What was typed into a form whose sign-in had ended: shown, and kept in the page until somebody has signed in again.

It stands in no cookie and no address. Passwords, cards and whatever must be confirmed anew are not kept.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import request

from booking.http import words
from booking.pages import form_check, security

KEPT = ("fullName", "newEmail")
ACTION = "unsentTo"  # the field of the sign-in form that says where the others belong


@dataclass(frozen=True, slots=True)
class Unsent:
    """A form that nobody has taken: where it goes, and what was typed into it."""

    action: str
    fields: tuple[tuple[str, str], ...]

    @property
    def shown(self) -> list[tuple[str, str]]:
        """Labels and texts."""
        return [(words.label(name), text) for name, text in self.fields]

    @property
    def carried(self) -> list[tuple[str, str]]:
        """What a sign-in form carries, for `brought_along`."""
        return [(ACTION, self.action), *self.fields]


def of_this_form() -> Unsent | None:
    """What this request would have sent; None where nothing was typed, or another site may have made it up."""
    if request.method != "POST" or not form_check.is_from_our_page():
        return None
    return _typed(request.path)


def brought_along() -> Unsent | None:
    """What the sign-in form of this request carries."""
    return _typed(security.form_path(request.form.get(ACTION)))


def _typed(action: str) -> Unsent | None:
    fields = tuple((name, request.form[name]) for name in KEPT if request.form.get(name))
    return Unsent(action, fields) if action and fields else None
