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
    Date,
    Integer,
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
    null,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from booking.domain import catalogue, pricing
from booking.domain.catalogue import Property, Room
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
    is_rated: bool = False  # of a place that has rated rooms, or of none in particular while there are any


PRICE_LIMITS = ("min_price", "max_price")
FILTERS: dict[str, Condition] = {
    "location": Room.location == bindparam("location"),
    "capacity": Room.capacity >= bindparam("capacity"),
    "currency": Room.currency == bindparam("currency"),
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


def _beforehand(is_rated: ColumnElement[bool]) -> Select[Any]:
    """When the next hold ends, and whether rates are to be asked for at all: what a search has to know first."""
    columns: tuple[Any, ...] = func.min(Availability.held_until).label("hold_end"), is_rated.label("is_rated")
    return select(*columns).where(
        has_end(Availability.held_until),
        Availability.held_until > sql_now(),
        Availability.night >= bindparam("check_in"),
        Availability.night < bindparam("check_out"),
    )


BEFOREHAND = _beforehand(pricing.HAS_RATED)
BEFOREHAND_IN = often(_beforehand(pricing.HAS_RATED_IN).where(Availability.location == bindparam("location")))


# OFFSET 0 keeps the planner from a join, which it misjudges: it sorted the whole place instead of reading in order.
_ONE_BY_ONE: ColumnElement[int] = literal_column("0")
_NIGHTS = (
    select(Availability.room_id)
    .where(
        Availability.room_id == Room.id,
        Availability.night >= bindparam("check_in"),
        Availability.night < bindparam("check_out"),
        or_(_NONE_RAN_OUT, tuple_(Availability.room_id, Availability.night).not_in(_RUN_OUT)),
    )
    .correlate(Room)
)
# Asked of few rooms, and planned once: in these statements it took as long to plan as all the rest (migration 0062).
_STAY = (bindparam("check_in", type_=Date), bindparam("check_out", type_=Date), sql_now())
_PARTS_ARE_FREE = or_(~Room.is_whole, func.parts_are_free(Room.id, *_STAY))
_FREE_UNITS = case((Room.unit_group_id.is_not(None), func.free_units(Room.unit_group_id, *_STAY, type_=Integer)))


@lru_cache(maxsize=512)
def of(key: StatementKey) -> tuple[Select[Any], Select[Any]]:
    """The page and the total of all searches of one key."""
    price = pricing.searched_price(is_rated=key.is_rated)
    conditions: list[Condition] = [
        Room.published,
        pricing.RATED_FITS if key.is_rated else pricing.OWN_LIMITS,
        *(_filter(name, price) for name in sorted(key.filters)),
        *(words.contains(f"word{number}") for number in range(key.words)),
    ]
    order = _order(key.sort, price, in_one_place="location" in key.filters)
    is_free = and_(~exists(_NIGHTS.offset(_ONE_BY_ONE)), _PARTS_ARE_FREE)
    rated_total = pricing.RATED_TOTAL if key.is_rated else null()
    page = select(*_SHOWN, _FREE_UNITS.label("units_left"), rated_total.label("rated_total")).where(
        Room.listed, *conditions, or_(is_free, func.coalesce(_FREE_UNITS, 0) > 0)
    )
    page = pricing.with_rates(page) if key.is_rated else page
    page = page.order_by(*order).limit(bindparam("page_size")).offset(bindparam("skipped"))
    total = _total(conditions, in_one_place="location" in key.filters, is_rated=key.is_rated)
    return (often(page), often(total)) if _has_one_plan(key) else (page, total)


def _filter(name: str, price: ColumnElement[Any]) -> Condition:
    if name == "min_price":
        return price >= bindparam("min_price")
    return price <= bindparam("max_price") if name == "max_price" else FILTERS[name]


def _total(conditions: list[Condition], *, in_one_place: bool, is_rated: bool) -> Select[Any]:
    """Rooms by themselves, and groups of which a unit is free: each group has a row, and all the others have one."""
    nights = _NIGHTS
    if in_one_place:  # the nights of the whole place are read by their index and matched with its rooms
        nights = nights.where(Availability.location == bindparam("location"))
    free = func.count().filter(_PARTS_ARE_FREE).label("free")
    of_rooms = select(Room.unit_group_id, free).where(*conditions, ~exists(nights))
    of_rooms = pricing.with_rates(of_rooms) if is_rated else of_rooms
    groups = of_rooms.group_by(Room.unit_group_id).subquery()
    each = case((groups.c.unit_group_id.is_(None), groups.c.free), else_=func.least(groups.c.free, 1))
    return select(func.coalesce(cast(func.sum(each), Integer), 0)).select_from(groups)


def _has_one_plan(key: StatementKey) -> bool:
    """Searches of one place go by its rooms and nights whatever the values are; words and amenities may be rare."""
    return key.words == 0 and "location" in key.filters and not {"amenities", "kind"} & key.filters


def _order(sort: str | None, price: ColumnElement[Any], *, in_one_place: bool) -> list[Any]:
    """A stable order: ties are broken by id, so that pages do not overlap."""
    by_price = [Room.price_per_night, Room.id]
    orders: dict[str | None, list[Any]] = {
        "price": [price, Room.id],
        "-price": [price.desc(), Room.id.desc()],
        "name": words.by_name(),
        "capacity": [Room.capacity, price, Room.id],
        # The order of the index, so that reading stops after a page; across locations it groups them.
        None: by_price if in_one_place else [Room.location, *by_price],
    }
    return orders[sort]
