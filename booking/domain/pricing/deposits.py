"""Deposits: a part of the price that is paid when a stay is booked, and the rest by a day before check-in.

A policy may have one, so the room's own policy and every rate plan may. Rooms and plans have it as `depositTerms`
beside the tiers; a booking has what that makes for its stay, as `deposit`. The release before knows nothing of the
former, and charges all at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from booking.domain.catalogue import DEPOSIT_TERMS
from booking.domain.money import rounded
from booking.domain.pricing.policies import check_in_instant
from booking.domain.stays import Stay

TERMS, SOLD = DEPOSIT_TERMS, "deposit"


@dataclass(frozen=True, slots=True)
class DepositPlan:
    """Part of the price is paid at once, the rest so many days before check-in: a share in percent, or an amount.

    Where no card could be charged for the rest, the stay is cancelled by its policy `cancel_after` days after its guest
    was told; None: the house decides.
    """

    balance_days: int
    percent: Decimal | None = None
    amount: Decimal | None = None
    cancel_after: int | None = None

    @classmethod
    def said(cls, part: str, balance_days: int, cancel_after: int | None) -> DepositPlan:
        """Of 30%, or of an amount."""
        number, is_percent = Decimal(part.rstrip("%")), part.endswith("%")
        return cls(balance_days, number if is_percent else None, None if is_percent else number, cancel_after)

    def deposit_of(self, total: Decimal, currency: str) -> Decimal:
        """What is paid at once, at most the total."""
        part = self.amount if self.amount is not None else total * (self.percent or 0) / 100
        return min(total, rounded(part, currency))

    def as_json(self) -> dict[str, Any]:
        """As a policy has it."""
        said = {"percent": self.percent, "amount": self.amount}
        texts = {name: str(value) for name, value in said.items() if value is not None}
        cancels = {"cancelAfterDays": self.cancel_after} if self.cancel_after else {}
        return {**texts, "balanceDays": self.balance_days, **cancels}


@dataclass(frozen=True, slots=True)
class DepositSteps:
    """What is paid `now`, and the `rest`, which is due then; the instant in the property's zone."""

    now: Decimal
    rest: Decimal
    due_at: dt.datetime
    cancel_after: int | None = None


def plan_of(policy: Mapping[str, Any]) -> DepositPlan | None:
    """What the policy of a room or a rate plan says; None: all is paid at once."""
    terms = policy.get(TERMS)
    if terms is None:
        return None
    percent, amount = (Decimal(terms[name]) if name in terms else None for name in ("percent", "amount"))
    return DepositPlan(terms["balanceDays"], percent, amount, terms.get("cancelAfterDays"))


class Quoted(Protocol):
    """What a stay costs, asked for at an instant."""

    @property
    def stay(self) -> Stay: ...
    @property
    def total(self) -> Decimal: ...
    @property
    def currency(self) -> str: ...
    @property
    def at(self) -> dt.datetime: ...


def steps(policy: dict[str, Any], price: Quoted, agreed: DepositPlan | None = None) -> DepositSteps | None:
    """How a stay is paid by a frozen policy, or as was `agreed` instead; None where all is paid at once, which it is
    where the rest would be due by now.
    """
    plan = agreed or plan_of(policy)
    if plan is None:
        return None
    due_at = check_in_instant(policy, price.stay.check_in - dt.timedelta(days=plan.balance_days))
    deposit = plan.deposit_of(price.total, price.currency)
    if due_at <= price.at or not 0 < deposit < price.total:
        return None
    return DepositSteps(deposit, price.total - deposit, due_at, plan.cancel_after)


def sold(policy: dict[str, Any], paid: DepositSteps | None) -> dict[str, Any]:
    """The policy as a booking keeps it."""
    kept = {name: value for name, value in policy.items() if name != TERMS}
    if paid is None:
        return kept
    cancels = {"cancelAfterDays": paid.cancel_after} if paid.cancel_after else {}
    return {**kept, SOLD: {"amount": str(paid.now), "balanceDueAt": paid.due_at.isoformat(), **cancels}}
