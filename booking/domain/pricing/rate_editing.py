"""Rate rules are made, changed and ended by whoever runs their property.

Nothing is changed in its place: a change ends a version and adds the next, under the number of the property's rates
that begins with it. So what a stay cost, and why, can be read as long as the house keeps its books.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, insert, select, update

from booking.domain import catalogue, messages, people
from booking.domain.actors import Actor
from booking.domain.catalogue import Property, PropertyNotFound, Room
from booking.domain.errors import Conflict, Invalid
from booking.domain.money import decimals, rounded
from booking.domain.notices import Notice
from booking.domain.people import Action
from booking.domain.pricing import policy_rules, rule_text
from booking.domain.pricing.policy_rules import RateNotFound
from booking.domain.pricing.rate_inputs import RateInput
from booking.domain.pricing.rate_models import RateDecision, RateRule
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import encode, new_id

RATES_CHANGED = "rates.changed"
SAID = ("kind", "name", "priority", "room_kind", "room_id", "first_day", "last_day", "weekdays", "terms")


class RateModified(Conflict):
    """Somebody else has changed it since it was looked at, or ended it."""

    code = "RATE_MODIFIED"


@transaction(isolation=READ_COMMITTED)
def add(actor: Actor, property_id: uuid.UUID, said: RateInput) -> uuid.UUID:
    """A new rule, in force from now on; its id. Raises PropertyNotFound, Invalid."""
    people.require(actor, Action.EDIT_RATES, at=property_id, otherwise=PropertyNotFound)
    house = catalogue.lock_rates(property_id)
    values = _values(house, said)
    since = catalogue.count_rates(house)
    rule_id = _make(actor, house, since, values)
    tell(actor, house, since)
    return rule_id


@transaction(isolation=READ_COMMITTED)
def change(actor: Actor, rule_id: uuid.UUID, said: RateInput, *, seen_version: int | None = None) -> int:
    """The rule as it is said, in the place of the version that was seen; its version now. Twice is once.

    Raises RateNotFound, RateModified, Invalid.
    """
    house, rule = _locked(actor, rule_id)
    values = _values(house, said, rule_id)
    if _says(rule, values):
        return rule.version
    _refuse_modified(rule, seen_version)
    since = catalogue.count_rates(house)
    _follow(actor, house, rule, since, values)
    tell(actor, house, since)
    return rule.version + 1


@transaction(isolation=READ_COMMITTED)
def put_all(
    actor: Actor, property_id: uuid.UUID, wanted: Sequence[tuple[uuid.UUID | None, RateInput]]
) -> tuple[int, int]:
    """Rules of a property by their ids, new ones without: how many were made, and how many changed. Twice is once.

    All or none. Raises PropertyNotFound, RateNotFound, RateModified, Invalid.
    """
    people.require(actor, Action.EDIT_RATES, at=property_id, otherwise=PropertyNotFound)
    house = catalogue.lock_rates(property_id)
    rows = db.session.scalars(select(RateRule).where(RateRule.property_id == property_id, RateRule.until.is_(None)))
    known = {rule.rule_id: rule for rule in rows}
    said = [(rule_id, _values(house, one, rule_id)) for rule_id, one in wanted]
    for rule_id, _ in said:
        if rule_id is not None and rule_id not in known:
            _refuse_unknown(property_id, rule_id)
    new = [values for rule_id, values in said if rule_id is None and not any(_says(r, values) for r in known.values())]
    changed = [(known[one], values) for one, values in said if one is not None and not _says(known[one], values)]
    if new or changed:
        since = catalogue.count_rates(house)
        for values in new:
            _make(actor, house, since, values)
        for rule, values in changed:
            _follow(actor, house, rule, since, values)
        tell(actor, house, since)
    return len(new), len(changed)


@transaction(isolation=READ_COMMITTED)
def end(actor: Actor, rule_id: uuid.UUID, *, seen_version: int | None = None) -> None:
    """The rule counts no longer. Twice is once. Raises RateNotFound, RateModified, PolicyInUse."""
    house, rule = _locked(actor, rule_id)
    if rule.until is not None:
        return
    _refuse_modified(rule, seen_version)
    policy_rules.refuse_in_use(rule)
    since = catalogue.count_rates(house)
    _end(actor, rule, since)
    before = _plain({name: getattr(rule, name) for name in SAID}, rule.kind)
    people.audit(actor, "rate.ended", encode("rate", rule_id), before=before)
    tell(actor, house, since)


def require(actor: Actor, property_id: uuid.UUID) -> None:
    """Raises PropertyNotFound for who may not change the property's rates."""
    people.require(actor, Action.EDIT_RATES, at=property_id, otherwise=PropertyNotFound)


@reading
def of_property(actor: Actor, property_id: uuid.UUID, *, ended: bool = False) -> list[RateRule]:
    """The rules in force, the strongest of each kind first; with `ended` also every version there was, by age.

    Raises PropertyNotFound.
    """
    people.require(actor, Action.SEE_RATES, at=property_id, otherwise=PropertyNotFound)
    if db.session.scalar(select(Property.id).where(Property.id == property_id)) is None:
        raise PropertyNotFound
    rows = select(RateRule).where(RateRule.property_id == property_id)
    if ended:
        return list(db.session.scalars(rows.order_by(RateRule.rule_id, RateRule.version)))
    in_force = rows.where(RateRule.until.is_(None))
    return list(db.session.scalars(in_force.order_by(RateRule.kind, RateRule.priority.desc(), RateRule.rule_id)))


@reading
def versions(actor: Actor, rule_id: uuid.UUID) -> list[RateRule]:
    """All there were of a rule, the oldest first. Raises RateNotFound."""
    rows = select(RateRule).where(RateRule.rule_id == rule_id).order_by(RateRule.version)
    found = list(db.session.scalars(rows))
    people.require(actor, Action.SEE_RATES, at=found[0].property_id if found else None, otherwise=RateNotFound)
    if not found:
        raise RateNotFound
    return found


