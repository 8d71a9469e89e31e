"""What people are told, as a code and what the sentence about it names. Doors put it into words, in their language.

No sentence is made in the domain: booking/http/words has one for every code, and a test compares the two.
"""

from __future__ import annotations

from typing import Any


class FieldName(str):
    """A parameter: the name of an input's field. Programs read it as it is, people as the page calls it."""

    __slots__ = ()


class AnyOf(tuple[str, ...]):
    """A parameter: one of these, in words "a or b"."""

    __slots__ = ()


class AllOf(tuple[str, ...]):
    """A parameter: all of these, in words "a and b"."""

    __slots__ = ()


class Notice:
    """Something to tell somebody. Parameters are numbers, texts, days, times, amounts, sequences of these, field
    names, or other notices.
    """

    __slots__ = ("code", "params")

    def __init__(self, code: str, /, **params: Any) -> None:
        self.code, self.params = code, params

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Notice) and (self.code, self.params) == (other.code, other.params)

    def __hash__(self) -> int:
        return hash(self.code)

    def __repr__(self) -> str:
        return f"{self.code}({', '.join(f'{name}={value!r}' for name, value in self.params.items())})"
