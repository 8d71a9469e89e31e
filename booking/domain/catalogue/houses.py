"""The properties at which somebody works."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import select

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.catalogue.models import Property
from booking.infra.db import db, reading


@dataclass(frozen=True, slots=True)
class House:
    """A property as its staff names it; what today is there, its zone says."""

    id: uuid.UUID
    name: str
    slug: str
    time_zone: str
    currency: str


@reading
def staffed_by(actor: Actor) -> list[House]:
    """Where the actor works, by name; an owner of all works everywhere."""
    where = people.reach(actor, people.Action.SEE_HOUSE).properties
    known = select(Property.id, Property.name, Property.slug, Property.time_zone, Property.currency)
    if where is not None:
        known = known.where(Property.id.in_(where))
    return [House(*row) for row in db.session.execute(known.order_by(Property.name, Property.id))]
