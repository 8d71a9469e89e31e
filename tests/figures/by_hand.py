"""The figures of a history once more, from its rows alone: with plain Python, and where it is installed, with pandas.

Nothing of booking/domain is asked. `Played` is a row of the history as the house has lived it; both computations give
what the product says of each month of a house.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from importlib import import_module
from typing import Any
from zoneinfo import ZoneInfo

DAY = dt.timedelta(days=1)
DAY_BEGINS = dt.timedelta(hours=4)
ELSEWHERE = "import"
CENT, TENTH = Decimal("0.01"), Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Played:
    """A booking: its room, its nights, what each costs, and what became of it."""

    number: int
    room: str
    check_in: dt.date
    check_out: dt.date
    per_night: Decimal
    channel: str
    booked_at: dt.datetime
    cancelled: bool
    missed: bool


@dataclass
class Month:
    """What is compared."""

    available: int = 0
    sold: int = 0
    revenue: Decimal = Decimal(0)
    stays: int = 0
    stay_nights: int = 0
    leads: int = 0
    lead_days: int = 0
    missed: int = 0
    cancelled: int = 0
    cancelled_nights: int = 0
    lost: Decimal = Decimal(0)

    def told(self) -> dict[str, str]:
        """As the product's file has it."""
        return {
            "available": str(self.available),
            "sold": str(self.sold),
            "occupancy": _divided(Decimal(self.sold) * 100, self.available, TENTH),
            "revenue": str(self.revenue.quantize(CENT)),
            "adr": _divided(self.revenue, self.sold, CENT),
            "revpar": _divided(self.revenue, self.available, CENT),
            "stays": str(self.stays),
            "averageStay": _divided(Decimal(self.stay_nights), self.stays, TENTH),
            "averageLeadDays": _divided(Decimal(self.lead_days), self.leads, TENTH),
            "cancelled": str(self.cancelled),
            "cancellationRate": _divided(Decimal(self.cancelled) * 100, self.stays + self.cancelled, TENTH),
            "cancelledNights": str(self.cancelled_nights),
            "cancelledRevenue": str(self.lost.quantize(CENT)),
            "noShows": str(self.missed),
        }


@dataclass
class Counted:
    """By month, written 2026-05."""

    months: dict[str, Month] = field(default_factory=lambda: defaultdict(Month))


def _divided(amount: Decimal, number: int, unit: Decimal) -> str:
    return str((amount / number).quantize(unit, ROUND_HALF_UP)) if number else ""


def by_hand(rows: Sequence[Played], rooms: Iterable[str], added: dt.date, year: int, zone: str) -> dict[str, Month]:
    """The twelve months of a year; `rooms` are all of the house, added on that day."""
    found = Counted().months
    for name in rooms:
        first = min((one.check_in for one in rows if one.room == name and not one.cancelled), default=added)
        for day in _days(max(min(first, added), dt.date(year, 1, 1)), dt.date(year + 1, 1, 1)):
            found[_month(day)].available += 1
    for one in rows:
        _count(found, one, zone)
    return {name: month for name, month in found.items() if name.startswith(str(year))}


def _count(found: Mapping[str, Month], one: Played, zone: str) -> None:
    arrival = found[_month(one.check_in)]
    for night in _days(one.check_in, one.check_out):
        month = found[_month(night)]
        if one.cancelled:
            month.cancelled_nights += 1
            month.lost += one.per_night
        else:
            month.sold += 1
            month.revenue += one.per_night
    if one.cancelled:
        arrival.cancelled += 1
        return
    arrival.stays += 1
    arrival.missed += one.missed
    arrival.stay_nights += (one.check_out - one.check_in).days
    if one.channel != ELSEWHERE:
        arrival.leads += 1
        arrival.lead_days += max(0, (one.check_in - booked_on(one.booked_at, zone)).days)


def booked_on(at: dt.datetime, zone: str) -> dt.date:
    """The house's day, which begins at four."""
    return (at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) - DAY_BEGINS).date()


def by_pandas(rows: Sequence[Played], year: int) -> dict[str, dict[str, str]]:
    """Nights, revenue and cancellations of the months once more, a row for each night of each booking."""
    pd: Any = import_module("pandas")

    frame = pd.DataFrame(
        [(one.check_in, one.check_out, int(one.per_night * 1000), one.cancelled) for one in rows],
        columns=["check_in", "check_out", "thousandths", "cancelled"],
    )
    frame["night"] = [
        list(pd.date_range(first, end - DAY)) for first, end in zip(frame.check_in, frame.check_out, strict=True)
    ]
    nights = frame.explode("night")
    nights["month"] = pd.to_datetime(nights["night"]).dt.strftime("%Y-%m")
    frame["month"] = pd.to_datetime(frame["check_in"]).dt.strftime("%Y-%m")
    sold = nights[~nights.cancelled].groupby("month").agg(sold=("night", "size"), revenue=("thousandths", "sum"))
    gone = nights[nights.cancelled].groupby("month").agg(nights=("night", "size"), lost=("thousandths", "sum"))
    ended = frame[frame.cancelled].groupby("month").size()
    found = {}
    for name in (f"{year}-{month:02}" for month in range(1, 13)):
        kept = sold.loc[name] if name in sold.index else {"sold": 0, "revenue": 0}
        lost = gone.loc[name] if name in gone.index else {"nights": 0, "lost": 0}
        found[name] = {
            "sold": str(int(kept["sold"])),
            "revenue": str((Decimal(int(kept["revenue"])) / 1000).quantize(CENT)),
            "cancelled": str(int(ended.get(name, 0))),
            "cancelledNights": str(int(lost["nights"])),
            "cancelledRevenue": str((Decimal(int(lost["lost"])) / 1000).quantize(CENT)),
        }
    return found


def _days(first: dt.date, end: dt.date) -> Iterator[dt.date]:
    while first < end:
        yield first
        first += DAY


def _month(day: dt.date) -> str:
    return f"{day:%Y-%m}"
