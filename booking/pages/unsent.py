"""What was typed into a form whose sign-in had ended: shown, and kept in the page until somebody has signed in again.

It stands in no cookie and no address, and nobody sends it but whoever presses the button. Passwords, codes, cards and
files are not kept.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from flask import request

from booking.http import words
from booking.pages import form_check, security
from booking.pages.forms import carried

KEPT = ("fullName", "newEmail", "message")  # of guests' forms
DESK = "/admin/"  # of staff's forms all that is typed
ACTION, FIELDS = "unsentTo", "unsentFields"  # of the sign-in form: where it belongs, and what, of staff's forms
LONGEST = 100_000  # characters: texts of a room, and more
NEVER = ("code", "paymentMethodId", ACTION, FIELDS)
# What pages write into a form by themselves, or is chosen there: it goes along, and says nothing to a reader.
UNSEEN = frozenset(
    ("by", "how", "next", "page", "property", "room", "roomId", "shownDifference", "shownRefund", "shownTotal",
     "sort", "version")
)  # fmt: skip
Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Unsent:
    """A form that nobody has taken: where it goes, and what was typed into it."""

    action: str
    fields: Fields

    @property
    def shown(self) -> list[tuple[str, str]]:
        """Labels and texts."""
        return [(words.label(name), text) for name, text in self.fields if _is_typed(name, text)]

    @property
    def carried(self) -> list[tuple[str, str]]:
        """What a sign-in form carries, for `brought_along`: it has fields of the same names itself."""
        if self.action.startswith(DESK):
            return [(ACTION, self.action), (FIELDS, json.dumps(self.fields))]
        return [(ACTION, self.action), *self.fields]


def of_this_form() -> Unsent | None:
    """What this request would have sent; None where nothing was typed, or another site may have made it up."""
    if request.method != "POST" or not form_check.is_from_our_page():
        return None
    is_desks = request.path.startswith(DESK)
    return _unsent(request.path, tuple(carried(*NEVER)) if is_desks else _kept())


def brought_along() -> Unsent | None:
    """What the sign-in form of this request carries."""
    action = security.form_path(request.form.get(ACTION))
    return _unsent(action, _read(request.form.get(FIELDS, "")) if action.startswith(DESK) else _kept())


def _kept() -> Fields:
    return tuple((name, request.form[name]) for name in KEPT if request.form.get(name))


def _read(text: str) -> Fields:
    """Pairs, as the page has written them; nothing where it has not."""
    try:
        read = json.loads(text)
        return tuple((str(name), str(value)) for name, value in read)
    except (TypeError, ValueError):
        return ()


def _unsent(action: str, fields: Fields) -> Unsent | None:
    is_typed = any(_is_typed(name, text) for name, text in fields)
    is_short = sum(len(text) for _, text in fields) <= LONGEST
    return Unsent(action, fields) if action and is_typed and is_short else None


def _is_typed(name: str, text: str) -> bool:
    return bool(text.strip()) and name in words.LABELS and name not in UNSEEN
