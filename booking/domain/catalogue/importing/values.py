"""Cells of a row: each reader returns the value, None where the cell says nothing, or raises BadRow."""

from __future__ import annotations

import datetime as dt
import json
import re
from decimal import Decimal
from typing import Any

from booking.domain import money
from booking.domain.catalogue.importing.drafts import LONGEST_STAY, BadRow
from booking.domain.catalogue.importing.text import is_missing

# The longest stay at this price still fits into the column of a booking's total, NUMERIC(15,3).
HIGHEST_PRICE = (Decimal(10) ** 12 - 1) // LONGEST_STAY
LARGEST_NUMBER = 2**31 - 1  # a Postgres INTEGER, and what Airbnb writes for "no limit"

_UNIT = r"[^\d.,+()-]{0,6}"  # $, EUR, kr. The file's sign is not believed: Inside Airbnb writes $ for euros
_PRICE = re.compile(
    rf"(?P<outer>[+-]?){_UNIT}(?P<inner>[+-]?)(?P<figures>(?:\d{{1,3}}(?:,\d{{3}})+|\d{{1,20}})(?:\.\d{{1,20}})?){_UNIT}",
    re.ASCII,
)
_TIME = re.compile(
    r"(?P<hour>\d{1,2})(?:[:.h](?P<minute>[0-5]\d)(?::00(?:\.0+)?)?)?(?: ?(?P<half>[ap])\.?m\.?)?", re.ASCII
)
_NUMBER = re.compile(r"-?\d{1,20}(?:\.0+)?", re.ASCII)
_TRUTH = {**dict.fromkeys(("true", "t", "yes", "1"), True), **dict.fromkeys(("false", "f", "no", "0"), False)}


def price(field: str, text: str, currency: str) -> Decimal | None:
    """`$1,309.00`, whatever its sign, in `currency`. Never rounded: 10.50 is no price in JPY."""
    if is_missing(text) and text.strip().lower() != "nan":  # a sum that went wrong is not a cell left out
        return None
    written = _PRICE.fullmatch(text.strip())
    if not written:
        raise BadRow(field, "cell_no_price", cell=_quoted(text))
    figures = written["figures"]
    if money.decimals(currency) == 3 and figures.count(",") == 1 and "." not in figures:
        raise _ambiguous(field, figures, currency)
    amount = Decimal(figures.replace(",", ""))
    if amount == 0 or "-" in written["outer"] + written["inner"]:
        raise BadRow(field, "cell_not_positive", cell=_quoted(text))
    if amount > HIGHEST_PRICE:
        raise BadRow(field, "cell_too_large", cell=_quoted(text), most=HIGHEST_PRICE)
    exact = money.rounded(amount, currency)
    if exact != amount:
        decimals = money.decimals(currency)
        raise BadRow(field, "cell_too_exact", cell=_quoted(text), decimals=decimals, currency=currency)
    return exact


def _ambiguous(field: str, figures: str, currency: str) -> BadRow:
    point, joined = figures.replace(",", "."), figures.replace(",", "")
    return BadRow(field, "cell_ambiguous_price", cell=_quoted(figures), point=point, joined=joined, currency=currency)


def whole_number(field: str, text: str, *, lowest: int, highest: int = LARGEST_NUMBER) -> int | None:
    """A whole number between the two, also where a spreadsheet wrote 2.0."""
    if is_missing(text):
        return None
    if not _NUMBER.fullmatch(text.strip()):
        raise BadRow(field, "cell_no_whole_number", cell=_quoted(text))
    number = int(text.strip().partition(".")[0])
    if not lowest <= number <= highest:
        raise BadRow(field, "cell_out_of_range", cell=str(number), lowest=lowest, highest=highest)
    return number


def required_number(field: str, text: str, *, lowest: int, highest: int = LARGEST_NUMBER) -> int:
    """The same where there must be one: a cell that says "none" is not empty."""
    number = whole_number(field, text, lowest=lowest, highest=highest)
    if number is None:
        raise (
            BadRow(field, "cell_no_whole_number", cell=_quoted(text)) if text.strip() else BadRow(field, "cell_missing")
        )
    return number


def truth(field: str, text: str) -> bool | None:
    """true or false in their usual spellings."""
    if is_missing(text):
        return None
    if text.strip().lower() not in _TRUTH:
        raise BadRow(field, "cell_no_truth", cell=_quoted(text))
    return _TRUTH[text.strip().lower()]


def clock_time(field: str, text: str) -> dt.time | None:
    """A time of day as spreadsheets write it: 15:00, 9:00, 15.00, 15h00, 09:00:00, 9:00 AM, 3 p.m. No zone."""
    if is_missing(text):
        return None
    written = _TIME.fullmatch(" ".join(text.split()).lower())  # also without the narrow space before "PM"
    if not written or (written["minute"] is None and written["half"] is None):
        raise BadRow(field, "cell_no_time", cell=_quoted(text))
    hour, minute = int(written["hour"]), int(written["minute"] or 0)
    if written["half"]:
        if not 1 <= hour <= 12:
            raise BadRow(field, "cell_no_half_day", cell=_quoted(text))
        hour = hour % 12 + (12 if written["half"] == "p" else 0)
    if hour > 23:
        raise BadRow(field, "cell_no_time", cell=_quoted(text))
    return dt.time(hour, minute)


def json_list(field: str, text: str) -> list[Any] | None:
    """A JSON list."""
    value: list[Any] | None = _json(field, text, list, "cell_no_json_list")
    return value


def json_object(field: str, text: str) -> dict[str, Any] | None:
    """A JSON object."""
    value: dict[str, Any] | None = _json(field, text, dict, "cell_no_json_object")
    return value


def _json(field: str, text: str, kind: type, otherwise: str) -> Any:
    if is_missing(text):
        return None
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise BadRow(field, otherwise, cell=_quoted(text)) from None
    if not isinstance(value, kind):
        raise BadRow(field, otherwise, cell=_quoted(text))
    return value


def storable(field: str, value: Any) -> Any:
    """`value`, refused where JSONB cannot hold it: NUL and halves of characters."""
    written = json.dumps(value, ensure_ascii=False)
    if "\\u0000" in written or any("\ud800" <= character <= "\udfff" for character in written):
        raise BadRow(field, "cell_not_storable")
    return value


def _refuse_constant(constant: str) -> None:
    raise ValueError(constant)  # NaN and Infinity are Python's, not JSON's


def _quoted(text: str) -> str:
    shown = text if len(text) <= 40 else text[:39] + "…"
    return json.dumps(shown, ensure_ascii=False)
