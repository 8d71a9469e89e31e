"""What a room takes to be sold for a stay: whether the dates fit, what they cost, until when they can be given back."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from sqlalchemy import DateTime, bindparam, func, select

from booking.domain import catalogue, inventory
from booking.domain.catalogue import Property, Room
from booking.domain.errors import Invalid, RoomNotFound
from booking.domain.notices import Notice
from booking.domain.pricing import deposits, nightly, policies, quotes
from booking.domain.pricing.plans import CHEAPEST, OWN, RatePlan
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
    babies_under: int = 0  # children younger than that need no place

    def refuse_unless_fit(
        self,
        stay: Stay,
        guests: int,
        rules: StayRules,
        *,
        children: Sequence[int] = (),
        extras: Collection[str] = (),
    ) -> None:
        """Raise Invalid with everything that is wrong with these dates, guests and extras, by field."""
        problems = self.problems(stay, guests, rules, children=children)
        if extras and set(extras) - {one.id for one in quotes.extras_of(self, stay, guests, children)}:
            problems["extras"] = Notice("no_such_extra")
        if problems:
            raise Invalid(details=problems)

    def problems(self, stay: Stay, guests: int, rules: StayRules, *, children: Sequence[int] = ()) -> dict[str, Notice]:
        """The same for looking."""
        problems = self.rule_problems(stay) | rules.problems(stay, self.time_zone)
        if problem := too_many(places(guests, children, self.babies_under), self.capacity):
            problems["guests"] = problem
        return problems

    def rule_problems(self, stay: Stay) -> dict[str, Notice]:
        """What the room's own limits and the rules of its property have against the dates, by field."""
        return rule_problems(self, stay, self.read_at)

    def frozen_policy(self, nights: int | None = None, plan: RatePlan | None = None) -> dict[str, Any]:
        """The room's own, or that of a plan, for a stay of so many nights."""
        policy = plan.sold_policy() if plan else self.cancellation_policy
        return policies.frozen(policy, self.time_zone, self.check_in_time, nights)

    def plan(self, plan_id: str | None, arrival: dt.date) -> RatePlan | None:
        """The plan of this id, as stays from this day can have it, or the CHEAPEST; None: the room's own policy, which
        is OWN, too. Raises Invalid.
        """
        if plan_id in (None, OWN):
            return None
        plans = quotes.plans_of(self, arrival)
        if plan_id == CHEAPEST:
            return plans[0] if plans and plans[0].percent < 0 else None
        found = next((plan for plan in plans if plan.id == plan_id), None)
        if found is None:
            raise Invalid(details={"ratePlan": Notice("no_rate_plan")})
        return found


class LimitedRoom(quotes.PricedRoom, nightly.LimitedRoom, Protocol):
    """A room, or a row of one, with what says for how long and when it can be had."""


def rule_problems(room: LimitedRoom, stay: Stay, at: dt.datetime) -> dict[str, Notice]:
    """What a room's own limits and the rules of its property have against dates that are asked for at an instant."""
    rules = quotes.rules_of(room)
    lead = nightly.lead_days(at, room.time_zone, stay.check_in) if rules else 0
    return nightly.stay_problems(rules, room, stay, lead)


def places(guests: int, children: Iterable[int], babies_under: int) -> int:
    """How many places guests need, of whom some are children of these ages: babies need none."""
    return guests - sum(age < babies_under for age in children)


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
        Property.babies_under,
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
        babies_under=house.babies_under,
    )


