"""What holds of named policies and rate plans beyond their terms: names that are there, and rooms that follow.

A room that has a policy of its property has a copy of it, so that selling it asks nothing more. Inside the transaction
that changes the rule.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Boolean, ColumnElement, func, select, type_coerce

from booking.domain import catalogue, people
from booking.domain.actors import Actor
from booking.domain.catalogue import CANCELLATION_POLICIES, Property, PropertyNotFound, Room
from booking.domain.errors import Conflict, Invalid, NotFound
from booking.domain.notices import Notice
from booking.domain.people import Action
from booking.domain.pricing import rule_terms
from booking.domain.pricing.rate_inputs import RateInput
from booking.domain.pricing.rate_models import RateRule
from booking.domain.pricing.rule_terms import PLAN, POLICY, PlanTerms
from booking.infra.db import READ_COMMITTED, db, transaction
from booking.infra.ids import decode, encode


class RateNotFound(NotFound):
    """There is no such rule, or it is not theirs to see."""

    reason = "RATE_NOT_FOUND"


class PolicyInUse(Conflict):
    """Rooms have it, or plans name it: those first."""

    reason = "POLICY_IN_USE"


@transaction(isolation=READ_COMMITTED)
def use(actor: Actor, policy_id: uuid.UUID, room_ids: Sequence[uuid.UUID]) -> int:
    """A policy of the property for these of its rooms; how many got another one by that. Raises RateNotFound, Invalid
    where it has ended.
    """
    known = db.session.scalar(select(RateRule.property_id).where(RateRule.rule_id == policy_id).limit(1))
    people.require(actor, Action.EDIT_RATES, at=known, otherwise=RateNotFound)
    if known is None:
        raise RateNotFound
    catalogue.lock_rates(known)
    rule = db.session.scalar(select(RateRule).where(*_in_force(known, POLICY), RateRule.rule_id == policy_id))
    if rule is None:
        raise Invalid(details={"policy": Notice("no_policy_of_property", choices=tuple(CANCELLATION_POLICIES))})
    said = as_policy(policy_id, {"name": rule.name, "terms": rule.terms})
    return catalogue.give_policy(actor, known, said, Room.id.in_(room_ids))


@transaction(isolation=READ_COMMITTED)
def use_known(actor: Actor, property_id: uuid.UUID, name: str, room_ids: Sequence[uuid.UUID]) -> int:
    """The same of one that every property has. Raises PropertyNotFound, Invalid."""
    people.require(actor, Action.EDIT_RATES, at=property_id, otherwise=PropertyNotFound)
    if name not in CANCELLATION_POLICIES:
        raise Invalid(details={"policy": Notice("no_policy_of_property", choices=tuple(CANCELLATION_POLICIES))})
    return catalogue.give_policy(actor, property_id, CANCELLATION_POLICIES[name], Room.id.in_(room_ids))


def problems(house: Property, said: RateInput, rule_id: uuid.UUID | None) -> dict[str, Notice]:
    """What is wrong with a policy or a plan at this property, by field."""
    if said.kind == POLICY:
        return _problems_of_policy(house, said, rule_id)
    if said.kind == PLAN and not _is_known(house, cast(PlanTerms, said.read_terms()).policy):
        return {"policy": Notice("no_policy_of_property", choices=tuple(CANCELLATION_POLICIES))}
    return {}


def follow(actor: Actor, rule: RateRule, values: Mapping[str, Any]) -> None:
    """Rooms that have the policy have it as it is said now."""
    if rule.kind == POLICY:
        catalogue.give_policy(actor, rule.property_id, as_policy(rule.rule_id, values), having(rule.rule_id))


def refuse_in_use(rule: RateRule) -> None:
    """Raises PolicyInUse."""
    if rule.kind != POLICY:
        return
    rooms = select(func.count()).where(Room.property_id == rule.property_id, having(rule.rule_id))
    plans = select(func.count()).where(
        *_in_force(rule.property_id, PLAN), RateRule.terms["policy"].astext == encode("rate", rule.rule_id)
    )
    used = [db.session.scalar(rooms.select_from(Room)) or 0, db.session.scalar(plans.select_from(RateRule)) or 0]
    if any(used):
        raise PolicyInUse(rooms=used[0], plans=used[1])


def as_policy(rule_id: uuid.UUID, values: Mapping[str, Any]) -> dict[str, Any]:
    """As a room has it."""
    return {**rule_terms.as_policy(values["name"], values["terms"]), "id": encode("rate", rule_id)}


def having(rule_id: uuid.UUID) -> ColumnElement[bool]:
    """Of rooms, whether they have the policy."""
    return type_coerce(Room.cancellation_policy["id"].astext == encode("rate", rule_id), Boolean)


def _problems_of_policy(house: Property, said: RateInput, rule_id: uuid.UUID | None) -> dict[str, Notice]:
    """A policy is for whatever names it, and its name means it alone."""
    fields = {"roomKind": said.room_kind, "roomId": said.room_id, "from": said.first, "to": said.last}
    wrong = {name: Notice("not_of_policies") for name, value in fields.items() if value is not None}
    if said.weekdays:
        wrong["weekdays"] = Notice("not_of_policies")
    alike = select(RateRule.rule_id).where(
        *_in_force(house.id, POLICY), func.lower(RateRule.name) == said.name.lower(), RateRule.rule_id != rule_id
    )
    if said.name.lower() in CANCELLATION_POLICIES or db.session.scalar(alike.limit(1)):
        wrong["name"] = Notice("policy_name_taken")
    return wrong


def _is_known(house: Property, policy: str) -> bool:
    rule_id = decode("rate", policy)
    if rule_id is None:
        return policy in CANCELLATION_POLICIES
    named = select(RateRule.id).where(*_in_force(house.id, POLICY), RateRule.rule_id == rule_id)
    return db.session.scalar(named) is not None


def _in_force(property_id: uuid.UUID, kind: str) -> tuple[ColumnElement[bool], ...]:
    return RateRule.property_id == property_id, RateRule.kind == kind, RateRule.until.is_(None)
