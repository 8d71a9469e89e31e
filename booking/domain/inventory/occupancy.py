"""Who has which nights of a house, and how full each day is: for looking, never for deciding."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Date,
    Integer,
    String,
    Subquery,
    Uuid,
    and_,
    any_,
    bindparam,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from booking.domain.catalogue import Room, RoomPart
from booking.domain.inventory.models import BLOCKED, BOOKED, HELD, PINNED, Availability, Block
from booking.domain.stays import Stay
from booking.infra.clock import sql_now
from booking.infra.db import db, execute

IN_PARTS = "in_parts"  # as the state of a whole's nights: a room that it contains is taken
FREE, SOLD, ON_HOLD, OFF_SALE = ROOM_STATES = ("free", "sold", "held", "blocked")


@dataclass(frozen=True, slots=True)
class TakenNights:
    """Nights of a room that one claim has, as far as they lie within what was asked for.

    A whole is IN_PARTS where nobody has it, and somebody has a room that it contains: then the claim is its own id.
    """

    room_id: uuid.UUID
    claim_id: uuid.UUID
    state: str
    stay: Stay


@dataclass(frozen=True, slots=True)
class DayCount:
    """Of a day's rooms: how many guests have (held ones too), and how many are off sale: also wholes IN_PARTS."""

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
    of_wholes = _in_parts(RoomPart.whole_id.in_(of_house), within.check_in, within.check_out)
    in_parts = select(of_wholes.c.night, literal(0), func.count()).group_by(of_wholes.c.night)
    found: dict[dt.date, DayCount] = {}
    for night, sold, off in db.session.execute(rows.union_all(in_parts)):
        before = found.get(night, DayCount())
        found[night] = DayCount(before.sold + sold, before.blocked + off)
    return found


def is_in_state(state: str, within: Stay) -> ColumnElement[bool]:
    """Of rooms: that a night is sold, held or blocked meanwhile; FREE: that none is taken."""
    any_night = exists().where(Availability.room_id == Room.id, _during(within), ~_RUN_OUT)
    if state == FREE:
        parts = select(RoomPart.part_id).where(RoomPart.whole_id == Room.id)
        of_part = exists().where(Availability.room_id.in_(parts), _during(within), ~_RUN_OUT)
        return and_(~any_night, or_(~Room.is_whole, ~of_part))
    return any_night.where(Availability.state.in_(_NIGHTS[state]))


def reasons(block_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Block]:
    """The blocks of these claims, inside the caller's transaction."""
    if not block_ids:
        return {}
    return {one.id: one for one in db.session.scalars(select(Block).where(Block.id.in_(block_ids)))}


def _during(within: Stay) -> ColumnElement[bool]:
    return and_(Availability.night >= within.check_in, Availability.night < within.check_out)


_NIGHTS = {SOLD: (BOOKED,), ON_HOLD: (HELD, PINNED), OFF_SALE: (BLOCKED,)}
_OWN = aliased(Availability)
_RUN_OUT, _OWN_RUN_OUT = (and_(of.state == HELD, of.held_until <= sql_now()) for of in (Availability, _OWN))


def _in_parts(wholes: ColumnElement[bool], first: Any, end: Any) -> Subquery:
    """Nights on which one of these wholes cannot be had because of a room that it contains."""
    has_own = exists().where(_OWN.room_id == RoomPart.whole_id, _OWN.night == Availability.night, ~_OWN_RUN_OUT)
    return (
        select(RoomPart.whole_id.label("room_id"), Availability.night)
        .join(Availability, Availability.room_id == RoomPart.part_id)
        .where(wholes, Availability.night >= first, Availability.night < end, ~_RUN_OUT, ~has_own)
        .distinct()
        .subquery()
    )


_ROOMS = cast(bindparam("rooms", type_=ARRAY(String)), ARRAY(Uuid))
_FIRST, _END = bindparam("first", type_=Date), bindparam("end", type_=Date)
_FIRST_NIGHT = func.min(Availability.night).label("check_in")
_CLAIMED = (
    select(
        Availability.room_id,
        Availability.claim_id,
        Availability.state,
        _FIRST_NIGHT,
        (func.max(Availability.night) + 1).label("check_out"),
    )
    .where(Availability.room_id == any_(_ROOMS), Availability.night >= _FIRST, Availability.night < _END, ~_RUN_OUT)
    .group_by(Availability.room_id, Availability.claim_id, Availability.state)
)
_PARTS = _in_parts(RoomPart.whole_id == any_(_ROOMS), _FIRST, _END)
# Nights that follow each other have one number: the night less its place among those of its room.
_PLACE = cast(func.row_number().over(partition_by=_PARTS.c.room_id, order_by=_PARTS.c.night), Integer)
_OF_RUNS = select(_PARTS.c.room_id, _PARTS.c.night, (_PARTS.c.night - _PLACE).label("run")).subquery()
_WITHOUT_OWN = select(
    _OF_RUNS.c.room_id,
    _OF_RUNS.c.room_id,
    literal(IN_PARTS),
    func.min(_OF_RUNS.c.night),
    func.max(_OF_RUNS.c.night) + 1,
).group_by(_OF_RUNS.c.room_id, _OF_RUNS.c.run)
_BOTH = _CLAIMED.union_all(_WITHOUT_OWN).subquery()
_TAKEN = select(_BOTH).order_by(_BOTH.c.room_id, _BOTH.c.check_in)
