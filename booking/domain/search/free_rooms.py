"""Whether a room is free on the nights of a search, as conditions of its statements."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    tuple_,
)
from sqlalchemy.orm import aliased

from booking.domain.catalogue import Room
from booking.domain.inventory import NIGHT_HELD, Availability, has_end
from booking.infra.clock import sql_now

# Nights of holds that are over and not yet swept: few, and found by an index of their own, so that the nights of a
# search are still read from an index alone.
_SWEPT = aliased(Availability)
_RUN_OUT = select(_SWEPT.room_id, _SWEPT.night).where(
    has_end(_SWEPT.held_until), _SWEPT.held_until <= sql_now(), _SWEPT.state == NIGHT_HELD
)
# Asked once per statement: mostly there is none, and then no night is looked up among them.
_NONE_RAN_OUT = select(~_RUN_OUT.exists()).scalar_subquery()

# OFFSET 0 keeps the planner from a join, which it misjudges: it sorted the whole place instead of reading in order.
_ONE_BY_ONE: ColumnElement[int] = literal_column("0")
_STAY = (bindparam("check_in", type_=Date), bindparam("check_out", type_=Date), sql_now())


def taken_nights(room: Any) -> Select[Any]:
    """The nights of a room that are taken."""
    return (
        select(Availability.room_id)
        .where(
            Availability.room_id == room.id,
            Availability.night >= bindparam("check_in"),
            Availability.night < bindparam("check_out"),
            or_(_NONE_RAN_OUT, tuple_(Availability.room_id, Availability.night).not_in(_RUN_OUT)),
        )
        .correlate(room)
    )


def parts_are_free(room: Any) -> ColumnElement[bool]:
    """Asked of few rooms, and planned once: in these statements it took as long to plan as all the rest."""
    return or_(~room.is_whole, func.parts_are_free(room.id, *_STAY))


def is_free(room: Any) -> ColumnElement[bool]:
    """The room, and all that it contains."""
    return and_(is_free_itself(room), parts_are_free(room))


def is_free_itself(room: Any) -> ColumnElement[bool]:
    """The room, whatever it contains."""
    return ~exists(taken_nights(room).offset(_ONE_BY_ONE))


_UNIT = aliased(Room)


def free_units(column: Any, unit_group_id: ColumnElement[Any]) -> Select[Any]:
    """A column of the free units of a group."""
    group = _UNIT.unit_group_id == unit_group_id
    return select(column).select_from(_UNIT).where(group, _UNIT.published, is_free(_UNIT))


# Of units, the one that is listed may be taken while another is free.
HAS_FREE_SISTER = and_(
    Room.unit_group_id.is_not(None),
    exists(free_units(_UNIT.id, Room.unit_group_id.expression).correlate(Room).offset(_ONE_BY_ONE)),
)
