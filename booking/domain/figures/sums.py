"""The figures themselves, worked out of sums: THE definition of occupancy, ADR, RevPAR and the averages.

Occupancy is sold nights of available ones, ADR (average daily rate) is room revenue by sold night, RevPAR by available
night. Lead time, length of stay, cancellations and no-shows are of the stays that begin within the time; cancelled ones
count for the cancellations alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from decimal import ROUND_HALF_UP, Decimal
from operator import attrgetter
from typing import Any

from booking.domain.money import rounded

NOTHING = Decimal(0)
TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Sums:
    """What can be added up, in one currency. `revenue`, `lost` and `kept` are None for who may not see money."""

    available: int = 0
    sold: int = 0
    revenue: Decimal | None = NOTHING
    stays: int = 0  # that begin, without cancelled ones
    stay_nights: int = 0  # of all of these stays, whole
    leads: int = 0  # of how many of these it is known when they were booked
    lead_days: int = 0
    missed: int = 0  # no-shows, which are stays too
    cancelled: int = 0  # stays that were to begin
    cancelled_nights: int = 0
    lost: Decimal | None = NOTHING  # room revenue of what was cancelled
    kept: Decimal | None = NOTHING  # what the house kept of it

    def __add__(self, other: Sums) -> Sums:
        return Sums(*map(_plus, _all_of(self), _all_of(other)))

    def without_money(self) -> Sums:
        return replace(self, revenue=None, lost=None, kept=None)

    @property
    def occupancy(self) -> Decimal | None:
        """In percent, to a tenth; None where nothing could be sold. Above 100 where more was."""
        return percent(self.sold, self.available)

    def adr(self, currency: str) -> Decimal | None:
        return per(self.revenue, self.sold, currency)

    def revpar(self, currency: str) -> Decimal | None:
        return per(self.revenue, self.available, currency)

    @property
    def average_stay(self) -> Decimal | None:
        """Nights, to a tenth."""
        return _average(self.stay_nights, self.stays)

    @property
    def average_lead(self) -> Decimal | None:
        """Days between booking and arrival, to a tenth."""
        return _average(self.lead_days, self.leads)

    @property
    def cancellation_rate(self) -> Decimal | None:
        """Cancelled ones in percent of all stays that were to begin."""
        return percent(self.cancelled, self.stays + self.cancelled)

    @property
    def no_show_rate(self) -> Decimal | None:
        """In percent of the stays that were not cancelled."""
        return percent(self.missed, self.stays)


_all_of: Callable[[Sums], tuple[Any, ...]] = attrgetter(*(one.name for one in fields(Sums)))


@dataclass(frozen=True, slots=True)
class OnBooks:
    """What of a time was sold at an instant: confirmed by then, and not cancelled by then."""

    nights: int = 0
    revenue: Decimal | None = NOTHING

    def __add__(self, other: OnBooks) -> OnBooks:
        return OnBooks(self.nights + other.nights, _plus(self.revenue, other.revenue))


def per(amount: Decimal | None, number: int, currency: str) -> Decimal | None:
    """None where there is nothing to divide by, or no amount to be seen."""
    return rounded(amount / number, currency) if amount is not None and number > 0 else None


def percent(part: int | Decimal, whole: int | Decimal) -> Decimal | None:
    """To a tenth."""
    if whole <= 0:
        return None
    return (Decimal(part) * 100 / whole).quantize(TENTH, ROUND_HALF_UP)


def _average(total: int, number: int) -> Decimal | None:
    return (Decimal(total) / number).quantize(TENTH, ROUND_HALF_UP) if number else None


def _plus(one: Any, other: Any) -> Any:
    """A money figure that may not be seen makes the sum one, too."""
    return None if one is None or other is None else one + other
