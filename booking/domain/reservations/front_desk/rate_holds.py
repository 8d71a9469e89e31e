"""Holds that run while rates are about to change: they keep the price they were made with, and this says what it is."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from sqlalchemy import select

from booking.domain import people, pricing
from booking.domain.actors import Actor
from booking.domain.people import Action
from booking.domain.pricing import HouseRoom, RateEffects
from booking.domain.reservations.models import PENDING, Booking
from booking.domain.stays import Stay
from booking.infra.clock import sql_now
from booking.infra.db import db, reading

MOST_HOLDS = 100


@dataclass(frozen=True, slots=True)
class TouchedHold:
    """`sold` is what it keeps; `before` and `after` what the same stay would cost if it were held now."""

    reference: str
    room_name: str
    stay: Stay
    sold: Decimal
    before: Decimal
    after: Decimal


@reading
def touched(actor: Actor, effects: RateEffects) -> list[TouchedHold]:
    """Those of which the price would be another one, by arrival; none for who may not see bookings."""
    rooms = {room.id: room for room in effects.all_rooms}
    house = next((room.property_id for room in effects.all_rooms), None)
    if house is None or not people.may(actor, Action.SEE_BOOKING, at=house):
        return []
    running = select(Booking).where(
        Booking.property_id == house, Booking.status == PENDING, Booking.held_until > sql_now()
    )
    rows = db.session.scalars(running.order_by(Booking.check_in, Booking.id).limit(MOST_HOLDS)).all()
    at: dt.datetime = db.session.execute(select(sql_now())).scalar_one()
    return list(_touched([row for row in rows if row.room_id in rooms], rooms, effects, at))


def _touched(
    rows: list[Booking], rooms: dict[uuid.UUID, HouseRoom], effects: RateEffects, at: dt.datetime
) -> Iterator[TouchedHold]:
    for row in rows:
        room, stay = rooms[row.room_id], Stay(row.check_in, row.check_out)
        again = partial(
            pricing.quote,
            *(room, stay, row.guests, at, pricing.kept_plan(row.policy)),
            children=row.children,
            extras=row.extras,
        )
        was, now = (again(by=tariff).total for tariff in (effects.before, effects.after))
        if was != now:
            yield TouchedHold(row.reference, row.room_name, stay, row.total_price, was, now)
