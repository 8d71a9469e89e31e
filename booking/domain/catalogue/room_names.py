"""Rooms by what they are called, for whoever types a command."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.catalogue.models import Property, Room
from booking.domain.people import Action
from booking.infra.db import db, reading

MOST = 20  # of the same name, that are told


@dataclass(frozen=True, slots=True)
class CalledRoom:
    """A room with where it is."""

    id: uuid.UUID
    name: str
    property: str


@reading
def called(actor: Actor, name: str, property_id: uuid.UUID | None = None) -> Sequence[CalledRoom]:
    """Rooms of exactly this name, whatever its case and accents, at this property or at all that the actor works at.

    The first MOST by their property; none that are archived.
    """
    same = func.folded(Room.name) == func.folded(name.strip())
    found = select(Room.id, Room.name, Property.name).join(Property, Property.id == Room.property_id)
    found = found.where(same, Room.archived_at.is_(None)).order_by(Property.name, Room.id).limit(MOST)
    if (own := people.reach(actor, Action.SEE_ROOMS).properties) is not None:
        found = found.where(Room.property_id.in_(own))
    if property_id is not None:
        found = found.where(Room.property_id == property_id)
    return [CalledRoom(*row) for row in db.session.execute(found)]
