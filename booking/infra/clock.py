"""What time it is. Instants are compared in SQL through `sql_now()`; dates are the property's own.

Tests move both clocks together with `shift()`; nothing else does.
"""

from __future__ import annotations

import zoneinfo
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, bindparam, func
from sqlalchemy.types import DateTime, Interval

# The pinned zone data, not the machine's: an old one put "today" in Vancouver and Casablanca an hour off.
zoneinfo.reset_tzpath(to=())

_offset = timedelta(0)


def shift(offset: timedelta) -> None:
    """Move our clocks by `offset` from the real time (tests only)."""
    global _offset  # noqa: PLW0603 one clock for the whole process is the point
    _offset = offset


def now() -> datetime:
    """The instant, in UTC."""
    return datetime.now(UTC) + _offset


def sql_now() -> ColumnElement[datetime]:
    """The start of the running transaction by Postgres' clock, so that all processes agree."""
    # The offset is asked for when the statement runs: statements are built once and kept.
    offset = bindparam("clock_offset", callable_=lambda: _offset, type_=Interval)
    instant: ColumnElement[datetime] = func.now(type_=DateTime(timezone=True)) + offset
    return instant


def today(time_zone: str, begins_at: time = time.min) -> date:
    """The calendar day at the property; with another hour to begin at, it is still the day before until then."""
    local = now().astimezone(ZoneInfo(time_zone))
    return local.date() if local.time() >= begins_at else local.date() - timedelta(days=1)
