"""What a search that found nothing asks for that there is none of at all: a place, an amenity, a currency.

A misspelt name finds nothing on any day: whoever asked is told so, and what there is that is called alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import String, bindparam, exists, select
from sqlalchemy.dialects.postgresql import ARRAY

from booking.domain import catalogue, spelling
from booking.domain.catalogue import Room
from booking.domain.notices import AnyOf, Notice
from booking.domain.search.inputs import RoomSearch
from booking.infra import replica

_TOLD = {"location": "found_no_location", "amenities": "found_no_amenities", "currency": "found_no_currency"}


@dataclass(frozen=True, slots=True)
class Unknown:
    """A name that a search has `said` in a field, and those that may be meant; empty where none is like it."""

    field: str
    said: str
    meant: tuple[str, ...]

    def notice(self) -> Notice:
        """For whoever asked."""
        choices = AnyOf(self.meant)
        similar = Notice("similar", choices=choices) if choices else ""
        return Notice(_TOLD[self.field], said=self.said, similar=similar)


def names_in(wanted: RoomSearch, fetch: replica.Fetch, cache_seconds: int) -> list[Unknown]:
    """The names that no published room has; the place is a slug here."""
    looks = (
        _place(wanted, fetch, cache_seconds),
        _amenities(wanted, fetch, cache_seconds),
        _currency(wanted, cache_seconds),
    )
    return [found for look in looks for found in look]


def _place(wanted: RoomSearch, fetch: replica.Fetch, cache_seconds: int) -> Iterator[Unknown]:
    if wanted.location is None or fetch(_IS_PLACE, {"location": wanted.location})[0][0]:
        return
    known = [place.slug for place in catalogue.list_destinations(cache_seconds)]
    yield Unknown("location", wanted.location, spelling.close(wanted.location, known))


def _amenities(wanted: RoomSearch, fetch: replica.Fetch, cache_seconds: int) -> Iterator[Unknown]:
    """One by one: of several, each may be known, and no room has them all."""
    for amenity in dict.fromkeys(wanted.amenities):
        if not fetch(_IS_AMENITY, {"amenities": [amenity]})[0][0]:
            yield Unknown("amenities", amenity, spelling.close(amenity, catalogue.amenities_in(None, cache_seconds)))


def _currency(wanted: RoomSearch, cache_seconds: int) -> Iterator[Unknown]:
    """What prices are in at that place, or anywhere: any of those may be meant."""
    if wanted.currency is None:
        return
    places = catalogue.list_destinations(cache_seconds)
    used = {code for place in places if wanted.location in {None, place.slug} for code in place.currencies}
    if used and wanted.currency not in used:
        yield Unknown("currency", wanted.currency, tuple(sorted(used)))


_SOLD = Room.published
_IS_PLACE = select(exists().where(_SOLD, Room.location == bindparam("location")))
_IS_AMENITY = select(exists().where(_SOLD, Room.amenities.contains(bindparam("amenities", type_=ARRAY(String)))))
