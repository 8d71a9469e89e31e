"""What could be had instead of a stay that is gone: other rooms of the place on the same nights, the same room on dates
near by, or the nights over two rooms of its house.

It is for looking, and costs little, because a crowd asks for it at once: what was found is kept under its place's
generation, so nothing of it has been sold since.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice, permutations
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Select, and_, bindparam, or_, select
from sqlalchemy.orm import aliased

from booking.domain import catalogue, inventory, pricing
from booking.domain.catalogue import Property, Room
from booking.domain.errors import Invalid, RoomNotFound
from booking.domain.search import finder, statements
from booking.domain.search.finder import FoundRoom
from booking.domain.search.inputs import RoomSearch
from booking.domain.search.statements import Condition
from booking.domain.stays import Stay, StayRules
from booking.infra import cache, clock
from booking.infra.db import fetch
from booking.infra.ids import encode
from booking.infra.prepared import often

SHOWN = 3  # rooms on a page
MOST, MOST_DATES, DAYS_AROUND = 6, 2, 3
ROOMS_OF_HOUSE = 30  # that are looked at, the cheapest first
IN_ROOM, ON_DATES, IN_PARTS = ALTERNATIVE_KINDS = ("room", "dates", "split")
KEPT = cache.Kind("alternatives", 1)


@dataclass(frozen=True, slots=True)
class Alternative:
    """A stay that can be had, for as many guests as were asked for. Of a split stay there is one for each part."""

    kind: str
    room_id: str  # a TypeID
    name: str
    check_in: dt.date
    check_out: dt.date
    total: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Gone:
    """A stay that cannot be had.

    `own` is what the guest has of the room already, and would give for it; `beside` is what the same order wants, too.
    Some need a room of the same house (`in_house`), some may not change rooms (`in_one_room`).
    """

    room_id: uuid.UUID
    stay: Stay
    guests: int
    children: tuple[int, ...] = ()
    own: Stay | None = None
    beside: tuple[tuple[uuid.UUID, Stay], ...] = ()
    in_house: bool = False
    in_one_room: bool = False

    @property
    def key(self) -> str:
        return hashlib.sha256(repr(self).encode()).hexdigest()[:32]


def instead_of(gone: Gone, rules: StayRules, cache_seconds: int) -> list[Alternative]:
    """At most MOST: rooms, then dates, then the two parts of a split stay."""
    try:
        location = catalogue.get_room_details(gone.room_id, cache_seconds)["location"]
    except RoomNotFound:
        return []  # it is not for sale any more, and nobody knows where it was

    def read(_lsn: int | None) -> cache.Fresh:
        # By the primary: who lost a race has just read there what a replica may not know yet.
        return cache.Fresh(_AS_JSON.dump_json(_read(gone, location, rules)).decode())

    return _AS_JSON.validate_json(cache.remembered_in(location, KEPT, gone.key, cache_seconds, read))


def others(
    room_id: uuid.UUID,
    location: str,
    stay: Stay,
    guests: int,
    *,
    rules: StayRules,
    cache_seconds: int,
    most: int = SHOWN,
    children: Sequence[int] = (),
) -> list[FoundRoom]:
    """A few rooms of the same place that are free for exactly these nights and guests, cheapest first."""
    wanted = _alike(location, stay, guests, most, children)
    return _but(room_id, most, lambda: finder.search(wanted, rules, cache_seconds).rooms)


def _alike(location: str, stay: Stay, guests: int, most: int, children: Sequence[int] = ()) -> RoomSearch:
    """What finds so many others, and the room itself."""
    dates = {"checkIn": stay.check_in, "checkOut": stay.check_out}
    party = {"capacity": guests, "childrenAges": list(children)}
    return RoomSearch.model_validate({"location": location, "pageSize": most + 1, **party, **dates})


def _but(room_id: uuid.UUID, most: int, find: Callable[[], list[FoundRoom]]) -> list[FoundRoom]:
    try:
        found = find()
    except Invalid:
        return []  # the day of arrival is over
    return [room for room in found if room.id != encode("room", room_id)][:most]


def still_free(
    room_id: uuid.UUID,
    stay: Stay,
    guests: int,
    rules: StayRules,
    *,
    children: Sequence[int] = (),
    extras: Collection[str] = (),
) -> pricing.StayQuote | None:
    """Today's quote for the same room and nights, None where it cannot be had any more."""
    try:
        quote = pricing.quote_stay(room_id, stay, guests, rules, children=children, extras=extras)
    except (Invalid, RoomNotFound):
        return None
    return quote if quote.is_available else None


