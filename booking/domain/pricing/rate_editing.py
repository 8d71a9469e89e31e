"""Rate rules are made, changed and ended by whoever runs their property.

Nothing is changed in its place: a change ends a version and adds the next, under the number of the property's rates
that begins with it. So what a stay cost, and why, can be read as long as the house keeps its books.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, select, update

from booking.domain import catalogue, messages, people
from booking.domain.actors import Actor
from booking.domain.catalogue import Property, PropertyNotFound, Room
from booking.domain.errors import BookingError, Conflict, Invalid
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


class RatesModified(Conflict):
    """Rules of the property, or what was decided by them, are other ones than those that were looked at."""

    code = "RATES_MODIFIED"


@dataclass(frozen=True, slots=True)
class RateStep:
    """A rule as it is said, a new one without `rule_id`; without `said` the rule ends.

    With `is_back`, what was done to the rule last is taken back: it is as it was before, or there again; only where its
    newest version is the `seen` one, a number and whether it is in force.
    """

    said: RateInput | None
    rule_id: uuid.UUID | None = None
    is_back: bool = False
    seen: tuple[int, bool] | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """What a step does: `values` in the place of the newest version `was`. Without `was` they are new, without `values`
    it ends.
    """

    was: RateRule | None
    values: dict[str, Any] | None


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
    done = _take(actor, property_id, [RateStep(said, rule_id) for rule_id, said in wanted], None)
    return sum(plan.was is None for plan in done), sum(plan.was is not None for plan in done)


@transaction(isolation=READ_COMMITTED)
def take(actor: Actor, property_id: uuid.UUID, steps: Sequence[RateStep], *, seen: int | None = None) -> int:
    """All steps at once or none; how many rules are other ones now. Twice is once.

    `seen`: the number of the rates from which it was shown what would become of them (rate_effects.py).
    Raises PropertyNotFound, RateNotFound, RateModified, RatesModified, Invalid.
    """
    return len(_take(actor, property_id, steps, seen))


def planned(house: Property, steps: Sequence[RateStep]) -> list[Planned]:
    """Inside the caller's transaction: what the steps do to the rules in force; nothing for what is so already.

    Raises RateNotFound, RateModified, Invalid.
    """
    known = _in_force(house)
    plans = (_planned(house, known, step) for step in steps)
    return [plan for plan in plans if plan is not None]


def _in_force(house: Property) -> dict[uuid.UUID, RateRule]:
    rows = db.session.scalars(select(RateRule).where(RateRule.property_id == house.id, RateRule.until.is_(None)))
    return {rule.rule_id: rule for rule in rows}


@transaction(isolation=READ_COMMITTED)
def end(actor: Actor, rule_id: uuid.UUID, *, seen_version: int | None = None) -> None:
    """The rule counts no longer. Twice is once. Raises RateNotFound, RateModified, PolicyInUse."""
    house, rule = _locked(actor, rule_id)
    if rule.until is not None:
        return
    _refuse_modified(rule, seen_version)
    policy_rules.refuse_in_use(rule)
    since = catalogue.count_rates(house)
    _finish(actor, rule, since)
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
    return versions_of(actor, rule_id)


def versions_of(actor: Actor, rule_id: uuid.UUID) -> list[RateRule]:
    """The same inside the caller's transaction."""
    rows = select(RateRule).where(RateRule.rule_id == rule_id).order_by(RateRule.version)
    found = list(db.session.scalars(rows))
    people.require(actor, Action.SEE_RATES, at=found[0].property_id if found else None, otherwise=RateNotFound)
    if not found:
        raise RateNotFound
    return found


def refusals(house: Property, wanted: Sequence[tuple[uuid.UUID | None, RateInput]]) -> dict[int, BookingError]:
    """Inside the caller's transaction: what would be refused of them, by their places."""
    known, found = _in_force(house), dict[int, BookingError]()
    for place, (rule_id, said) in enumerate(wanted):
        try:
            _planned(house, known, RateStep(said, rule_id))
        except (Invalid, RateNotFound, RateModified) as refusal:
            found[place] = refusal
    return found


def tell(actor: Actor, house: Property, version: int) -> None:
    """Inside the caller's transaction: prices and limits of the property's rooms are other ones now."""
    place = {"propertyId": encode("property", house.id), "location": house.location}
    messages.record(actor, RATES_CHANGED, {**place, "ratesVersion": version})


# --- steps


