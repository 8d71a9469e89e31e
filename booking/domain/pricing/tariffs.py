"""The rules of a property as they were in force at one of its rates versions, with what dynamic ones have decided.

What a version says never changes, so a process keeps what it has read: a room with rules takes no further statement.
Whoever is changing rules reads them anew (`read`): a version that is not committed may yet say something else.
"""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import BindParameter, bindparam, or_, select

from booking.domain.pricing import plans, rule_terms, rules
from booking.domain.pricing.plans import RatePlan
from booking.domain.pricing.rate_models import RateDecision, RateRule
from booking.domain.pricing.rules import RatedRoom, RoomRules, Rule
from booking.infra.db import ask
from booking.infra.prepared import often

KEPT = 256  # properties, in a process


@dataclass(frozen=True, slots=True)
class Tariff:
    """`decided`: percents by rule and night; `policies`: those of the property by their ids."""

    version: int
    rules: tuple[Rule, ...]
    decided: Mapping[tuple[uuid.UUID, dt.date], Decimal]
    policies: Mapping[uuid.UUID, dict[str, Any]] = field(default_factory=dict)
    _of_rooms: dict[tuple[Any, ...], RoomRules] = field(default_factory=dict, repr=False, compare=False)
    _by_place: dict[uuid.UUID | None, list[Rule]] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        # A sheet of days may have given each of thousands of rooms rules of its own.
        for rule in self.rules:
            for place in {rule.unit_group_id, rule.room_id} - {None} if rule.room_id else {None}:
                self._by_place.setdefault(place, []).append(rule)

    def of_room(self, room: RatedRoom) -> RoomRules:
        """Those of its rules that are for the room."""
        key = room.id, room.kind, room.unit_group_id
        if (known := self._of_rooms.get(key)) is None:
            places = {None, room.id, room.unit_group_id}
            near = {rule.id: rule for place in places for rule in self._by_place.get(place, ())}
            known = self._of_rooms[key] = rules.of_room(near.values(), room)
        return known

    def plans(self, room: RatedRoom, arrival: dt.date) -> tuple[RatePlan, ...]:
        """What a stay from this day can be had on beside the room's own policy, the cheapest first."""
        return plans.of_room(self.of_room(room), self.policies, arrival)


NONE = Tariff(0, (), {})
_kept: OrderedDict[tuple[uuid.UUID, int], Tariff] = OrderedDict()
_lock = threading.Lock()


def of(property_id: uuid.UUID, version: int) -> Tariff:
    """The rules of a version that is committed, from memory or by two statements."""
    if version == 0:
        return NONE
    key = property_id, version
    with _lock:
        if known := _kept.get(key):
            _kept.move_to_end(key)
            return known
    found = read(property_id, version)
    with _lock:
        _kept[key] = found
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return found


def read(property_id: uuid.UUID, version: int) -> Tariff:
    """The same as the caller's transaction knows it."""
    found = tuple(as_rule(row) for row in ask(_RULES, property_id=property_id, version=version))
    decided: dict[tuple[uuid.UUID, dt.date], Decimal] = {}
    if any(rule.kind == rule_terms.DYNAMIC for rule in found):
        rows = ask(_DECISIONS, property_id=property_id, version=version)
        decided = {(row.rule_id, row.night): row.percent for row in rows}
    return Tariff(version, found, decided, plans.named_policies(found))


def as_rule(row: Any) -> Rule:
    """A row, or a version of RateRule, as a value."""
    return Rule(
        id=row.rule_id,
        version=row.version,
        kind=row.kind,
        name=row.name,
        terms=rule_terms.read(row.kind, row.terms),
        priority=row.priority,
        room_kind=row.room_kind,
        room_id=row.room_id,
        unit_group_id=row.unit_group_id,
        first=row.first_day,
        last=row.last_day,
        weekdays=frozenset(row.weekdays or ()),
    )


_COLUMNS = (
    RateRule.rule_id, RateRule.version, RateRule.kind, RateRule.name, RateRule.terms, RateRule.priority,
    RateRule.room_kind, RateRule.room_id, RateRule.unit_group_id, RateRule.first_day, RateRule.last_day,
    RateRule.weekdays,
)  # fmt: skip


def _in_force(table: type[RateRule] | type[RateDecision]) -> tuple[Any, ...]:
    at: BindParameter[int] = bindparam("version")
    of_house = table.property_id == bindparam("property_id")
    return of_house, table.since <= at, or_(table.until.is_(None), table.until > at)


_RULES = often(select(*_COLUMNS).where(*_in_force(RateRule)))
_DECISIONS = often(
    select(RateDecision.rule_id, RateDecision.night, RateDecision.percent).where(*_in_force(RateDecision))
)
