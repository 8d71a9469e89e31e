"""What a form about rates needs to know of its property: its kinds and rooms, its currency, its rules."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.catalogue import PropertyNotFound
from booking.domain.people import Action
from booking.domain.pricing import house_rates, rate_editing, tariffs
from booking.domain.pricing.house_rates import HouseRoom
from booking.domain.pricing.rate_models import RateRule
from booking.domain.pricing.rules import Rule
from booking.infra.db import db, reading


@dataclass(frozen=True, slots=True)
class RatesForm:
    """`rules` are those in force, the strongest first; `ended` the last versions of others, the newest first."""

    property_id: uuid.UUID
    currency: str
    version: int
    may_edit: bool
    kinds: tuple[str, ...]
    rooms: tuple[HouseRoom, ...]
    rules: tuple[Rule, ...]
    ended: tuple[RateRule, ...] = ()


MOST_ENDED = 50


@reading
def facts(actor: Actor, property_id: uuid.UUID, *, for_editing: bool = False, ended: bool = False) -> RatesForm:
    """Raises PropertyNotFound, `for_editing` also for who may only look."""
    needed = Action.EDIT_RATES if for_editing else Action.SEE_RATES
    people.require(actor, needed, at=property_id, otherwise=PropertyNotFound)
    house, rooms = house_rates.get_house(property_id), house_rates.rooms_of(property_id)
    rows = select(RateRule).where(RateRule.property_id == property_id)
    found = [tariffs.as_rule(row) for row in db.session.scalars(rows.where(RateRule.until.is_(None)))]
    ordered = tuple(sorted(found, key=lambda rule: rule.strength, reverse=True))
    kinds = tuple(dict.fromkeys(room.kind for room in rooms if room.kind))
    may_edit = people.may(actor, Action.EDIT_RATES, at=property_id)
    gone = tuple(_ended(property_id)) if ended else ()
    return RatesForm(house.id, house.currency, house.rates_version, may_edit, kinds, tuple(rooms), ordered, gone)


@dataclass(frozen=True, slots=True)
class RateHistory:
    """Every version of a rule, the oldest first; `names` of who made and ended them, by how logs write them."""

    versions: tuple[RateRule, ...]
    names: dict[str, str]


@reading
def history(actor: Actor, rule_id: uuid.UUID) -> RateHistory:
    """Raises RateNotFound."""
    found = rate_editing.versions_of(actor, rule_id)
    actors = {one.made_by for one in found} | {one.ended_by for one in found if one.ended_by}
    return RateHistory(tuple(found), people.names_of_actors(actors))


def _ended(property_id: uuid.UUID) -> list[RateRule]:
    in_force = select(RateRule.rule_id).where(RateRule.property_id == property_id, RateRule.until.is_(None))
    last = (
        select(RateRule)
        .ext(distinct_on(RateRule.rule_id))
        .where(RateRule.property_id == property_id, RateRule.rule_id.not_in(in_force))
        .order_by(RateRule.rule_id, RateRule.version.desc())
    )
    found = db.session.scalars(last).all()
    return sorted(found, key=lambda rule: rule.until or 0, reverse=True)[:MOST_ENDED]
