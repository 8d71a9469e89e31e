"""When a search finds nothing: why, and which searches like it would find something."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from booking.domain import catalogue
from booking.domain.catalogue import Destination
from booking.domain.errors import Invalid
from booking.domain.search import finder
from booking.domain.search.inputs import RoomSearch
from booking.domain.stays import StayRules

MOST = 4
FEWER = 8  # so many numbers of guests are tried, from the largest room's down
SHIFTS = (1, -1, 2, -2, 3, -3, 7, -7)  # days, the nearest first

TOO_MANY, TOO_PICKY, TAKEN = "too_many_guests", "too_picky", "taken"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Another search and how many it finds.

    `kind`: guests, words, kind, prices, refundable, amenity, amenities, filters, dates, anywhere.
    """

    kind: str
    wanted: RoomSearch
    total: int
    dropped: str = ""


@dataclass(frozen=True, slots=True)
class NothingFound:
    """`reason` is one of the three above; `without_filters` counts what is free when nothing else is asked for.

    `largest`: guests that the largest room takes, of the place or anywhere; 0 where there is no room.
    """

    reason: str
    without_filters: int
    largest: int
    suggestions: list[Suggestion]


def instead(wanted: RoomSearch, place: Destination | None, rules: StayRules, cache_seconds: int) -> NothingFound:
    """Why `wanted` finds nothing, and what would."""
    free = _count(_changed(wanted, **_NO_FILTERS), rules, cache_seconds)
    found: Iterator[Suggestion] = (
        Suggestion(kind, other, _count(other, rules, cache_seconds), dropped)
        for kind, other, dropped in _others(wanted)
    )
    largest = _largest(place, cache_seconds)
    reason = _reason(wanted, free, largest)
    if reason == TOO_MANY:
        found = chain(_for_fewer(wanted, largest, rules, cache_seconds), found)
    return NothingFound(reason, free, largest, _first(found))


_NO_FILTERS: dict[str, Any] = {
    "amenities": [],
    "min_price": None,
    "max_price": None,
    "q": None,
    "kind": None,
    "free_cancellation": False,
}


def _reason(wanted: RoomSearch, free: int, largest: int) -> str:
    if wanted.capacity and wanted.capacity > largest > 0:
        return TOO_MANY
    return TOO_PICKY if free else TAKEN


def _largest(place: Destination | None, cache_seconds: int) -> int:
    places = [place] if place else catalogue.list_destinations(cache_seconds)
    return max((one.largest for one in places), default=0)


def _for_fewer(wanted: RoomSearch, largest: int, rules: StayRules, cache_seconds: int) -> Iterator[Suggestion]:
    """The most guests for whom a room is left."""
    for guests in range(largest, max(largest - FEWER, 0), -1):
        other = _changed(wanted, capacity=guests)
        if total := _count(other, rules, cache_seconds):
            yield Suggestion("guests", other, total)
            return


def _others(wanted: RoomSearch) -> Iterator[tuple[str, RoomSearch, str]]:
    """Searches that ask for a little less, the least change first."""
    if wanted.q:
        yield "words", _changed(wanted, q=None), wanted.q
    if wanted.kind:
        yield "kind", _changed(wanted, kind=None), ""
    if wanted.min_price is not None or wanted.max_price is not None:
        yield "prices", _changed(wanted, min_price=None, max_price=None), ""
    if wanted.free_cancellation:
        yield "refundable", _changed(wanted, free_cancellation=False), ""
    if len(wanted.amenities) > 1:
        for slug in wanted.amenities:
            yield "amenity", _changed(wanted, amenities=[one for one in wanted.amenities if one != slug]), slug
    if wanted.amenities:
        yield "amenities", _changed(wanted, amenities=[]), ", ".join(wanted.amenities)
    yield "filters", _changed(wanted, **_NO_FILTERS), ""
    for days in SHIFTS:
        shift = dt.timedelta(days=days)
        yield "dates", _changed(wanted, check_in=wanted.check_in + shift, check_out=wanted.check_out + shift), ""
    if wanted.location:
        limits = "prices" if wanted.min_price is not None or wanted.max_price is not None else ""
        other = _changed(wanted, location=None, currency=None, sort=None, min_price=None, max_price=None)
        yield "anywhere", other, limits


def _first(found: Iterator[Suggestion]) -> list[Suggestion]:
    kept: list[Suggestion] = []
    for suggestion in found:
        if suggestion.total and not _is_like_one_of(kept, suggestion):
            kept.append(suggestion)
        if len(kept) == MOST:
            break
    return kept


def _is_like_one_of(kept: list[Suggestion], suggestion: Suggestion) -> bool:
    """Two other dates are enough to choose from; asking for nothing must find more than leaving one thing out."""
    if suggestion.kind in {"amenities", "filters"}:
        return any(one.total >= suggestion.total for one in kept)
    return suggestion.kind == "dates" and sum(one.kind == "dates" for one in kept) >= 2


def _changed(wanted: RoomSearch, **changes: Any) -> RoomSearch:
    return wanted.model_copy(update={**changes, "page": 1, "page_size": 1})


def _count(wanted: RoomSearch, rules: StayRules, cache_seconds: int) -> int:
    try:
        return finder.search(wanted, rules, cache_seconds).total
    except Invalid:  # dates that have passed, say
        return 0
