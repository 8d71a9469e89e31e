"""The statements of a search, built once for each kind of it: the page, the total, and when the next hold ends.

A page is an anti-join on the nights' key that stops early, a total goes by the location's nights: each is planned for
itself, because one window count over everything does not scale (measured: 12 against 247 per second). Identical units
are found as the one that is listed, and counted once. One statement says both (`together`) of a usual search of one
place, and where there are units, but for searches of all places in the order of the index: their page stops early, and
counting stops, too (`MOST_COUNTED`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    ColumnElement,
    ColumnExpressionArgument,
    FromClause,
    Integer,
    Numeric,
    Select,
    SmallInteger,
    String,
    Text,
    any_,
    bindparam,
    case,
    cast,
    exists,
    func,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import aliased

from booking.domain import pricing
from booking.domain.catalogue import Property, Room, UnitGroup
from booking.domain.inventory import Availability, has_end
from booking.domain.search import free_rooms, words
from booking.infra.clock import sql_now
from booking.infra.prepared import often

Condition = ColumnExpressionArgument[bool]

_SHOWN: tuple[Any, ...] = (
    # As text: nothing is done with it but writing it in another way, and a UUID costs as much as all the rest of a row.
    cast(Room.id, Text).label("id"),
    Room.name,  # of a unit it is what its group is called that is shown
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
    # Of the place that is searched, or of all: where there are none, nothing is asked about them.
    has_rated: bool = False
    has_units: bool = False  # or wholes
    is_free: bool = False  # only what can be cancelled free of charge


PRICE_LIMITS = ("min_price", "max_price")
MOST_COUNTED = 1000  # cards; one more stands for more than these


def has_places() -> Condition:
    """Among the guests are children, whose ages are given: babies need none."""
    ages = func.unnest(bindparam("ages", type_=ARRAY(SmallInteger))).table_valued("age").render_derived()
    # Said of which room: a statement within a statement would ask about all of them.
    under = select(Property.babies_under).where(Property.id == Room.property_id).correlate(Room).scalar_subquery()
    babies = select(func.count()).select_from(ages).where(ages.c.age < under).correlate(Room).scalar_subquery()
    return Room.capacity >= bindparam("places", type_=Integer) - babies


FILTERS: dict[str, Condition] = {
    "location": Room.location == bindparam("location"),
    "capacity": Room.capacity >= bindparam("capacity"),
    "places": has_places(),
    "currency": Room.currency == bindparam("currency"),
    "amenities": Room.amenities.contains(bindparam("amenities", type_=ARRAY(String))),
    "kind": Room.kind.op("~*")(bindparam("kind", type_=String)),
    # Around midnight somewhere: the day of check-in is over already at these properties.
    "zones": Room.property_id.not_in(
        select(Property.id).where(Property.time_zone == any_(bindparam("zones", type_=ARRAY(String))))
    ),
}


# Whether there are units or wholes, in a place or anywhere.
_SOME = aliased(Room)
_HAS_UNITS = select(_SOME.id).where(_SOME.published, or_(_SOME.unit_group_id.is_not(None), _SOME.is_whole))
HAS_UNITS_IN = exists(_HAS_UNITS.where(_SOME.location == bindparam("location")))


def _beforehand(has_rated: ColumnElement[bool], has_units: ColumnElement[bool]) -> Select[Any]:
    """When the next hold ends, and what is to be asked for at all: what a search has to know first."""
    columns: tuple[Any, ...] = has_rated.label("has_rated"), has_units.label("has_units")
    return select(func.min(Availability.held_until).label("hold_end"), *columns).where(
        has_end(Availability.held_until),
        Availability.held_until > sql_now(),
        Availability.night >= bindparam("check_in"),
        Availability.night < bindparam("check_out"),
    )


BEFOREHAND = often(_beforehand(pricing.HAS_RATED, exists(_HAS_UNITS)))
BEFOREHAND_IN = often(
    _beforehand(pricing.HAS_RATED_IN, HAS_UNITS_IN).where(Availability.location == bindparam("location"))
)


_PAGE_SIZE, _SKIPPED = bindparam("page_size", type_=Integer), bindparam("skipped", type_=Integer)


@lru_cache(maxsize=512)
def of(key: StatementKey) -> tuple[Select[Any], Select[Any]]:
    """The page and the total of all searches of one key."""
    rates = _rates(key, for_totals=True)
    fitting = _rates(key, for_totals=_compares_prices(key))
    page, total = _page(key, rates), _total(key, fitting)
    return (often(page), often(total)) if _goes_by_the_index(key) else (page, total)


@lru_cache(maxsize=512)
def together(key: StatementKey) -> Select[Any]:
    """Page and total at once. Where there are units, what is worked out to count their groups is what the cards say:
    asked by themselves, 20 cards of ten units each looked at ten times as many rooms.

    Each row has the total; it is null where the page is the first one and not full. Where it `has_one_plan`, each also
    has what is to be known beforehand, as of the same moment, and a page without rooms is one row without an id.
    """
    rates = _rates(key, for_totals=True)
    groups = _groups(key, rates).cte("groups") if key.has_units else None
    found = _page(key, rates, groups, together=True)
    return often(found) if has_one_plan(key) else found


def _rates(key: StatementKey, *, for_totals: bool) -> CTE | None:
    if not key.has_rated:
        return None
    in_one_place, by_age = "location" in key.filters, "places" in key.filters
    return pricing.sets_of_terms(in_one_place=in_one_place, for_totals=for_totals, free=key.is_free, by_age=by_age)


class _Price(NamedTuple):
    """What limits and order go by: the night, or among rated rooms the whole stay, which is so many times as much."""

    of_room: ColumnElement[Any]
    times: Any = 1


class _Card(NamedTuple):
    """What of a card says what it costs."""

    id: ColumnElement[Any]
    terms_id: ColumnElement[int]
    currency: ColumnElement[str]


class _Compared(NamedTuple):
    """Rooms, the price that they are compared by, and what they cost by rules and on which plan, where that is what is
    compared.
    """

    source: FromClause
    price: _Price
    total: ColumnElement[Any]
    plan: ColumnElement[Any]


def _page(key: StatementKey, rates: CTE | None, groups: CTE | None = None, *, together: bool = False) -> Select[Any]:
    """Only of cards that are on it is worked out how many units are left and, unless prices are compared, what they
    cost by rules. Where that is known of all `groups`, it is taken from there.
    """
    source, price, compared, plan = _compared(key, rates)
    order = _order(key.sort, price.of_room, in_one_place="location" in key.filters)
    cards = select(*_SHOWN, Room.id.label("room_id"), Room.unit_group_id, Room.terms_id, compared.label("compared"))
    cards = cards.add_columns(plan.label("plan"), _own_is_free(key, rates).label("is_free"))
    cards = cards.add_columns(*(by.label(f"order{number}") for number, by in enumerate(order)))
    free = _free_card(groups) if key.has_units else free_rooms.is_free_itself(Room)
    if rates is not None and _compares_prices(key) and not key.has_units:
        free = ~exists(_nights_of_all(key))  # every room is looked at, whatever its price
    cards = cards.select_from(source).where(Room.listed, *_conditions(key, price, rates), free)
    cards = cards.order_by(*_sorted(order, key.sort)).limit(_PAGE_SIZE).offset(_SKIPPED)
    card = cards.subquery("cards")
    shown: FromClause = card
    total: ColumnElement[Any] = card.c.compared
    plan = card.c.plan
    if rates is not None and not _compares_prices(key):
        one, own = _Card(card.c.room_id, card.c.terms_id, card.c.currency), card.c.is_free if key.is_free else None
        shown, total, plan = pricing.rated_total(card, one, rates, own, by_age="places" in key.filters)
    columns = {column.name: card.c[column.name] for column in _SHOWN}
    left: ColumnElement[Any] = null()
    if key.has_units:
        title = select(UnitGroup.name).where(UnitGroup.id == card.c.unit_group_id).scalar_subquery()
        columns["name"] = case((card.c.unit_group_id.is_(None), card.c.name), else_=title).label("name")
        free_units = free_rooms.free_units(func.count(), card.c.unit_group_id).correlate(card).scalar_subquery()
        left = case((card.c.unit_group_id.is_not(None), free_units))
    if groups is not None:
        shown, left = shown.outerjoin(groups, groups.c.unit_group_id == card.c.unit_group_id), groups.c.free
    prices = total.label("rated_total"), plan.label("rated_plan")
    page: Select[Any] = select(*columns.values(), left.label("units_left"), *prices)
    page = _together(page, shown, card, key, _total(key, rates, groups)) if together else page.select_from(shown)
    return page.order_by(*_sorted([card.c[f"order{number}"] for number in range(len(order))], key.sort))


def _together(
    page: Select[Any], shown: FromClause, card: FromClause, key: StatementKey, total: Select[Any]
) -> Select[Any]:
    """The page's columns with what stands beside them. Postgres works the total out only where it is asked for."""
    is_part = or_(_SKIPPED > 0, func.count(card.c.room_id).over() >= _PAGE_SIZE)
    page = page.add_columns(case((is_part, total.scalar_subquery())).label("total"))
    if not has_one_plan(key):
        return page.select_from(shown)
    beforehand = BEFOREHAND_IN.subquery("beforehand")
    return page.add_columns(*beforehand.c).select_from(beforehand.outerjoin(shown, true()))


