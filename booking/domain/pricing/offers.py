"""What a room takes to be sold for a stay: whether the dates fit, what they cost, until when they can be given back."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from sqlalchemy import DateTime, bindparam, func, select

from booking.domain import catalogue, inventory
from booking.domain.catalogue import Property, Room
from booking.domain.errors import Invalid, RoomNotFound
from booking.domain.notices import Notice
from booking.domain.pricing import nightly, policies, quotes
from booking.domain.stays import Stay, StayRules
from booking.infra.clock import sql_now
from booking.infra.db import execute, reading
from booking.infra.prepared import often


@dataclass(frozen=True, slots=True)
class ForSale:
    """A published room with what selling it takes."""

    id: uuid.UUID
    location: str
    currency: str
    capacity: int
    price_per_night: Decimal
    version: int
    min_nights: int
    max_nights: int
    cancellation_policy: dict[str, Any]
    time_zone: str
    check_in_time: dt.time
    read_at: dt.datetime  # when the transaction began, by Postgres' clock (sql_now)
    seen_at: dt.datetime  # by Postgres' own clock, as rows are stamped
    name: str
    kind: str | None
    property_id: uuid.UUID
    property_name: str
    address: dict[str, Any]
    check_out_time: dt.time
    unit_group_id: uuid.UUID | None  # of identical units
    rates_version: int = 0  # of the property's rate rules, as it was read
    sold_as: str | None = None  # what guests see units called; None: by the room's own name

    def refuse_unless_fit(self, stay: Stay, guests: int, rules: StayRules) -> None:
        """Raise Invalid with everything that is wrong with these dates and guests, by field."""
        if problems := self.problems(stay, guests, rules):
            raise Invalid(details=problems)

    def problems(self, stay: Stay, guests: int, rules: StayRules) -> dict[str, Notice]:
        """The same for looking."""
        problems = self.rule_problems(stay) | rules.problems(stay, self.time_zone)
        if problem := too_many(guests, self.capacity):
            problems["guests"] = problem
        return problems

    def rule_problems(self, stay: Stay) -> dict[str, Notice]:
        """What the room's own limits and the rules of its property have against the dates, by field."""
        return rule_problems(self, stay, self.read_at)

    def frozen_policy(self) -> dict[str, Any]:
        return policies.frozen(self.cancellation_policy, self.time_zone, self.check_in_time)


class LimitedRoom(quotes.PricedRoom, nightly.LimitedRoom, Protocol):
    """A room, or a row of one, with what says for how long and when it can be had."""


def rule_problems(room: LimitedRoom, stay: Stay, at: dt.datetime) -> dict[str, Notice]:
    """What a room's own limits and the rules of its property have against dates that are asked for at an instant."""
    rules = quotes.rules_of(room)
    lead = nightly.lead_days(at, room.time_zone, stay.check_in) if rules else 0
    return nightly.stay_problems(rules, room, stay, lead)


def too_many(guests: int, capacity: int) -> Notice | None:
    """What is wrong with so many guests in a room, None where they fit."""
    return Notice("too_many_guests", capacity=capacity) if guests > capacity else None


_FOR_SALE = often(
    select(
        Room.id,
        Room.location,
        Room.currency,
        Room.capacity,
        Room.price_per_night,
        Room.version,
        Room.min_nights,
        Room.max_nights,
        Room.cancellation_policy,
        Property.time_zone,
        Property.check_in_time,
        sql_now().label("read_at"),
        func.clock_timestamp(type_=DateTime(timezone=True)).label("seen_at"),
        Room.name,
        Room.kind,
        Room.property_id,
        Property.name.label("property_name"),
        Property.address,
        Property.check_out_time,
        Room.unit_group_id,
        Property.rates_version,
        catalogue.TITLE.label("sold_as"),
    )
    .join(Property, Property.id == Room.property_id)
    .where(Room.published, Room.id == bindparam("room_id"))
)


def for_sale(room_id: uuid.UUID) -> ForSale:
    """The room to sell, read inside the caller's transaction; raises RoomNotFound."""
    found = execute(_FOR_SALE, {"room_id": room_id}).rows
    if not found:
        raise RoomNotFound
    return ForSale(*found[0])


def offered(room: Room, house: Property, at: dt.datetime) -> ForSale:
    """The same of rows that somebody has read; raises ValueError for a room without a price, which nobody can sell."""
    if room.price_per_night is None:
        raise ValueError(f"{room.name} has no price")
    return ForSale(
        id=room.id,
        location=room.location,
        currency=room.currency,
        capacity=room.capacity,
        price_per_night=room.price_per_night,
        version=room.version,
        min_nights=room.min_nights,
        max_nights=room.max_nights,
        cancellation_policy=room.cancellation_policy,
        time_zone=house.time_zone,
        check_in_time=house.check_in_time,
        read_at=at,
        seen_at=at,
        name=room.name,
        kind=room.kind,
        property_id=house.id,
        property_name=house.name,
        address=house.address,
        check_out_time=house.check_out_time,
        unit_group_id=room.unit_group_id,
        rates_version=house.rates_version,
    )


@dataclass(frozen=True, slots=True)
class StayQuote:
    """What these dates would cost, whether they can be had now, and until when they can be given back.

    `units_left` is how many of identical units are free for them; None for a room by itself.
    """

    price: quotes.Quote
    is_available: bool
    refunds: tuple[policies.RefundTier, ...]
    units_left: int | None = None

    @property
    def stay(self) -> Stay:
        return self.price.stay

    @property
    def guests(self) -> int:
        return self.price.guests


@reading
def quote(room_id: uuid.UUID, stay: Stay, guests: int, rules: StayRules) -> StayQuote:
    """The price of a stay, line by line. Raises RoomNotFound, Invalid."""
    room = for_sale(room_id)
    room.refuse_unless_fit(stay, guests, rules)
    price = quotes.quote(room, stay, guests, room.read_at)
    refunds = policies.tiers(room.frozen_policy(), stay.check_in)
    free = sum(taken.isdisjoint(stay.dates()) for taken in inventory.units_taken(room_id, stay).values())
    return StayQuote(price, free > 0, tuple(refunds), free if room.unit_group_id else None)
