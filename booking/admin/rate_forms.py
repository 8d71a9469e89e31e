"""Forms about one rule: which fields a kind needs, a rule as the form shows it, and a form as the domain takes it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from flask_babel import gettext, lazy_gettext

from booking.domain import pricing
from booking.domain.errors import Invalid
from booking.domain.inputs import accept
from booking.domain.notices import Notice
from booking.domain.pricing import HouseRoom, RateInput, RatesForm, Rule
from booking.http.words import rate_rules
from booking.infra.ids import decode, encode
from booking.pages.forms import Form

_ = lazy_gettext

MONEY, PERCENT, WHOLE, CHECK, CHOICE = "money", "percent", "whole", "check", "choice"
ALL, KIND, ROOM = "all", "kind:", "room:"
SPARE_ROWS, LEAST_ROWS = 1, 3


@dataclass(frozen=True, slots=True)
class TermField:
    """One field of a kind's terms; `options` of a choice are pairs of a value and its text."""

    name: str
    label: Any
    form: str
    hint: Any = ""
    required: bool = False
    options: Sequence[tuple[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class TermList:
    """Entries of which there may be several, each a row of fields."""

    name: str
    label: Any
    fields: tuple[TermField, ...]


_AMOUNT_PER_NIGHT = TermField("amount", _("Price per night"), MONEY, _("Leave empty where you give a percent"))
_NIGHTS = (TermField("nights", _("Nights"), WHOLE, required=True),)
_CLOSED = (
    TermField("closed", _("On these days"), CHOICE, options=(("true", _("Closed")), ("false", _("Open all the same")))),
)
_LEAD = (
    TermField("days", _("Days before arrival"), WHOLE, required=True),
    TermField("percent", _("Percent off"), PERCENT, required=True),
)
_DAYS = (TermField("days", _("Days before arrival"), WHOLE, required=True),)
_CAP = TermField("cap", _("At most in all, of a guest’s at most for each"), MONEY, _("Such as 50; empty for no limit"))
_FROM_AGE = TermField("fromAge", _("Only for guests from this age"), WHOLE, _("Such as 16; empty for all"))
_PER = (
    ("stay", _("for the stay")), ("night", _("for each night")), ("guest", _("for each guest")),
    ("guest_night", _("for each guest and night")),
)  # fmt: skip
FIELDS: dict[str, tuple[TermField, ...]] = {
    "price": (
        _AMOUNT_PER_NIGHT,
        TermField("percent", _("Or percent of the room’s own price"), PERCENT, _("130 makes a room of 100 cost 130")),
    ),
    "adjust": (
        TermField("amount", _("Amount more per night"), MONEY, _("Below 0 for less; leave empty for a percent")),
        TermField("percent", _("Or percent more"), PERCENT, _("Such as 20; −10 for a tenth less")),
    ),
    "dynamic": (
        TermField("floor", _("At most so many percent less"), PERCENT, _("0 or below, such as −20"), True),
        TermField("ceiling", _("At most so many percent more"), PERCENT, required=True),
        TermField("step", _("Percent at a time"), PERCENT, required=True),
        TermField("ahead", _("Decided so many days ahead"), WHOLE, _("90 where you leave it empty")),
    ),
    "guests": (
        TermField("included", _("Guests that the price is for"), WHOLE, required=True),
        TermField("extra", _("Each one more, per night"), MONEY),
        TermField("fewer", _("Each one fewer saves, per night"), MONEY),
    ),
    "length": (),
    "early_bird": _LEAD,
    "last_minute": _LEAD,
    "min_nights": _NIGHTS,
    "max_nights": _NIGHTS,
    "closed_to_arrival": _CLOSED,
    "closed_to_departure": _CLOSED,
    "notice": _DAYS,
    "horizon": _DAYS,
    "fee": (
        TermField("amount", _("Amount"), MONEY, required=True),
        TermField("per", _("Counted"), CHOICE, options=_PER),
        _FROM_AGE,
        _CAP,
        TermField("optional", _("Guests choose it beside their stay"), CHECK),
    ),
    "tax": (
        TermField("amount", _("Amount"), MONEY, _("Leave empty for a percent")),
        TermField("per", _("The amount is"), CHOICE, options=(("", _("no amount")), *_PER)),
        TermField("percent", _("Or percent"), PERCENT),
        TermField("of", _("The percent is of"), CHOICE, options=(
            ("", _("the nights")), ("all", _("the nights and the fees")),
        )),
        TermField("nights", _("Only for the first nights"), WHOLE, _("Such as 7; empty for all")),
        _FROM_AGE,
        _CAP,
        TermField("included", _("It is in the prices already"), CHECK),
    ),
}  # fmt: skip
LISTS: dict[str, tuple[TermList, ...]] = {
    "length": (
        TermList("steps", _("Discounts by length"), (
            TermField("nights", _("Nights or more"), WHOLE), TermField("percent", _("Percent off"), PERCENT),
        )),
    ),
    "guests": (
        TermList("children", _("Children, where they are guests beyond those the price is for"), (
            TermField("age", _("Up to the age of"), WHOLE), TermField("amount", _("Per night"), MONEY),
        )),
    ),
    "dynamic": (
        TermList("steps", _("Steps"), (
            TermField("occupancy", _("Percent of rooms taken"), WHOLE),
            TermField("days", _("At most days before"), WHOLE),
            TermField("percent", _("Percent more"), PERCENT),
        )),
    ),
}  # fmt: skip


def read(form: Form, kind: str) -> RateInput:
    """What the domain takes. Raises Invalid by the form's own fields."""
    given: dict[str, Any] = {"kind": kind, "terms": _terms(form, kind), **_scope(form.value("rooms"))}
    given |= {name: form.value(name) for name in ("name", "from", "to", "priority") if form.value(name)}
    given["weekdays"] = [int(one) for one in form.sent("weekdays") if one.isdigit()]
    problems: dict[str, Notice] = {}
    for check in (lambda: pricing.check_terms(kind, given["terms"]), lambda: accept(RateInput, given, strict=False)):
        try:
            said = check()
        except Invalid as refusal:
            problems |= {_field(name): notice for name, notice in refusal.details.items()}
    if problems:
        raise Invalid(details=problems)
    return cast(RateInput, said)


def of_rule(rule: Rule) -> Form:
    """Filled in as the rule is."""
    values: dict[str, str | list[str]] = {
        "name": rule.name,
        "priority": str(rule.priority),
        "rooms": f"{KIND}{rule.room_kind}"
        if rule.room_kind
        else f"{ROOM}{encode('room', rule.room_id)}"
        if rule.room_id
        else ALL,
        "from": rule.first.isoformat() if rule.first else "",
        "to": rule.last.isoformat() if rule.last else "",
        "weekdays": [str(one) for one in sorted(rule.weekdays)],
    }
    terms = rule.terms.as_json()
    for one in FIELDS[rule.kind]:
        if one.name in terms:
            values[one.name] = _shown(terms[one.name])
    for entries in LISTS.get(rule.kind, ()):
        for part in entries.fields:
            values[f"{entries.name}.{part.name}"] = [_shown(row[part.name]) for row in terms.get(entries.name, ())]
    return Form.of(values)


def facts(form: Form, kind: str, house: RatesForm) -> dict[str, Any]:
    """What the template needs to show a form of this kind."""
    lists = [(one, _rows(form, one)) for one in LISTS.get(kind, ())]
    return {
        "form": form,
        "kind": kind,
        "kind_name": str(rate_rules.KINDS[kind]),
        "kind_hint": str(rate_rules.HINTS[kind]),
        "fields": FIELDS[kind],
        "lists": lists,
        "scopes": scopes(house),
        "weekday_names": [(str(number), rate_rules.weekday(number)) for number in range(1, 8)],
    }


def scopes(house: RatesForm) -> list[tuple[str, str]]:
    """All rooms, each kind, each room."""
    kinds = [(f"{KIND}{kind}", str(gettext("Kind: %(kind)s", kind=kind))) for kind in house.kinds]
    rooms = [(f"{ROOM}{encode('room', room.id)}", room.name) for room in house.rooms]
    return [(ALL, str(gettext("All rooms"))), *kinds, *rooms]


def names_of(rooms: Sequence[HouseRoom]) -> dict[uuid.UUID, str]:
    return {room.id: room.name for room in rooms}


def limit_names() -> dict[str, str]:
    """What rules of a range are called where nobody says."""
    return {kind: str(name) for kind, name in rate_rules.KINDS.items()}


def _terms(form: Form, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in FIELDS[kind]:
        if (value := form.value(one.name).strip()) and not (one.form == CHECK and value != "true"):
            found[one.name] = _number(value)
    for entries in LISTS.get(kind, ()):
        rows = [row for row in _sent(form, entries) if any(row.values())]
        if rows:
            found[entries.name] = [{name: _number(value) for name, value in row.items() if value} for row in rows]
    return found


def _sent(form: Form, entries: TermList) -> list[dict[str, str]]:
    columns = {part.name: form.sent(f"{entries.name}.{part.name}") for part in entries.fields}
    length = max(map(len, columns.values()), default=0)
    return [
        {name: values[place].strip() if place < len(values) else "" for name, values in columns.items()}
        for place in range(length)
    ]


def _rows(form: Form, entries: TermList) -> list[dict[str, str]]:
    """Those that are filled in, and empty ones to go on."""
    filled = [row for row in _sent(form, entries) if any(row.values())]
    empty = {part.name: "" for part in entries.fields}
    return [*filled, *[empty] * max(SPARE_ROWS, LEAST_ROWS - len(filled))]


def _scope(said: str) -> dict[str, Any]:
    if said.startswith(KIND):
        return {"roomKind": said.removeprefix(KIND)}
    if said.startswith(ROOM):
        return {"roomId": decode("room", said.removeprefix(ROOM)) or uuid.UUID(int=0)}
    return {}


def _field(name: str) -> str:
    """The field of the form: rooms are chosen in one, and entries of a list are one."""
    return {"roomId": "rooms", "roomKind": "rooms"}.get(name, name.partition("[")[0])


def _number(value: str) -> str:
    """As it is typed, with a minus that people may copy."""
    return value.replace("\N{MINUS SIGN}", "-")


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def asked_kind(form: Form | Mapping[str, str]) -> str:
    """Of the address, empty where it is none."""
    said = form.value("kind") if isinstance(form, Form) else form.get("kind", "")
    return said if said in rate_rules.KINDS else ""
