"""A search may name its place as people do."""

from __future__ import annotations

from booking.domain import catalogue
from booking.domain.search.inputs import RoomSearch


def resolved(wanted: RoomSearch, cache_seconds: int) -> RoomSearch:
    """The search with its place as a slug. Raises UnknownPlace (an Invalid) naming the places there are."""
    if wanted.location is None:
        return wanted
    slug = catalogue.slug_of(wanted.location, cache_seconds)
    return wanted if slug == wanted.location else wanted.model_copy(update={"location": slug})
