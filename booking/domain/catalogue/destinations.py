"""What there is, whatever the dates: destinations, amenities. For looking only."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import func, select

from booking.domain.catalogue.models import Property, Room
from booking.infra import cache
from booking.infra.db import db, reading

DESTINATIONS = cache.Kind("destinations", 1, in_process=True)
AMENITIES = cache.Kind("amenities", 1, in_process=True)
SITEMAP_ROOMS = 20_000  # in one file; the protocol allows 50,000


@dataclass(frozen=True, slots=True)
class Destination:
    """A place with rooms to book."""

    slug: str
    city: str
    country: str
    rooms: int
    largest: int  # guests that its largest room takes
    currencies: tuple[str, ...]


def destinations(cache_seconds: int) -> list[Destination]:
    """All places, by name."""
    kept = cache.remembered(DESTINATIONS, cache.EVERYWHERE, cache_seconds, _destinations)
    return [Destination(**{**place, "currencies": tuple(place["currencies"])}) for place in kept]


def amenities(location: str | None, cache_seconds: int) -> set[str]:
    """What rooms of a place (or anywhere) have at all."""
    return set(cache.remembered(AMENITIES, location or cache.EVERYWHERE, cache_seconds, lambda: _amenities(location)))


def asked(location: str | None, cache_seconds: int) -> tuple[str, ...]:
    """What `destinations` and `amenities` will ask the cache for."""
    keys = DESTINATIONS.key(cache.EVERYWHERE), AMENITIES.key(location or cache.EVERYWHERE)
    return keys if cache_seconds else ()


def forget(location: str) -> None:
    """Look anew next time: rooms of this place have come or changed."""
    cache.drop((DESTINATIONS, cache.EVERYWHERE), (AMENITIES, location), (AMENITIES, cache.EVERYWHERE))


_HAS_PAGE = (Room.published, Room.listed)  # identical units have one


@reading
def published_rooms() -> int:
    """How many rooms search engines may list."""
    return db.session.scalar(select(func.count()).select_from(Room).where(*_HAS_PAGE)) or 0


@reading
def room_changes(part: int) -> list[tuple[uuid.UUID, dt.datetime]]:
    """One file's worth of rooms (`part` counts from 0) and when each was last changed."""
    listed = select(Room.id, Room.updated_at).where(*_HAS_PAGE).order_by(Room.id)
    return [
        (row.id, row.updated_at) for row in db.session.execute(listed.limit(SITEMAP_ROOMS).offset(part * SITEMAP_ROOMS))
    ]


@reading
def _destinations() -> list[dict[str, Any]]:
    sold = (
        select(
            Room.location,
            func.count().label("rooms"),
            func.max(Room.capacity).label("largest"),
            func.array_agg(Room.currency.distinct()).label("currencies"),
        )
        .where(Room.published)
        .group_by(Room.location)
        .subquery()
    )
    # A place is called what most of its properties call it.
    city, country = (func.mode().within_group(Property.address[part].astext) for part in ("city", "country"))
    named = (
        select(Property.location, city.label("city"), country.label("country")).group_by(Property.location).subquery()
    )
    rows = db.session.execute(
        select(sold, named.c.city, named.c.country).join(named, named.c.location == sold.c.location)
    )
    places = [
        Destination(
            row.location,
            row.city or _spelled(row.location),
            row.country or "",
            row.rooms,
            row.largest,
            tuple(row.currencies),
        )
        for row in rows
    ]
    return [asdict(place) for place in sorted(places, key=lambda place: place.city.casefold())]


def _spelled(slug: str) -> str:
    return slug.replace("-", " ").title()


@reading
def _amenities(location: str | None) -> list[str]:
    each = func.unnest(Room.amenities).label("amenity")
    listed = select(each).where(Room.published).distinct()
    return list(db.session.scalars(listed.where(Room.location == location) if location else listed))
