"""Places and amenities for filters and forms, and what is meant by a place that somebody wrote in their own way."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import func, select

from booking.domain import spelling
from booking.domain.catalogue import destinations
from booking.domain.catalogue.destinations import Destination
from booking.domain.catalogue.importing.places import slugify
from booking.domain.catalogue.models import Room
from booking.domain.errors import Invalid
from booking.domain.notices import Notice
from booking.infra.db import db, reading

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MOST_NAMED = 20  # places in a refusal


@dataclass(frozen=True, slots=True)
class AmenityCount:
    """An amenity, and how many published rooms have it."""

    name: str
    rooms: int


class UnknownPlace(Invalid):
    """A location that names none of the places there are: programs choose by slug, people by name.

    `meant` are those that are called alike, the likeliest first.
    """

    def __init__(self, written: str, places: list[Destination]) -> None:
        self.meant = _alike(written, places)
        super().__init__(
            details={"location": _unknown([*self.meant, *(one for one in places if one not in self.meant)])}
        )


def is_slug(text: str) -> bool:
    """Whether it is written as programs name a place; there may be none of that name."""
    return SLUG.fullmatch(text) is not None


def slug_of(place: str, cache_seconds: int) -> str:
    """The slug of a place, whatever was written: Lisbon, TEL AVIV, São Paulo, Lisbon (Portugal). A slug stays as it is.

    Raises UnknownPlace. For a slug nothing is looked up.
    """
    if is_slug(place):
        return place
    places = destinations.destinations(cache_seconds)
    found = _find(place, places)
    if found is None:
        raise UnknownPlace(place, places)
    return found.slug


@reading
def amenities() -> list[AmenityCount]:
    """What published rooms have, the most frequent first."""
    each = func.unnest(Room.amenities).label("amenity")
    listed = select(each).where(Room.published).subquery()
    count = func.count().label("rooms")
    rows = db.session.execute(
        select(listed.c.amenity, count).group_by(listed.c.amenity).order_by(count.desc(), listed.c.amenity)
    )
    return [AmenityCount(name, rooms) for name, rooms in rows]


def _find(text: str, places: list[Destination]) -> Destination | None:
    spellings = {text.strip().casefold(), text.split(",", maxsplit=1)[0].split("(", maxsplit=1)[0].strip().casefold()}
    slugs = {slugify(spelling) for spelling in spellings} - {""}
    return next(
        (
            place
            for place in places
            if place.slug in slugs or place.city.casefold() in spellings or slugify(place.city) in slugs
        ),
        None,
    )


def _alike(written: str, places: list[Destination]) -> list[Destination]:
    by_name = {place.city.casefold(): place for place in places} | {place.slug: place for place in places}
    return list(dict.fromkeys(by_name[name] for name in spelling.close(written, by_name)))


def _unknown(places: list[Destination]) -> Notice:
    named = tuple(place.slug for place in places[:MOST_NAMED])
    if len(places) > MOST_NAMED:
        return Notice("unknown_place_of_many", places=named, more=len(places) - MOST_NAMED)
    return Notice("unknown_place", places=named)
