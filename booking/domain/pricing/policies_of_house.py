"""The cancellation policies and rate plans of a property as its staff look after them."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.catalogue import CANCELLATION_POLICIES, PropertyNotFound, Room
from booking.domain.people import Action
from booking.domain.pricing import policy_rules, rate_editing, rate_sheets
from booking.domain.pricing.rate_inputs import RateInput
from booking.domain.pricing.rate_models import RateRule
from booking.domain.pricing.rule_terms import PLAN, POLICY
from booking.infra.db import db, reading
from booking.infra.ids import encode


@dataclass(frozen=True, slots=True)
class HousePolicy:
    """`key` is what plans name it by; `rule` where it is the property's own. So many `rooms` have it."""

    key: str
    policy: dict[str, Any]
    rooms: int
    rule: RateRule | None = None


@dataclass(frozen=True, slots=True)
class HousePolicies:
    """In force, by name; `ended` are the last versions of those that are not."""

    policies: list[HousePolicy]
    plans: list[RateRule]
    ended: list[RateRule]
    rooms: list[Room]
    may_edit: bool


@reading
def of_house(actor: Actor, property_id: uuid.UUID) -> HousePolicies:
    """Raises PropertyNotFound."""
    people.require(actor, Action.SEE_RATES, at=property_id, otherwise=PropertyNotFound)
    of_kinds = RateRule.property_id == property_id, RateRule.kind.in_((POLICY, PLAN))
    versions = db.session.scalars(select(RateRule).where(*of_kinds).order_by(RateRule.version))
    newest = {rule.rule_id: rule for rule in versions}
    rules = sorted(newest.values(), key=lambda rule: rule.name.casefold())
    of_rooms = select(Room).where(Room.property_id == property_id, Room.archived_at.is_(None))
    rooms = list(db.session.scalars(of_rooms.order_by(Room.name, Room.id)))
    had = Counter(_key(room.cancellation_policy) for room in rooms)
    known = [HousePolicy(name, policy, had[name]) for name, policy in CANCELLATION_POLICIES.items()]
    own = [_own(rule, had) for rule in rules if rule.kind == POLICY and rule.until is None]
    return HousePolicies(
        [*own, *known],
        [rule for rule in rules if rule.kind == PLAN and rule.until is None],
        [rule for rule in rules if rule.until is not None],
        rooms,
        people.may(actor, Action.EDIT_RATES, at=property_id),
    )


def bring_back(actor: Actor, rule_id: uuid.UUID, version: int, *, seen_version: int | None = None) -> uuid.UUID:
    """What a version said is in force again: as the rule's next version, or as a new rule where it has ended; its id.

    Raises RateNotFound, RateModified, Invalid.
    """
    versions = rate_editing.versions(actor, rule_id)
    was = next((one for one in versions if one.version == version), None)
    if was is None:
        raise policy_rules.RateNotFound
    said = as_said(was)
    if versions[-1].until is not None:
        return rate_editing.add(actor, was.property_id, said)
    rate_editing.change(actor, rule_id, said, seen_version=seen_version)
    return rule_id


def as_said(rule: RateRule) -> RateInput:
    """What somebody would say to have this rule."""
    row = dict(zip(rate_sheets.COLUMNS, rate_sheets.row_of(rule), strict=True))
    return rate_sheets.as_input({name: value for name, value in row.items() if value and name != "rule"})


def _own(rule: RateRule, had: Counter[str]) -> HousePolicy:
    key = encode("rate", rule.rule_id)
    policy = policy_rules.as_policy(rule.rule_id, {"name": rule.name, "terms": rule.terms})
    return HousePolicy(key, policy, had[key], rule)


def _key(policy: dict[str, Any]) -> str:
    return str(policy.get("id") or policy.get("name") or "")
