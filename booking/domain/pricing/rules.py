"""Rate rules as values: which one counts for a room on a day.

Of each kind one rule counts, the strongest that covers the day: by priority, then room before kind before property,
then the shorter period, then the one with weekdays, then the younger. So a weaker one changes nothing. Of fees and of
taxes one counts of each name.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from booking.domain.pricing.rule_terms import KINDS, POLICY, Terms
from booking.infra.ids import encode

ALWAYS = 10**9  # days: longer than any period


class RatedRoom(Protocol):
    """What of a room says which rules are for it."""

    @property
    def id(self) -> uuid.UUID: ...
    @property
    def kind(self) -> str | None: ...
    @property
    def unit_group_id(self) -> uuid.UUID | None: ...


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of a rule: for all of a property, its rooms of a kind, or one room with the units like it.

    It covers the days from `first` to `last`, both included, where given; of these the `weekdays` (1 is Monday).
    """

    id: uuid.UUID
    version: int
    kind: str
    name: str
    terms: Terms
    priority: int = 0
    room_kind: str | None = None
    room_id: uuid.UUID | None = None
    unit_group_id: uuid.UUID | None = None
    first: dt.date | None = None
    last: dt.date | None = None
    weekdays: frozenset[int] = field(default_factory=frozenset)

    @property
    def shown_id(self) -> str:
        return encode("rate", self.id)

    @property
    def strength(self) -> tuple[int, int, int, bool, int]:
        """The greater one counts."""
        scope = 2 if self.room_id else 1 if self.room_kind else 0
        period = (self.last - self.first).days if self.first and self.last else ALWAYS
        return self.priority, scope, -period, bool(self.weekdays), self.id.int

    def is_for(self, room: RatedRoom) -> bool:
        if self.room_id is not None:
            units = self.unit_group_id is not None and self.unit_group_id == room.unit_group_id
            return units or self.room_id == room.id
        return self.room_kind is None or self.room_kind == room.kind

    def covers(self, day: dt.date) -> bool:
        if (self.first and day < self.first) or (self.last and day > self.last):
            return False
        return not self.weekdays or day.isoweekday() in self.weekdays


@dataclass(frozen=True, slots=True)
class RoomRules:
    """The rules of one room by kind, the strongest first."""

    by_kind: Mapping[str, tuple[Rule, ...]]

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.by_kind)

    def find(self, kind: str, day: dt.date) -> Rule | None:
        """The rule of this kind that counts on the day."""
        for rule in self.by_kind.get(kind, ()):
            if rule.covers(day):
                return rule
        return None

    def find_each(self, kind: str, day: dt.date) -> list[Rule]:
        """Of each name the rule of this kind that counts on the day, by their names."""
        found: dict[str, Rule] = {}
        for rule in self.by_kind.get(kind, ()):
            if rule.covers(day):
                found.setdefault(rule.name.casefold(), rule)
        return [found[name] for name in sorted(found)]


NO_RULES = RoomRules({})


def of_room(rules: Iterable[Rule], room: RatedRoom) -> RoomRules:
    """Those that are for the room. Named policies are not: plans name them, and rooms have a copy of their own."""
    rules = (rule for rule in rules if rule.kind != POLICY)
    own = sorted((rule for rule in rules if rule.is_for(room)), key=lambda rule: rule.strength, reverse=True)
    found = {kind: tuple(rule for rule in own if rule.kind == kind) for kind in KINDS}
    return RoomRules({kind: these for kind, these in found.items() if these})
