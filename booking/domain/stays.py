"""A stay is [check-in, check-out): the night of check-out belongs to the next guest."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from booking.domain.errors import Invalid
from booking.domain.notices import FieldName, Notice
from booking.infra import clock

EARLIEST_ZONE = "Etc/GMT+12"  # the last place on earth where a day ends


@dataclass(frozen=True, slots=True)
class Stay:
    """Half-open nights. `check_in < check_out` always holds."""

    check_in: dt.date
    check_out: dt.date

    def __post_init__(self) -> None:
        if self.check_in >= self.check_out:
            raise Invalid(
                details={"checkIn": Notice("not_in_order", first=FieldName("checkIn"), then=FieldName("checkOut"))}
            )

    @property
    def nights(self) -> int:
        return (self.check_out - self.check_in).days

    def dates(self) -> list[dt.date]:
        """Every night, in order, by the day on which it begins."""
        return [self.check_in + dt.timedelta(days=day) for day in range(self.nights)]

    def without(self, other: Stay) -> list[Stay]:
        """Its nights that are none of the other's: before it, after it, both or neither."""
        if not self.overlaps(other):
            return [self]
        before, after = (self.check_in, other.check_in), (other.check_out, self.check_out)
        return [Stay(first, end) for first, end in (before, after) if first < end]

    def overlaps(self, other: Stay) -> bool:
        return self.check_in < other.check_out and other.check_in < self.check_out


def moved(check_in: dt.date, check_out: dt.date, nights: int) -> Stay | None:
    """As long as before, where check-in was moved to or past check-out; None where it was not."""
    if check_in < check_out or nights < 1 or nights > (dt.date.max - check_in).days:
        return None
    return Stay(check_in, check_in + dt.timedelta(days=nights))


@dataclass(frozen=True, slots=True)
class StayRules:
    """From when on, how far ahead and how long anybody may book (settings)."""

    horizon_days: int = 540
    longest_nights: int = 365
    day_begins_at: dt.time = dt.time(4)

    def today(self, time_zone: str) -> dt.date:
        """The first day on which one can arrive: the property's, which begins at its own hour. Until then the running
        night can still be had, as at a desk.
        """
        return clock.today(time_zone, self.day_begins_at)

    def problems(self, stay: Stay, time_zone: str | None) -> dict[str, Notice]:
        """What is wrong with the dates, by field; without a zone, today is the earliest place's."""
        problems = self.arrival_problems(stay, time_zone)
        if stay.nights > self.longest_nights:
            problems["checkOut"] = Notice("stay_too_long", most=self.longest_nights)
        return problems

    def arrival_problems(self, stay: Stay, time_zone: str | None) -> dict[str, Notice]:
        """The same about the day on which it begins."""
        today = self.today(time_zone or EARLIEST_ZONE)
        if stay.check_in < today:
            return {"checkIn": Notice("in_the_past")}
        if stay.check_in > today + dt.timedelta(days=self.horizon_days):
            return {"checkIn": Notice("too_far_ahead", most=self.horizon_days)}
        return {}
