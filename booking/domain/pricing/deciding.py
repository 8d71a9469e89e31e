"""Dynamic rules decide: of each night ahead, by how full the house is by then and how near it has come.

What is decided as before is not written anew. All that a round decides about a property is one change of its rates.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, cast

from sqlalchemy import func, insert, select, tuple_, update

from booking.domain import catalogue, inventory
from booking.domain.actors import Actor
from booking.domain.catalogue import Property, Room
from booking.domain.pricing import rate_editing, rule_terms, tariffs
from booking.domain.pricing.dynamic import Decision, Inputs
from booking.domain.pricing.dynamic import decide as decided_by
from booking.domain.pricing.rate_models import RateDecision, RateRule
from booking.domain.pricing.rule_terms import DynamicTerms
from booking.domain.pricing.rules import Rule
from booking.domain.stays import Stay, StayRules
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import new_id

Place = tuple[uuid.UUID, dt.date]  # a rule and a night


def decide(actor: Actor, rules: StayRules) -> int:
    """A round of all properties with dynamic rules; how many nights cost something else now."""
    return sum(_decide_for(actor, property_id, rules) for property_id in _concerned())


@reading
def _concerned() -> list[uuid.UUID]:
    dynamic = RateRule.kind == rule_terms.DYNAMIC, RateRule.until.is_(None)
    return list(db.session.scalars(select(RateRule.property_id).where(*dynamic).distinct()))


@transaction(isolation=READ_COMMITTED)
def _decide_for(actor: Actor, property_id: uuid.UUID, rules: StayRules) -> int:
    house = catalogue.lock_rates(property_id)
    tariff = tariffs.read(property_id, house.rates_version)
    dynamic = [rule for rule in tariff.rules if rule.kind == rule_terms.DYNAMIC]
    if not dynamic:
        return 0
    today = rules.today(house.time_zone)
    ahead = max(cast(DynamicTerms, rule.terms).ahead for rule in dynamic)
    taken = _occupancy(property_id, Stay(today, today + dt.timedelta(days=ahead + 1)))
    made = {
        (rule.id, night): (rule, decision)
        for rule in dynamic
        for night, decision in _decisions(rule, today, taken, tariff.decided)
        if decision.percent != tariff.decided.get((rule.id, night), Decimal(0))
    }
    if made:
        _write(actor, house, made)
    return len(made)


def _decisions(
    rule: Rule, today: dt.date, taken: Mapping[dt.date, int], before: Mapping[Place, Decimal]
) -> Iterator[tuple[dt.date, Decision]]:
    terms = cast(DynamicTerms, rule.terms)
    for days in range(terms.ahead + 1):
        night = today + dt.timedelta(days=days)
        if rule.covers(night):
            inputs = Inputs(taken.get(night, 0), days, before.get((rule.id, night), Decimal(0)))
            yield night, decided_by(terms, inputs)


def _occupancy(property_id: uuid.UUID, within: Stay) -> dict[dt.date, int]:
    """How many percent of the rooms that are sold are taken, by night, rounded down; those off sale are not counted."""
    rooms = db.session.scalar(
        select(func.count()).select_from(Room).where(Room.property_id == property_id, Room.published)
    )
    counts = inventory.count_nights(property_id, within)
    left = {night: max(0, (rooms or 0) - count.blocked) for night, count in counts.items()}
    return {night: min(100, 100 * count.sold // left[night]) if left[night] else 0 for night, count in counts.items()}


def _write(actor: Actor, house: Property, made: Mapping[Place, tuple[Rule, Decision]]) -> None:
    since = catalogue.count_rates(house)
    places = tuple_(RateDecision.rule_id, RateDecision.night).in_(list(made))
    db.session.execute(update(RateDecision).where(places, RateDecision.until.is_(None)).values(until=since))
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "property_id": house.id,
            "rule_id": rule.id,
            "rule_version": rule.version,
            "night": night,
            "percent": decision.percent,
            "inputs": decision.as_json(),
            "since": since,
        }
        for (_, night), (rule, decision) in made.items()
    ]
    db.session.execute(insert(RateDecision), rows)
    rate_editing.tell(actor, house, since)
