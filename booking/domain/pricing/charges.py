"""Fees and taxes of a stay: what it costs beside its nights. Pure: no clock, no database.

They go by the day of arrival. What counts by the night is a line of each night, so that nights that are given back
take theirs along; everything else is one line, rounded once. Percents count from the nights less discounts, or from
these and the fees; what is included in other prices adds nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from booking.domain.money import rounded
from booking.domain.pricing import rule_terms
from booking.domain.pricing.nightly import Reason
from booking.domain.pricing.rule_terms import FEE, OF_ALL, TAX, ChargeTerms, FeeTerms, TaxTerms
from booking.domain.pricing.rules import RoomRules, Rule


@dataclass(frozen=True, slots=True)
class Charge:
    """A fee or a tax, or a night's part of one; `date` is the night, None where it is for the whole stay."""

    kind: str
    date: dt.date | None
    amount: Decimal
    included: bool
    reason: Reason


@dataclass(frozen=True, slots=True)
class Charged:
    """What charges count from: the nights of a stay, what they cost together less discounts, and for how many.

    Of the guests some may be `children`, whose ages are known.
    """

    nights: Sequence[dt.date]
    net: Decimal
    guests: int
    currency: str
    children: Sequence[int] = ()


def of_stay(
    rules: RoomRules, arrival: dt.date, stay: Charged, extras: Collection[str] = (), sold: Iterable[Reason] = ()
) -> list[Charge]:
    """All of a stay, fees first, with the `extras` that were chosen, by their rules; none that comes to nothing.

    Those of them that were `sold` and are offered no more count by the terms that they were sold on.
    """
    offered = rules.find_each(FEE, arrival)
    taken = [(_reason(rule), rule.terms) for rule in offered if not is_extra(rule) or rule.shown_id in extras]
    gone = (one for one in sold if one.rule in extras and all(one.rule != rule.shown_id for rule in offered))
    taken += ((one, kept_terms(one)) for one in gone)
    fees = [one for reason, terms in taken for one in _by_amount(reason, terms, stay)]
    made = list(fees)
    for rule in rules.find_each(TAX, arrival):
        terms = cast(TaxTerms, rule.terms)
        if terms.percent is None:
            made += _by_amount(_reason(rule), terms, stay)
        elif found := by_percent(_reason(rule), terms, stay, _sum(fees)):
            made.append(found)
    return made


def extras_of_stay(rules: RoomRules, arrival: dt.date, stay: Charged) -> list[list[Charge]]:
    """What a guest may choose, each with all that it comes to, by their names."""
    offered = (rule for rule in rules.find_each(FEE, arrival) if is_extra(rule))
    return [made for rule in offered if (made := _by_amount(_reason(rule), rule.terms, stay))]


def is_extra(rule: Rule) -> bool:
    """Whether it is a fee that counts only where a guest has chosen it."""
    return isinstance(rule.terms, FeeTerms) and rule.terms.optional


def by_percent(reason: Reason, terms: TaxTerms, stay: Charged, fees: Decimal) -> Charge | None:
    """So many percent of the stay, or of as many of its nights as count, at the price of an average one."""
    rate, base = cast(Decimal, terms.percent), stay.net + (fees if terms.of == OF_ALL else 0)
    if not stay.nights:
        return None
    counted = min(terms.nights or len(stay.nights), len(stay.nights))
    whole = (100 + rate) if terms.included else Decimal(100)
    amount = rounded(base * rate * counted / (whole * len(stay.nights)), stay.currency)
    amount = amount if terms.cap is None else min(amount, terms.cap)
    return Charge(TAX, None, amount, terms.included, reason) if amount > 0 else None


def kept_terms(reason: Reason) -> FeeTerms | TaxTerms:
    """Of a charge as it was sold."""
    return cast("FeeTerms | TaxTerms", rule_terms.read(reason.kind, reason.terms))


def within_caps(by_night: Iterable[Reason]) -> Iterator[bool]:
    """Of charges by the night, in the order of their nights, whether each still counts: a tax counts for so many."""
    counted: dict[str, int] = {}
    for reason in by_night:
        counted[reason.rule] = counted.get(reason.rule, 0) + 1
        most = (reason.terms or {}).get("nights")
        yield most is None or counted[reason.rule] <= most


def _by_amount(reason: Reason, terms: rule_terms.Terms, stay: Charged) -> list[Charge]:
    said = cast(ChargeTerms, terms)
    times = said.times(stay.guests, stay.children)
    amount = (said.amount or Decimal(0)) * times
    if not amount:
        return []
    kind, included, cap = reason.kind, getattr(said, "included", False), getattr(said, "nights", None)
    dates: Sequence[dt.date | None] = stay.nights[:cap] if said.is_by_night else (None,)
    amounts = up_to(None if said.cap is None else said.cap * times, [amount] * len(dates))
    return [Charge(kind, date, part, included, reason) for date, part in zip(dates, amounts, strict=True) if part]


def up_to(most: Decimal | None, amounts: Iterable[Decimal]) -> list[Decimal]:
    """As much of each as there is left of what they come to at most."""
    found = list[Decimal]()
    for amount in amounts:
        found.append(amount if most is None else min(amount, max(most - sum(found), Decimal(0))))
    return found


def _reason(rule: Rule) -> Reason:
    said = cast("FeeTerms | TaxTerms", rule.terms)
    percent = said.percent if isinstance(said, TaxTerms) else None
    return Reason(rule.kind, rule.shown_id, rule.version, rule.name, said.amount, percent, said.as_json())


def _sum(charges: Iterable[Charge]) -> Decimal:
    return sum((one.amount for one in charges if not one.included), Decimal(0))
