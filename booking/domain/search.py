"""Finding rooms: a page by an anti-join on the nights' key that stops early, a total by the location's nights.

Two statements, because one window count over everything does not scale (measured: 12 against 247 per second).
Nothing is decided on what a search returns, so it may come from the cache or from a replica.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, ColumnExpressionArgument, Select, and_, exists, func, not_, select

from booking.domain import prices
from booking.domain.errors import Invalid
from booking.domain.inputs import RoomSearch
from booking.domain.models import Availability, Property, Room
from booking.domain.stays import EARLIEST_ZONE, Stay, StayRules
from booking.infra import cache, clock, replica
from booking.infra.db import db, reading
from booking.infra.ids import encode

Condition = ColumnExpressionArgument[bool]
LATEST_ZONE = "Etc/GMT-14"  # the first place on earth where a day begins

_SHOWN: tuple[Any, ...] = (
    Room.id,
    Room.name,
    Room.location,
    Room.capacity,
    Room.price_per_night,
    Room.currency,
    Room.amenities,
)


@dataclass(frozen=True, slots=True)
class FoundRoom:
    """A room that can be booked for exactly the stay that was asked for, and its price for it."""

    id: str
    name: str
    location: str
    capacity: int
    price_per_night: Decimal
    currency: str
    amenities: list[str]
    total: Decimal


@dataclass(frozen=True, slots=True)
class Found:
    rooms: list[FoundRoom]
    page: int
    page_size: int
    total: int


def search(wanted: RoomSearch, rules: StayRules, cache_seconds: int) -> Found:
    """A page of free rooms and how many there are in all. Raises Invalid."""
    problems = rules.problems(wanted.stay, _time_zone(wanted.location) if _is_near(wanted.check_in, rules) else None)
    if problems:
        raise Invalid(details=problems)
    if _compares_prices(wanted) and wanted.currency is None:
        _require_one_currency(wanted.location)
    generation = cache.generation(wanted.location)

    def read() -> dict[str, Any]:
        return _read(wanted, replica.reader(generation.lsn if generation else None))

    if generation is None:
        return _found(read(), wanted)
    return _found(cache.remembered("search", _key(wanted, generation.token), cache_seconds, read), wanted)


def _read(wanted: RoomSearch, fetch: replica.Fetch) -> dict[str, Any]:
    """As plain JSON values, so that what comes from the cache is the same as what comes from Postgres."""
    conditions = _conditions(wanted)
    rows = [
        {**row._mapping, "id": encode("room", row.id), "price_per_night": str(row.price_per_night)}
        for row in fetch(_page(wanted, conditions))
    ]
    # A first page that is not full has everything on it.
    complete = wanted.page == 1 and len(rows) < wanted.page_size
    return {"rooms": rows, "total": len(rows) if complete else fetch(_total(wanted, conditions))[0][0]}


def _page(wanted: RoomSearch, conditions: list[Condition]) -> Select[Any]:
    night_taken = exists().where(
        Availability.room_id == Room.id, Availability.night >= wanted.check_in, Availability.night < wanted.check_out
    )
    return (
        select(*_SHOWN)
        .where(*conditions, ~night_taken)
        .order_by(*_order(wanted))
        .limit(wanted.page_size)
        .offset((wanted.page - 1) * wanted.page_size)
    )


def _total(wanted: RoomSearch, conditions: list[Condition]) -> Select[Any]:
    taken = select(Availability.room_id).where(
        Availability.night >= wanted.check_in, Availability.night < wanted.check_out
    )
    if wanted.location:
        taken = taken.where(Availability.location == wanted.location)
    return select(func.count()).select_from(Room).where(*conditions, Room.id.not_in(taken))


def _conditions(wanted: RoomSearch) -> list[Condition]:
    nights = wanted.stay.nights
    conditions: list[Condition] = [Room.published, Room.min_nights <= nights, Room.max_nights >= nights]
    if wanted.location:
        conditions.append(Room.location == wanted.location)
    if wanted.capacity:
        conditions.append(Room.capacity >= wanted.capacity)
    if wanted.currency:
        conditions.append(Room.currency == wanted.currency)
    if wanted.min_price is not None:
        conditions.append(Room.price_per_night >= wanted.min_price)
    if wanted.max_price is not None:
        conditions.append(Room.price_per_night <= wanted.max_price)
    if wanted.amenities:
        conditions.append(Room.amenities.contains(wanted.amenities))
    if wanted.q and wanted.q.strip():
        conditions.append(_mentions(wanted.q.strip()))
    return conditions + _still_today(wanted.check_in)


def _mentions(words: str) -> ColumnElement[bool]:
    """Every word stands in the name, in any case and order."""
    return and_(*(Room.name.icontains(word, autoescape=True) for word in words.split()[:8]))


def _still_today(check_in: dt.date) -> list[Condition]:
    """Around midnight somewhere: leave out properties where the day of check-in is over already."""
    if check_in >= clock.today(LATEST_ZONE):
        return []
    over = [zone for zone in _time_zones() if check_in < clock.today(zone)]
    houses = select(Property.id).where(Property.time_zone.in_(over))
    return [not_(Room.property_id.in_(houses))] if over else []


def _order(wanted: RoomSearch) -> list[Any]:
    """A stable order: ties are broken by id, so that pages do not overlap."""
    by_price = [Room.price_per_night, Room.id]
    orders: dict[str | None, list[Any]] = {
        "price": by_price,
        "-price": [Room.price_per_night.desc(), Room.id.desc()],
        "name": [Room.name, Room.id],
        "capacity": [Room.capacity, *by_price],
        # The order of the index, so that reading stops after a page; across locations it groups them.
        None: by_price if wanted.location else [Room.location, *by_price],
    }
    return orders[wanted.sort]


def _compares_prices(wanted: RoomSearch) -> bool:
    return wanted.min_price is not None or wanted.max_price is not None or wanted.sort in {"price", "-price"}


@reading
def _require_one_currency(location: str | None) -> None:
    known = select(Property.currency).distinct().limit(2)
    currencies = db.session.scalars(known.where(Property.location == location) if location else known).all()
    if len(currencies) > 1 or location is None:
        raise Invalid(details={"currency": "currency is needed: prices are compared only within one"})


def _is_near(check_in: dt.date, rules: StayRules) -> bool:
    """Only within a day of "today" and of the horizon does the zone matter."""
    earliest = clock.today(EARLIEST_ZONE)
    return check_in <= earliest + dt.timedelta(days=2) or check_in >= earliest + dt.timedelta(days=rules.horizon_days)


@reading
def _time_zone(location: str | None) -> str | None:
    """The zone that says what "today" is in a location; the earliest place's where it has several."""
    if location is None:
        return None
    zones = db.session.scalars(select(Property.time_zone).where(Property.location == location).distinct()).all()
    return min(zones, key=clock.today, default=None)


@reading
def _time_zones() -> list[str]:
    return list(db.session.scalars(select(Property.time_zone).distinct()))


def _key(wanted: RoomSearch, generation: str) -> str:
    rest = wanted.model_dump(mode="json", exclude={"location", "check_in", "check_out", "capacity"})
    digest = hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()[:16]
    place, fit = wanted.location or "*", wanted.capacity or "*"
    # What "today" leaves out changes at midnight, so a day's answer is not the next day's.
    day = clock.today(LATEST_ZONE) if wanted.check_in < clock.today(LATEST_ZONE) else "-"
    return f"search:{place}:{wanted.check_in}:{wanted.check_out}:{fit}:{digest}:{day}:{generation}"


def _found(kept: dict[str, Any], wanted: RoomSearch) -> Found:
    rooms = [_priced(row, wanted.stay) for row in kept["rooms"]]
    return Found(rooms, wanted.page, wanted.page_size, kept["total"])


def _priced(row: dict[str, Any], stay: Stay) -> FoundRoom:
    price = Decimal(row["price_per_night"])
    total = prices.quote(price, row["currency"], stay).total
    return FoundRoom(**{**row, "price_per_night": price}, total=total)
