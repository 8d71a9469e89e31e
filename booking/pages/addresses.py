"""url_for() for long lists: an address is built once for each page, and then filled in.

It answers the same as Flask's, which looks for the route, its defaults and its converters each time: on a list of some
hundred rows that took longer than reading them.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import flask
from flask import g
from werkzeug.routing import BuildError

_SAFE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII).fullmatch  # stands in any place of an address as it is
_MARK = re.compile(r"markbegin(\d+)markend")


@dataclass(frozen=True, slots=True)
class _Pattern:
    """An address with %s in the places of some values, whose names these are."""

    text: str
    names: tuple[str, ...]


def url_for(endpoint: str, **values: Any) -> str:
    """What templates call. Raises BuildError where there is no such address."""
    words = {name: word for name, value in values.items() if (word := _word(name, value))}
    if not words or endpoint == "static":  # a file's version goes by its name
        return flask.url_for(endpoint, **values)
    key = endpoint, *((name, None) if name in words else (name, type(value), value) for name, value in values.items())
    try:
        known: dict[Any, _Pattern | None] = g.setdefault("addresses", {})
        pattern = known[key] if key in known else known.setdefault(key, _built(endpoint, values, list(words)))
    except TypeError:  # a value that cannot be looked up by: a list
        pattern = None
    if pattern is None:
        return flask.url_for(endpoint, **values)
    return pattern.text % tuple(words[name] for name in pattern.names)


def alike(endpoint: str, *names: str, **values: Any) -> Callable[..., str]:
    """Addresses that differ in the values of these names alone, which the answer takes as words, in this order.

    For thousands of them: what is the same in all is looked up once, not compared each time.
    """
    pattern = _built(endpoint, values, list(names))
    places = [names.index(name) for name in pattern.names] if pattern else []

    def address(*words: str) -> str:
        if pattern is None or not all(map(_SAFE, words)):
            return flask.url_for(endpoint, **(values | dict(zip(names, words, strict=True))))
        return pattern.text % tuple(words[place] for place in places)

    return address


def _word(name: str, value: Any) -> str | None:
    """The value as it stands in an address; None where it is more than a word or a day."""
    text = value.isoformat() if type(value) is dt.date else value
    return text if type(text) is str and name[0] != "_" and _SAFE(text) else None


def _built(endpoint: str, values: dict[str, Any], words: list[str]) -> _Pattern | None:
    """With places for the words; None where a route takes only certain ones: a number, or one of some names."""
    try:
        built = flask.url_for(
            endpoint, **(values | {name: f"markbegin{place}markend" for place, name in enumerate(words)})
        )
    except (BuildError, ValueError):  # the latter where it is none of a route's own words
        return None
    names = tuple(words[int(place)] for place in _MARK.findall(built))
    text = _MARK.sub("%s", built.replace("%", "%%"))
    return _Pattern(text, names) if sorted(names) == sorted(words) else None
