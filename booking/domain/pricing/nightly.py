"""What rules make of a night and of a stay: prices with their reasons, discounts, and why a stay cannot be had.

Pure: no clock, no database. A night costs the room's own price or what a price rule says, then what adjusts it, then
what was decided of it, rounded once; then more or fewer guests. Discounts count from the sum of the nights.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol, cast
from zoneinfo import ZoneInfo

from booking.domain.money import rounded
from booking.domain.notices import Notice
from booking.domain.pricing import rule_terms as terms_of
from booking.domain.pricing.rule_terms import (
    AdjustTerms,
    ClosedTerms,
    DaysTerms,
    EarlyBirdTerms,
    GuestsTerms,
    LastMinuteTerms,
    LengthTerms,
    NightsTerms,
    PlanTerms,
    PriceTerms,
)
from booking.domain.pricing.rules import RoomRules, Rule
from booking.domain.stays import Stay

BASE = "base"  # the room's own price per night


class PricedRoom(Protocol):
    """A room, or a row of one, with what its prices are made of. The base price changes with its version."""

    @property
    def price_per_night(self) -> Decimal: ...
    @property
    def currency(self) -> str: ...
    @property
    def version(self) -> int: ...


class LimitedRoom(Protocol):
    """How long one may stay where no rule says otherwise."""

    @property
    def min_nights(self) -> int: ...
    @property
    def max_nights(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Party:
    """So many guests; of these, children whose ages are known."""

    guests: int
    children: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What a night's price depends on beside rules and room.

    `arrival`: of the stay that the night is of, by default the night's own day. `decided`: percents by rule and night.
    """

    party: Party = Party(1)
    arrival: dt.date | None = None
    decided: Mapping[tuple[uuid.UUID, dt.date], Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule's part in a line: what it said, in money or in percent. `kind` is base or the rule's."""

    kind: str
    rule: str = BASE
    version: int | None = None
    label: str = ""
    amount: Decimal | None = None
    percent: Decimal | None = None
    terms: Mapping[str, Any] | None = None  # of what is worked out anew when the stay changes: discounts, fees, taxes

    def as_json(self) -> dict[str, Any]:
        """As it is kept in a booking's line."""
        facts = {"kind": self.kind, "rule": self.rule, "version": self.version, "label": self.label}
        money = {name: str(value) for name in ("amount", "percent") if (value := getattr(self, name)) is not None}
        return {**facts, **money, **({"terms": dict(self.terms)} if self.terms else {})}


def kept_reason(kept: Mapping[str, Any]) -> Reason:
    """Read back."""
    numbers = {name: Decimal(kept[name]) for name in ("amount", "percent") if name in kept}
    return Reason(kept["kind"], kept["rule"], kept["version"], kept["label"], terms=kept.get("terms"), **numbers)


@dataclass(frozen=True, slots=True)
class NightPrice:
    """What the night costs, rounded, and why: the room's own price first."""

    amount: Decimal
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Discount:
    """Of a stay; `amount` is below 0, unless it is a dearer rate plan's."""

    amount: Decimal
    reason: Reason


def nightly(rules: RoomRules, room: PricedRoom, night: dt.date, facts: Facts) -> NightPrice:
    """The price of one night, for all guests."""
    amount, reasons = room.price_per_night, [Reason(BASE, version=room.version, amount=room.price_per_night)]
    if rule := rules.find(terms_of.PRICE, night):
        price = cast(PriceTerms, rule.terms)
        amount = price.of(amount)
        reasons.append(_reason(rule, price.amount, price.percent))
    if rule := rules.find(terms_of.ADJUST, night):
        adjust = cast(AdjustTerms, rule.terms)
        amount = adjust.of(amount)
        reasons.append(_reason(rule, adjust.amount, adjust.percent))
    rule = rules.find(terms_of.DYNAMIC, night)
    if rule and (percent := facts.decided.get((rule.id, night))):
        amount = amount * (100 + percent) / 100
        reasons.append(_reason(rule, None, percent))
    # Guests cost whole minor units, so this is the line's one rounding.
    amount = rounded(max(amount, Decimal(0)), room.currency)
    rule = rules.find(terms_of.GUESTS, facts.arrival or night)
    if rule and (change := for_guests(cast(GuestsTerms, rule.terms), facts.party)):
        amount = max(amount + change, Decimal(0))
        reasons.append(_reason(rule, change, None))
    return NightPrice(amount, tuple(reasons))


def for_guests(terms: GuestsTerms, party: Party) -> Decimal:
    """What a night costs more, or less where it is below 0: adults are those that the price is for, then the oldest."""
    if party.guests < terms.included:
        return terms.fewer * (party.guests - terms.included)
    ages = sorted(party.children, reverse=True)[: party.guests]
    adults = party.guests - len(ages)
    beyond = max(0, adults - terms.included)
    children = ages[max(0, terms.included - adults) :]
    return beyond * terms.extra + sum((terms.child(age) for age in children), Decimal(0))


def discounts(
    rules: RoomRules,
    arrival: dt.date,
    nights: Sequence[Decimal],
    lead_days: int,
    currency: str,
    *,
    plan: Reason | None = None,
) -> list[Discount]:
    """What the whole stay costs less, or more on a dearer `plan`: each counts from the sum of its `nights`, and
    together they take no more.
    """
    found = [(plan, -plan.percent)] if plan and plan.percent else []
    for kind in terms_of.DISCOUNT_KINDS:
        rule = rules.find(kind, arrival)
        if rule and (off := off_by(kind, rule.terms, len(nights), lead_days)):
            found.append((_discount(rule, off), off))
    return taken_off(sum(nights, Decimal(0)), found, currency)


def taken_off(total: Decimal, offs: Sequence[tuple[Reason, Decimal]], currency: str) -> list[Discount]:
    """So many percent of the total for each reason, until nothing is left. A plan, which may cost more, comes first."""
    made, left = [], total
    for reason, percent in offs:
        amount = min(left, rounded(total * percent / 100, currency))
        left -= amount
        if amount:
            made.append(Discount(-amount, reason))
    return made


def off_by(kind: str, terms: terms_of.Terms, nights: int, lead_days: int) -> Decimal:
    """How many percent a rule of such a kind takes off, 0 for none; below 0 it adds them."""
    if kind == terms_of.PLAN:
        return -cast(PlanTerms, terms).percent
    if kind == terms_of.LENGTH:
        return cast(LengthTerms, terms).percent(nights)
    lead = cast("EarlyBirdTerms | LastMinuteTerms", terms)
    return lead.percent if lead.counts(lead_days) else Decimal(0)


def lead_days(at: dt.datetime, time_zone: str, arrival: dt.date) -> int:
    """How many days an arrival is ahead, by the property's calendar; 0 for the night that runs."""
    return max(0, (arrival - at.astimezone(ZoneInfo(time_zone)).date()).days)


@dataclass(frozen=True, slots=True)
class ArrivalLimits:
    """What a stay that begins on a day is held to, each with the rule that says so; None where it is the room."""

    least: int
    most: int
    least_by: Rule | None
    most_by: Rule | None
    closed_by: Rule | None
    notice: Rule | None
    horizon: Rule | None


def limits(rules: RoomRules, room: LimitedRoom, day: dt.date) -> ArrivalLimits:
    """Of an arrival on the day. A rule counts instead of the room's own limit, whichever is stricter."""
    least, most = rules.find(terms_of.MIN_NIGHTS, day), rules.find(terms_of.MAX_NIGHTS, day)
    return ArrivalLimits(
        cast(NightsTerms, least.terms).nights if least else room.min_nights,
        cast(NightsTerms, most.terms).nights if most else room.max_nights,
        least,
        most,
        closed(rules, terms_of.CLOSED_TO_ARRIVAL, day),
        rules.find(terms_of.NOTICE, day),
        rules.find(terms_of.HORIZON, day),
    )


def closed(rules: RoomRules, kind: str, day: dt.date) -> Rule | None:
    """The rule by which nobody may arrive, or leave, on the day."""
    rule = rules.find(kind, day)
    return rule if rule and cast(ClosedTerms, rule.terms).closed else None


def arrival_problem(held_to: ArrivalLimits, lead_days: int) -> Notice | None:
    """Why nobody may arrive on a day, so many days from now."""
    if rule := held_to.closed_by:
        return Notice("closed_to_arrival", rule=rule.name)
    if (rule := held_to.notice) and lead_days < (days := cast(DaysTerms, rule.terms).days):
        return Notice("notice_too_short", days=days, rule=rule.name)
    if (rule := held_to.horizon) and lead_days > (days := cast(DaysTerms, rule.terms).days):
        return Notice("beyond_horizon", days=days, rule=rule.name)
    return None


def stay_problems(rules: RoomRules, room: LimitedRoom, stay: Stay, lead_days: int) -> dict[str, Notice]:
    """What rules and the room's own limits have against a stay, by field; each notice names its rule."""
    held_to, problems = limits(rules, room, stay.check_in), dict[str, Notice]()
    if problem := arrival_problem(held_to, lead_days):
        problems["checkIn"] = problem
    if problem := _length_problem(held_to, stay.nights):
        problems["checkOut"] = problem
    elif rule := closed(rules, terms_of.CLOSED_TO_DEPARTURE, stay.check_out):
        problems["checkOut"] = Notice("closed_to_departure", rule=rule.name)
    return problems


def _length_problem(held_to: ArrivalLimits, nights: int) -> Notice | None:
    if nights < held_to.least:
        if rule := held_to.least_by:
            return Notice("stay_below_rule", least=held_to.least, rule=rule.name)
        return Notice("stay_below_room", least=held_to.least)
    if nights > held_to.most:
        if rule := held_to.most_by:
            return Notice("stay_above_rule", most=held_to.most, rule=rule.name)
        return Notice("stay_above_room", most=held_to.most)
    return None


def _reason(rule: Rule, amount: Decimal | None, percent: Decimal | None) -> Reason:
    return Reason(rule.kind, rule.shown_id, rule.version, rule.name, amount, percent)


def _discount(rule: Rule, percent: Decimal) -> Reason:
    return Reason(rule.kind, rule.shown_id, rule.version, rule.name, None, percent, rule.terms.as_json())
