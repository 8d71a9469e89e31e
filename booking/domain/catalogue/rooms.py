"""Rooms as guests see them, whatever the dates."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import ARRAY, Integer, String, Uuid, any_, bindparam, cast, literal_column, select
from sqlalchemy.orm import aliased

from booking.domain import people, spelling
from booking.domain.actors import Actor
from booking.domain.catalogue import pictures
from booking.domain.catalogue.models import DEMO, Property, Room
from booking.domain.catalogue.photos.shown import ShownPhoto, shown
from booking.domain.catalogue.unit_models import UnitGroup
from booking.domain.errors import NotFound, RoomNotFound
from booking.domain.people import Action
from booking.infra import cache
from booking.infra.db import ask, db, fetch, reading
from booking.infra.ids import decode, encode
from booking.infra.prepared import often

DETAILS = cache.Kind("room", 5)  # in the cache


def details(room_id: uuid.UUID, cache_seconds: int) -> dict[str, Any]:
    """Everything about a published room that does not depend on dates, as plain JSON values. Raises RoomNotFound."""
    found: dict[str, Any] | None = cache.remembered(
        DETAILS, encode("room", room_id), cache_seconds, lambda: _details(room_id)
    )
    if found is None:
        raise RoomNotFound
    return found


@reading
def preview(actor: Actor, room_id: uuid.UUID) -> dict[str, Any]:
    """The same of a room that guests may not see yet, for who keeps it; `isPublished` says whether they do.

    Its price is None where it has none. Raises RoomNotFound.
    """
    found = db.session.execute(_WHOLE.where(Room.id == room_id)).one_or_none()
    at = found.Property.id if found else None
    people.require(actor, Action.SEE_ROOMS, at=at, otherwise=RoomNotFound)
    if found is None:
        raise RoomNotFound
    room: Room = found.Room
    price = None if room.price_per_night is None else str(room.price_per_night)
    shown = _as_json(room, found.Property, found.title)
    return {**shown, "pricePerNight": price, "isPublished": room.published}


def find_property_of(room_id: uuid.UUID) -> uuid.UUID | None:
    """Whose room it is, published or not, inside the caller's transaction; None where there is no such room."""
    return db.session.scalar(select(Room.property_id).where(Room.id == room_id))


_COVER = often(select(Room.photos[literal_column("0", Integer)]).where(Room.id == bindparam("room_id")))


def find_cover(room_id: uuid.UUID) -> ShownPhoto | None:
    """The first photo of a room, published or not, where it has one that is ready."""
    first = next((row[0] for row in ask(_COVER, room_id=room_id)), None)
    return shown([first])[0] if first else None


class UnknownProperty(NotFound):
    """No property has this slug; `hint` names those it looks like."""

    reason = "UNKNOWN_PROPERTY"


@reading
def get_property(slug: str) -> uuid.UUID:
    """The property of this name in addresses and files. Raises UnknownProperty."""
    found = db.session.scalar(select(Property.id).where(Property.slug == slug))
    if found is None:
        close = spelling.close(slug, db.session.scalars(select(Property.slug)))
        raise UnknownProperty(slug=slug, hint=spelling.perhaps_meant(close))
    return found


@reading
def get_property_name(property_id: uuid.UUID) -> str:
    """What it is called. Raises NotFound."""
    found = db.session.scalar(select(Property.name).where(Property.id == property_id))
    if found is None:
        raise NotFound
    return found


@reading
def get_property_currency(property_id: uuid.UUID) -> str:
    """In which its rooms are sold. Raises NotFound."""
    found = db.session.scalar(select(Property.currency).where(Property.id == property_id))
    if found is None:
        raise NotFound
    return found


def forget(*room_ids: str) -> None:
    """Look anew next time: these rooms have changed, and with them all units like them."""
    known = [str(key) for one in room_ids if (key := decode("room", one))]
    alike = [encode("room", row.id) for row in fetch(_ALIKE, rooms=known)] if known else []
    if entries := {*room_ids, *alike}:
        cache.drop(*((DETAILS, one) for one in sorted(entries)))


def forget_house(property_id: str) -> None:
    """The same of all rooms of a property."""
    if key := decode("property", property_id):
        forget(*reading(published_at)(key))


def published_at(property_id: uuid.UUID) -> list[str]:
    """The rooms of a property that guests see, inside the caller's transaction."""
    found = db.session.scalars(select(Room.id).where(Room.property_id == property_id, Room.published))
    return [encode("room", one) for one in found]


@reading
def _details(room_id: uuid.UUID) -> dict[str, Any] | None:
    row = db.session.execute(_WHOLE.where(Room.id == room_id, Room.published)).one_or_none()
    return None if row is None else _as_json(row.Room, row.Property, row.title)


_WHOLE = (
    select(Room, Property, UnitGroup.name.label("title"))
    .join(Property, Property.id == Room.property_id)
    .outerjoin(UnitGroup, UnitGroup.id == Room.unit_group_id)
)


def _as_json(room: Room, house: Property, title: str | None) -> dict[str, Any]:
    return {
        "id": encode("room", room.id),
        "name": title or room.name,
        "isUnit": title is not None,
        "description": room.description,
        "kind": room.kind,
        "isDemo": room.source == DEMO,
        "location": room.location,
        "capacity": room.capacity,
        "beds": room.beds,
        "sizeM2": room.size_m2,
        "pricePerNight": str(room.price_per_night),
        "currency": room.currency,
        "amenities": room.amenities,
        "photos": room.photos,
        "images": pictures.shown(room.images),
        "minNights": room.min_nights,
        "maxNights": room.max_nights,
        "cancellationPolicy": room.cancellation_policy,
        "property": {
            "name": house.name,
            "address": house.address,
            "photos": house.photos,
            "timeZone": house.time_zone,
            "checkInTime": house.check_in_time.isoformat("minutes"),
            "checkOutTime": house.check_out_time.isoformat("minutes"),
            "contactEmail": house.contact_email,
            "contactPhone": house.contact_phone,
            "houseRules": house.house_rules,
            "babiesUnder": house.babies_under,
            "description": house.description,
        },
    }


_CHANGED = aliased(Room)
_ALIKE = (
    select(Room.id)
    .join(_CHANGED, _CHANGED.unit_group_id == Room.unit_group_id)
    .where(_CHANGED.id == any_(cast(bindparam("rooms", type_=ARRAY(String)), ARRAY(Uuid))))
    .distinct()
)
