"""Where else one could stay on the same nights, for a guest whose room is gone."""

from __future__ import annotations

import uuid

from booking.domain import pricing
from booking.domain.errors import Invalid, RoomNotFound
from booking.domain.search import finder
from booking.domain.search.finder import FoundRoom
from booking.domain.search.inputs import RoomSearch
from booking.domain.stays import Stay, StayRules
from booking.infra.ids import encode

SHOWN = 3


def others(
    room_id: uuid.UUID, location: str, stay: Stay, guests: int, *, rules: StayRules, cache_seconds: int
) -> list[FoundRoom]:
    """A few rooms of the same place that are free for exactly these nights and guests, cheapest first."""
    dates = {"checkIn": stay.check_in, "checkOut": stay.check_out}
    wanted = RoomSearch.model_validate({"location": location, "capacity": guests, "pageSize": SHOWN + 1, **dates})
    try:
        found = finder.search(wanted, rules, cache_seconds)
    except Invalid:
        return []  # the day of arrival is over
    return [room for room in found.rooms if room.id != encode("room", room_id)][:SHOWN]


def still_free(room_id: uuid.UUID, stay: Stay, guests: int, rules: StayRules) -> pricing.StayQuote | None:
    """Today's quote for the same room and nights, None where it cannot be had any more."""
    try:
        quote = pricing.quote_stay(room_id, stay, guests, rules)
    except (Invalid, RoomNotFound):
        return None
    return quote if quote.is_available else None
