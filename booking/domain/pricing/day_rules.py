"""What a sheet of days makes of the rules: of each room and kind rules for the runs of days that say something else
than the other rules do, stronger than those. Pure.

Such rules are known by what they are: for one room, from a day to a day, on all weekdays, of BY_DAY or more. So a sheet
changes what a sheet has said before, day by day, and days that it does not name stay as they are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import count, groupby
from typing import Any, cast

from booking.domain.money import rounded
from booking.domain.pricing import rule_terms
from booking.domain.pricing.day_sheets import DaySheet, Run, Value
from booking.domain.pricing.house_rates import HouseRoom
from booking.domain.pricing.rate_inputs import MOST_PRIORITY
from booking.domain.pricing.rule_terms import ClosedTerms, NightsTerms, PriceTerms
from booking.domain.pricing.rules import RoomRules, Rule
from booking.domain.pricing.tariffs import Tariff
from booking.infra.ids import new_id

BY_DAY = 900  # priority: above what people usually give, below what a change of a range may need
Pair = tuple[Rule | None, Rule | None]  # before and after; None where it is new, or ends


def plan(tariff: Tariff, rooms: Iterable[HouseRoom], sheet: DaySheet, names: Mapping[str, str]) -> list[Pair]:
    """What changes; nothing where all is so already. `names`: what new rules are called, by kind."""
    known = {room.id: room for room in rooms}
    found = (_of_room(tariff, known[room_id], kind, runs, names) for (room_id, kind), runs in sheet.rates.items())
    return [pair for pairs in found for pair in pairs]


def value_of(rules: RoomRules, room: HouseRoom, kind: str, day: dt.date) -> Value:
    """What a cell of the day says by these rules: of the price what it is before anything is added to it."""
    rule = rules.find(kind, day)
    if kind == rule_terms.PRICE:
        own = room.price_per_night
        return rounded(cast(PriceTerms, rule.terms).of(own), room.currency) if rule else own
    if kind in (rule_terms.MIN_NIGHTS, rule_terms.MAX_NIGHTS):
        own_limit = room.min_nights if kind == rule_terms.MIN_NIGHTS else room.max_nights
        return cast(NightsTerms, rule.terms).nights if rule else own_limit
    return cast(ClosedTerms, rule.terms).closed if rule else False


def _of_room(
    tariff: Tariff, room: HouseRoom, kind: str, runs: Sequence[Run], names: Mapping[str, str]
) -> Iterator[Pair]:
    own = tariff.of_room(room).by_kind.get(kind, ())
    layer = [rule for rule in own if _is_by_day(rule)]
    others = [rule for rule in own if not _is_by_day(rule)]
    said = _overlaid(_days_of(layer), runs, RoomRules({kind: tuple(others)}), room, kind)
    new = _New(room, kind, names[kind], _priority(others))
    return _changes(layer, _runs(said), new)


def _is_by_day(rule: Rule) -> bool:
    if rule.kind == rule_terms.PRICE and cast(PriceTerms, rule.terms).amount is None:
        return False
    return bool(rule.room_id and rule.first and rule.last and not rule.weekdays and rule.priority >= BY_DAY)


def _days_of(layer: Sequence[Rule]) -> dict[int, Value]:
    """By ordinals of days; the strongest, which come first, win."""
    said: dict[int, Value] = {}
    for rule in reversed(layer):
        first, last = cast(dt.date, rule.first), cast(dt.date, rule.last)
        said.update(dict.fromkeys(range(first.toordinal(), last.toordinal() + 1), _said(rule)))
    return said


def _said(rule: Rule) -> Value:
    terms = cast(Any, rule.terms)
    if rule.kind == rule_terms.PRICE:
        return cast(Decimal, terms.amount)
    return cast(Value, terms.closed if isinstance(terms, ClosedTerms) else terms.nights)


def _overlaid(
    said: dict[int, Value], runs: Sequence[Run], others: RoomRules, room: HouseRoom, kind: str
) -> dict[int, Value]:
    """Without days on which the others say the same anyway."""
    always = None if others.by_kind[kind] else value_of(others, room, kind, dt.date.min)
    for run in runs:
        days = range(run.first, run.last + 1)
        if run.value is not None and always is not None and run.value != always:
            said.update(dict.fromkeys(days, run.value))
            continue
        for day in days:
            same = always if always is not None else value_of(others, room, kind, dt.date.fromordinal(day))
            if run.value is None or run.value == same:
                said.pop(day, None)
            else:
                said[day] = run.value
    return said


def _runs(said: Mapping[int, Value]) -> list[tuple[dt.date, dt.date, Value]]:
    """Days after one another that say the same."""
    counted, found = count(), []
    for (_, value), days in groupby(sorted(said), key=lambda day: (day - next(counted), said[day])):
        of_run = list(days)
        found.append((dt.date.fromordinal(of_run[0]), dt.date.fromordinal(of_run[-1]), value))
    return found


def _priority(others: Sequence[Rule]) -> int:
    """As high as it takes to count: a rule for a room is stronger than others of the same priority."""
    needed = (rule.priority + (rule.room_id is not None) for rule in others)
    return min(MOST_PRIORITY, max([BY_DAY, *needed]))


@dataclass(frozen=True, slots=True)
class _New:
    """What rules of a room and kind have in common."""

    room: HouseRoom
    kind: str
    name: str
    priority: int

    def rule(self, first: dt.date, last: dt.date, terms: rule_terms.Terms) -> Rule:
        place: dict[str, Any] = {"room_id": self.room.id, "unit_group_id": self.room.unit_group_id}
        return Rule(new_id(), 1, self.kind, self.name, terms, self.priority, first=first, last=last, **place)


def _changes(layer: Sequence[Rule], wanted: Sequence[tuple[dt.date, dt.date, Value]], new: _New) -> Iterator[Pair]:
    known = {cast(dt.date, rule.first): rule for rule in reversed(layer)}
    yield from ((rule, None) for rule in layer if known[cast(dt.date, rule.first)] is not rule)
    for first, last, value in wanted:
        was = known.pop(first, None)
        if was and (was.last, _said(was)) == (last, value) and was.priority >= new.priority:
            continue
        terms = rule_terms.read(new.kind, _terms(new.kind, value))
        if was:
            yield was, replace(was, version=was.version + 1, last=last, terms=terms, priority=new.priority)
        else:
            yield None, new.rule(first, last, terms)
    yield from ((rule, None) for rule in known.values())


def _terms(kind: str, value: Value) -> dict[str, Any]:
    if kind == rule_terms.PRICE:
        return {"amount": value}
    return {"nights" if kind in (rule_terms.MIN_NIGHTS, rule_terms.MAX_NIGHTS) else "closed": value}
