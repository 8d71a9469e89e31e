"""A search may name its place as people do."""

from __future__ import annotations

from booking.domain import catalogue
from booking.domain.catalogue import Destination
from booking.domain.search.inputs import RoomSearch


def resolved(wanted: RoomSearch, cache_seconds: int) -> RoomSearch:
    """The search with its place as a slug. Raises UnknownPlace (an Invalid) naming the places there are.

    A slug stays as it is, known or not: nothing is looked up for it.
    """
    if wanted.location is None:
        return wanted
    slug = catalogue.slug_of(wanted.location, cache_seconds)
    return wanted if slug == wanted.location else wanted.model_copy(update={"location": slug})


def require_known(wanted: RoomSearch, places: list[Destination]) -> None:
    """For a search that found nothing: raises UnknownPlace where its slug is none of these places.

    Not before: the list of places is kept for a while, and rooms of a new one are found at once.
    """
    if wanted.location is not None and all(place.slug != wanted.location for place in places):
        raise catalogue.UnknownPlace(wanted.location, places)
