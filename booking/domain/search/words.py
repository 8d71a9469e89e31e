"""Words of a search: case, accents, apostrophes, hyphens and Unicode forms make no difference; one slip is forgiven.

What rooms are called, with their property and place, is kept folded beside them (`rooms.words`, by a trigger); a word
of a search is folded by the same function of Postgres, so that both sides follow one rule.
"""

from __future__ import annotations

import unicodedata

from sqlalchemy import ColumnElement, Text, bindparam, func, literal, select, type_coerce
from sqlalchemy.dialects.postgresql import ARRAY

from booking.domain.catalogue import Room
from booking.infra import replica

MOST = 8  # further words of a search are left out
SHORTEST = 4  # letters of a word that may hold a slip: of shorter ones nearly every word is one slip away


def words_of(q: str | None) -> list[str]:
    """The words that are looked for: what is only punctuation is none."""
    return [word for word in (q or "").split() if _says_something(word)][:MOST]


def says_nothing(q: str | None) -> bool:
    """Whether something was typed in which there is no word to look for."""
    return bool(q and q.strip()) and not words_of(q)


def _says_something(word: str) -> bool:
    """A letter, a digit, or a picture such as an emoji, which stands in names as well."""
    return any(unicodedata.category(sign)[0] in "LN" or unicodedata.category(sign) == "So" for sign in word)


def contains(name: str) -> ColumnElement[bool]:
    """Whether a room's words contain the word that the parameter `name` holds; every sign in it means itself."""
    folded = func.folded(bindparam(name, type_=Text))
    escaped = func.regexp_replace(folded, literal(r"([%_\\])"), literal(r"\\\1"), literal("g"))
    return Room.words.like(literal("%") + type_coerce(escaped, Text) + literal("%"))


def by_name() -> list[ColumnElement[object]]:
    """The order of a dictionary, as far as one rule can say it for all languages: Äpfel, apple, Zebra."""
    return [type_coerce(Room.sort_name, Text), type_coerce(Room.id, Room.id.type)]


def corrected(q: str, location: str | None, fetch: replica.Fetch) -> str | None:
    """The same words with one slip in each undone, where rooms have such words; None where there is nothing to undo.

    For a search that found nothing. Words that rooms have, and short ones, stay as they are.
    """
    asked = words_of(q)
    meant = [_meant(word, location, fetch) if len(word) >= SHORTEST else word for word in asked]
    return " ".join(meant) if meant != asked else None


def _meant(word: str, location: str | None, fetch: replica.Fetch) -> str:
    rows = fetch(_SIMILAR, {"word": word, "place": location, "swapped": _swapped(word)})
    if any(row.folded in row.word for row in rows):
        return word
    near = (row.word for row in rows if is_one_slip_apart(row.folded, row.word))  # the most frequent first
    return next(near, word)


def _swapped(word: str) -> list[str]:
    """Patterns of the word with two neighbours in the other order, for each pair of them."""
    letters = word.casefold()
    if not letters.isalnum():
        return []
    pairs = range(len(letters) - 1)
    return [f"%{letters[:n]}{letters[n + 1]}{letters[n]}{letters[n + 2 :]}%" for n in pairs]


def is_one_slip_apart(one: str, other: str) -> bool:
    """A letter too many, too few, or another one; or two neighbours in the wrong order."""
    if len(one) > len(other):
        one, other = other, one
    start = next((n for n, (here, there) in enumerate(zip(one, other, strict=False)) if here != there), len(one))
    rest, longer = one[start:], other[start:]
    if len(one) < len(other):
        return rest == longer[1:]
    return rest[1:] == longer[1:] or (rest[:2] == longer[1::-1] and rest[2:] == longer[2:])


_WORD = bindparam("word", type_=Text)
_SIMILAR_TO = (
    func.similar_words(func.folded(_WORD), bindparam("place", type_=Text), bindparam("swapped", type_=ARRAY(Text)))
    .table_valued("word", "rooms")
    .render_derived()
)
_SIMILAR = select(func.folded(_WORD).label("folded"), _SIMILAR_TO.c.word).order_by(
    _SIMILAR_TO.c.rooms.desc(), _SIMILAR_TO.c.word
)
