"""What is wrong with an input: pydantic's findings as our notices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from booking.domain.notices import Notice

# Our code, and what it needs of pydantic's facts. Codes of our own validators (inputs.refuse) stand as they are.
CODES: dict[str, tuple[str, dict[str, str]]] = {
    "missing": ("missing", {}),
    "int_type": ("no_whole_number", {}),
    "int_parsing": ("no_whole_number", {}),
    "int_from_float": ("no_whole_number", {}),
    "int_parsing_size": ("too_many_digits", {}),
    "bool_type": ("no_truth", {}),
    "bool_parsing": ("no_truth", {}),
    "string_type": ("no_text", {}),
    "string_unicode": ("no_text", {}),
    "decimal_parsing": ("no_number", {}),
    "decimal_type": ("no_number", {}),
    "float_parsing": ("no_number", {}),
    "float_type": ("no_number", {}),
    "is_instance_of": ("no_number", {}),  # of decimals, which no other class stands for
    "string_pattern_mismatch": ("unexpected_form", {}),
    "greater_than": ("not_above", {"gt": "least"}),
    "greater_than_equal": ("too_small", {"ge": "least"}),
    "less_than_equal": ("too_large", {"le": "most"}),
    "string_too_long": ("too_long", {"max_length": "most"}),
    "string_too_short": ("too_short", {"min_length": "least"}),
    "too_long": ("too_many_entries", {}),
    "too_short": ("empty", {}),
    "decimal_max_digits": ("too_many_digits", {}),
    "decimal_max_places": ("too_many_decimals", {}),
    "decimal_whole_digits": ("too_many_digits", {}),
    "finite_number": ("no_number", {}),
    "list_type": ("no_list", {}),
    "model_type": ("no_object", {}),
    "model_attributes_type": ("no_object", {}),
}
# What a pattern asks for, where people may type it.
PATTERNS = {
    "^[A-Z]{3}$": "no_currency_code",
    r"^pm_[A-Za-z0-9_]{1,100}$": "no_payment_method",
    r"^[a-z]{2}(-[a-z0-9]+)*$": "no_region",
    r"^([1-9][0-9]?(\.[0-9]{1,2})?%|[1-9][0-9]{0,8}(\.[0-9]{1,3})?)$": "no_deposit",
}
OF_LISTS = {"no_ages", "too_many_children", "no_such_extra"}  # what validators of ours say of several values
REFUSED = "refused"  # pydantic's name for what a validator of ours found; the notice is in its facts


def by_field(error: ValidationError, *, strict: bool) -> dict[str, Notice]:
    """Pydantic's findings by field name; the first per field.

    Strict input is JSON, where a list is just of the wrong type; elsewhere it is a name that came several times.
    """
    found: dict[str, Notice] = {}
    for entry in error.errors(include_url=False):
        facts = entry.get("ctx") or {}
        field = _field(entry["loc"], facts.get("field"))
        found.setdefault(field, _notice(entry, facts, strict=strict))
    return found


def _field(place: tuple[int | str, ...], of_model: str | None) -> str:
    """The field's name; inside of an object or a list of them with the way to it: contact.email, items[1].checkIn.
    `of_model`: the one that is at fault, where a validator of ours says that it is another.
    """
    if len(place) > 1 and isinstance(place[1], str):
        return f"{place[0]}.{of_model or place[1]}"
    if len(place) < 3 or not isinstance(place[1], int):
        return of_model or (str(place[0]) if place else "body")
    return f"{place[0]}[{place[1]}].{of_model or place[2]}"


def _notice(entry: Mapping[str, Any], facts: Mapping[str, Any], *, strict: bool) -> Notice:
    kind = entry["type"]
    is_of_list = kind == "too_long" or (kind == REFUSED and facts["notice"].code in OF_LISTS)
    if isinstance(entry["input"], list) and not is_of_list and not strict:
        return Notice("given_twice")
    if kind == REFUSED:
        noticed: Notice = facts["notice"]
        return noticed
    if kind == "string_pattern_mismatch" and (code := PATTERNS.get(facts["pattern"])):
        return Notice(code)
    code, names = CODES.get(kind, ("not_accepted", {}))
    return Notice(code, **{ours: facts[theirs] for theirs, ours in names.items()})
