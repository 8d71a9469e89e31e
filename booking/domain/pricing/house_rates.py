"""What the rooms of a property cost and ask for day by day, as its staff looks at them: rooms that are alike together.

of_day() is what the calendar of rates shows and what a change is compared with before it is saved (rate_effects.py).
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.catalogue import Property, PropertyNotFound, Room
from booking.domain.people import Action
from booking.domain.pricing import nightly, quotes, tariffs
from booking.domain.pricing.rule_terms import CLOSED_TO_DEPARTURE
from booking.domain.pricing.tariffs import Tariff
from booking.domain.stays import Stay, StayRules
from booking.infra.clock import sql_now
from booking.infra.db import db, reading

USUAL_GUESTS = 2
ROWS = 40  # of a page


@dataclass(frozen=True, slots=True)
class HouseRoom:
    """A room with what its prices are made of."""

    id: uuid.UUID
    name: str
    kind: str | None
    unit_group_id: uuid.UUID | None
    price_per_night: Decimal
    currency: str
    capacity: int
    version: int
    min_nights: int
    max_nights: int
    property_id: uuid.UUID
    rates_version: int
    time_zone: str


@dataclass(frozen=True, slots=True)
class Sample:
    """A stay that begins on a day: what is compared where a rule counts for whole stays."""

    nights: int
    guests: int
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class DayRates:
    """Of a room on a day: what its night costs, and what a stay that begins or ends then is held to.

    `notice` and `horizon`: days between booking and arrival at least and at most. `total`: of a sample stay.
    """

    price: Decimal
    least: int
    most: int
    closed_to_arrival: bool
    closed_to_departure: bool
    notice: int | None
    horizon: int | None
    total: Decimal | None = None


@dataclass(frozen=True, slots=True)
class AlikeRooms:
    """Rooms of one kind that cost and ask for the same."""

    rooms: tuple[HouseRoom, ...]

    @property
    def kind(self) -> str | None:
        return self.rooms[0].kind


@dataclass(frozen=True, slots=True)
class RatesRow:
    """Of the calendar."""

    rooms: tuple[HouseRoom, ...]
    days: tuple[DayRates, ...]


@dataclass(frozen=True, slots=True)
class HouseRates:
    """A month; `matching` rows there are in all. `may_edit`: for whoever looks."""

    currency: str
    today: dt.date
    days: tuple[dt.date, ...]
    rows: tuple[RatesRow, ...]
    matching: int
    next_offset: int | None
    may_edit: bool


@dataclass(frozen=True, slots=True)
class RatesPage:
    """Which part: the month of the day, for so many guests; each room by itself, or those that are alike together."""

    month: dt.date
    guests: int = USUAL_GUESTS
    by_room: bool = False
    offset: int = 0


@reading
def of_property(
    actor: Actor, property_id: uuid.UUID, asked: Callable[[dt.date], RatesPage], rules: StayRules
) -> HouseRates:
    """The month that is `asked` for, given today at the property. Raises PropertyNotFound."""
    people.require(actor, Action.SEE_RATES, at=property_id, otherwise=PropertyNotFound)
    house, rooms = get_house(property_id), rooms_of(property_id)
    today = rules.today(house.time_zone)
    wanted = asked(today)
    first = wanted.month.replace(day=1)
    days = tuple(first + dt.timedelta(days=number) for number in range(_length(first)))
    tariff = tariffs.of(house.id, house.rates_version)
    groups = [AlikeRooms((room,)) for room in rooms] if wanted.by_room else alike(rooms, [tariff])
    shown = groups[wanted.offset : wanted.offset + ROWS]
    rows = tuple(
        RatesRow(group.rooms, tuple(of_day(tariff, group.rooms[0], day, wanted.guests) for day in days))
        for group in shown
    )
    more = wanted.offset + ROWS if wanted.offset + ROWS < len(groups) else None
    may_edit = people.may(actor, Action.EDIT_RATES, at=property_id)
    return HouseRates(house.currency, today, days, rows, len(groups), more, may_edit)


def of_day(tariff: Tariff, room: HouseRoom, day: dt.date, guests: int, sample: Sample | None = None) -> DayRates:
    """By the rules of a tariff, for so many guests, or for as many as fit."""
    rules = tariff.of_room(room)
    facts = nightly.Facts(nightly.Party(min(guests, room.capacity)), None, tariff.decided)
    held_to = nightly.limits(rules, room, day)
    return DayRates(
        price=nightly.nightly(rules, room, day, facts).amount,
        least=held_to.least,
        most=held_to.most,
        closed_to_arrival=held_to.closed_by is not None,
        closed_to_departure=nightly.closed(rules, CLOSED_TO_DEPARTURE, day) is not None,
        notice=_days(held_to.notice),
        horizon=_days(held_to.horizon),
        total=_total(tariff, room, day, sample) if sample else None,
    )


def alike(rooms: Sequence[HouseRoom], by: Sequence[Tariff]) -> list[AlikeRooms]:
    """Rooms of a kind with the same prices of their own and, in each of the tariffs, the same rules."""
    found: dict[tuple[Any, ...], list[HouseRoom]] = {}
    for room in rooms:
        rules = tuple(
            tuple((rule.id, rule.version) for these in tariff.of_room(room).by_kind.values() for rule in these)
            for tariff in by
        )
        own = room.kind, room.price_per_night, room.min_nights, room.max_nights, room.capacity
        found.setdefault((*own, rules), []).append(room)
    return [AlikeRooms(tuple(these)) for these in found.values()]


def get_house(property_id: uuid.UUID) -> Property:
    """Inside the caller's transaction. Raises PropertyNotFound."""
    house = db.session.scalar(select(Property).where(Property.id == property_id))
    if house is None:
        raise PropertyNotFound
    return house


def rooms_of(property_id: uuid.UUID) -> list[HouseRoom]:
    """Inside the caller's transaction: those that have a price and are not archived, by kind and name."""
    rows = db.session.execute(
        select(
            Room.id, Room.name, Room.kind, Room.unit_group_id, Room.price_per_night, Room.currency, Room.capacity,
            Room.version, Room.min_nights, Room.max_nights, Room.property_id, Property.rates_version,
            Property.time_zone,
        )
        .join(Property, Property.id == Room.property_id)
        .where(Room.property_id == property_id, Room.archived_at.is_(None), Room.price_per_night.is_not(None))
        .order_by(func.coalesce(Room.kind, ""), Room.name, Room.id)
    )  # fmt: skip
    return [HouseRoom(*tuple[Any, ...](row)) for row in rows]


def now() -> dt.datetime:
    """Inside the caller's transaction."""
    at: dt.datetime = db.session.execute(select(sql_now())).scalar_one()
    return at


def _total(tariff: Tariff, room: HouseRoom, day: dt.date, sample: Sample) -> Decimal:
    stay = Stay(day, day + dt.timedelta(days=sample.nights))
    return quotes.quote(room, stay, min(sample.guests, room.capacity), sample.at, by=tariff).total


def _days(rule: Any) -> int | None:
    return rule.terms.days if rule else None


def _length(first: dt.date) -> int:
    """Days of a month."""
    return ((first + dt.timedelta(days=31)).replace(day=1) - first).days