# --- what there is


_AS_JSON = TypeAdapter(list[Alternative])


@dataclass(frozen=True, slots=True)
class _House:
    """Rooms of one house that are large enough, the wanted one first, then the cheapest; and the taken nights of each
    room's units.
    """

    gone: Gone
    rooms: list[Any]
    taken: dict[uuid.UUID, dict[uuid.UUID, set[dt.date]]] = field(default_factory=dict)

    @property
    def wanted(self) -> Any:
        return self.rooms[0]

    def has(self, room: Any, stay: Stay) -> bool:
        """Whether the stay can be had in the room."""
        return _fits(room, stay) and inventory.any_free(self.taken[room.id].values(), stay)

    def offer(self, kind: str, room: Any, stay: Stay) -> Alternative:
        price = pricing.quote(room, stay, self.gone.guests, clock.now(), children=self.gone.children)
        shown = encode("room", room.id), room.name
        return Alternative(kind, *shown, stay.check_in, stay.check_out, price.total, price.currency)


def _read(gone: Gone, location: str, rules: StayRules) -> list[Alternative]:
    house = _house(gone, location)
    if house is None:
        return []
    dates = [house.offer(ON_DATES, house.wanted, stay) for stay in islice(_near_by(house, rules), MOST_DATES)]
    parts = [house.offer(IN_PARTS, room, stay) for room, stay in _in_parts(house)]
    left = MOST - len(dates) - len(parts)
    if gone.in_house:
        free = (room for room in house.rooms[1:] if house.has(room, gone.stay))
        rooms = [house.offer(IN_ROOM, room, gone.stay) for room in islice(free, left)]
    else:
        # Kept with all the rest: it need not be kept by itself, nor counted.
        wanted = _alike(location, gone.stay, gone.guests, MOST, gone.children)
        among = finder.Among(house.wanted.has_rated, house.wanted.has_units)
        found = _but(gone.room_id, MOST, lambda: finder.first_rooms(wanted, rules, among))
        rooms = [_found(room, gone.stay) for room in found[:left]]
    return [*rooms, *dates, *parts]


def _house(gone: Gone, location: str) -> _House | None:
    """None where the wanted room is not for sale any more."""
    around = dt.timedelta(days=DAYS_AROUND)
    window = {"check_in": gone.stay.check_in - around, "check_out": gone.stay.check_out + around}
    party = {"places": gone.guests, "ages": [*gone.children]} if gone.children else {"guests": gone.guests}
    rows = fetch(_ROOMS_BY_AGE if gone.children else _ROOMS, wanted=gone.room_id, location=location, **party, **window)
    if not rows or rows[0].id != gone.room_id:
        return None
    house = _House(gone, list(rows), {room.id: _by_unit(room.taken) for room in rows})
    if gone.own:
        house.taken[gone.room_id][gone.room_id].difference_update(gone.own.dates())
    for room_id, stay in gone.beside:
        _take(house, room_id, stay)
    return house


def _by_unit(taken: dict[str, list[str]]) -> dict[uuid.UUID, set[dt.date]]:
    return {uuid.UUID(unit): set(map(dt.date.fromisoformat, nights)) for unit, nights in taken.items()}


