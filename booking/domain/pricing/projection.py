"""The projection of rated rooms is rebuilt where rules, rooms or the calendar have moved on; rooms without rules have
none, and are searched as if there were no rules anywhere.

A rebuild reads what is in force once it has the property's turn, so of two the later one writes the newer.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ARRAY, ColumnElement, Table, Uuid, bindparam, delete, exists, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from booking.domain.catalogue import Property, Room
from booking.domain.pricing import compiling, tariffs
from booking.domain.pricing.projection_models import RateTerms, RoomCalendar, StayTerms, TermsMonth
from booking.domain.pricing.rate_models import RateDecision, RateRule
from booking.domain.pricing.rule_terms import POLICY
from booking.domain.pricing.rules import Rule
from booking.domain.pricing.tariffs import Tariff
from booking.domain.stays import StayRules
from booking.infra.db import READ_COMMITTED, db, reading, transaction

ROOMS = 50  # rebuilt in one transaction
MANY = 200  # looked at in one, for what has changed
NOT_REBUILT = -1  # in rooms.terms_id, of a room that the version before has rated
_MONTHS, _OF_ROOMS = cast(Table, RoomCalendar.__table__), cast(Table, RateTerms.__table__)
_TERMS, _TERMS_MONTHS = cast(Table, StayTerms.__table__), cast(Table, TermsMonth.__table__)
_YESTERDAY = dt.timedelta(days=1)


def rebuild(property_id: uuid.UUID, rules: StayRules, room_ids: Sequence[uuid.UUID] = ()) -> str | None:
    """The rooms of a property, or these of them; where it is, None where there is no such property."""
    return _rebuild(property_id, _Wanted(rules, frozenset(room_ids)))


def follow(property_id: uuid.UUID, rules: StayRules, room_ids: Sequence[uuid.UUID] = ()) -> str | None:
    """Those of its rooms for which rules or decisions have changed since they were rebuilt, and these, which have
    changed themselves; where it is, None where there is no such property.
    """
    return _rebuild(property_id, _Wanted(rules, frozenset(room_ids), only_changed=True))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which rooms: all where none are named."""

    rules: StayRules
    rooms: frozenset[uuid.UUID]
    only_changed: bool = False  # and beside the named ones all others of which rules have changed


def _rebuild(property_id: uuid.UUID, wanted: _Wanted) -> str | None:
    after: uuid.UUID | None = None
    while True:
        location, after = _some(property_id, wanted, after)
        if after is None:
            return location


@transaction(isolation=READ_COMMITTED)
def _some(property_id: uuid.UUID, asked: _Wanted, after: uuid.UUID | None) -> tuple[str | None, uuid.UUID | None]:
    """A portion; the last of its rooms, None where there are no more."""
    db.session.execute(_TURN, {"property": str(property_id)})
    house = db.session.scalar(select(Property).where(Property.id == property_id))
    if house is None:
        return None, None
    wanted = select(Room).where(Room.property_id == property_id, Room.price_per_night.is_not(None))
    if asked.rooms and not asked.only_changed:
        wanted = wanted.where(Room.id.in_(asked.rooms))
    if after:
        wanted = wanted.where(Room.id > after)
    most = MANY if asked.only_changed else ROOMS
    rooms = db.session.scalars(wanted.order_by(Room.id).limit(most)).all()
    last = rooms[-1].id if len(rooms) == most else None
    tariff = tariffs.of(property_id, house.rates_version)
    if asked.only_changed:
        rooms = _changed(house, rooms, tariff, asked)
        if len(rooms) > ROOMS:
            rooms, last = rooms[:ROOMS], rooms[ROOMS - 1].id
    _write(house, [room for room in rooms if tariff.of_room(room)], tariff, asked.rules)
    _forget([room.id for room in rooms if not tariff.of_room(room)])
    if last is None:
        _leave_out_unused(property_id)
    return house.location, last


