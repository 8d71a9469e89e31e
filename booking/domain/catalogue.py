"""What there is, whatever the dates: destinations, a few rooms to begin with, houses, amenities. For looking only."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from booking.domain.models import Property, Room
from booking.domain.stays import Stay
from booking.infra import cache, clock
from booking.infra.db import db, reading
from booking.infra.ids import decode, encode

USUAL_GUESTS = 2
FEW = 6  # rooms on the first page
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


@dataclass(frozen=True, slots=True)
class House:
    """Where a room is."""

    name: str
    city: str
    country: str


@dataclass(frozen=True, slots=True)
class Teaser:
    """A room with its price per night; what is free depends on dates."""

    id: str
    name: str
    location: str
    capacity: int
    price_per_night: Decimal
    currency: str
    amenities: list[str]


def usual_stay(today: dt.date | None = None) -> Stay:
    """What a search begins with: the first weekend that is at least a week away, Friday to Sunday."""
    soon = (today or clock.now().date()) + dt.timedelta(days=7)
    friday = soon + dt.timedelta(days=(4 - soon.weekday()) % 7)
    return Stay(friday, friday + dt.timedelta(days=2))


def destinations(cache_seconds: int) -> list[Destination]:
    """All places, by name."""
    kept = cache.remembered("destinations", "destinations", cache_seconds, _destinations)
    return [Destination(**{**place, "currencies": tuple(place["currencies"])}) for place in kept]


def a_few(cache_seconds: int) -> list[Teaser]:
    """Rooms from different places, others every day."""
    day = clock.now().date().isoformat()
    kept = cache.remembered("few", f"few:{day}", cache_seconds, lambda: _a_few(day))
    return [Teaser(**{**room, "price_per_night": Decimal(room["price_per_night"])}) for room in kept]


def amenities(location: str | None, cache_seconds: int) -> set[str]:
    """What rooms of a place (or anywhere) have at all."""
    key = f"amenities:{location or cache.EVERYWHERE}"
    return set(cache.remembered("amenities", key, cache_seconds, lambda: _amenities(location)))


@reading
def houses(room_ids: list[str]) -> dict[str, House]:
    """Where these rooms are, by id."""
    ids = [decoded for text in room_ids if (decoded := decode("room", text))]
    rows = db.session.execute(
        select(Room.id, Property.name, Property.address)
        .join(Property, Property.id == Room.property_id)
        .where(Room.id.in_(ids))
    )
    return {
        encode("room", row.id): House(row.name, row.address.get("city", ""), row.address.get("country", ""))
        for row in rows
    }


@reading
def published_rooms() -> int:
    """How many rooms search engines may list."""
    return db.session.scalar(select(func.count()).select_from(Room).where(Room.published)) or 0


@reading
def room_changes(part: int) -> list[tuple[uuid.UUID, dt.datetime]]:
    """One file's worth of rooms (`part` counts from 0) and when each was last changed."""
    listed = select(Room.id, Room.updated_at).where(Room.published).order_by(Room.id)
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


def _a_few(day: str) -> list[dict[str, Any]]:
    places = sorted(destinations(0), key=lambda place: _lot(day, place.slug))[:FEW]
    return [room for place in places for room in _nth_room(place.slug, _lot(day, place.slug) % place.rooms)]


@reading
def _nth_room(location: str, place: int) -> list[dict[str, Any]]:
    """One room, by the index that searches use."""
    row = db.session.execute(
        select(Room.id, Room.name, Room.location, Room.capacity, Room.price_per_night, Room.currency, Room.amenities)
        .where(Room.published, Room.location == location)
        .order_by(Room.price_per_night, Room.id)
        .offset(place)
        .limit(1)
    ).one_or_none()
    same = {} if row is None else {"id": encode("room", row.id), "price_per_night": str(row.price_per_night)}
    return [] if row is None else [{**row._mapping, **same}]


@reading
def _amenities(location: str | None) -> list[str]:
    each = func.unnest(Room.amenities).label("amenity")
    listed = select(each).where(Room.published).distinct()
    return list(db.session.scalars(listed.where(Room.location == location) if location else listed))


def _lot(day: str, slug: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{day} {slug}".encode()).digest()[:6])