def _take(house: _House, room_id: uuid.UUID, stay: Stay) -> None:
    """The room, or the first unit like it that is free, is taken for the stay."""
    nights = stay.dates()
    units = next((units for units in house.taken.values() if room_id in units), {})
    free = (taken for taken in units.values() if taken.isdisjoint(nights))
    next(free, units.get(room_id, set())).update(nights)


def _fits(room: Any, stay: Stay) -> bool:
    return not pricing.rule_problems(room, stay, clock.now())


def _near_by(house: _House, rules: StayRules) -> Iterator[Stay]:
    """Other nights of the wanted room, as many as were asked for, the nearest first."""
    gone, room = house.gone, house.wanted
    around = dt.timedelta(days=DAYS_AROUND)
    arrivals = gone.stay.check_in - around, gone.stay.check_in + around
    for stay in pricing.free_stays(house.taken[room.id].values(), gone.stay, *arrivals):
        if stay not in (gone.stay, gone.own) and _fits(room, stay) and not rules.problems(stay, room.time_zone):
            yield stay


def _in_parts(house: _House) -> Iterable[tuple[Any, Stay]]:
    """The nights over two rooms, with one move; as many of them as possible in the room that was asked for."""
    gone = house.gone
    if gone.in_one_room:
        return ()
    wanted, *rest = house.rooms
    pairs = [*((wanted, other) for other in rest), *((other, wanted) for other in rest), *permutations(rest, 2)]
    return next((parts for first, then in pairs if (parts := _parts(house, first, then))), ())


def _parts(house: _House, first: Any, then: Any) -> tuple[tuple[Any, Stay], ...]:
    """A stay that begins in one room and ends in the other, nothing where there is none."""
    stay = house.gone.stay
    moves = stay.dates()[1:]
    for move in moves if then is house.wanted else reversed(moves):
        before, after = Stay(stay.check_in, move), Stay(move, stay.check_out)
        if house.has(first, before) and house.has(then, after):
            return (first, before), (then, after)
    return ()


def _found(room: FoundRoom, stay: Stay) -> Alternative:
    shown = (room.id, room.name)
    return Alternative(IN_ROOM, *shown, stay.check_in, stay.check_out, room.total, room.currency)


_WANTED = aliased(Room)
_ITS_HOUSE = select(_WANTED.property_id).where(_WANTED.id == bindparam("wanted")).scalar_subquery()
_ITS_UNITS = select(_WANTED.unit_group_id).where(_WANTED.id == bindparam("wanted")).scalar_subquery()
_IS_WANTED = Room.id == bindparam("wanted")
# The wanted room's sisters are that room.
_IS_OTHER = and_(
    Room.listed,
    or_(Room.unit_group_id.is_(None), Room.unit_group_id.is_distinct_from(_ITS_UNITS)),
)


def _of_house(fits: Condition) -> Select[Any]:
    """The wanted room, and those of its house that the guests fit into."""
    return (
        select(
            Room.id,
            catalogue.SHOWN_NAME.label("name"),
            Room.price_per_night,
            Room.currency,
            Room.version,
            Room.min_nights,
            Room.max_nights,
            Room.property_id,
            Room.kind,
            Room.unit_group_id,
            Property.time_zone,
            Property.rates_version,
            pricing.HAS_RATED_IN.label("has_rated"),
            statements.HAS_UNITS_IN.label("has_units"),
            inventory.TAKEN_BY_UNIT.label("taken"),
        )
        .join(Property, Property.id == Room.property_id)
        .where(Room.property_id == _ITS_HOUSE, Room.published, or_(_IS_WANTED, and_(_IS_OTHER, fits)))
        .order_by(_IS_WANTED.desc(), Room.price_per_night, Room.id)
        .limit(ROOMS_OF_HOUSE)
    )


_ROOMS = often(_of_house(Room.capacity >= bindparam("guests")))
_ROOMS_BY_AGE = often(_of_house(statements.has_places()))
