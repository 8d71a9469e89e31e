"""Rate rules as rows of a sheet: a rule that is in force has its id in the first column, a new one has none."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.catalogue import PropertyNotFound
from booking.domain.errors import BookingError, Invalid
from booking.domain.inputs import accept
from booking.domain.notices import Notice
from booking.domain.people import Action
from booking.domain.pricing import house_rates, rate_editing, rule_text
from booking.domain.pricing.rate_inputs import RateInput
from booking.domain.pricing.rate_models import RateRule
from booking.infra.db import reading
from booking.infra.ids import decode, encode

COLUMNS = ("rule", "kind", "name", "terms", "priority", "room_kind", "room", "from", "to", "weekdays")
MOST_ROWS = 5_000
_FIELDS = {"room_kind": "roomKind", "room": "roomId"}


def row_of(rule: RateRule) -> list[str]:
    """In the order of COLUMNS."""
    return [
        encode("rate", rule.rule_id),
        rule.kind,
        rule.name,
        rule_text.written(rule.kind, rule.terms),
        str(rule.priority),
        rule.room_kind or "",
        encode("room", rule.room_id) if rule.room_id else "",
        rule.first_day.isoformat() if rule.first_day else "",
        rule.last_day.isoformat() if rule.last_day else "",
        rule_text.weekdays_written(rule.weekdays),
    ]


def read_row(row: Mapping[str, str]) -> tuple[uuid.UUID | None, RateInput]:
    """The rule that it is about, None for a new one, and what it says. Raises Invalid."""
    said = {name: value.strip() for name, value in row.items() if value and value.strip()}
    rule_id = decode("rate", said.get("rule", ""))
    if "rule" in said and rule_id is None:
        raise Invalid(details={"rule": Notice("no_rate_id")})
    return rule_id, as_input(said)


def as_input(said: Mapping[str, str]) -> RateInput:
    """What is said as text, by the names of the columns. Raises Invalid, by them too."""
    return _made({**said, "terms": rule_text.read(said.get("kind", ""), said.get("terms", ""))})


def said(given: Mapping[str, Any]) -> RateInput:
    """The same with terms as they are kept. Raises Invalid."""
    return _made(given)


def _made(said: Mapping[str, Any]) -> RateInput:
    room_id = decode("room", said.get("room", ""))
    if "room" in said and room_id is None:
        raise Invalid(details={"room": Notice("no_room_id")})
    given: dict[str, Any] = {_FIELDS.get(name, name): said[name] for name in COLUMNS[1:] if name in said}
    if room_id:
        given["roomId"] = room_id
    if "weekdays" in said:
        given["weekdays"] = rule_text.weekdays(said["weekdays"])
    made = accept(RateInput, given, strict=False)
    made.read_terms()
    return made


def put(actor: Actor, property_id: uuid.UUID, rows: Sequence[tuple[uuid.UUID | None, RateInput]]) -> tuple[int, int]:
    """All rows or none: how many rules are new, and how many changed. Twice is once.

    Raises PropertyNotFound, RateNotFound, RateModified, Invalid.
    """
    return rate_editing.put_all(actor, property_id, rows)


@dataclass(frozen=True, slots=True)
class SheetLine:
    """A line of a file, and what it says, or why it can't be taken."""

    line: int
    rule: tuple[uuid.UUID | None, RateInput] | None
    refusal: BookingError | None = None


class NoRateSheet(Invalid):
    """What was sent is no CSV of rules: `missing` columns, or too many rows."""

    code = "NO_RATE_SHEET"


@reading
def look(actor: Actor, property_id: uuid.UUID, text: str) -> list[SheetLine]:
    """Every line of a file, with what stands against it. Nothing is written. Raises PropertyNotFound, NoRateSheet."""
    people.require(actor, Action.EDIT_RATES, at=property_id, otherwise=PropertyNotFound)
    read = [_line(number, row) for number, row in _rows(text)]
    places = [place for place, one in enumerate(read) if one.rule]
    house = house_rates.get_house(property_id)
    wrong = rate_editing.refusals(house, [one.rule for one in read if one.rule])
    for number, refusal in wrong.items():
        read[places[number]] = SheetLine(read[places[number]].line, None, refusal)
    return read


def _rows(text: str) -> list[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        missing = [name for name in ("kind", "name") if name not in (reader.fieldnames or ())]
        if missing:
            raise NoRateSheet(missing=", ".join(missing), most=MOST_ROWS)
        found = [(reader.line_num, _plain(row)) for row in reader]
    except csv.Error:
        raise NoRateSheet(missing="", most=MOST_ROWS) from None
    if len(found) > MOST_ROWS:
        raise NoRateSheet(missing="", most=MOST_ROWS)
    return found


def _plain(row: Mapping[str | Any, Any]) -> dict[str, str]:
    """Without cells beyond the columns, and columns that a rule does not have."""
    return {name: value for name, value in row.items() if name in COLUMNS and isinstance(value, str)}


def _line(number: int, row: Mapping[str, str]) -> SheetLine:
    try:
        return SheetLine(number, read_row(row))
    except Invalid as refusal:
        return SheetLine(number, None, refusal)


def of_property(actor: Actor, property_id: uuid.UUID) -> Iterable[list[str]]:
    """The rows of all rules in force. Raises PropertyNotFound."""
    return [row_of(rule) for rule in rate_editing.of_property(actor, property_id)]
