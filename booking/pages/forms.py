"""A form as it was sent: what stood in its fields, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from flask import Response, request
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from booking.domain.errors import BookingError, Invalid, TooManyAttempts
from booking.domain.inputs import Input, accept
from booking.http import words
from booking.pages import formats

M = TypeVar("M", bound=Input)
View = TypeVar("View", bound=Callable[..., Any])

COMES_BACK = "comes_back"
# Fields that a page fills itself with what it shows: nobody who reads it can put them right.
OF_THE_PAGE = frozenset({
    "version", "shown", "shownTotal", "shownRefund", "shownDifference", "last", "after", "seen", "fingerprint",
})  # fmt: skip


class Form:
    """Values by field name, problems as sentences. An empty field counts as not filled in."""

    def __init__(self, values: Mapping[str, str] | MultiDict[str, str] | None = None) -> None:
        self._values = values if isinstance(values, MultiDict) else MultiDict(values or {})
        self.problems: dict[str, str] = {}
        self.wait = 0  # seconds until it can be sent again, whatever it says by then

    @classmethod
    def posted(cls) -> Form:
        """The body of this request."""
        return cls(request.form)

    @classmethod
    def asked(cls) -> Form:
        """The query string of this request."""
        return cls(request.args)

    @classmethod
    def of(cls, values: Mapping[str, str | list[str]]) -> Form:
        """Made up here; a list is a field that comes several times."""
        return cls(MultiDict(values))

    def filled(self) -> dict[str, list[str]]:
        """The fields that are not empty."""
        return {name: sent for name, sent in self._values.lists() if any(sent)}

    def value(self, name: str, otherwise: str = "") -> str:
        """What stood in the field."""
        return self._values.get(name, otherwise) or otherwise

    def number(self, name: str) -> int | None:
        """Of a field that the page fills itself: a count or a version; None where it holds none."""
        text = self.value(name)
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None

    def seen_version(self) -> int | None:
        """Of what its page showed: None where it says nothing of it, -1, which is nothing's, where that is none."""
        seen = self.number("version")
        return -1 if seen is None and self.value("version") else seen

    def values(self, name: str) -> list[str]:
        """Of a field that may come several times."""
        return [part for text in self._values.getlist(name) for part in text.split(",") if part]

    def sent(self, name: str) -> list[str]:
        """Whatever stood in the field, as often as it came."""
        return self._values.getlist(name)

    def is_none(self, name: str) -> bool:
        """Whether the field was there, and nothing in it."""
        sent = self._values.getlist(name)
        return bool(sent) and not any(sent)

    def put(self, name: str, values: Iterable[str]) -> None:
        """What stands in the field from now on."""
        self._values = MultiDict(self._values)  # what a request brought cannot be changed
        self._values.setlist(name, list(values))

    def problem(self, name: str) -> str:
        """What is wrong with the field, empty where nothing is."""
        return self.problems.get(name, "")

    def accept(self, model: type[M]) -> M:
        """The input that the domain declares; raises Invalid, having taken its findings as problems."""
        data = {name: sent for name, sent in self._values.lists() if any(sent)}
        try:
            return accept(
                model, {name: sent[0] if len(sent) == 1 else sent for name, sent in data.items()}, strict=False
            )
        except Invalid as refusal:
            self.refuse(refusal)
            raise

    def refuse(self, refusal: BookingError) -> Form:
        """Hang a refusal's findings on the fields."""
        for field, problem in refusal.details.items():
            if field in OF_THE_PAGE:
                self.blame(str(gettext("This page was out of date. Check what it says now, and try again.")))
            else:
                self.problems.setdefault(field, words.sentence(field, problem))
        if not refusal.details:
            told = (
                formats.try_again(refusal.retry_after)
                if isinstance(refusal, TooManyAttempts)
                else words.on_page(refusal)
            )
            self.blame(told)
        return self

    def blame(self, told: str) -> Form:
        """Say what is wrong with the form as a whole."""
        self.problems.setdefault("", told)
        return self


def comes_back(show: Callable[..., Response]) -> Callable[[View], View]:
    """Its form is shown again as it was filled in, also where nothing could be asked or it was asked too often.

    `show` gets the form, the status and what the address says, and needs nothing of Postgres.
    """

    def decorated(view: View) -> View:
        setattr(view, COMES_BACK, show)
        return view

    return decorated


def carried(*but: str) -> list[tuple[str, str]]:
    """What was sent with this form and may stand in a page, to be sent again: no password, no token of the old page."""
    left_out = {"csrf_token", *passwords_sent(), *but}
    return [(name, value) for name, value in request.form.items(multi=True) if name not in left_out]


def passwords_sent() -> set[str]:
    """The names of the fields of this form that must never stand in a page again."""
    return {name for name in request.form if "password" in name.lower()}
