"""Which nights of a room can still be had, day by day: for looking, never for deciding."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from booking.domain import inventory
from booking.domain.errors import Invalid
from booking.domain.inputs import in_order
from booking.domain.notices import Notice
from booking.domain.pricing import offers, quotes
from booking.domain.pricing.offers import ForSale
from booking.domain.stays import Stay, StayRules
from booking.infra.db import reading

SHOWN_DAYS = 31  # where nobody says until when
LOOKED_AROUND = 45  # days before and after a stay that cannot be had
ANY_GUESTS = 1  # a calendar is asked for without saying how many come
MOST_DAYS = 365  # at once; more where a stay may be longer


@dataclass(frozen=True, slots=True)
class CalendarNight:
    """The night that begins on `date`."""

    date: dt.date
    is_available: bool
    price: Decimal


@dataclass(frozen=True, slots=True)
class Calendar:
    nights: list[CalendarNight]
    currency: str


@reading
def nights(room_id: uuid.UUID, first: dt.date | None, end: dt.date | None, rules: StayRules) -> Calendar:
    """The nights in [first, end), by default from today at the property on. Raises RoomNotFound, Invalid."""
    room = offers.for_sale(room_id)
    today = rules.today(room.time_zone)
    shown = _shown(first or today, end, rules)
    taken = inventory.full_nights(inventory.units_taken(room_id, shown).values())
    over, dates = _out_of_reach(room, today, rules), shown.dates()
    prices = quotes.nights(room, dates, ANY_GUESTS, room.read_at)
    return Calendar(
        [
            CalendarNight(date, today <= date < over and date not in taken, night.amount)
            for date, night in zip(dates, prices, strict=True)
        ],
        room.currency,
    )


@reading
def nearest(room_id: uuid.UUID, wanted: Stay, rules: StayRules, most: int = 3) -> list[Stay]:
    """Stays of the same length that can be had, the nearest first; none more than LOOKED_AROUND days away."""
    room, around = offers.for_sale(room_id), dt.timedelta(days=LOOKED_AROUND)
    today = rules.today(room.time_zone)
    first, last = max(today, wanted.check_in - around), min(_latest(today, rules), wanted.check_in + around)
    if first > last:
        return []
    taken = inventory.units_taken(room_id, Stay(first, last + dt.timedelta(days=wanted.nights)))
    return free_stays(taken.values(), wanted, first, last)[:most]


def free_stays(taken: Collection[set[dt.date]], wanted: Stay, first: dt.date, last: dt.date) -> list[Stay]:
    """As long as the wanted one, arriving on a day from `first` to `last`, without a night that is `taken` of one and
    the same unit; the nearest first.
    """
    starts = (first + dt.timedelta(days=day) for day in range((last - first).days + 1))
    stays = (Stay(start, start + dt.timedelta(days=wanted.nights)) for start in starts)
    free = [stay for stay in stays if inventory.any_free(taken, stay)]
    return sorted(free, key=lambda stay: (abs(stay.check_in - wanted.check_in), stay.check_in))


def _latest(today: dt.date, rules: StayRules) -> dt.date:
    return today + dt.timedelta(days=rules.horizon_days)


def _shown(first: dt.date, end: dt.date | None, rules: StayRules) -> Stay:
    end = end or first + min(dt.timedelta(days=SHOWN_DAYS), dt.date.max - first)
    if first >= end:
        raise Invalid(details={"from": in_order("from", "to")})
    most = max(MOST_DAYS, rules.longest_nights)
    if (end - first).days > most:
        raise Invalid(details={"to": Notice("calendar_too_long", most=most)})
    return Stay(first, end)


def _out_of_reach(room: ForSale, today: dt.date, rules: StayRules) -> dt.date:
    """The first night that no stay can reach yet: the latest arrival with the longest stay ends before it."""
    return today + dt.timedelta(days=rules.horizon_days + min(room.max_nights, rules.longest_nights))
