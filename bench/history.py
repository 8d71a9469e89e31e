"""A recorded booking history as a house knows it: moved so that one of its days is today.

What is over by then is over: guests have left, cancelled or not come. Who is there is in house, who is to come is
confirmed. Nothing that the trace says happened later has happened.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from zoneinfo import ZoneInfo

from booking.domain.stays import Stay, StayRules
from tests.replay.trace import Recorded

ZONE = "Europe/Lisbon"
DAY = dt.timedelta(days=1)
UNPRICED = Decimal(100)  # a night, where the trace does not say
BY_CARD, AT_DESK, FROM_ELSEWHERE = BUYERS = ("card", "desk", "import")
# Of five people so many have an account and pay by card, have the house book for them, or come from elsewhere.
BUYER_OF = (BY_CARD, BY_CARD, AT_DESK, AT_DESK, FROM_ELSEWHERE)
BOOKINGS_PER_PERSON = 1.4
# Why a row is left out.
NO_NIGHTS, NO_GUESTS, BELOW_ZERO = "has no nights", "has no guests", "has a price below 0"
LATER, TAKEN = "was not booked yet on that day", "has nights of another booking"
REASONS = (NO_NIGHTS, NO_GUESTS, BELOW_ZERO, LATER, TAKEN)


@dataclass(frozen=True, slots=True)
class Past:
    """A booking by the house's own calendar, and when what has happened to it did (UTC)."""

    recorded: Recorded
    stay: Stay
    person: int
    booked_at: dt.datetime
    cancelled_at: dt.datetime | None = None
    arrived_at: dt.datetime | None = None
    left_at: dt.datetime | None = None
    missed_at: dt.datetime | None = None

    @property
    def room(self) -> str:
        return self.recorded.room

    @property
    def buyer(self) -> str:
        return BUYER_OF[self.person % len(BUYER_OF)]

    @property
    def per_night(self) -> Decimal:
        return UNPRICED if self.recorded.price is None else self.recorded.price

    @property
    def changed_at(self) -> dt.datetime:
        """The last time that something happened to it."""
        happened = (self.cancelled_at, self.missed_at, self.arrived_at, self.left_at)
        return max(at for at in (self.booked_at, *happened) if at)


@dataclass
class History:
    """What there is on `today`, which was `day` in the trace; and the numbers of the rows left out, by reason."""

    today: dt.date
    day: dt.date
    now: dt.datetime
    bookings: list[Past] = field(default_factory=list)
    left_out: dict[str, list[int]] = field(default_factory=lambda: {reason: [] for reason in REASONS})
    resold: int = 0  # no-shows whose nights somebody else got: told as cancelled on the day of arrival


def told(recorded: Sequence[Recorded], day: dt.date, now: dt.datetime) -> History:
    """The history up to `day` of the trace, or the next one of today's weekday; that day is today."""
    today = StayRules().today(ZONE)
    day += DAY * ((today.weekday() - day.weekday()) % 7)
    history = History(today, day, now)
    people = max(1, int(len(recorded) / BOOKINGS_PER_PERSON))
    for one in recorded:
        if reason := _why_not(one, day):
            history.left_out[reason].append(one.number)
        else:
            history.bookings.append(_moved(one, history, people))
    _settle(history)
    return history


def _why_not(one: Recorded, day: dt.date) -> str | None:
    if one.nights <= 0:
        return NO_NIGHTS
    if one.guests <= 0:
        return NO_GUESTS
    if one.price is not None and one.price < 0:
        return BELOW_ZERO
    return LATER if one.booked_on > day else None


def _moved(one: Recorded, history: History, people: int) -> Past:
    chance, shift = random.Random(one.number), history.today - history.day
    stay, now = Stay(one.check_in + shift, one.check_out + shift), history.now
    earliest = 10 if one.booked_on == one.check_in else 8
    booked_at = min(_at(one.booked_on + shift, chance, earliest, 13), now)
    past = Past(one, stay, chance.randrange(people), booked_at)
    arrives, leaves = _at(stay.check_in, chance, 14, 22), _at(stay.check_out, chance, 7, 11)
    missed = _at(stay.check_in, chance, 22, 24)
    if one.status == "Canceled" and one.status_date <= history.day:
        on_the_day = _at(one.status_date + shift, chance, 13, 14)
        return replace(past, cancelled_at=max(booked_at, min(on_the_day, now)))
    if one.status == "No-Show":
        return replace(past, missed_at=missed if missed <= now else None)
    if one.status == "Check-Out":
        return replace(past, arrived_at=arrives if arrives <= now else None, left_at=leaves if leaves <= now else None)
    return past


def _at(day: dt.date, chance: random.Random, first: int, end: int) -> dt.datetime:
    """Some time between these hours at the house."""
    minutes = chance.randrange(first * 60, end * 60)
    local = dt.datetime.combine(day, dt.time(minutes // 60, minutes % 60, chance.randrange(60)), ZoneInfo(ZONE))
    return local.astimezone(dt.UTC)


def _settle(history: History) -> None:
    """The trace gives the nights of a no-show back: where they were sold again, the first booking was cancelled.

    Of two who both came, which no trace should say, the later row is left out.
    """
    bookings, gone = history.bookings, set[int]()
    for one, other in _overlapping(bookings):
        both = [place for place in (one, other) if place not in gone and bookings[place].cancelled_at is None]
        if len(both) < 2:
            continue
        missing = [place for place in both if bookings[place].recorded.status == "No-Show"]
        if missing:
            bookings[missing[0]] = _cancelled_on_arrival(bookings[missing[0]], history.now)
            history.resold += 1
        else:
            gone.add(max(both))
            history.left_out[TAKEN].append(bookings[max(both)].recorded.number)
    history.bookings = [past for place, past in enumerate(bookings) if place not in gone]


def _overlapping(bookings: Sequence[Past]) -> Iterator[tuple[int, int]]:
    """Places of pairs that share a night of their room, and were not cancelled."""
    by_room: dict[str, list[int]] = defaultdict(list)
    for place in sorted(range(len(bookings)), key=lambda place: bookings[place].stay.check_in):
        if bookings[place].cancelled_at is None:
            by_room[bookings[place].room].append(place)
    for places in by_room.values():
        for index, one in enumerate(places):
            for other in places[index + 1 :]:
                if bookings[other].stay.check_in >= bookings[one].stay.check_out:
                    break
                yield one, other


def _cancelled_on_arrival(past: Past, now: dt.datetime) -> Past:
    arrival = dt.datetime.combine(past.stay.check_in, dt.time(13, 30), ZoneInfo(ZONE)).astimezone(dt.UTC)
    return replace(past, missed_at=None, cancelled_at=max(past.booked_at, min(arrival, now)))
