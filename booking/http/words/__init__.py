"""The catalogue of words: what every code of the domain says, in the reader's language. All doors use it.

`message` is about a refusal as a whole, `problem` about one of its fields, for programs and terminals; `on_page` and
`sentence` are the same for people, who know a field by its label, with days and money as pages write
them. `told` says a notice that stands by itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from babel.lists import format_list

from booking.domain.errors import BookingError
from booking.domain.money import Amount
from booking.domain.notices import AllOf, AnyOf, FieldName, Notice
from booking.domain.pricing import Line, PriceReason
from booking.http import date_format, money_format
from booking.http.language import locale
from booking.http.number_format import number
from booking.http.words import price_lines
from booking.http.words.alerts import ALERTS, alert
from booking.http.words.errors import ERRORS, HTTP
from booking.http.words.fields import LABELS, PROBLEMS
from booking.http.words.imports import IMPORTS
from booking.http.words.invoices import PAID_BY
from booking.http.words.maintenance import MAINTENANCE
from booking.http.words.refunds import FOR_GUESTS, FOR_OPERATORS
from booking.http.words.templates import filled

NOTICES = {**PROBLEMS, **IMPORTS, **MAINTENANCE}
NOUNS_KEEP_THEIR_CAPITAL = {"de", "lb"}  # languages

__all__ = [
    "ALERTS",
    "ERRORS",
    "LABELS",
    "NOTICES",
    "alert",
    "charged_by",
    "either",
    "label",
    "message",
    "of_status",
    "on_page",
    "paid_by",
    "price_label",
    "price_reason",
    "price_reasons",
    "price_rule",
    "problem",
    "reasons",
    "refund_outcome",
    "refund_state",
    "sentence",
    "tax_included",
    "told",
]


def message(refusal: BookingError) -> str:
    """What is wrong as a whole."""
    return _whole(refusal, is_page=False)


def on_page(refusal: BookingError) -> str:
    """The same as people read it: from Mon 30 Nov, 18:00 on; only £90."""
    return _whole(refusal, is_page=True)


def reasons(refusal: BookingError) -> str:
    """The same with what is wrong with its fields, where it is about some."""
    return " ".join(sentence(*one) for one in refusal.details.items()) or on_page(refusal)


def of_status(status: int) -> tuple[str, str]:
    """Code and words of what HTTP itself refuses."""
    code, template = HTTP.get(status, HTTP[400])
    return code, filled(template, {}, {})


def problem(field: str, notice: Notice) -> str:
    """What is wrong with a field, to be read beside its name: is missing."""
    return _filled(notice, str, field="", name=field).strip()


def sentence(field: str, notice: Notice) -> str:
    """The same as people read it: Check-in is missing."""
    whole = _filled(notice, _inside, is_page=True, field=_inside(field), name=_inside(field))
    return whole[:1].upper() + whole[1:].rstrip(".") + "."


def told(notice: Notice) -> str:
    """What a notice says that is about no field."""
    return _filled(notice, _spelt)


def either(names: Iterable[str]) -> str:
    """a, b or c"""
    return _listed(tuple(names), AnyOf)


def label(field: str) -> str:
    """A field's name on pages."""
    return str(LABELS.get(field, field))


def refund_state(state: str) -> str:
    """What became of the money that is due back, one of payments.REFUND_STATES, for the guest."""
    return str(FOR_GUESTS[state])


def price_rule(rule: str) -> str:
    """What a line of a price is called by its rule; one that we have no words for says its own name."""
    return price_lines.name_of(rule)


def price_label(line: Line) -> str:
    """What a line of a price is called: as the house calls the rules that made it."""
    return price_lines.label(line)


def price_reason(of: PriceReason, currency: str) -> str:
    """What one rule did to a line: Weekend: 20% more."""
    return price_lines.reason(of, currency)


def charged_by(of: PriceReason, currency: str) -> str:
    """How a fee or tax counts."""
    return price_lines.charged_by(of, currency)


def tax_included(name: str, percent: Decimal | None) -> str:
    """A tax that other lines hold already."""
    return price_lines.tax_included(name, percent)


def price_reasons(line: Line, currency: str) -> str:
    """Why a line costs what it costs; empty where it is the room's own price and no more."""
    return price_lines.reasons(line, currency)


def paid_by(way: str) -> str:
    """How money moved, as an invoice says it."""
    return str(PAID_BY[way])


def refund_outcome(state: str) -> str:
    """The same for an operator, with what is left to do; to be read after a colon."""
    return str(FOR_OPERATORS[state])


def _whole(refusal: BookingError, *, is_page: bool) -> str:
    shown = {name: _said(value, str, is_page=is_page) for name, value in refusal.params.items()}
    return filled(ERRORS[refusal.reason], refusal.params, shown)


def _inside(field: str) -> str:
    """A field's name within a sentence."""
    if field not in LABELS:
        return field
    shown = label(field)
    return shown if locale().language in NOUNS_KEEP_THEIR_CAPITAL else shown[:1].lower() + shown[1:]


def _spelt(field: str) -> str:
    return field.replace("_", " ")


def _filled(notice: Notice, names: Callable[[str], str], *, is_page: bool = False, **about: str) -> str:
    grouped = notice.code not in PROBLEMS  # programs read those: no separators in their numbers
    shown = {name: _said(value, names, grouped=grouped, is_page=is_page) for name, value in notice.params.items()}
    return filled(NOTICES[notice.code], notice.params, {**shown, **about})


def _said(value: Any, names: Callable[[str], str], *, grouped: bool = False, is_page: bool = False) -> Any:
    """A parameter in words."""
    if isinstance(value, Notice):
        return _filled(value, names, is_page=is_page)
    if isinstance(value, tuple):
        return _listed(tuple(_said(one, names, is_page=is_page) for one in value), type(value))
    if isinstance(value, FieldName):
        return names(value)
    if isinstance(value, dt.timedelta):
        return date_format.age(value)
    if isinstance(value, dt.date | dt.time | Amount):
        return _written(value, is_page=is_page)
    return number(value) if grouped and isinstance(value, int | Decimal) else value


def _listed(said: tuple[str, ...], kind: type) -> str:
    if issubclass(kind, AnyOf | AllOf):
        return format_list(said, style="or" if issubclass(kind, AnyOf) else "standard", locale=locale())
    return ", ".join(said)


def _written(value: dt.date | dt.time | Amount, *, is_page: bool) -> str:
    if isinstance(value, Amount):
        return money_format.money(value.amount, value.currency) if is_page else str(value)
    if isinstance(value, dt.time):
        return value.isoformat("minutes")
    return date_format.day(value) if is_page else value.isoformat()
