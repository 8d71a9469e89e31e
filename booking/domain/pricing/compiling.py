"""Rules of a room as rows of its projection: pure. The function that prices a checkout prices every night here, too."""

from __future__ import annotations

import calendar as almanac
import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol, cast

from booking.domain.money import decimals
from booking.domain.pricing import nightly, rule_terms
from booking.domain.pricing.nightly import Facts, Party
from booking.domain.pricing.rule_terms import DaysTerms, EarlyBirdTerms, GuestsTerms, LastMinuteTerms, LengthTerms
from booking.domain.pricing.rules import RoomRules

TOO_FAR, TOO_NEAR = 100_000, -1  # days ahead, between which every arrival is
Decided = Mapping[tuple[uuid.UUID, dt.date], Decimal]


class CompiledRoom(nightly.PricedRoom, nightly.LimitedRoom, Protocol):
    @property
    def capacity(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Terms:
    """A row of RateTerms, but for whose it is."""

    min_nights: int
    max_nights: int
    closed_to_arrival: bool
    notice_days: int
    horizon_days: int
    by_guests: tuple[int, ...]
    length_nights: tuple[int, ...]
    length_percents: tuple[Decimal, ...]
    early_days: int
    early_percent: Decimal
    late_days: int
    late_percent: Decimal


@dataclass(frozen=True, slots=True)
class Month:
    """A row of RoomCalendar, but for whose it is."""

    month: dt.date
    prices: list[int]
    terms: list[int]
    departures: list[bool]


@dataclass(frozen=True, slots=True)
class Projection:
    """`terms` by their numbers, from 0 on."""

    months: list[Month]
    terms: list[Terms]


@dataclass(frozen=True, slots=True)
class RuledDays:
    """The days from the first of a month to the last of another, worked out once for all rooms with the same rules.

    Days that the same rules count on in the same way share a number, and `nights` or `arrivals` has one of them.
    """

    months: list[tuple[dt.date, list[int], list[int], list[bool]]]  # nights, arrivals, whether one may leave
    nights: list[dt.date]
    arrivals: list[dt.date]


def ruled_days(rules: RoomRules, decided: Decided, first: dt.date, last: dt.date) -> RuledDays:
    """The months from that of `first` to that of `last`."""
    made, month = RuledDays([], [], []), first.replace(day=1)
    nights: dict[tuple[Any, ...], int] = {}
    arrivals: dict[tuple[Any, ...], int] = {}
    while month <= last:
        days = [month.replace(day=day) for day in range(1, almanac.monthrange(month.year, month.month)[1] + 1)]
        of_nights = [_number(nights, made.nights, _night_key(rules, decided, day), day) for day in days]
        of_arrivals = [_number(arrivals, made.arrivals, _arrival_key(rules, day), day) for day in days]
        leaving = [nightly.closed(rules, rule_terms.CLOSED_TO_DEPARTURE, day) is None for day in days]
        made.months.append((month, of_nights, of_arrivals, leaving))
        month = days[-1] + dt.timedelta(days=1)
    return made


def _number(known: dict[tuple[Any, ...], int], days: list[dt.date], key: tuple[Any, ...], day: dt.date) -> int:
    if key not in known:
        known[key] = len(known)
        days.append(day)
    return known[key]


def _night_key(rules: RoomRules, decided: Decided, night: dt.date) -> tuple[Any, ...]:
    found = [rules.find(kind, night) for kind in rule_terms.NIGHT_KINDS]
    percent = decided.get((found[-1].id, night)) if found[-1] else None
    return (*(rule and rule.id for rule in found), percent)


def _arrival_key(rules: RoomRules, day: dt.date) -> tuple[Any, ...]:
    kinds = (*rule_terms.ARRIVAL_KINDS, *rule_terms.ARRIVAL_LIMITS)
    return tuple(rule and rule.id for rule in (rules.find(kind, day) for kind in kinds))


def compiled(rules: RoomRules, room: CompiledRoom, decided: Decided, days: RuledDays) -> Projection:
    """A room of these rules."""
    by_kind = {kind: these for kind, these in rules.by_kind.items() if kind != rule_terms.GUESTS}
    without_guests, facts = RoomRules(by_kind), Facts(decided=decided)
    prices = [minor(nightly.nightly(without_guests, room, night, facts).amount, room.currency) for night in days.nights]
    months = [
        Month(month, [prices[number] for number in nights], arrivals, leaving)
        for month, nights, arrivals, leaving in days.months
    ]
    return Projection(months, [_terms(rules, room, day) for day in days.arrivals])


def minor(amount: Decimal, currency: str) -> int:
    """A payable amount in minor units."""
    return int(amount.scaleb(decimals(currency)))


def _terms(rules: RoomRules, room: CompiledRoom, day: dt.date) -> Terms:
    held_to = nightly.limits(rules, room, day)
    guests, length = rules.find(rule_terms.GUESTS, day), rules.find(rule_terms.LENGTH, day)
    early, late = rules.find(rule_terms.EARLY_BIRD, day), rules.find(rule_terms.LAST_MINUTE, day)
    # By length, as Postgres looks for the one that is reached; of two of a length the function takes the first.
    steps = {step.nights: step for step in reversed(cast(LengthTerms, length.terms).steps)} if length else {}
    return Terms(
        min_nights=held_to.least,
        max_nights=held_to.most,
        closed_to_arrival=held_to.closed_by is not None,
        notice_days=cast(DaysTerms, held_to.notice.terms).days if held_to.notice else 0,
        horizon_days=cast(DaysTerms, held_to.horizon.terms).days if held_to.horizon else TOO_FAR,
        by_guests=_by_guests(cast(GuestsTerms, guests.terms), room) if guests else (),
        length_nights=tuple(sorted(steps)),
        length_percents=tuple(steps[nights].percent for nights in sorted(steps)),
        early_days=cast(EarlyBirdTerms, early.terms).days if early else TOO_FAR,
        early_percent=cast(EarlyBirdTerms, early.terms).percent if early else Decimal(0),
        late_days=cast(LastMinuteTerms, late.terms).days if late else TOO_NEAR,
        late_percent=cast(LastMinuteTerms, late.terms).percent if late else Decimal(0),
    )


def _by_guests(terms: GuestsTerms, room: CompiledRoom) -> tuple[int, ...]:
    changes = (nightly.for_guests(terms, Party(number)) for number in range(1, room.capacity + 1))
    return tuple(minor(change, room.currency) for change in changes)