def _total(key: StatementKey, rates: CTE | None, groups: CTE | None = None) -> Select[Any]:
    if groups is not None:
        return _counted(groups)
    if "location" not in key.filters:
        return _first_counted(key, rates)
    if key.has_units:
        return _counted(_groups(key, rates).subquery())
    source, conditions = _free_rooms(key, rates)
    return select(func.count()).select_from(source).where(*conditions)


def _first_counted(key: StatementKey, rates: CTE | None) -> Select[Any]:
    """Of all places, cards are looked at one by one until there are more than are counted."""
    source, price, _, _ = _compared(key, rates)
    free = (
        or_(free_rooms.is_free(Room), free_rooms.HAS_FREE_SISTER) if key.has_units else free_rooms.is_free_itself(Room)
    )
    cards = select(Room.id).select_from(source).where(Room.listed, *_conditions(key, price, rates), free)
    return select(func.count()).select_from(cards.limit(MOST_COUNTED + 1).subquery())


def _free_rooms(key: StatementKey, rates: CTE | None) -> tuple[FromClause, list[Condition]]:
    source, price, _, _ = _compared(key, rates)
    return source, [*_conditions(key, price, rates), ~exists(_nights_of_all(key))]


def _groups(key: StatementKey, rates: CTE | None) -> Select[Any]:
    """How many units are free: each group that has any free of nights has a row, and all other rooms have one."""
    source, conditions = _free_rooms(key, rates)
    free = func.count().filter(free_rooms.parts_are_free(Room)).label("free")
    columns: tuple[Any, ...] = Room.unit_group_id, free
    return select(*columns).select_from(source).where(*conditions).group_by(Room.unit_group_id)


