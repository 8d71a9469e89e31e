"""Which nights of a room can still be had, day by day: for looking, never for deciding."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

from booking.domain import inventory
from booking.domain.errors import Invalid
from booking.domain.inputs import in_order
from booking.domain.notices import Notice
from booking.domain.pricing import nightly, offers, quotes
from booking.domain.pricing.offers import ForSale
from booking.domain.pricing.rule_terms import CLOSED_TO_DEPARTURE
from booking.domain.stays import Stay, StayRules
from booking.infra.db import reading

SHOWN_DAYS = 31  # where nobody says until when
LOOKED_AROUND = 45  # days before and after a stay that cannot be had
ANY_GUESTS = 1  # a calendar is asked for without saying how many come
MOST_DAYS = 365  # at once; more where a stay may be longer


@dataclass(frozen=True, slots=True)
class CalendarNight:
    """The night that begins on `date`, its price for a stay that begins with it, and what such a stay is held to.

    `reason` says why nobody can arrive on the day; None where one can.
    """

    date: dt.date
    is_available: bool
    price: Decimal
    min_nights: int
    max_nights: int
    closed_to_arrival: bool
    closed_to_departure: bool
    reason: Notice | None


@dataclass(frozen=True, slots=True)
class Calendar:
    nights: list[CalendarNight]
    currency: str


@reading
def nights(
    room_id: uuid.UUID, first: dt.date | None, end: dt.date | None, rules: StayRules, guests: int = ANY_GUESTS
) -> Calendar:
    """The nights in [first, end), by default from today at the property on. Raises RoomNotFound, Invalid."""
    room = offers.for_sale(room_id)
    today = rules.today(room.time_zone)
    shown = _shown(first or today, end, rules)
    taken = inventory.full_nights(inventory.units_taken(room_id, shown).values())
    dates = shown.dates()
    prices = quotes.nights(room, dates, guests, room.read_at)
    looked_at = _Days(room, today, rules, taken)
    return Calendar(
        [looked_at.night(date, night.amount) for date, night in zip(dates, prices, strict=True)], room.currency
    )


class _Days:
    """Of one room, as it was read."""

    def __init__(self, room: ForSale, today: dt.date, rules: StayRules, taken: Collection[dt.date]) -> None:
        self.room, self.today, self.taken = room, today, taken
        self.rules, self.latest = quotes.rules_of(room), _latest(today, rules)
        longest = rules.longest_nights if self.rules else min(room.max_nights, rules.longest_nights)
        self.over = self.latest + dt.timedelta(days=longest)  # the first night that no stay can reach yet

    def night(self, date: dt.date, price: Decimal) -> CalendarNight:
        held_to = nightly.limits(self.rules, self.room, date)
        return CalendarNight(
            date,
            self.today <= date < self.over and date not in self.taken,
            price,
            held_to.least,
            held_to.most,
            held_to.closed_by is not None,
            nightly.closed(self.rules, CLOSED_TO_DEPARTURE, date) is not None,
            self._reason(date, held_to),
        )

    def _reason(self, date: dt.date, held_to: nightly.ArrivalLimits) -> Notice | None:
        if date < self.today:
            return Notice("night_is_over")
        if date > self.latest:
            return Notice("night_too_far", last=self.latest)
        if date in self.taken:
            return Notice("night_is_taken")
        return nightly.arrival_problem(held_to, nightly.lead_days(self.room.read_at, self.room.time_zone, date))


@reading
def nearest(room_id: uuid.UUID, wanted: Stay, rules: StayRules, most: int = 3) -> list[Stay]:
    """Stays of the same length that can be had, the nearest first; none more than LOOKED_AROUND days away."""
    room, around = offers.for_sale(room_id), dt.timedelta(days=LOOKED_AROUND)
    today = rules.today(room.time_zone)
    first, last = max(today, wanted.check_in - around), min(_latest(today, rules), wanted.check_in + around)
    if first > last:
        return []
    taken = inventory.units_taken(room_id, Stay(first, last + dt.timedelta(days=wanted.nights)))
    stays = free_stays(taken.values(), wanted, first, last)
    return list(islice((stay for stay in stays if not room.rule_problems(stay)), most))


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
