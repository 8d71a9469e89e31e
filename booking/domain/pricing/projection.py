"""The projection of rated rooms is rebuilt where rules, rooms or the calendar have moved on; rooms without rules have
none, and are searched as if there were no rules anywhere.

A rebuild reads what is in force once it has the property's turn, so of two the later one writes the newer.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import ARRAY, Table, Uuid, bindparam, delete, exists, select, text, update
from sqlalchemy.dialects.postgresql import insert

from booking.domain.catalogue import Property, Room
from booking.domain.pricing import compiling, tariffs
from booking.domain.pricing.projection_models import RateTerms, RoomCalendar
from booking.domain.pricing.rate_models import RateRule
from booking.domain.pricing.tariffs import Tariff
from booking.domain.stays import StayRules
from booking.infra.db import READ_COMMITTED, db, reading, transaction

ROOMS = 50  # rebuilt in one transaction
_MONTHS, _TERMS = cast(Table, RoomCalendar.__table__), cast(Table, RateTerms.__table__)
_YESTERDAY = dt.timedelta(days=1)


def rebuild(property_id: uuid.UUID, rules: StayRules, room_ids: Sequence[uuid.UUID] = ()) -> str | None:
    """The rooms of a property, or these of them; where it is, None where there is no such property."""
    after: uuid.UUID | None = None
    while True:
        location, after = _some(property_id, rules, room_ids, after)
        if after is None:
            return location


@transaction(isolation=READ_COMMITTED)
def _some(
    property_id: uuid.UUID, rules: StayRules, room_ids: Sequence[uuid.UUID], after: uuid.UUID | None
) -> tuple[str | None, uuid.UUID | None]:
    """A portion; the last of its rooms, None where there are no more."""
    db.session.execute(_TURN, {"property": str(property_id)})
    house = db.session.scalar(select(Property).where(Property.id == property_id))
    if house is None:
        return None, None
    wanted = select(Room).where(Room.property_id == property_id, Room.price_per_night.is_not(None))
    if room_ids:
        wanted = wanted.where(Room.id.in_(room_ids))
    if after:
        wanted = wanted.where(Room.id > after)
    rooms = db.session.scalars(wanted.order_by(Room.id).limit(ROOMS)).all()
    tariff = tariffs.read(property_id, house.rates_version) if house.rates_version else tariffs.NONE
    rated = [room for room in rooms if tariff.of_room(room)]
    _write(house, rated, tariff, rules)
    _forget([room.id for room in rooms if not tariff.of_room(room)])
    return house.location, rooms[-1].id if len(rooms) == ROOMS else None


def _write(house: Property, rooms: Sequence[Room], tariff: Tariff, rules: StayRules) -> None:
    if not rooms:
        return
    # From the night that runs, which can still be had.
    first, last = rules.today(house.time_zone) - _YESTERDAY, _last_day(house.time_zone, rules)
    days: dict[tuple[uuid.UUID, ...], compiling.RuledDays] = {}
    months: list[tuple[Any, ...]] = []
    terms = []
    for room in rooms:
        own = tariff.of_room(room)
        key = tuple(rule.id for these in own.by_kind.values() for rule in these)
        if key not in days:
            days[key] = compiling.ruled_days(own, tariff.decided, first, last)
        made = compiling.compiled(own, cast(Any, room), tariff.decided, days[key])
        months += [
            (room.id, one.month, _array(one.prices), _array(one.terms), _array(one.departures)) for one in made.months
        ]
        for number, held_to in enumerate(made.terms):
            terms.append({"room_id": room.id, "number": number, "time_zone": house.time_zone, **_fields(held_to)})
    ids = [room.id for room in rooms]
    db.session.execute(delete(_TERMS).where(_TERMS.c.room_id.in_(ids)))
    db.session.execute(insert(_TERMS), terms)
    db.session.execute(delete(_MONTHS).where(_MONTHS.c.room_id.in_(ids)))
    columns = zip(
        ("rooms", "months", "prices", "terms", "departures"), map(list, zip(*months, strict=True)), strict=True
    )
    db.session.execute(_ADD_MONTHS, {**dict(columns), "version": tariff.version})
    db.session.execute(update(Room).where(Room.id.in_(ids), ~Room.rated).values(rated=True, **_UNTOUCHED))


def _array(values: Sequence[int]) -> str:
    """As Postgres writes it; booleans as 0 and 1."""
    return "{" + ",".join(map(str, map(int, values))) + "}"


def _fields(row: compiling.Terms) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in row.__dataclass_fields__}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _forget(room_ids: Sequence[uuid.UUID]) -> None:
    """No rule is for them: they cost their own price."""
    was_rated = select(Room.id).where(Room.id.in_(room_ids), Room.rated)
    gone = db.session.scalars(was_rated).all()
    if gone:
        db.session.execute(update(Room).where(Room.id.in_(gone)).values(rated=False, **_UNTOUCHED))
        db.session.execute(delete(_MONTHS).where(_MONTHS.c.room_id.in_(gone)))
        db.session.execute(delete(_TERMS).where(_TERMS.c.room_id.in_(gone)))


@reading
def behind(rules: StayRules) -> list[uuid.UUID]:
    """Properties with rated rooms whose last month has come too near, or of which a change was not told.

    And those whose rules no room has followed yet, as where a worker of the version before has heard of the first.
    """
    none_rated = ~exists().where(Room.property_id == RateRule.property_id, Room.rated)
    unheard = select(RateRule.property_id).where(RateRule.until.is_(None), none_rated).distinct()
    zones = db.session.scalars(select(Property.time_zone).where(Property.rates_version > 0).distinct())
    late = [found for zone in zones for found in _behind_in(zone, _last_day(zone, rules).replace(day=1))]
    return [*late, *db.session.scalars(unheard)]


def _behind_in(time_zone: str, month: dt.date) -> Sequence[uuid.UUID]:
    kept = exists().where(
        RoomCalendar.room_id == Room.id, RoomCalendar.month == month, RoomCalendar.version == Property.rates_version
    )
    rated = select(Property.id).join(Room, Room.property_id == Property.id)
    return db.session.scalars(rated.where(Room.rated, Property.time_zone == time_zone, ~kept).distinct()).all()


def _last_day(time_zone: str, rules: StayRules) -> dt.date:
    """The last on which somebody may leave."""
    return rules.today(time_zone) + dt.timedelta(days=rules.horizon_days + rules.longest_nights)


@reading
def properties_of(room_id: uuid.UUID | None, location: str | None) -> set[uuid.UUID]:
    """With rules: the room's, or without a room those of a place."""
    rated = select(Property.id).where(Property.rates_version > 0)
    if room_id is None:
        return set(db.session.scalars(rated.where(Property.location == location)))
    of_room = select(Room.property_id).where(Room.id == room_id).scalar_subquery()
    return set(db.session.scalars(rated.where(Property.id == of_room)))


@reading
def any_rates() -> bool:
    """Whether any property has, or had, a rule."""
    return bool(db.session.scalar(select(exists(select(RateRule.id)))))


# What of a room is its own is not changed by this: neither its version nor when somebody changed it.
_UNTOUCHED: dict[str, Any] = {"updated_at": Room.updated_at}
# In one statement and as text: arrays of arrays would be sent many times as slowly.
_ADD_MONTHS = text(
    "INSERT INTO room_calendar (room_id, month, version, prices, terms, departures)"
    " SELECT room, month, :version, CAST(prices AS bigint[]), CAST(terms AS smallint[]), CAST(departures AS boolean[])"
    " FROM unnest(CAST(:rooms AS uuid[]), CAST(:months AS date[]), CAST(:prices AS text[]), CAST(:terms AS text[]),"
    " CAST(:departures AS text[])) AS made (room, month, prices, terms, departures)"
).bindparams(bindparam("rooms", type_=ARRAY(Uuid)))
_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended('rates ' || :property, 0))")
