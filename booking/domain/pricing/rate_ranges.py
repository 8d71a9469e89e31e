"""A range of days changed in one go: prices and limits of rooms, kinds or the whole property, as rules.

A rule for exactly these days and rooms is changed, else there is a new one, strong enough to count.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator
from sqlalchemy import select

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.catalogue import PropertyNotFound
from booking.domain.inputs import CalendarDate, Input, Name, StayLimit, in_order, one_of, refuse
from booking.domain.notices import Notice
from booking.domain.people import Action
from booking.domain.pricing import rule_terms, tariffs
from booking.domain.pricing.rate_editing import RateStep
from booking.domain.pricing.rate_inputs import MOST_PRIORITY, RateInput
from booking.domain.pricing.rate_models import RateRule
from booking.domain.pricing.rule_terms import Money, Percent
from booking.domain.pricing.rules import ALWAYS, Rule
from booking.infra.db import db, reading
from booking.infra.ids import decode

ALL, KIND, ROOM = "all", "kind:", "room:"
CLOSED, OPEN = CLOSINGS = ("closed", "open")
Closing = Annotated[str, AfterValidator(one_of(CLOSINGS))] | None
MOST_SCOPES = 100
Day = dt.date | None


class RangeInput(Input):
    """What is said of the days from `first` to `last`; what is left out stays as it is.

    `rooms`: all, kind:Double room, room:room_01h2…; several at once.
    """

    first: CalendarDate = Field(alias="from")
    last: CalendarDate = Field(alias="to")
    weekdays: Annotated[tuple[Annotated[int, Field(ge=1, le=7)], ...], Field(max_length=7)] = ()
    rooms: Annotated[tuple[str, ...], Field(min_length=1, max_length=MOST_SCOPES)]
    name: Name | None = None
    price: Money | None = None
    percent: Percent | None = None
    min_nights: StayLimit | None = None
    max_nights: StayLimit | None = None
    arrival: Closing = None
    departure: Closing = None

    @model_validator(mode="after")
    def _makes_sense(self) -> RangeInput:
        if self.last < self.first:
            raise refuse(in_order("from", "to"), "to")
        if not self.said():
            raise refuse(Notice("nothing_to_change"), "price")
        if (self.price is not None or self.percent is not None) and not self.name:
            raise refuse(Notice("missing"), "name")
        return self

    def said(self) -> dict[str, dict[str, Any]]:
        """Terms by kind of rule."""
        found: dict[str, dict[str, Any]] = {}
        if self.price is not None:
            found[rule_terms.PRICE] = {"amount": self.price}
        if self.percent is not None:
            found[rule_terms.ADJUST] = {"percent": self.percent}
        if self.min_nights:
            found[rule_terms.MIN_NIGHTS] = {"nights": self.min_nights}
        if self.max_nights:
            found[rule_terms.MAX_NIGHTS] = {"nights": self.max_nights}
        for kind, closing in ((rule_terms.CLOSED_TO_ARRIVAL, self.arrival),
                              (rule_terms.CLOSED_TO_DEPARTURE, self.departure)):  # fmt: skip
            if closing:
                found[kind] = {"closed": closing == CLOSED}
        return found


@reading
def steps(actor: Actor, property_id: uuid.UUID, said: RangeInput, names: dict[str, str]) -> list[RateStep]:
    """What take() is to do. `names`: what a limit is called, by kind, where none is given. Raises PropertyNotFound."""
    people.require(actor, Action.EDIT_RATES, at=property_id, otherwise=PropertyNotFound)
    rows = db.session.scalars(select(RateRule).where(RateRule.property_id == property_id, RateRule.until.is_(None)))
    known = [tariffs.as_rule(row) for row in rows]
    return list(_steps(said, known, names))


def _steps(said: RangeInput, known: Sequence[Rule], names: dict[str, str]) -> Iterator[RateStep]:
    days: dict[str, Any] = {"from": said.first, "to": said.last, "weekdays": said.weekdays}
    for scope in dict.fromkeys(said.rooms):
        place = _place(scope)
        for kind, terms in said.said().items():
            same = _same(known, kind, place, said)
            facts = {"kind": kind, "name": said.name or names[kind], "terms": terms, **days, **place}
            others = [rule for rule in known if rule is not same]
            facts["priority"] = max(same.priority if same else 0, _priority(others, kind, place, said))
            yield RateStep(RateInput.model_validate(facts), same.id if same else None)


def _place(scope: str) -> dict[str, Any]:
    """The rooms, as RateInput names them; an id that is none is of no room."""
    if scope.startswith(KIND):
        return {"roomKind": scope.removeprefix(KIND)}
    if scope.startswith(ROOM):
        return {"roomId": decode("room", scope.removeprefix(ROOM)) or uuid.UUID(int=0)}
    return {}


def _same(known: Sequence[Rule], kind: str, place: dict[str, Any], said: RangeInput) -> Rule | None:
    """The rule that covers exactly this."""
    wanted = said.first, said.last, frozenset(said.weekdays), place.get("roomKind"), place.get("roomId")
    return next(
        (
            rule
            for rule in known
            if rule.kind == kind and (rule.first, rule.last, rule.weekdays, rule.room_kind, rule.room_id) == wanted
        ),
        None,
    )


def _priority(known: Sequence[Rule], kind: str, place: dict[str, Any], said: RangeInput) -> int:
    """As high as it takes to count on all of these days, and no higher."""
    own = _nearness(place.get("roomKind"), place.get("roomId"), said.first, said.last, bool(said.weekdays))
    over = [rule for rule in known if rule.kind == kind and _meets(rule, said) and not _is_elsewhere(rule, place)]
    needed = [rule.priority + (_nearness_of(rule) > own) for rule in over]
    return min(MOST_PRIORITY, max([0, *needed]))


def _meets(rule: Rule, said: RangeInput) -> bool:
    return (rule.first or said.first) <= said.last and (rule.last or said.last) >= said.first


def _is_elsewhere(rule: Rule, place: dict[str, Any]) -> bool:
    """For another kind, or another room."""
    kinds, rooms = (rule.room_kind, place.get("roomKind")), (rule.room_id, place.get("roomId"))
    return any(None not in pair and pair[0] != pair[1] for pair in (kinds, rooms))


def _nearness(kind: str | None, room: uuid.UUID | None, first: Day, last: Day, by_weekday: bool) -> tuple[Any, ...]:
    """What counts at the same priority, as Rule.strength has it; of two that are alike, the younger."""
    return 2 if room else 1 if kind else 0, -((last - first).days if first and last else ALWAYS), by_weekday


def _nearness_of(rule: Rule) -> tuple[Any, ...]:
    return _nearness(rule.room_kind, rule.room_id, rule.first, rule.last, bool(rule.weekdays))