def _free_card(groups: CTE | None) -> ColumnElement[bool]:
    if groups is None:
        return or_(free_rooms.is_free(Room), free_rooms.HAS_FREE_SISTER)
    free = select(groups.c.unit_group_id).where(groups.c.unit_group_id.is_not(None), groups.c.free > 0)
    # Looked up in a table that is made once.
    return case((Room.unit_group_id.is_(None), free_rooms.is_free(Room)), else_=Room.unit_group_id.in_(free))


def _counted(groups: FromClause) -> Select[Any]:
    """Rooms by themselves, and groups of which a unit is free."""
    each = case((groups.c.unit_group_id.is_(None), groups.c.free), else_=func.least(groups.c.free, 1))
    return select(func.coalesce(cast(func.sum(each), Integer), 0)).select_from(groups)


def _nights_of_all(key: StatementKey) -> Select[Any]:
    """Nights of the whole place are read by their index and matched with its rooms."""
    nights = free_rooms.taken_nights(Room)
    return nights.where(Availability.location == bindparam("location")) if "location" in key.filters else nights


def _compared(key: StatementKey, rates: CTE | None) -> _Compared:
    rooms: FromClause = Room.__table__
    if rates is None or not _compares_prices(key):
        return _Compared(rooms, _Price(Room.price_per_night.expression), null(), cast(null(), JSONB))
    own = pricing.is_free_by_own_policy(Room) if key.is_free else None
    source, total, plan = pricing.rated_total(rooms, Room, rates, own, by_age="places" in key.filters)
    price = _Price(pricing.searched_total(total), bindparam("nights", type_=Integer))
    return _Compared(source, price, total, plan)


