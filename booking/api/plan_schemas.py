"""Rate plans and refunds as they go out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Protocol

from booking.api.price_schemas import Money
from booking.api.schema import Instant, Schema, instant
from booking.domain import pricing
from booking.domain.money import as_number


class RatePlan(Schema):
    id: str
    name: str


class RefundTier(Schema):
    """Cancel before `until` to get `amount` back, which is `percent` of the price."""

    until: Instant
    percent: int
    amount: Money


class Deposit(Schema):
    """What is paid when the stay is booked, and the rest, which is charged to the same card at `rest_due_at`."""

    amount: Money
    rest: Money
    rest_due_at: Instant


class PlanOffer(Schema):
    """What the stay costs on a rate plan; without one (`rate_plan` null), under the room’s own cancellation policy."""

    rate_plan: RatePlan | None
    total_price: Money
    difference: Money
    free_until: Instant | None
    refunds: list[RefundTier]
    deposit: Deposit | None


def offer(of: pricing.PlanQuote) -> PlanOffer:
    free_until, price = of.free_until(of.price.at), of.price
    return PlanOffer(
        rate_plan=plan(of.plan),
        total_price=as_number(price.total, price.currency),
        difference=as_number(of.difference, price.currency),
        free_until=instant(free_until) if free_until else None,
        refunds=refunds(of.refunds, price),
        deposit=deposit(of),
    )


def deposit(of: pricing.PlanQuote) -> Deposit | None:
    """None where all is paid at once."""
    steps, currency = of.deposit, of.price.currency
    if steps is None:
        return None
    amounts = as_number(steps.now, currency), as_number(steps.rest, currency)
    return Deposit(amount=amounts[0], rest=amounts[1], rest_due_at=instant(steps.due_at))


class Named(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...


def plan(of: Named | None) -> RatePlan | None:
    return RatePlan(id=of.id, name=of.name) if of else None


def refunds(tiers: Sequence[pricing.RefundTier], price: pricing.Quote) -> list[RefundTier]:
    return [_tier(tier, tier.of(price.total, price.currency), price.currency) for tier in tiers]


def outlook(policy: dict[str, Any], check_in: dt.date, total: Decimal, currency: str) -> list[RefundTier]:
    ahead = pricing.refund_outlook(policy, check_in, total, currency)
    return [_tier(promise, promise.amount, currency) for promise in ahead]


def _tier(tier: pricing.RefundTier | pricing.RefundPromise, amount: Decimal, currency: str) -> RefundTier:
    return RefundTier.model_construct(
        until=instant(tier.until), percent=tier.percent, amount=as_number(amount, currency)
    )
