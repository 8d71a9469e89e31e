"""Rate plans: for what else a room can be had than its own price and cancellation policy. Pure: no clock, no database.

The room's own policy is the plan without a name, so houses without plans know nothing of them. A plan is so many
percent of the nights more or less, as a line of its own, under its policy; a booking keeps both, and a changed stay has
them still.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from booking.domain.catalogue import CANCELLATION_POLICIES
from booking.domain.pricing import policies
from booking.domain.pricing.nightly import Reason
from booking.domain.pricing.rule_terms import PLAN, POLICY, PlanTerms, PolicyTerms
from booking.domain.pricing.rules import RoomRules, Rule
from booking.infra.ids import decode

KEPT = "plan"  # in the policy of a booking
CHEAPEST = "cheapest"  # instead of a plan's id: the one that search results are priced on
OWN = "own"  # the room's own policy, for those to whom no word means the cheapest


@dataclass(frozen=True, slots=True)
class RatePlan:
    """`policy` is its name and tiers, as rooms have one."""

    id: str
    version: int
    name: str
    percent: Decimal
    policy: dict[str, Any]

    @property
    def reason(self) -> Reason:
        """What its line of the price says."""
        terms = {"percent": str(self.percent), "policy": str(self.policy["name"])}
        return Reason(PLAN, self.id, self.version, self.name, None, self.percent, terms)

    def as_json(self) -> dict[str, Any]:
        """As the policy of a booking keeps it."""
        return {"id": self.id, "version": self.version, "name": self.name, "percent": str(self.percent)}

    def sold_policy(self) -> dict[str, Any]:
        return {**self.policy, KEPT: self.as_json()}

    def is_free_at(self, now: dt.datetime, arrival: dt.date, time_zone: str, hour: dt.time) -> bool:
        """Whether it can still be cancelled free of charge."""
        return policies.free_until(policies.frozen(self.policy, time_zone, hour), arrival, now) is not None


def kept(policy: Mapping[str, Any]) -> RatePlan | None:
    """The plan that a booking was sold on."""
    said = policy.get(KEPT)
    if said is None:
        return None
    own = {"name": policy.get("name"), "tiers": policy["tiers"]}
    return RatePlan(said["id"], said["version"], said["name"], Decimal(said["percent"]), own)


def named_policies(rules: Iterable[Rule]) -> dict[uuid.UUID, dict[str, Any]]:
    """The policies of a property by their ids."""
    return {
        rule.id: {**cast(PolicyTerms, rule.terms).as_policy(rule.name), "id": rule.shown_id}
        for rule in rules
        if rule.kind == POLICY
    }


def policy_of(said: str, known: Mapping[uuid.UUID, dict[str, Any]]) -> dict[str, Any] | None:
    """The policy that a plan names; None where there is none."""
    if (of_house := decode("rate", said)) is not None:
        return known.get(of_house)
    return CANCELLATION_POLICIES.get(said)


def of_room(rules: RoomRules, known: Mapping[uuid.UUID, dict[str, Any]], arrival: dt.date) -> tuple[RatePlan, ...]:
    """Those that a stay from this day can be had on, the cheapest first."""
    found = (_plan(rule, known) for rule in rules.find_each(PLAN, arrival))
    return tuple(sorted((plan for plan in found if plan), key=lambda plan: (plan.percent, plan.name, plan.id)))


def _plan(rule: Rule, known: Mapping[uuid.UUID, dict[str, Any]]) -> RatePlan | None:
    terms = cast(PlanTerms, rule.terms)
    policy = policy_of(terms.policy, known)
    return None if policy is None else RatePlan(rule.shown_id, rule.version, rule.name, terms.percent, policy)


def is_of_plan(reasons: tuple[Reason, ...]) -> bool:
    """Whether a line with these reasons is a plan's: what the nights cost more or less by it."""
    return bool(reasons) and reasons[0].kind == PLAN


def found_terms(plan: RatePlan) -> dict[str, Any]:
    """What searches read of it. Free until so many days before the check-in hour, or hours; None: never by these."""
    whole = [tier for tier in plan.policy["tiers"] if int(tier["percent"]) == 100]
    days = [int(tier["daysBefore"]) for tier in whole if "hoursBefore" not in tier]
    hours = [int(tier["hoursBefore"]) for tier in whole if "hoursBefore" in tier]
    return {
        "id": plan.id,
        "name": plan.name,
        "percent": int(plan.percent.scaleb(2)),
        "days": min(days, default=None),
        "hours": min(hours, default=None),
    }
