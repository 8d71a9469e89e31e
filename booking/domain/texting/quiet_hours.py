"""When nobody is sent a text message: at night, by the clock of the property that it is about."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

DAY_BEGINS, DAY_ENDS = dt.time(8), dt.time(21)


def quiet_until(now: dt.datetime, time_zone: str) -> dt.datetime | None:
    """When the night there is over; None by day."""
    local = now.astimezone(ZoneInfo(time_zone))
    if DAY_BEGINS <= local.time() < DAY_ENDS:
        return None
    day = local.date() if local.time() < DAY_BEGINS else local.date() + dt.timedelta(days=1)
    return dt.datetime.combine(day, DAY_BEGINS, local.tzinfo).astimezone(dt.UTC)
