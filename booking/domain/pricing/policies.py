"""Cancellation policies are data. A booking freezes its room's policy at sale, with the zone and hour that it means.

{"name": "moderate", "tiers": [{"daysBefore": 5, "percent": 100}, {"daysBefore": 1, "percent": 50}]}: cancelled five
days before check-in or earlier, all of the price comes back; one day or earlier, half; later, nothing.

A tier may count hours instead, {"hoursBefore": 48, ...}, and may keep nights instead of a part, {"keptNights": 1, ...}:
then so many average nights of the stay do not come back. Such a tier has `daysBefore` and `percent` all the same, by
which the release before reads it, never more generously.

A stay that was changed has its price in parts, [{"amount": "360.000", "checkIn": "2031-05-20"}]: each counts its
deadlines from a day of its own, so that money which was paid before never comes back for longer than it would have.
What the house kept of a change is in no part, and never comes back.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from booking.domain.money import rounded

JUST_BEFORE = dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class RefundTier:
    """Cancelled before `until`, `percent` of the price comes back; or all but `kept_nights` of a stay's `nights`.

    Then `percent` is what that makes, rounded down.
    """

    until: dt.datetime
    percent: int
    kept_nights: int = 0
    nights: int = 0

    def of(self, price: Decimal, currency: str) -> Decimal:
        """What comes back of a price, rounded once."""
        if self.nights:
            return rounded(price * (self.nights - self.kept_nights) / self.nights, currency)
        return rounded(price * self.percent / 100, currency)


def frozen(policy: dict[str, Any], time_zone: str, check_in_time: dt.time, nights: int | None = None) -> dict[str, Any]:
    """The policy as it is written into a booking: later changes of room or property do not reach it.

    A policy that keeps nights keeps them of so many `nights`.
    """
    sold = {**policy, "timeZone": time_zone, "checkInTime": check_in_time.isoformat("minutes")}
    return of_nights(sold, nights) if nights else sold


def of_nights(policy: dict[str, Any], nights: int) -> dict[str, Any]:
    """The policy of a stay of so many nights, which matters where it keeps some."""
    keeps = any("keptNights" in tier for tier in policy["tiers"])
    return {**policy, "nights": nights} if keeps else policy


def check_in_instant(policy: dict[str, Any], check_in: dt.date) -> dt.datetime:
    """When the stay begins: the property's hour on the day, whatever the clocks do in between."""
    hour = dt.time.fromisoformat(policy["checkInTime"])
    return dt.datetime.combine(check_in, hour, tzinfo=ZoneInfo(policy["timeZone"]))


def tiers(policy: dict[str, Any], check_in: dt.date) -> list[RefundTier]:
    """The refunds with exact instants in the property's zone, the most generous first.

    Days are calendar days at the property: five days before Monday 15:00 is Wednesday 15:00, also across a change
    of the clocks. Hours are hours that pass.
    """
    found = (_tier(policy, check_in, tier) for tier in policy["tiers"])
    return sorted(found, key=lambda tier: tier.until)


def _tier(policy: dict[str, Any], check_in: dt.date, tier: dict[str, Any]) -> RefundTier:
    if "hoursBefore" in tier:
        begins = check_in_instant(policy, check_in).astimezone(dt.UTC)
        until = (begins - dt.timedelta(hours=tier["hoursBefore"])).astimezone(ZoneInfo(policy["timeZone"]))
    else:
        until = check_in_instant(policy, check_in - dt.timedelta(days=tier["daysBefore"]))
    if (keeps := tier.get("keptNights")) and (nights := policy.get("nights")):
        kept = min(keeps, nights)
        return RefundTier(until, (nights - kept) * 100 // nights, kept, nights)
    return RefundTier(until, int(tier["percent"]))


@dataclass(frozen=True, slots=True)
class Part:
    """Money whose deadlines count from `check_in`, whatever day the stay begins on by now."""

    amount: Decimal
    check_in: dt.date


def parts(policy: dict[str, Any], check_in: dt.date, price: Decimal) -> tuple[Part, ...]:
    """What of the price can come back, oldest first: all of it, but for a stay that was changed."""
    if (kept := policy.get("parts")) is None:
        return (Part(price, check_in),)
    return tuple(Part(Decimal(part["amount"]), dt.date.fromisoformat(part["checkIn"])) for part in kept)


def in_parts(policy: dict[str, Any], divided: Iterable[Part]) -> dict[str, Any]:
    """The policy of a stay that was changed, as it is kept with it."""
    written = [{"amount": str(part.amount), "checkIn": part.check_in.isoformat()} for part in divided]
    return {**policy, "parts": written}


def refund(policy: dict[str, Any], check_in: dt.date, price: Decimal, currency: str, now: dt.datetime) -> Decimal:
    """What comes back when cancelled at `now`; each part is rounded once to the currency's decimals."""
    return refund_of_parts(policy, parts(policy, check_in, price), currency, now)


def refund_of_parts(policy: dict[str, Any], divided: Iterable[Part], currency: str, now: dt.datetime) -> Decimal:
    """The same of these parts."""
    return sum((_back(policy, part, currency, now) for part in divided), Decimal(0))


def _back(policy: dict[str, Any], part: Part, currency: str, now: dt.datetime) -> Decimal:
    tier = next((tier for tier in tiers(policy, part.check_in) if now < tier.until), None)
    return tier.of(part.amount, currency) if tier else Decimal(0)


def free_until(policy: dict[str, Any], check_in: dt.date, now: dt.datetime) -> dt.datetime | None:
    """Cancelled before, all of the price comes back; None where that is over or was never so."""
    whole = [tier.until for tier in tiers(policy, check_in) if tier.percent == 100]
    return max((until for until in whole if now < until), default=None)


@dataclass(frozen=True, slots=True)
class RefundPromise:
    """Cancelled before `until`, `amount` comes back: all but `kept_nights`, where the policy says it so."""

    until: dt.datetime
    percent: int
    amount: Decimal
    kept_nights: int = 0


def promises(tiers: Sequence[RefundTier], paid: Decimal, currency: str, now: dt.datetime) -> list[RefundPromise]:
    """What can still come back of `paid`, the most generous first."""
    return [
        RefundPromise(tier.until, tier.percent, tier.of(paid, currency), tier.kept_nights)
        for tier in tiers
        if tier.until > now and tier.percent > 0
    ]


def promises_of(
    policy: dict[str, Any], check_in: dt.date, price: Decimal, currency: str, now: dt.datetime
) -> list[RefundPromise]:
    """The same of a stay as it was sold, also where its price is in parts: what all of them bring back together."""
    return [one for one in outlook(policy, check_in, price, currency) if one.until > now and one.amount > 0]


def outlook(policy: dict[str, Any], check_in: dt.date, price: Decimal, currency: str) -> list[RefundPromise]:
    """What comes back before each deadline, those included that are over, the most generous first.

    `percent` is of the whole price; where parts make it no whole number, it is rounded down.
    """
    divided = parts(policy, check_in, price)
    if "parts" not in policy:
        return [
            RefundPromise(tier.until, tier.percent, tier.of(price, currency), tier.kept_nights)
            for tier in tiers(policy, check_in)
        ]
    deadlines = sorted({tier.until for part in divided for tier in tiers(policy, part.check_in)})
    ahead: list[RefundPromise] = []
    for until in reversed(deadlines):
        amount = refund_of_parts(policy, divided, currency, until - JUST_BEFORE)
        if not ahead or amount != ahead[-1].amount:
            ahead.append(RefundPromise(until, int(amount * 100 / price) if price else 0, amount))
    return ahead[::-1]