def tell(actor: Actor, house: Property, version: int) -> None:
    """Inside the caller's transaction: prices and limits of the property's rooms are other ones now."""
    place = {"propertyId": encode("property", house.id), "location": house.location}
    messages.record(actor, RATES_CHANGED, {**place, "ratesVersion": version})


# --- rows


def _locked(actor: Actor, rule_id: uuid.UUID) -> tuple[Property, RateRule]:
    """The property, and the rule's newest version. Raises RateNotFound."""
    newest = select(RateRule).where(RateRule.rule_id == rule_id).order_by(RateRule.version.desc()).limit(1)
    known = db.session.scalar(newest)
    people.require(actor, Action.EDIT_RATES, at=known.property_id if known else None, otherwise=RateNotFound)
    if known is None:
        raise RateNotFound
    house = catalogue.lock_rates(known.property_id)
    return house, db.session.scalars(newest.execution_options(populate_existing=True)).one()


def _refuse_unknown(property_id: uuid.UUID, rule_id: uuid.UUID) -> None:
    """It has ended, or is no rule of the property."""
    was = select(RateRule.id).where(RateRule.rule_id == rule_id, RateRule.property_id == property_id).limit(1)
    raise RateModified if db.session.scalar(was) else RateNotFound


def _says(rule: RateRule, values: Mapping[str, Any]) -> bool:
    """Whether it is in force as it is wanted."""
    return rule.until is None and all(getattr(rule, name) == values[name] for name in SAID)


def _make(actor: Actor, house: Property, since: int, values: Mapping[str, Any]) -> uuid.UUID:
    rule_id = new_id()
    _add(actor, house, since, {**values, "rule_id": rule_id, "version": 1})
    people.audit(actor, "rate.added", encode("rate", rule_id), after=_plain(values, values["kind"]))
    return rule_id


def _follow(actor: Actor, house: Property, rule: RateRule, since: int, values: Mapping[str, Any]) -> None:
    """The next version."""
    was = {name: getattr(rule, name) for name in SAID}
    changed = {name for name in SAID if values[name] != was[name]}
    before = _plain({name: was[name] for name in changed}, rule.kind)
    after = _plain({name: values[name] for name in changed}, values["kind"])
    _end(actor, rule, since)
    _add(actor, house, since, {**values, "rule_id": rule.rule_id, "version": rule.version + 1})
    people.audit(actor, "rate.changed", encode("rate", rule.rule_id), before=before, after=after)
    policy_rules.follow(actor, rule, values)


def _refuse_modified(rule: RateRule, seen_version: int | None) -> None:
    if rule.until is not None or seen_version not in (None, rule.version):
        raise RateModified


def _add(actor: Actor, house: Property, since: int, values: Mapping[str, Any]) -> None:
    made = {"id": new_id(), "property_id": house.id, "since": since, "made_by": str(actor)[:255]}
    db.session.execute(insert(RateRule).values(**made, **values))


def _end(actor: Actor, rule: RateRule, since: int) -> None:
    ended = {"until": since, "ended_at": func.clock_timestamp(), "ended_by": str(actor)[:255]}
    db.session.execute(update(RateRule).where(RateRule.id == rule.id).values(**ended))
    # What it has decided ends with it; another version decides anew.
    decided = RateDecision.rule_id == rule.rule_id, RateDecision.until.is_(None), RateDecision.since < since
    db.session.execute(update(RateDecision).where(*decided).values(until=since))


def _values(house: Property, said: RateInput, rule_id: uuid.UUID | None = None) -> dict[str, Any]:
    """The columns, of a new rule or this one. Raises Invalid."""
    terms, problems = said.read_terms(), policy_rules.problems(house, said, rule_id)
    for field, amount in terms.amounts().items():
        if amount != rounded(amount, house.currency):
            problems[field] = Notice("decimals_of_currency", most=decimals(house.currency), currency=house.currency)
    room = db.session.get(Room, said.room_id) if said.room_id else None
    if said.room_id and (room is None or room.property_id != house.id):
        problems["roomId"] = Notice("no_room_of_property")
    if said.room_kind and not _has_kind(house.id, said.room_kind):
        problems["roomKind"] = Notice("no_kind_of_property", kind=said.room_kind)
    if problems:
        raise Invalid(details=problems)
    return {
        "kind": said.kind,
        "name": said.name,
        "priority": said.priority,
        "room_kind": said.room_kind,
        "room_id": said.room_id,
        "unit_group_id": room.unit_group_id if room else None,
        "first_day": said.first,
        "last_day": said.last,
        "weekdays": list(said.weekdays) or None,
        "terms": terms.as_json(),
    }


def _has_kind(property_id: uuid.UUID, kind: str) -> bool:
    rooms = select(Room.id).where(Room.property_id == property_id, Room.kind == kind).limit(1)
    return db.session.scalar(rooms) is not None


def _plain(values: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """As the audit log writes it: what is said, days and rooms as they are shown, terms as one line."""
    ways: dict[str, tuple[str, Callable[[Any], Any]]] = {
        "room_kind": ("roomKind", str),
        "room_id": ("room", lambda room_id: encode("room", room_id)),
        "first_day": ("from", dt.date.isoformat),
        "last_day": ("to", dt.date.isoformat),
        "weekdays": ("weekdays", rule_text.weekdays_written),
        "terms": ("terms", lambda terms: rule_text.written(kind, terms)),
    }
    told = {}
    for name in SAID:
        shown, way = ways.get(name, (name, lambda value: value))
        if values.get(name) is not None:
            told[shown] = way(values[name])
    return told
