"""Numbers and money in sentences for terminals, logs and emails."""

from __future__ import annotations


def count(number: int, one: str, more: str = "") -> str:
    """1 night, 3 nights, 1,200 nights; `more` where the plural is not `one` with an s."""
    return f"{number:,} {one if number == 1 else more or f'{one}s'}"