@dataclass(frozen=True, slots=True)
class PlanQuote:
    """What a stay costs on a plan, and what comes back until when; `plan` is None for the room's own policy.

    `difference`: to the price by the room's own policy, below 0 where it is less.
    """

    plan: RatePlan | None
    price: quotes.Quote
    policy: dict[str, Any]
    difference: Decimal

    @property
    def refunds(self) -> list[policies.RefundTier]:
        return policies.tiers(self.policy, self.price.stay.check_in)

    @property
    def id(self) -> str | None:
        return self.plan.id if self.plan else None

    @property
    def deposit(self) -> deposits.DepositSteps | None:
        """What is paid now, and what later; None: all of it now."""
        return deposits.steps(self.policy, self.price)

    def refunds_ahead(self, now: dt.datetime) -> bool:
        """Whether anything would still come back."""
        return any(tier.percent > 0 and now < tier.until for tier in self.refunds)

    def free_until(self, now: dt.datetime) -> dt.datetime | None:
        """Cancelled before, all of the price comes back."""
        return policies.free_until(self.policy, self.price.stay.check_in, now)


@dataclass(frozen=True, slots=True)
class StayQuote:
    """What these dates would cost, whether they can be had now, and until when they can be given back.

    `units_left` is how many of identical units are free for them; None for a room by itself. `plans` are all that the
    stay can be had on, the cheapest first, `chosen` the one that this is about; without rate plans there is the one.
    `extras` are what could be chosen beside it; `asks_for_ages`: it may cost something else with children. `version` is
    greater once it may cost something else.
    """

    chosen: PlanQuote
    is_available: bool
    units_left: int | None = None
    plans: tuple[PlanQuote, ...] = ()
    extras: tuple[quotes.Extra, ...] = ()
    asks_for_ages: bool = False
    version: int = 0

    @property
    def price(self) -> quotes.Quote:
        return self.chosen.price

    @property
    def refunds(self) -> tuple[policies.RefundTier, ...]:
        return tuple(self.chosen.refunds)

    @property
    def stay(self) -> Stay:
        return self.price.stay

    @property
    def guests(self) -> int:
        return self.price.guests


@reading
def quote(
    room_id: uuid.UUID,
    stay: Stay,
    guests: int,
    rules: StayRules,
    plan: str | None = None,
    *,
    is_free: bool = False,
    children: Sequence[int] = (),
    extras: Collection[str] = (),
) -> StayQuote:
    """The price of a stay, line by line, on a plan: by its id, the CHEAPEST, or None for the room's own policy.

    The cheapest is one that can be cancelled free of charge, where that is asked for (`is_free`) and there is one.
    Raises RoomNotFound, Invalid.
    """
    room = for_sale(room_id)
    room.refuse_unless_fit(stay, guests, rules, children=children, extras=extras)
    offers = on_plans(room, stay, guests, room.read_at, children=children, extras=extras)
    if plan == CHEAPEST:
        free = [offer for offer in offers if offer.free_until(room.read_at)] if is_free else []
        chosen = (free or offers)[0]
    else:
        wanted = room.plan(plan, stay.check_in)
        chosen = next(offer for offer in offers if offer.plan == wanted)
    free_units = sum(taken.isdisjoint(stay.dates()) for taken in inventory.units_taken(room_id, stay).values())
    return StayQuote(
        chosen,
        free_units > 0,
        free_units if room.unit_group_id else None,
        tuple(offers),
        quotes.extras_of(room, stay, guests, children),
        quotes.asks_for_ages(room),
        room.version + room.rates_version,
    )


def on_plans(
    room: ForSale,
    stay: Stay,
    guests: int,
    at: dt.datetime,
    *,
    children: Sequence[int] = (),
    extras: Collection[str] = (),
) -> list[PlanQuote]:
    """All that a stay can be had on, the cheapest first; at the same price the room's own policy."""
    own = quotes.quote(room, stay, guests, at, children=children, extras=extras)
    found = [PlanQuote(None, own, room.frozen_policy(stay.nights), Decimal(0))]
    for plan in quotes.plans_of(room, stay.check_in):
        price = quotes.quote(room, stay, guests, at, plan, children=children, extras=extras)
        found.append(PlanQuote(plan, price, room.frozen_policy(stay.nights, plan), price.total - own.total))
    return sorted(found, key=lambda offer: offer.price.total)
