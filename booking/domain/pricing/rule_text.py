"""A rule's terms and weekdays as one line of text, as sheets and commands write them: amount=150, steps=3:10,7:15.

Several entries have commas between them, and the parts of an entry colons, in the order of PARTS.
"""

from __future__ import annotations

from typing import Any

from booking.domain.errors import Invalid
from booking.domain.notices import Notice
from booking.domain.pricing import rule_terms

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
STEPS, CHILDREN, TIERS = "steps", "children", "tiers"
PARTS = {
    (rule_terms.LENGTH, STEPS): ("nights", "percent"),
    (rule_terms.DYNAMIC, STEPS): ("occupancy", "days", "percent"),
    (rule_terms.GUESTS, CHILDREN): ("age", "amount"),
    (rule_terms.POLICY, TIERS): ("before", "refund"),
}


def read(kind: str, text: str) -> dict[str, Any]:
    """The terms as RateInput takes them. Raises Invalid."""
    found: dict[str, Any] = {}
    for word in text.split():
        name, equals, value = word.partition("=")
        if not equals:
            raise Invalid(details={"terms": Notice("no_terms", said=word)})
        found[name] = _entries(PARTS[kind, name], name, value) if (kind, name) in PARTS else value
    return found


def written(kind: str, terms: dict[str, Any]) -> str:
    """Of terms as they are kept."""
    return " ".join(f"{name}={_plain(kind, name, value)}" for name, value in terms.items() if value != [])


def weekdays(text: str) -> tuple[int, ...]:
    """fri,sat -> (5, 6). Raises Invalid."""
    said = [word.strip().lower() for word in text.split(",") if word.strip()]
    if unknown := next((word for word in said if word not in WEEKDAYS), None):
        raise Invalid(details={"weekdays": Notice("no_weekday", said=unknown, choices=WEEKDAYS)})
    return tuple(sorted(WEEKDAYS.index(word) + 1 for word in said))


def weekdays_written(numbers: list[int] | None) -> str:
    """(5, 6) -> fri,sat."""
    return ",".join(WEEKDAYS[number - 1] for number in numbers or ())


def _entries(names: tuple[str, ...], field: str, value: str) -> list[dict[str, str]]:
    entries = [entry.split(":") for entry in value.split(",") if entry]
    if any(len(entry) != len(names) for entry in entries):
        raise Invalid(details={field: Notice("no_entries", form=":".join(names))})
    return [dict(zip(names, entry, strict=True)) for entry in entries]


def _plain(kind: str, name: str, value: Any) -> str:
    if isinstance(value, list):
        return ",".join(":".join(str(entry[part]) for part in PARTS[kind, name]) for entry in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
