"""The statements of a search, built once for each kind of it: the page, the total, and when the next hold ends.

A page is an anti-join on the nights' key that stops early, a total goes by the location's nights: two statements,
because one window count over everything does not scale (measured: 12 against 247 per second). Identical units are found
as the one that is listed, and counted once.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    ColumnExpressionArgument,
    Select,
    String,
    Text,
    and_,
    any_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal_column,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from booking.domain import catalogue
from booking.domain.catalogue import Property, Room, RoomPart
from booking.domain.inventory import NIGHT_HELD, Availability, has_end
from booking.domain.search import words
from booking.infra.clock import sql_now
from booking.infra.prepared import often

Condition = ColumnExpressionArgument[bool]

_SHOWN: tuple[Any, ...] = (
    # As text: nothing is done with it but writing it in another way, and a UUID costs as much as all the rest of a row.
    cast(Room.id, Text).label("id"),
    catalogue.SHOWN_NAME.label("name"),
    Room.location,
    Room.capacity,
    Room.price_per_night,
    Room.currency,
    Room.amenities,
)


class StatementKey(NamedTuple):
    """What a search compares: statements are built once for each, and only their values change."""

    filters: frozenset[str]
    words: int
    sort: str | None


FILTERS: dict[str, Condition] = {
    "location": Room.location == bindparam("location"),
    "capacity": Room.capacity >= bindparam("capacity"),
    "currency": Room.currency == bindparam("currency"),
    "min_price": Room.price_per_night >= bindparam("min_price"),
    "max_price": Room.price_per_night <= bindparam("max_price"),
    "amenities": Room.amenities.contains(bindparam("amenities", type_=ARRAY(String))),
    "kind": Room.kind.op("~*")(bindparam("kind", type_=String)),
    # Around midnight somewhere: the day of check-in is over already at these properties.
    "zones": Room.property_id.not_in(
        select(Property.id).where(Property.time_zone == any_(bindparam("zones", type_=ARRAY(String))))
    ),
}


# Nights of holds that are over and not yet swept: few, and found by an index of their own, so that the nights of a
# search are still read from an index alone.
_SWEPT = aliased(Availability)
_RUN_OUT = select(_SWEPT.room_id, _SWEPT.night).where(
    has_end(_SWEPT.held_until), _SWEPT.held_until <= sql_now(), _SWEPT.state == NIGHT_HELD
)
# Asked once per statement: mostly there is none, and then no night is looked up among them.
_NONE_RAN_OUT = select(~_RUN_OUT.exists()).scalar_subquery()
HOLD_END = select(func.min(Availability.held_until)).where(
    has_end(Availability.held_until),
    Availability.held_until > sql_now(),
    Availability.night >= bindparam("check_in"),
    Availability.night < bindparam("check_out"),
)
HOLD_END_IN = often(HOLD_END.where(Availability.location == bindparam("location")))


_UNIT, _PART = aliased(Room, name="unit"), aliased(Availability, name="part")
# OFFSET 0 keeps the planner from a join, which it misjudges: it sorted the whole place instead of reading in order.
_ONE_BY_ONE: ColumnElement[int] = literal_column("0")


def _taken(nights: type[Availability]) -> Condition:
    """Of rows: that it is a night of the stay which cannot be had."""
    return and_(
        nights.night >= bindparam("check_in"),
        nights.night < bindparam("check_out"),
        or_(_NONE_RAN_OUT, tuple_(nights.room_id, nights.night).not_in(_RUN_OUT)),
    )


def _nights_of(room: type[Room]) -> Select[Any]:
    return select(Availability.room_id).where(Availability.room_id == room.id, _taken(Availability)).correlate(room)


def _parts_are_free(room: type[Room]) -> Condition:
    """Of a whole: that none of the rooms that it contains is taken."""
    taken = select(_PART.room_id).join(RoomPart, RoomPart.part_id == _PART.room_id)
    taken = taken.where(RoomPart.whole_id == room.id, _taken(_PART)).correlate(room)
    return or_(~room.is_whole, ~exists(taken.offset(_ONE_BY_ONE)))


def _is_free(room: type[Room]) -> Condition:
    return and_(~exists(_nights_of(room).offset(_ONE_BY_ONE)), _parts_are_free(room))


# Of the unit that is listed: its sisters, and how many of all are free.
_SISTERS = select(_UNIT.id).where(_UNIT.unit_group_id == Room.unit_group_id, _UNIT.published, _is_free(_UNIT))
_SISTER_IS_FREE = exists(_SISTERS.where(~_UNIT.listed).correlate(Room).offset(_ONE_BY_ONE))
_FREE_UNITS = _SISTERS.with_only_columns(func.count()).correlate(Room).scalar_subquery()
_UNITS_LEFT = case((Room.unit_group_id.is_not(None), _FREE_UNITS)).label("units_left")


@lru_cache(maxsize=512)
def of(key: StatementKey) -> tuple[Select[Any], Select[Any]]:
    """The page and the total of all searches of one key."""
    conditions: list[Condition] = [
        Room.published,
        Room.min_nights <= bindparam("nights"),
        Room.max_nights >= bindparam("nights"),
        *(FILTERS[name] for name in sorted(key.filters)),
        *(words.contains(f"word{number}") for number in range(key.words)),
    ]
    order = _order(key.sort, in_one_place="location" in key.filters)
    can_be_had = or_(_is_free(Room), and_(Room.unit_group_id.is_not(None), _SISTER_IS_FREE))
    page = select(*_SHOWN, _UNITS_LEFT).where(Room.listed, *conditions, can_be_had)
    page = page.order_by(*order).limit(bindparam("page_size")).offset(bindparam("skipped"))
    total = _total(conditions, in_one_place="location" in key.filters)
    return (often(page), often(total)) if _has_one_plan(key) else (page, total)


def _total(conditions: list[Condition], *, in_one_place: bool) -> Select[Any]:
    """Rooms by themselves, and groups of which a unit is free: identical units count once."""
    nights = _nights_of(Room)
    if in_one_place:  # the nights of the whole place are read by their index and matched with its rooms
        nights = nights.where(Availability.location == bindparam("location"))
    is_free = and_(~exists(nights), _parts_are_free(Room))
    alone = select(func.count()).select_from(Room).where(Room.listed, *conditions, Room.unit_group_id.is_(None))
    groups = select(func.count(Room.unit_group_id.distinct())).where(*conditions, Room.unit_group_id.is_not(None))
    return select(alone.where(is_free).scalar_subquery() + groups.where(is_free).scalar_subquery())


def _has_one_plan(key: StatementKey) -> bool:
    """Searches of one place go by its rooms and nights whatever the values are; words and amenities may be rare."""
    return key.words == 0 and "location" in key.filters and not {"amenities", "kind"} & key.filters


def _order(sort: str | None, *, in_one_place: bool) -> list[Any]:
    """A stable order: ties are broken by id, so that pages do not overlap."""
    by_price = [Room.price_per_night, Room.id]
    orders: dict[str | None, list[Any]] = {
        "price": by_price,
        "-price": [Room.price_per_night.desc(), Room.id.desc()],
        "name": words.by_name(),
        "capacity": [Room.capacity, *by_price],
        # The order of the index, so that reading stops after a page; across locations it groups them.
        None: by_price if in_one_place else [Room.location, *by_price],
    }
    return orders[sort]
