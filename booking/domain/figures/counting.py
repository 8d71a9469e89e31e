"""Sums of what was sold, by currency, month, channel, property and kind of room: one statement."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from booking.domain.figures.capacity import Capacity, Counted
from booking.domain.figures.sold_nights import WITHIN
from booking.domain.figures.sums import OnBooks, Sums
from booking.infra.db import ask

# Nights of a room that contains others are nights of all that it contains. In the order of Sums, from `sold` on.
_SUMS = """
  coalesce(sum(m.nights * coalesce(w.size, 1)) FILTER (WHERE stands), 0) AS sold,
  coalesce(sum(m.revenue) FILTER (WHERE stands), 0) AS revenue,
  count(m.stay_nights) FILTER (WHERE stands) AS stays,
  coalesce(sum(m.stay_nights) FILTER (WHERE stands), 0) AS stay_nights,
  count(m.lead_days) FILTER (WHERE stands) AS leads,
  coalesce(sum(m.lead_days) FILTER (WHERE stands), 0) AS lead_days,
  count(*) FILTER (WHERE stands AND m.is_missed) AS missed,
  count(m.stay_nights) FILTER (WHERE NOT stands) AS cancelled,
  coalesce(sum(m.nights * coalesce(w.size, 1)) FILTER (WHERE NOT stands), 0) AS cancelled_nights,
  coalesce(sum(m.revenue) FILTER (WHERE NOT stands), 0) AS lost,
  coalesce(sum(m.kept) FILTER (WHERE NOT stands), 0) AS kept
"""
_ROOMS = (
    "unnest(CAST(:rooms AS uuid[]), CAST(:places AS integer[]), CAST(:sizes AS integer[])) AS w (room_id, place, size)"
)
_THEN = "m.confirmed_at <= :then AND (m.cancelled_at IS NULL OR m.cancelled_at > :then)"
# By all that is asked for at once, which are few groups: each group by itself would look at every row once more.
_COUNTED = text(f"""
  SELECT currency, month, channel, property_id, w.place,
    coalesce(sum(m.nights * coalesce(w.size, 1)) FILTER (WHERE {_THEN}), 0) AS then_nights,
    coalesce(sum(m.revenue) FILTER (WHERE {_THEN}), 0) AS then_revenue, {_SUMS}
  FROM (SELECT *, cancelled_at IS NULL AS stands FROM sold_months
    WHERE property_id = ANY (CAST(:properties AS uuid[])) AND month >= :first AND month < :end) m
  LEFT JOIN {_ROOMS} USING (room_id)
  GROUP BY currency, month, channel, property_id, w.place
""")  # noqa: S608
_OF_DAYS = text(f"""
  SELECT currency, property_id, {_SUMS} FROM (
    SELECT *, cancelled_at IS NULL AS stands FROM ({WITHIN.text}) counted) m LEFT JOIN {_ROOMS} USING (room_id)
  GROUP BY currency, property_id
""")  # noqa: S608


@dataclass(frozen=True, slots=True)
class Group:
    """What was sold of a month, by one channel, in one house, of rooms of one kind; `then`: what was on the books."""

    currency: str
    month: dt.date
    channel: str
    property_id: uuid.UUID
    room: Counted | None  # None: a room that does not count any more
    then: OnBooks
    sums: Sums


def count(
    properties: Collection[uuid.UUID], first: dt.date, end: dt.date, capacity: Capacity, then: dt.datetime
) -> list[Group]:
    """In the months from one first day to another; `then` is the instant of the books."""
    places = capacity.places
    rows = ask(_COUNTED, **_asked(properties, first, end, capacity), then=then)
    return [
        Group(
            row.currency,
            row.month,
            row.channel,
            row.property_id,
            None if row.place is None else places[row.place],
            OnBooks(int(row.then_nights), row.then_revenue),
            _sums(row[7:]),
        )
        for row in rows
    ]


def count_days(
    properties: Collection[uuid.UUID], first: dt.date, end: dt.date, capacity: Capacity, day_begins: dt.timedelta
) -> dict[tuple[str, uuid.UUID], Sums]:
    """Of some days, by currency and property, as the bookings are at this moment."""
    rows = ask(_OF_DAYS, **_asked(properties, first, end, capacity), day_begins=day_begins)
    return {(row[0], row[1]): _sums(row[2:]) for row in rows}


def _asked(properties: Collection[uuid.UUID], first: dt.date, end: dt.date, capacity: Capacity) -> dict[str, Any]:
    number = {place: index for index, place in enumerate(capacity.places)}
    known = capacity.place_of
    return {
        "properties": list(map(str, properties)),
        "first": first,
        "end": end,
        "rooms": list(map(str, known)),
        "places": [number[place] for place in known.values()],
        "sizes": [len(place.kinds) for place in known.values()],
    }


def _sums(cells: Iterable[Any]) -> Sums:
    sold, revenue, stays, stay_nights, leads, lead_days, missed, cancelled, cancelled_nights, lost, kept = cells
    return Sums(
        0,
        int(sold),
        revenue,
        stays,
        int(stay_nights),
        leads,
        int(lead_days),
        missed,
        cancelled,
        int(cancelled_nights),
        lost,
        kept,
    )
