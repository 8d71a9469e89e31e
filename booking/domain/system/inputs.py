"""What is asked of the system as a whole, by pages and commands."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, field_validator

from booking.domain.inputs import Input, in_order, plain, refuse, trimmed
from booking.domain.notices import Notice
from booking.infra import clock


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, KeyError, OSError):  # no name, none that there is, a folder of them
        raise refuse(Notice("not_accepted")) from None
    return value


def _instant(value: object) -> object:
    """2026-12-01T02:00, with a blank or a zone."""
    if not isinstance(value, str):
        return value
    try:
        at = dt.datetime.fromisoformat(value.strip())
    except ValueError:
        raise refuse(Notice("no_instant")) from None
    if not dt.MINYEAR < at.year < dt.MAXYEAR:  # it has to be told in any zone
        raise refuse(Notice("no_instant"))
    return at


Instant = Annotated[dt.datetime, BeforeValidator(_instant)]
Text = Annotated[
    str, Field(max_length=500, json_schema_extra={"minLength": 1}), AfterValidator(plain), AfterValidator(trimmed)
]


class MaintenanceOrder(Input):
    """What guests are told, from when on (None: now) and until when (None: nobody knows yet).

    Instants that name no zone are meant in `time_zone`, in which guests read them all.
    """

    time_zone: Annotated[str, Field(max_length=64), AfterValidator(_zone)] = "UTC"
    notice: Text
    begins_at: Instant | None = None
    until: Instant | None = None

    @field_validator("begins_at", "until")
    @classmethod
    def _placed(cls, at: dt.datetime | None, info: Any) -> dt.datetime | None:
        if at is None or at.tzinfo:
            return at
        return at.replace(tzinfo=ZoneInfo(info.data.get("time_zone", "UTC")))

    @field_validator("until")
    @classmethod
    def _to_come(cls, until: dt.datetime | None, info: Any) -> dt.datetime | None:
        begins = info.data.get("begins_at")
        if until is not None and begins is not None and until <= begins:
            raise refuse(in_order("beginsAt", "until"), "until")
        if until is not None and until <= clock.now():
            raise refuse(Notice("in_the_past"))
        return until