def _own_is_free(key: StatementKey, rates: CTE | None) -> ColumnElement[Any]:
    """Of a card, so that it is not asked again."""
    if rates is None or not key.is_free or _compares_prices(key):
        return null()
    return pricing.is_free_by_own_policy(Room)


def _conditions(key: StatementKey, price: _Price, rates: CTE | None) -> list[Condition]:
    return [
        Room.published,
        pricing.OWN_LIMITS if rates is None else pricing.fits_rates(rates),
        *(_filter(name, price) for name in sorted(key.filters)),
        *(words.contains(f"word{number}") for number in range(key.words)),
        *([pricing.is_free_to_cancel(rates)] if key.is_free else []),
    ]


def _filter(name: str, price: _Price) -> Condition:
    limit = bindparam(name, type_=Numeric) * price.times
    limits: dict[str, Condition] = {"min_price": price.of_room >= limit, "max_price": price.of_room <= limit}
    return limits[name] if name in limits else FILTERS[name]


def _compares_prices(key: StatementKey) -> bool:
    """A total is needed of every room that could be shown, not only of those that are."""
    return key.sort in {"price", "-price", "capacity"} or not key.filters.isdisjoint(PRICE_LIMITS)


def has_one_plan(key: StatementKey) -> bool:
    """Searches of one place go by its rooms and nights whatever the values are; words and amenities may be rare.

    One that has is asked `together`: what is planned each time would take longer so.
    """
    return "location" in key.filters and not _may_be_rare(key)


def _goes_by_the_index(key: StatementKey) -> bool:
    """Page and total of all places too, in the order of the index: both stop early."""
    return ("location" in key.filters or key.sort is None) and not _may_be_rare(key)


def says_both(key: StatementKey) -> bool:
    """Whether page and total are asked for together: a page that stops early counts no group but its own."""
    stops_early = "location" not in key.filters and key.sort is None and not _compares_prices(key)
    return key.has_units and not stops_early


def _may_be_rare(key: StatementKey) -> bool:
    return key.words > 0 or not key.filters.isdisjoint({"amenities", "kind"})


def _order(sort: str | None, price: ColumnElement[Any], *, in_one_place: bool) -> list[Any]:
    """A stable order: ties are broken by id, so that pages do not overlap."""
    by_price = [Room.price_per_night, Room.id]
    orders: dict[str | None, list[Any]] = {
        "price": [price, Room.id],
        "-price": [price, Room.id],
        "name": words.by_name(),
        "capacity": [Room.capacity, price, Room.id],
        # The order of the index, so that reading stops after a page; across locations it groups them.
        None: by_price if in_one_place else [Room.location, *by_price],
    }
    return orders[sort]


def _sorted(order: list[Any], sort: str | None) -> list[Any]:
    return [by.desc() for by in order] if sort == "-price" else order
