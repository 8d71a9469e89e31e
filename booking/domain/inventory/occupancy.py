"""Who has which nights of a house, and how full each day is: for looking, never for deciding."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ARRAY, ColumnElement, Date, String, Uuid, and_, any_, bindparam, cast, exists, func, select

from booking.domain.catalogue import Room
from booking.domain.inventory.models import BLOCKED, BOOKED, HELD, PINNED, Availability, Block
from booking.domain.stays import Stay
from booking.infra.clock import sql_now
from booking.infra.db import db, execute

FREE, SOLD, ON_HOLD, OFF_SALE = ROOM_STATES = ("free", "sold", "held", "blocked")


@dataclass(frozen=True, slots=True)
class TakenNights:
    """Nights of a room that one claim has, as far as they lie within what was asked for."""

    room_id: uuid.UUID
    claim_id: uuid.UUID
    state: str
    stay: Stay


@dataclass(frozen=True, slots=True)
class DayCount:
    """Of a day's rooms: how many guests have (held ones too), and how many are off sale."""

    sold: int = 0
    blocked: int = 0


def taken(room_ids: Collection[uuid.UUID], within: Stay) -> list[TakenNights]:
    """In the order of rooms and nights, inside the caller's transaction."""
    values = {"rooms": [str(one) for one in room_ids], "first": within.check_in, "end": within.check_out}
    return [
        TakenNights(room_id, claim_id, state, Stay(check_in, check_out))
        for room_id, claim_id, state, check_in, check_out in execute(_TAKEN, values).rows
    ]


def counts(property_id: uuid.UUID, within: Stay) -> dict[dt.date, DayCount]:
    """How full the whole property is on each day on which anything is taken, inside the caller's transaction."""
    of_house = select(Room.id).where(Room.property_id == property_id)
    blocked = func.count().filter(Availability.state == BLOCKED)
    rows = (
        select(Availability.night, func.count() - blocked, blocked)
        .where(Availability.room_id.in_(of_house), _during(within), ~_RUN_OUT)
        .group_by(Availability.night)
    )
    return {night: DayCount(sold, off) for night, sold, off in db.session.execute(rows)}


def is_in_state(state: str, within: Stay) -> ColumnElement[bool]:
    """Of rooms: that a night is sold, held or blocked meanwhile; FREE: that none is taken."""
    any_night = exists().where(Availability.room_id == Room.id, _during(within), ~_RUN_OUT)
    return ~any_night if state == FREE else any_night.where(Availability.state.in_(_NIGHTS[state]))


def reasons(block_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Block]:
    """The blocks of these claims, inside the caller's transaction."""
    if not block_ids:
        return {}
    return {one.id: one for one in db.session.scalars(select(Block).where(Block.id.in_(block_ids)))}


def _during(within: Stay) -> ColumnElement[bool]:
    return and_(Availability.night >= within.check_in, Availability.night < within.check_out)


_NIGHTS = {SOLD: (BOOKED,), ON_HOLD: (HELD, PINNED), OFF_SALE: (BLOCKED,)}
_RUN_OUT = and_(Availability.state == HELD, Availability.held_until <= sql_now())

_FIRST_NIGHT = func.min(Availability.night)
_TAKEN = (
    select(
        Availability.room_id,
        Availability.claim_id,
        Availability.state,
        _FIRST_NIGHT.label("check_in"),
        (func.max(Availability.night) + 1).label("check_out"),
    )
    .where(
        Availability.room_id == any_(cast(bindparam("rooms", type_=ARRAY(String)), ARRAY(Uuid))),
        Availability.night >= bindparam("first", type_=Date),
        Availability.night < bindparam("end", type_=Date),
        ~_RUN_OUT,
    )
    .group_by(Availability.room_id, Availability.claim_id, Availability.state)
    .order_by(Availability.room_id, _FIRST_NIGHT)
)
