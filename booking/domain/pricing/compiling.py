"""Rules of a room as rows of its projection: pure. The function that prices a checkout prices every night here, too."""

from __future__ import annotations

import calendar as almanac
import datetime as dt
import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from typing import Any, Protocol, cast

from booking.domain.money import decimals
from booking.domain.pricing import charges, nightly, plans, rule_terms
from booking.domain.pricing.nightly import Facts
from booking.domain.pricing.rule_terms import (
    ChargeTerms,
    DaysTerms,
    EarlyBirdTerms,
    GuestsTerms,
    LastMinuteTerms,
    LengthTerms,
    TaxTerms,
)
from booking.domain.pricing.rules import RoomRules, Rule

TOO_FAR, TOO_NEAR = 100_000, -1  # days ahead, between which every arrival is
ALL_NIGHTS = 32_767  # more than any stay has
FEE_AMOUNT, TAX_AMOUNT, PERCENT_OF_NIGHTS, PERCENT_OF_ALL = range(4)  # as with_charges() in Postgres knows them
Decided = Mapping[tuple[uuid.UUID, dt.date], Decimal]
Policies = Mapping[uuid.UUID, dict[str, Any]]


class CompiledRoom(nightly.PricedRoom, nightly.LimitedRoom, Protocol):
    """A room, with its prices and its own limits."""