def _changed(house: Property, rooms: Sequence[Room], tariff: Tariff, asked: _Wanted) -> list[Room]:
    """Those to be rebuilt, at most ROOMS and one; the others up to there are of this version, too.

    A room has followed the version that its last month has; one without that month has followed none.
    """
    month = _last_day(house.time_zone, asked.rules).replace(day=1)
    followed = _followed([room.id for room in rooms if room.terms_id > 0], month)
    news = {version: _news(house.id, version, tariff) for version in set(followed.values())}
    found: list[Room] = []
    same: list[uuid.UUID] = []
    for room in rooms:
        known = followed.get(room.id)
        if known is None and not tariff.of_room(room) and not room.rated:
            continue  # no rule is for it, and none was
        if known is None or room.id in asked.rooms or any(rule.is_for(room) for rule in news[known]):
            found.append(room)
            if len(found) > ROOMS:
                break
        elif known != tariff.version:
            same.append(room.id)
    if same:
        of_month = update(_MONTHS).where(_MONTHS.c.room_id.in_(same), _MONTHS.c.month == month)
        db.session.execute(of_month.values(version=tariff.version))
    return found


def _followed(room_ids: Sequence[uuid.UUID], month: dt.date) -> dict[uuid.UUID, int]:
    rows = select(RoomCalendar.room_id, RoomCalendar.version).where(
        RoomCalendar.room_id.in_(room_ids), RoomCalendar.month == month, RoomCalendar.sums.is_not(None)
    )
    return {row.room_id: row.version for row in db.session.execute(rows)} if room_ids else {}


def _news(property_id: uuid.UUID, version: int, tariff: Tariff) -> list[Rule]:
    """Rules that came, went or decided otherwise after a version. A policy may be that of any plan."""
    if version == tariff.version:
        return []
    rows = db.session.scalars(select(RateRule).where(RateRule.property_id == property_id, _after(RateRule, version)))
    found = [tariffs.as_rule(row) for row in rows]
    if any(rule.kind == POLICY for rule in found):
        return list(tariff.rules)
    decided = select(RateDecision.rule_id).where(RateDecision.property_id == property_id, _after(RateDecision, version))
    by_these = set(db.session.scalars(decided.distinct()))
    return [*found, *(rule for rule in tariff.rules if rule.id in by_these)]


def _after(table: type[RateRule] | type[RateDecision], version: int) -> ColumnElement[bool]:
    return or_(table.since > version, table.until > version)


def _write(house: Property, rooms: Sequence[Room], tariff: Tariff, rules: StayRules) -> None:
    if not rooms:
        return
    # From the night that runs, which can still be had.
    first, last = rules.today(house.time_zone) - _YESTERDAY, _last_day(house.time_zone, rules)
    days: dict[tuple[uuid.UUID, ...], compiling.RuledDays] = {}
    months: list[tuple[Any, ...]] = []
    sets: dict[int, tuple[Room, compiling.RuledDays]] = {}
    held_to: dict[uuid.UUID, int] = {}
    for room in rooms:
        own = tariff.of_room(room)
        key = tuple(rule.id for these in own.by_kind.values() for rule in these)
        if key not in days:
            days[key] = compiling.ruled_days(own, tariff.decided, first, last)
        made = compiling.prices(own, cast(Any, room), tariff.decided, days[key])
        months += [(room.id, one.month, made.lowest, _array(one.sums)) for one in made.months]
        held_to[room.id] = compiling.terms_key(house.id, own, room)
        sets.setdefault(held_to[room.id], (room, days[key]))
    _write_terms(house.id, sets, tariff)
    ids = [room.id for room in rooms]
    db.session.execute(delete(_OF_ROOMS).where(_OF_ROOMS.c.room_id.in_(ids)))
    db.session.execute(delete(_MONTHS).where(_MONTHS.c.room_id.in_(ids)))
    columns = zip(("rooms", "months", "lowest", "sums"), map(list, zip(*months, strict=True)), strict=True)
    db.session.execute(_ADD_MONTHS, {**dict(columns), "version": tariff.version})
    for terms_id in sets:
        moved = [room.id for room in rooms if held_to[room.id] == terms_id and room.terms_id != terms_id]
        _hold_to(moved, terms_id)


