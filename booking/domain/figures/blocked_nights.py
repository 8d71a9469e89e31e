"""Nights that were off sale, by room and month: blocked by staff, out of order, or sold elsewhere by a calendar feed.

Blocks are forgotten some time after they are over, so what they were of a past month is written down before that.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection

from sqlalchemy import text

from booking.infra import clock
from booking.infra.db import READ_COMMITTED, ask, execute, transaction

# The month of this day is over in every zone, and all blocks of it are there.
SETTLED = dt.timedelta(days=40)

_BLOCKED = """
  SELECT b.room_id, of_month::date AS month,
    (least(b.check_out, (of_month + interval '1 month')::date) - greatest(b.check_in, of_month::date)) AS nights
  FROM blocks b CROSS JOIN LATERAL generate_series(
    greatest(date_trunc('month', b.check_in), CAST(:first AS date)::timestamp),
    least(b.check_out - 1, CAST(:end AS date) - 1)::timestamp, interval '1 month') AS of_month
  WHERE b.check_out > :first AND b.check_in < :end
"""
_IS_KNOWN = text("SELECT room_id FROM blocked_months WHERE month = :month LIMIT 1")
_FREEZE = text(
    "INSERT INTO blocked_months (room_id, month, nights)"  # noqa: S608
    f" SELECT room_id, month, sum(nights) FROM ({_BLOCKED}) blocked"
    " GROUP BY room_id, month ON CONFLICT DO NOTHING"
)
_OF_ROOMS = "AND {table}.room_id IN (SELECT id FROM rooms WHERE property_id = ANY (CAST(:properties AS uuid[])))"
_COUNT = text(
    "SELECT room_id, month, max(nights) FROM ("  # noqa: S608
    f" SELECT room_id, month, sum(nights) AS nights FROM ({_BLOCKED} {_OF_ROOMS.format(table='b')}) blocked"
    " GROUP BY room_id, month UNION ALL"
    " SELECT room_id, month, nights FROM blocked_months m"
    f" WHERE m.month >= :first AND m.month < :end {_OF_ROOMS.format(table='m')}) known GROUP BY room_id, month"
)
_COUNT_DAYS = text(
    "SELECT b.room_id, sum(least(b.check_out, :end) - greatest(b.check_in, :first)) FROM blocks b"  # noqa: S608
    f" WHERE b.check_out > :first AND b.check_in < :end {_OF_ROOMS.format(table='b')} GROUP BY b.room_id"
)


@transaction(isolation=READ_COMMITTED)
def freeze() -> None:
    """Write down how many nights each room was off sale in the last month that has settled, once."""
    month = (clock.now().date() - SETTLED).replace(day=1)
    if not execute(_IS_KNOWN, {"month": month}).rows:
        execute(_FREEZE, {"first": month, "end": next_month(month)})


def by_month(properties: Collection[uuid.UUID], first: dt.date, end: dt.date) -> dict[tuple[uuid.UUID, dt.date], int]:
    """How many nights of each room were off sale, in the months from one first day to another."""
    rows = ask(_COUNT, properties=list(map(str, properties)), first=first, end=end)
    return {(room_id, month): int(nights) for room_id, month, nights in rows}


def within(properties: Collection[uuid.UUID], first: dt.date, end: dt.date) -> dict[uuid.UUID, int]:
    """The same of some days."""
    rows = ask(_COUNT_DAYS, properties=list(map(str, properties)), first=first, end=end)
    return {room_id: int(nights) for room_id, nights in rows}


def next_month(month: dt.date) -> dt.date:
    return (month + dt.timedelta(days=31)).replace(day=1)