def _take(actor: Actor, property_id: uuid.UUID, steps: Sequence[RateStep], seen: int | None) -> list[Planned]:
    people.require(actor, Action.EDIT_RATES, at=property_id, otherwise=PropertyNotFound)
    house = catalogue.lock_rates(property_id)
    plans = planned(house, steps)
    if not plans:
        return []
    if seen not in (None, house.rates_version):
        raise RatesModified
    since = catalogue.count_rates(house)
    for plan in plans:
        if plan.values is None and plan.was is not None:
            policy_rules.refuse_in_use(plan.was)
            _finish(actor, plan.was, since)
        elif plan.values is not None and plan.was is None:
            _make(actor, house, since, plan.values)
        elif plan.values is not None and plan.was is not None:
            _follow(actor, house, plan.was, since, plan.values)
    tell(actor, house, since)
    return plans


def _planned(house: Property, known: Mapping[uuid.UUID, RateRule], step: RateStep) -> Planned | None:
    if step.is_back and step.rule_id:
        return _back(house.id, step.rule_id, step.seen)
    if step.rule_id is not None and step.rule_id not in known:
        if step.said is None and _is_rule_of(house.id, step.rule_id):
            return None  # ended already
        _refuse_unknown(house.id, step.rule_id)
    was = known[step.rule_id] if step.rule_id else None
    values = _values(house, step.said, step.rule_id) if step.said else None
    says = [rule for rule in ([was] if was else known.values()) if values and _says(rule, values)]
    return None if says else Planned(was, values)


def _back(property_id: uuid.UUID, rule_id: uuid.UUID, seen: tuple[int, bool] | None) -> Planned:
    """Of an ended rule its last version again, of a new one its end, of a changed one what it was before."""
    rows = select(RateRule).where(RateRule.rule_id == rule_id, RateRule.property_id == property_id)
    versions = list(db.session.scalars(rows.order_by(RateRule.version.desc()).limit(2)))
    if not versions:
        raise RateNotFound
    last, before = versions[0], versions[1] if len(versions) > 1 else None
    if seen not in (None, (last.version, last.until is None)):
        raise RateModified
    if last.until is not None:
        return Planned(last, _kept(last))
    # Where nothing was in force just before, the last thing done was to make it, or to put it back.
    return Planned(last, _kept(before) if before and before.until == last.since else None)


def _kept(rule: RateRule) -> dict[str, Any]:
    """The columns of a version, as _values() makes them."""
    return {name: getattr(rule, name) for name in (*SAID, "unit_group_id")}


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
    raise RateModified if _is_rule_of(property_id, rule_id) else RateNotFound


def _is_rule_of(property_id: uuid.UUID, rule_id: uuid.UUID) -> bool:
    was = select(RateRule.id).where(RateRule.rule_id == rule_id, RateRule.property_id == property_id).limit(1)
    return db.session.scalar(was) is not None


def _says(rule: RateRule, values: Mapping[str, Any]) -> bool:
    """Whether it is in force as it is wanted."""
    return rule.until is None and all(getattr(rule, name) == values[name] for name in SAID)


def _make(actor: Actor, house: Property, since: int, values: Mapping[str, Any]) -> uuid.UUID:
    rule_id = new_id()
    _add(actor, house, since, {**values, "rule_id": rule_id, "version": 1})
    people.audit(actor, "rate.added", encode("rate", rule_id), after=_plain(values, values["kind"]))
    return rule_id


def _follow(actor: Actor, house: Property, rule: RateRule, since: int, values: Mapping[str, Any]) -> None:
    """The next version, also of a rule that has ended."""
    is_back = rule.until is not None
    was = {} if is_back else {name: getattr(rule, name) for name in SAID}
    changed = {name for name in SAID if is_back or values[name] != was[name]}
    before = _plain({name: was.get(name) for name in changed}, rule.kind)
    after = _plain({name: values[name] for name in changed}, values["kind"])
    if not is_back:
        _end(actor, rule, since)
    _add(actor, house, since, {**values, "rule_id": rule.rule_id, "version": rule.version + 1})
    action = "rate.restored" if is_back else "rate.changed"
    people.audit(actor, action, encode("rate", rule.rule_id), before=before, after=after)
    policy_rules.follow(actor, rule, values)


def _finish(actor: Actor, rule: RateRule, since: int) -> None:
    """It counts no longer."""
    _end(actor, rule, since)
    before = _plain({name: getattr(rule, name) for name in SAID}, rule.kind)
    people.audit(actor, "rate.ended", encode("rate", rule.rule_id), before=before)


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
    # What terms say depends on the kind, so whoever reads them needs it.
    return {"kind": kind, **told} if "terms" in told else told
