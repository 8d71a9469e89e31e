"""What can be asked about one room: a quote for its dates, and its nights."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, field_validator

from booking.domain.errors import Invalid
from booking.domain.inputs import CalendarDate, ChildrenAges, Input, are_guests, in_order, refuse
from booking.domain.notices import FieldName, Notice
from booking.domain.pricing.plans import CHEAPEST, OWN
from booking.domain.stays import Stay
from booking.infra.ids import decode

MOST_EXTRAS = 20


def _plan_id(value: str) -> str:
    if value != OWN and decode("rate", value) is None:
        raise refuse(Notice("no_rate_plan"))
    return value


PlanId = Annotated[
    str,
    Field(max_length=64, json_schema_extra={"pattern": "^(own|rate_[0-7][0-9a-hjkmnp-tv-z]{25})$"}),
    AfterValidator(_plan_id),
]


def _several(value: object) -> object:
    return value.split(",") if isinstance(value, str) else value


def _of_rules(extras: list[str]) -> list[str]:
    if len(extras) > MOST_EXTRAS or any(decode("rate", one) is None for one in extras):
        raise refuse(Notice("no_such_extra"))
    return sorted(set(extras))


# What a guest chooses beside a stay, by the rules of these fees.
Extras = Annotated[
    list[Annotated[str, Field(max_length=64, json_schema_extra={"pattern": "^rate_[0-7][0-9a-hjkmnp-tv-z]{25}$"})]],
    BeforeValidator(_several),
    AfterValidator(_of_rules),
]


class RoomView(Input):
    """A room, with a quote where dates are given."""

    check_in: CalendarDate | None = None
    check_out: CalendarDate | None = None
    guests: Annotated[int, Field(ge=1, le=1000)] = 1
    rate_plan: PlanId | None = None
    children_ages: ChildrenAges = Field(default=[])
    extras: Extras = Field(default=[])

    @field_validator("check_out")
    @classmethod
    def _in_order(cls, check_out: dt.date | None, info: Any) -> dt.date | None:
        check_in = info.data.get("check_in")
        if check_in and check_out and check_in >= check_out:
            raise refuse(in_order("checkIn", "checkOut"), "checkIn")
        return check_out

    @field_validator("children_ages")
    @classmethod
    def _guests_too(cls, ages: list[int], info: Any) -> list[int]:
        return are_guests(ages, info.data.get("guests"))

    @property
    def plan(self) -> str:
        """That the quote is for: where none is asked for the one that searches name."""
        return self.rate_plan or CHEAPEST

    def stay(self) -> Stay | None:
        """The dates, None without any; raises Invalid where one is missing."""
        if self.check_in and self.check_out:
            return Stay(self.check_in, self.check_out)
        if self.check_in or self.check_out:
            missing = "checkOut" if self.check_in else "checkIn"
            raise Invalid(details={missing: Notice("other_date_missing", date=FieldName(missing))})
        return None


class NightsView(Input):
    """Which nights of a room, from the first until before the last."""

    first: CalendarDate | None = Field(default=None, alias="from")
    end: CalendarDate | None = Field(default=None, alias="to")


class RatesView(NightsView):
    """The same for so many guests."""

    guests: Annotated[int, Field(ge=1, le=1000)] = 1
