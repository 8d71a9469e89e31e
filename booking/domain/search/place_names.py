"""A search may name its place as people do."""

from __future__ import annotations

from booking.domain.catalogue import places
from booking.domain.search.inputs import RoomSearch


def resolved(wanted: RoomSearch, cache_seconds: int) -> RoomSearch:
    """The search with its place as a slug. Raises UnknownPlace (an Invalid) naming the places there are."""
    if wanted.location is None or places.is_slug(wanted.location):
        return wanted
    return wanted.model_copy(update={"location": places.slug_of(wanted.location, cache_seconds)})