@dataclass(frozen=True, slots=True)
class Terms:
    """A row of StayTerms, but for whose it is. Percents are hundredths."""

    min_nights: int
    max_nights: int
    closed_to_arrival: bool
    notice_days: int
    horizon_days: int
    included: int
    extra: int
    fewer: int
    length_nights: tuple[int, ...]
    length_percents: tuple[int, ...]
    early_days: int
    early_percent: int
    late_days: int
    late_percent: int
    charge_values: tuple[Decimal, ...]
    charge_nights: tuple[int, ...]
    charge_guests: tuple[bool, ...]
    charge_bases: tuple[int, ...]
    plans: list[dict[str, Any]]
    charge_ages: tuple[int, ...]
    child_ages: tuple[int, ...]
    child_amounts: tuple[int, ...]
    charge_caps: tuple[int | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Month:
    """A row of RoomCalendar, but for whose it is."""

    month: dt.date
    sums: list[int]


@dataclass(frozen=True, slots=True)
class Prices:
    """Of a room: its months, and its cheapest night, in minor units."""

    months: list[Month]
    lowest: int


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
    found = (rules.find(kind, day) for kind in kinds)
    charged = (tuple(rule.id for rule in rules.find_each(kind, day)) for kind in rule_terms.CHARGE_KINDS)
    on_plans = tuple(rule.id for rule in rules.find_each(rule_terms.PLAN, day))
    return (*(rule and rule.id for rule in found), *charged, on_plans)


def terms_key(property_id: uuid.UUID, rules: RoomRules, room: nightly.LimitedRoom) -> int:
    """Which set of terms a room is held to: the same for all that the same rules and limits are for.

    From 1 to 2^63 - 1, as good as unique. It stays when the rules of a night's price change, or what a rule says.
    """
    of_stays = sorted(
        rule.shown_id for kind, these in rules.by_kind.items() if kind not in rule_terms.NIGHT_KINDS for rule in these
    )
    said = repr((property_id, room.min_nights, room.max_nights, of_stays)).encode()
    return int.from_bytes(hashlib.sha256(said).digest()[:8]) % (2**63 - 1) + 1


def terms(rules: RoomRules, room: CompiledRoom, days: RuledDays, policies: Policies) -> list[Terms]:
    """The terms of a set by their numbers, from 0 on; of any room that is held to it."""
    return [_terms(rules, room, day, policies) for day in days.arrivals]


def prices(rules: RoomRules, room: nightly.PricedRoom, decided: Decided, days: RuledDays) -> Prices:
    """The nights of a room of these rules, added up."""
    by_kind = {kind: these for kind, these in rules.by_kind.items() if kind != rule_terms.GUESTS}
    without_guests, facts = RoomRules(by_kind), Facts(decided=decided)
    costs = [minor(nightly.nightly(without_guests, room, night, facts).amount, room.currency) for night in days.nights]
    months, spent = [], 0
    for month, nights, _, _ in days.months:
        *sums, spent = accumulate((costs[number] for number in nights), initial=spent)
        months.append(Month(month, sums))
    return Prices(months, min(costs))


def minor(amount: Decimal, currency: str) -> int:
    """A payable amount in minor units."""
    return int(amount.scaleb(decimals(currency)))


def _terms(rules: RoomRules, room: CompiledRoom, day: dt.date, policies: Policies) -> Terms:
    held_to = nightly.limits(rules, room, day)
    length = rules.find(rule_terms.LENGTH, day)
    early, late = rules.find(rule_terms.EARLY_BIRD, day), rules.find(rule_terms.LAST_MINUTE, day)
    # By length, as Postgres looks for the one that is reached; of two of a length the function takes the first.
    steps = {step.nights: step for step in reversed(cast(LengthTerms, length.terms).steps)} if length else {}
    guests = rules.find(rule_terms.GUESTS, day)
    said = cast(GuestsTerms, guests.terms) if guests else GuestsTerms(included=1)
    bands = {band.age: band.amount for band in reversed(said.children)}
    return Terms(
        min_nights=held_to.least,
        max_nights=held_to.most,
        closed_to_arrival=held_to.closed_by is not None,
        notice_days=cast(DaysTerms, held_to.notice.terms).days if held_to.notice else 0,
        horizon_days=cast(DaysTerms, held_to.horizon.terms).days if held_to.horizon else TOO_FAR,
        included=said.included,
        extra=minor(said.extra, room.currency),
        fewer=minor(said.fewer, room.currency),
        child_ages=tuple(sorted(bands)),
        child_amounts=tuple(minor(bands[age], room.currency) for age in sorted(bands)),
        length_nights=tuple(sorted(steps)),
        length_percents=tuple(hundredths(steps[nights].percent) for nights in sorted(steps)),
        early_days=cast(EarlyBirdTerms, early.terms).days if early else TOO_FAR,
        early_percent=hundredths(cast(EarlyBirdTerms, early.terms).percent) if early else 0,
        late_days=cast(LastMinuteTerms, late.terms).days if late else TOO_NEAR,
        late_percent=hundredths(cast(LastMinuteTerms, late.terms).percent) if late else 0,
        **_charges(rules, room.currency, day),
        plans=[plans.found_terms(plan) for plan in plans.of_room(rules, policies, day)],
    )


def _charges(rules: RoomRules, currency: str, day: dt.date) -> dict[str, Any]:
    """Those that add to the total, an entry for each in all six; no caps where none has one."""
    found = [rule for kind in rule_terms.CHARGE_KINDS for rule in rules.find_each(kind, day)]
    counted = (rule for rule in found if not getattr(rule.terms, "included", False) and not charges.is_extra(rule))
    rows = [_charge(rule, currency) for rule in counted]
    names = ("charge_values", "charge_nights", "charge_guests", "charge_bases", "charge_ages", "charge_caps")
    said = dict(zip(names, zip(*rows, strict=True) if rows else ((),) * len(names), strict=True))
    return said if any(cap is not None for cap in said["charge_caps"]) else said | {"charge_caps": ()}


def _charge(rule: Rule, currency: str) -> tuple[Decimal, int, bool, int, int, int | None]:
    """Minor units or percent; for how many nights at most, 0 where it is for the stay; for each guest; of what; from
    what age on; what it comes to at most, for each guest where it is for each.
    """
    cap = getattr(rule.terms, "cap", None)
    most = None if cap is None else minor(cap, currency)
    if isinstance(rule.terms, TaxTerms) and rule.terms.percent is not None:
        base = PERCENT_OF_ALL if rule.terms.of == rule_terms.OF_ALL else PERCENT_OF_NIGHTS
        return rule.terms.percent, rule.terms.nights or ALL_NIGHTS, False, base, 0, most
    terms = cast(ChargeTerms, rule.terms)
    nights = (getattr(terms, "nights", None) or ALL_NIGHTS) if terms.is_by_night else 0
    base = FEE_AMOUNT if rule.kind == rule_terms.FEE else TAX_AMOUNT
    amount = Decimal(minor(cast(Decimal, terms.amount), currency))
    return amount, nights, terms.is_by_guest, base, terms.from_age or 0, most


def hundredths(percent: Decimal) -> int:
    """Of a percent, which has two decimals at most."""
    return int(percent.scaleb(2))
