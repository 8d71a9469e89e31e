"""What is wrong with an input, as sentences: pydantic's findings in our words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

SENTENCES = {
    "missing": "is missing",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing_size": "has too many digits",
    "string_type": "must be text",
    "string_unicode": "must be text",
    "decimal_parsing": "must be a number",
    "decimal_type": "must be a number",
    "is_instance_of": "must be a number",  # of decimals, which no other class stands for
    "string_pattern_mismatch": "has an unexpected form",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "string_too_long": "must have at most {max_length} characters",
    "string_too_short": "must have at least {min_length} characters",
    "too_long": "has too many entries",
    "decimal_max_digits": "has too many digits",
    "decimal_max_places": "has too many decimals",
    "decimal_whole_digits": "has too many digits",
    "finite_number": "must be a number",
    "model_type": "must be a JSON object",
    "model_attributes_type": "must be a JSON object",
}


def by_field(error: ValidationError, *, strict: bool) -> dict[str, str]:
    """Pydantic's findings by field name, as sentences; the first per field.

    Strict input is JSON, where a list is just of the wrong type; elsewhere it is a name that came several times.
    """
    found: dict[str, str] = {}
    for entry in error.errors(include_url=False):
        facts = entry.get("ctx") or {}
        field = facts.get("field") or (str(entry["loc"][0]) if entry["loc"] else "body")
        found.setdefault(field, _sentence(entry, facts, strict=strict))
    return found


def _sentence(entry: Mapping[str, Any], facts: Mapping[str, Any], *, strict: bool) -> str:
    kind = entry["type"]
    if isinstance(entry["input"], list) and kind != "too_long" and not strict:
        return "must be given once"
    if kind in SENTENCES:
        return SENTENCES[kind].format(**facts)
    said: str = entry["msg"]
    return said[:1].lower() + said[1:]
