"""What somebody says about a rate rule when they make or change it."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Any

from pydantic import Field, field_validator

from booking.domain.inputs import CalendarDate, Input, Name, in_order, one_of, refuse
from booking.domain.notices import AnyOf, Notice
from booking.domain.pricing import rule_terms
from booking.domain.pricing.rule_terms import KINDS, Terms

MOST_PRIORITY = 1000


class RateInput(Input):
    """A rule: what it does (`kind`, `terms`), for which rooms and days. Without rooms it is for all of the property."""

    kind: Annotated[str, Field(json_schema_extra={"enum": [*KINDS]})]
    name: Name
    terms: dict[str, Any] = Field(default={})
    priority: Annotated[int, Field(ge=-MOST_PRIORITY, le=MOST_PRIORITY)] = 0
    room_kind: Name | None = None
    room_id: uuid.UUID | None = None
    first: CalendarDate | None = Field(default=None, alias="from")
    last: CalendarDate | None = Field(default=None, alias="to")
    weekdays: Annotated[tuple[Annotated[int, Field(ge=1, le=7)], ...], Field(max_length=7)] = ()

    @field_validator("kind")
    @classmethod
    def _known(cls, kind: str) -> str:
        return one_of(KINDS)(kind)

    @field_validator("room_id")
    @classmethod
    def _one_scope(cls, room_id: uuid.UUID | None, info: Any) -> uuid.UUID | None:
        if room_id and info.data.get("room_kind"):
            raise refuse(Notice("one_of_these", names=AnyOf(("roomKind", "roomId"))))
        return room_id

    @field_validator("last")
    @classmethod
    def _in_order(cls, last: dt.date | None, info: Any) -> dt.date | None:
        first = info.data.get("first")
        if first and last and last < first:
            raise refuse(in_order("from", "to"), "to")
        return last

    @field_validator("weekdays")
    @classmethod
    def _each_once(cls, weekdays: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(set(weekdays)))

    def read_terms(self) -> Terms:
        """Raises Invalid, with the terms' own fields."""
        return rule_terms.read(self.kind, self.terms)
