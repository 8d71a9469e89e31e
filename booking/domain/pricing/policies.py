"""Cancellation policies are data. A booking freezes its room's policy at sale, with the zone and hour that it means.

{"name": "moderate", "tiers": [{"daysBefore": 5, "percent": 100}, {"daysBefore": 1, "percent": 50}]}: cancelled five
days before check-in or earlier, all of the price comes back; one day or earlier, half; later, nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from booking.domain.money import rounded


@dataclass(frozen=True, slots=True)
class RefundTier:
    """Cancelled before `until`, `percent` of the price comes back."""

    until: dt.datetime
    percent: int


def frozen(policy: dict[str, Any], time_zone: str, check_in_time: dt.time) -> dict[str, Any]:
    """The policy as it is written into a booking: later changes of room or property do not reach it."""
    return {**policy, "timeZone": time_zone, "checkInTime": check_in_time.isoformat("minutes")}


def check_in_instant(policy: dict[str, Any], check_in: dt.date) -> dt.datetime:
    """When the stay begins: the property's hour on the day, whatever the clocks do in between."""
    hour = dt.time.fromisoformat(policy["checkInTime"])
    return dt.datetime.combine(check_in, hour, tzinfo=ZoneInfo(policy["timeZone"]))


def tiers(policy: dict[str, Any], check_in: dt.date) -> list[RefundTier]:
    """The refunds with exact instants in the property's zone, the most generous first.

    Days are calendar days at the property: five days before Monday 15:00 is Wednesday 15:00, also across a change
    of the clocks.
    """
    ordered = sorted(policy["tiers"], key=lambda tier: -int(tier["daysBefore"]))
    return [
        RefundTier(check_in_instant(policy, check_in - dt.timedelta(days=tier["daysBefore"])), int(tier["percent"]))
        for tier in ordered
    ]


def refund(policy: dict[str, Any], check_in: dt.date, paid: Decimal, currency: str, now: dt.datetime) -> Decimal:
    """What comes back when cancelled at `now`, rounded once to the currency's decimals."""
    percent = next((tier.percent for tier in tiers(policy, check_in) if now < tier.until), 0)
    return rounded(paid * percent / 100, currency)


def free_until(policy: dict[str, Any], check_in: dt.date, now: dt.datetime) -> dt.datetime | None:
    """Cancelled before, all of the price comes back; None where that is over or was never so."""
    whole = [tier.until for tier in tiers(policy, check_in) if tier.percent == 100]
    return max((until for until in whole if now < until), default=None)


@dataclass(frozen=True, slots=True)
class RefundPromise:
    """Cancelled before `until`, `amount` comes back."""

    until: dt.datetime
    percent: int
    amount: Decimal


def promises(tiers: Sequence[RefundTier], paid: Decimal, currency: str, now: dt.datetime) -> list[RefundPromise]:
    """What can still come back of `paid`, the most generous first."""
    return [
        RefundPromise(tier.until, tier.percent, rounded(paid * tier.percent / 100, currency))
        for tier in tiers
        if tier.until > now and tier.percent > 0
    ]
