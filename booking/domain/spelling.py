"""What somebody may have meant who wrote a name that is none: for refusals that offer it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from booking.domain.notices import AnyOf, Notice

MOST = 3  # names that are offered
SHORTEST = 3  # characters of a name of which one that is known may be a part, or the other way round


def close(wanted: str, known: Iterable[str]) -> tuple[str, ...]:
    """Known names like it, the likeliest first: misspelt by a little, then those that hold it or stand in it."""
    plain = "-".join(wanted.casefold().split())
    names = sorted(known)
    misspelt = difflib.get_close_matches(plain, names, n=MOST)
    parts = [name for name in names if len(plain) >= SHORTEST and len(name) >= SHORTEST and _holds(plain, name)]
    return tuple(dict.fromkeys([*misspelt, *parts]))[:MOST]


def perhaps_meant(names: Iterable[str]) -> Notice | str:
    """The end of a sentence about a name that is none; empty where no name is close."""
    choices = AnyOf(names)
    return Notice("perhaps_meant", choices=choices) if choices else ""


def _holds(one: str, other: str) -> bool:
    return one in other or other in one
