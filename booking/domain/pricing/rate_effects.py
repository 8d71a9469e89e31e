"""What a change of rates would do, before it is saved: which nights of which rooms, and by how much.

Plans come from where they are saved (rate_editing.planned), prices from where they are read (house_rates.of_day).
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.catalogue import Property, PropertyNotFound
from booking.domain.people import Action
from booking.domain.pricing import house_rates, rate_editing, rule_terms, tariffs
from booking.domain.pricing.house_rates import DayRates, HouseRoom, Sample
from booking.domain.pricing.rate_editing import Planned, RateStep
from booking.domain.pricing.rule_terms import LengthTerms
from booking.domain.pricing.rules import Rule
from booking.domain.pricing.tariffs import Tariff
from booking.domain.stays import StayRules
from booking.infra.db import reading
from booking.infra.ids import new_id

# What counts for whole stays is shown by one of so many nights.
OF_STAYS = (*rule_terms.ARRIVAL_KINDS, *rule_terms.CHARGE_KINDS)
USUAL_NIGHTS = 2


@dataclass(frozen=True, slots=True)
class DayEffect:
    date: dt.date
    before: DayRates
    after: DayRates


@dataclass(frozen=True, slots=True)
class RoomsEffect:
    """Of rooms that are alike, before and after: the days on which something differs."""

    rooms: tuple[HouseRoom, ...]
    days: tuple[DayEffect, ...]


@dataclass(frozen=True, slots=True)
class RateEffects:
    """`version` of the rates that it was compared with: take() refuses where they are other ones by then.

    `rules` pairs of a rule before and after; None where it is new, or ends. `sample`: the stay whose total is compared.
    """

    version: int
    currency: str
    rules: tuple[tuple[Rule | None, Rule | None], ...]
    rooms: tuple[RoomsEffect, ...]
    sample: Sample | None
    before: Tariff
    after: Tariff
    all_rooms: tuple[HouseRoom, ...]

    @property
    def nights(self) -> int:
        """How many nights of rooms are other ones."""
        return sum(len(one.rooms) * len(one.days) for one in self.rooms)

    @property
    def room_count(self) -> int:
        return sum(len(one.rooms) for one in self.rooms)


@reading
def preview(actor: Actor, property_id: uuid.UUID, steps: Sequence[RateStep], rules: StayRules) -> RateEffects:
    """What take() would do to nights from today on that can be booked.

    Raises PropertyNotFound, RateNotFound, RateModified, Invalid.
    """
    people.require(actor, Action.EDIT_RATES, at=property_id, otherwise=PropertyNotFound)
    house = house_rates.get_house(property_id)
    return of_pairs(house, [_pair(plan) for plan in rate_editing.planned(house, steps)], rules)


def of_pairs(house: Property, pairs: Sequence[tuple[Rule | None, Rule | None]], rules: StayRules) -> RateEffects:
    """The same of rules before and after, inside the caller's transaction."""
    rooms = house_rates.rooms_of(house.id)
    before = tariffs.of(house.id, house.rates_version)
    after = _with(before, pairs)
    sample = _sample(pairs)
    days = list(_days(house, pairs, rules))
    groups = house_rates.alike(rooms, [before, after])
    found = (RoomsEffect(one.rooms, tuple(_effects(one.rooms[0], days, before, after, sample))) for one in groups)
    touched = tuple(one for one in found if one.days)
    version = house.rates_version
    return RateEffects(version, house.currency, tuple(pairs), touched, sample, before, after, tuple(rooms))


def _effects(
    room: HouseRoom, days: Sequence[dt.date], before: Tariff, after: Tariff, sample: Sample | None
) -> Iterator[DayEffect]:
    if before.of_room(room) == after.of_room(room):
        return
    for day in days:
        was, now = (
            house_rates.of_day(tariff, room, day, house_rates.USUAL_GUESTS, sample) for tariff in (before, after)
        )
        if was != now:
            yield DayEffect(day, was, now)


def _pair(plan: Planned) -> tuple[Rule | None, Rule | None]:
    in_force = plan.was if plan.was is not None and plan.was.until is None else None
    was = tariffs.as_rule(in_force) if in_force else None
    if plan.values is None:
        return was, None
    rule_id, version = (plan.was.rule_id, plan.was.version + 1) if plan.was is not None else (new_id(), 1)
    row = SimpleNamespace(**plan.values, rule_id=rule_id, version=version)
    return was, tariffs.as_rule(row)


def _with(before: Tariff, pairs: Sequence[tuple[Rule | None, Rule | None]]) -> Tariff:
    """As it would be. What a rule has decided ends with it; another version decides anew."""
    gone = {was.id for was, _ in pairs if was}
    kept = tuple(rule for rule in before.rules if rule.id not in gone)
    decided = {place: percent for place, percent in before.decided.items() if place[0] not in gone}
    return Tariff(before.version + 1, (*kept, *(now for _, now in pairs if now)), decided)


def _sample(pairs: Sequence[tuple[Rule | None, Rule | None]]) -> Sample | None:
    """Long enough for what a discount by length asks for first."""
    of_stays = [rule for pair in pairs for rule in pair if rule and rule.kind in OF_STAYS]
    if not of_stays:
        return None
    steps = [
        step for rule in of_stays if rule.kind == rule_terms.LENGTH for step in cast(LengthTerms, rule.terms).steps
    ]
    nights = max([USUAL_NIGHTS, *(step.nights for step in steps)]) if steps else USUAL_NIGHTS
    return Sample(nights, house_rates.USUAL_GUESTS, house_rates.now())


def _days(house: Property, pairs: Sequence[tuple[Any, Any]], rules: StayRules) -> Iterator[dt.date]:
    """From today on until the last on which somebody can arrive, those that a rule covers before or after."""
    today = rules.today(house.time_zone)
    touched = [rule for pair in pairs for rule in pair if rule]
    for number in range(rules.horizon_days + 1):
        day = today + dt.timedelta(days=number)
        if any(rule.covers(day) for rule in touched):
            yield day
