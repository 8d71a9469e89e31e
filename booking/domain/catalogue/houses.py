"""The properties at which somebody works."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import exists, func, select

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.catalogue.models import Property, Room
from booking.domain.errors import Forbidden
from booking.infra.db import db, reading


@dataclass(frozen=True, slots=True)
class House:
    """A property as its staff names it; what today is there, its zone says."""

    id: uuid.UUID
    name: str
    slug: str
    time_zone: str
    currency: str
    is_open: bool  # guests see a room of it


@dataclass(frozen=True, slots=True)
class ListedProperty:
    """A property, and how many rooms it has, published or not."""

    id: uuid.UUID
    slug: str
    name: str
    city: str
    time_zone: str
    currency: str
    rooms: int


@reading
def listed(actor: Actor) -> list[ListedProperty]:
    """Every property of the actor's, by name. Raises Forbidden."""
    own = people.reach(actor, people.Action.EXPORT_ROOMS)
    if not own:
        raise Forbidden
    rooms = select(func.count()).select_from(Room).where(Room.property_id == Property.id).scalar_subquery()
    wanted = select(Property, rooms).order_by(Property.name, Property.id)
    if own.properties is not None:
        wanted = wanted.where(Property.id.in_(own.properties))
    rows = db.session.execute(wanted)
    return [
        ListedProperty(
            one.id, one.slug, one.name, one.address.get("city", ""), one.time_zone, one.currency, number or 0
        )
        for one, number in rows
    ]


@reading
def staffed_by(actor: Actor) -> list[House]:
    """Where the actor works, by name; an owner of all works everywhere."""
    where = people.reach(actor, people.Action.SEE_HOUSE).properties
    shown = exists().where(Room.property_id == Property.id, Room.published)
    known = select(Property.id, Property.name, Property.slug, Property.time_zone, Property.currency, shown)
    if where is not None:
        known = known.where(Property.id.in_(where))
    return [House(*row) for row in db.session.execute(known.order_by(Property.name, Property.id))]
