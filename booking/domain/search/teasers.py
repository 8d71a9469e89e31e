"""A few rooms to begin with: free for the usual stay, from different places, others every day."""

from __future__ import annotations

import hashlib

from booking.domain.catalogue import Destination
from booking.domain.errors import Invalid
from booking.domain.search import finder
from booking.domain.search.finder import FoundRoom
from booking.domain.search.inputs import RoomSearch
from booking.domain.search.usual import USUAL_GUESTS
from booking.domain.stays import Stay, StayRules
from booking.infra import cache, clock

FEW = 6
ASKED = 3 * FEW  # places, until there are enough rooms: some are full
CHOICE = 24  # of the cheapest free rooms of a place


def a_few(places: list[Destination], stay: Stay, rules: StayRules, cache_seconds: int) -> list[FoundRoom]:
    """At most FEW rooms that can be booked for `stay` by the usual number of guests, each with its total."""
    day = clock.now().date().isoformat()
    drawn = sorted(places, key=lambda place: _lot(day, place.slug))[:ASKED]
    each = -(-FEW // len(drawn)) if drawn else 0  # of every place, where there are fewer places than rooms to show
    few: list[FoundRoom] = []
    searches = [(place, _search(place, stay)) for place in drawn]
    likely = searches[: -(-FEW // each)] if each else []  # one round trip brings along what is kept of all of them
    keys = [key for _, wanted in likely for key in finder.asked(wanted, rules, cache_seconds)]
    with cache.reading_ahead(tuple(keys)):
        for place, wanted in searches:
            few += _some(_free(wanted, rules, cache_seconds), each, _lot(day, place.slug))
            if len(few) >= FEW:
                break
    return few[:FEW]


def _search(place: Destination, stay: Stay) -> RoomSearch:
    asked = {"checkIn": stay.check_in, "checkOut": stay.check_out, "location": place.slug, "capacity": USUAL_GUESTS}
    return RoomSearch.model_validate({**asked, "pageSize": CHOICE})


def _free(wanted: RoomSearch, rules: StayRules, cache_seconds: int) -> list[FoundRoom]:
    try:
        return finder.search(wanted, rules, cache_seconds).rooms
    except Invalid:  # beyond how far ahead this house sells
        return []


def _some(rooms: list[FoundRoom], number: int, lot: int) -> list[FoundRoom]:
    """So many of them, from the drawn one on, spread over all."""
    step = max(1, len(rooms) // max(1, number))
    return [rooms[(lot + place * step) % len(rooms)] for place in range(min(number, len(rooms)))]


def _lot(day: str, slug: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{day} {slug}".encode()).digest()[:6])