def _write_terms(property_id: uuid.UUID, sets: dict[int, tuple[Room, compiling.RuledDays]], tariff: Tariff) -> None:
    """Sets that a portion before has not written yet."""
    reach = {days.months[0][0] for _, days in sets.values()} | {days.months[-1][0] for _, days in sets.values()}
    known = select(TermsMonth.terms_id).where(
        TermsMonth.terms_id.in_(sets), TermsMonth.version == tariff.version, TermsMonth.month.in_(reach)
    )
    whole = known.group_by(TermsMonth.terms_id).having(func.count() == len(reach))
    new = sets.keys() - set(db.session.scalars(whole))
    if not new:
        return
    db.session.execute(delete(_TERMS).where(_TERMS.c.terms_id.in_(new)))
    db.session.execute(delete(_TERMS_MONTHS).where(_TERMS_MONTHS.c.terms_id.in_(new)))
    for terms_id in new:
        room, days = sets[terms_id]
        made = compiling.terms(tariff.of_room(room), cast(Any, room), days, tariff.policies)
        numbered = [{"terms_id": terms_id, "number": number, **_fields(row)} for number, row in enumerate(made)]
        db.session.execute(insert(_TERMS), numbered)
        whose = {"terms_id": terms_id, "property_id": property_id, "version": tariff.version}
        months = [
            {**whose, "month": month, "terms": arrivals, "departures": leaving}
            for month, _, arrivals, leaving in days.months
        ]
        db.session.execute(insert(_TERMS_MONTHS), months)


def _leave_out_unused(property_id: uuid.UUID) -> None:
    """Sets of terms that no room is held to any more."""
    used = exists().where(Room.property_id == property_id, Room.terms_id == TermsMonth.terms_id)
    gone = set(db.session.scalars(select(TermsMonth.terms_id).where(TermsMonth.property_id == property_id, ~used)))
    if gone:
        db.session.execute(delete(_TERMS).where(_TERMS.c.terms_id.in_(gone)))
        db.session.execute(delete(_TERMS_MONTHS).where(_TERMS_MONTHS.c.terms_id.in_(gone)))


def _hold_to(room_ids: Sequence[uuid.UUID], terms_id: int) -> None:
    if room_ids:
        changed = update(Room).where(Room.id.in_(room_ids))
        db.session.execute(changed.values(rated=terms_id != 0, terms_id=terms_id, **_UNTOUCHED))


def _array(values: Sequence[int]) -> str:
    """As Postgres writes it."""
    return "{" + ",".join(map(str, values)) + "}"


def _fields(row: compiling.Terms) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in row.__dataclass_fields__}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _forget(room_ids: Sequence[uuid.UUID]) -> None:
    """No rule is for them: they cost their own price."""
    was_rated = select(Room.id).where(Room.id.in_(room_ids), Room.rated)
    gone = db.session.scalars(was_rated).all()
    if gone:
        _hold_to(gone, 0)
        db.session.execute(delete(_MONTHS).where(_MONTHS.c.room_id.in_(gone)))
        db.session.execute(delete(_OF_ROOMS).where(_OF_ROOMS.c.room_id.in_(gone)))


@reading
def behind(rules: StayRules) -> list[uuid.UUID]:
    """Properties with rated rooms whose last month has come too near, or of which a change was not told.

    And those whose rules no room has followed yet, as where a worker of the version before has heard of the first.
    """
    none_rated = ~exists().where(Room.property_id == RateRule.property_id, Room.rated)
    # Policies by themselves rate no room.
    of_rooms = RateRule.until.is_(None), RateRule.kind != POLICY
    unheard = select(RateRule.property_id).where(*of_rooms, none_rated).distinct()
    zones = db.session.scalars(select(Property.time_zone).where(Property.rates_version > 0).distinct())
    late = [found for zone in zones for found in _behind_in(zone, _last_day(zone, rules).replace(day=1))]
    return [*late, *db.session.scalars(unheard)]


def _behind_in(time_zone: str, month: dt.date) -> Sequence[uuid.UUID]:
    kept = exists().where(
        RoomCalendar.room_id == Room.id,
        RoomCalendar.month == month,
        RoomCalendar.version == Property.rates_version,
        RoomCalendar.sums.is_not(None),  # by this version
        Room.terms_id > 0,
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
# In one statement and as text: arrays of arrays would be sent many times as slowly. A month's rows lie side by side: a
# search reads one month of many rooms.
_ADD_MONTHS = text(
    "INSERT INTO room_calendar (room_id, month, version, lowest, sums)"
    " SELECT room, month, :version, lowest, CAST(sums AS bigint[])"
    " FROM unnest(CAST(:rooms AS uuid[]), CAST(:months AS date[]), CAST(:lowest AS bigint[]), CAST(:sums AS text[]))"
    " AS made (room, month, lowest, sums) ORDER BY month, room"
).bindparams(bindparam("rooms", type_=ARRAY(Uuid)))
_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended('rates ' || :property, 0))")
