"""The figures of some houses for some months, as pages, files and commands show them: one block for each currency.

Currencies are never added up. A house's rooms are sold in its own currency: in its block stand what they could have
sold, and in others only what was sold before the house changed it. Pace compares what is on the books now with what was
a year ago today of the same months of the year before: stays that were confirmed by then and not cancelled yet, at the
dates and prices that they have now.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import select

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.catalogue import Property
from booking.domain.errors import Invalid, NotFound
from booking.domain.figures import capacity, counting, keeping
from booking.domain.figures.blocked_nights import next_month
from booking.domain.figures.counting import Group
from booking.domain.figures.sums import OnBooks, Sums
from booking.domain.inputs import Input
from booking.domain.money import rounded
from booking.domain.notices import Notice
from booking.domain.people import Action
from booking.domain.stays import StayRules
from booking.infra import clock
from booking.infra.db import db, reading
from booking.infra.ids import decode

MOST_PROPERTIES = 50  # at once
PAST, COMING = "past", "coming"
YEARS = 2000, 2099


class FiguresView(Input):
    """What is asked for. `period`: a year, PAST (the twelve months that end with this one), or COMING (that begin with
    it); none: this year.
    """

    property: Annotated[str, Field(max_length=64)] | None = None
    period: Annotated[str, Field(max_length=8)] = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table: of a month, a house, a kind of room or a channel (`name`: what it is called, `key`: its id)."""

    key: Any
    name: str
    sums: Sums


@dataclass(frozen=True, slots=True)
class MonthLine:
    """A month beside the same one of the year before, and beside what was on the books of that a year ago today."""

    month: dt.date
    sums: Sums
    before: Sums
    on_books: OnBooks
    then: OnBooks


@dataclass(frozen=True, slots=True)
class CurrencyFigures:
    """Everything in one currency."""

    currency: str
    months: tuple[MonthLine, ...]
    properties: tuple[Line, ...]
    kinds: tuple[Line, ...]
    channels: tuple[Line, ...]

    @property
    def total(self) -> Sums:
        return sum((one.sums for one in self.months), Sums())

    @property
    def before(self) -> Sums:
        return sum((one.before for one in self.months), Sums())

    @property
    def on_books(self) -> OnBooks:
        return sum((one.on_books for one in self.months), OnBooks())

    @property
    def then(self) -> OnBooks:
        return sum((one.then for one in self.months), OnBooks())


@dataclass(frozen=True, slots=True)
class Figures:
    """Of the months from `first` to before `end`. `then`: the instant a year ago; not `is_complete`: the worker has not
    counted all bookings yet.
    """

    first: dt.date
    end: dt.date
    today: dt.date
    then: dt.datetime
    period: str
    is_complete: bool
    sees_money: bool
    currencies: tuple[CurrencyFigures, ...]

    @property
    def last(self) -> dt.date:
        """The last day."""
        return self.end - dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class House:
    """What figures need of a property."""

    id: uuid.UUID
    name: str
    currency: str
    time_zone: str


def get_figures(actor: Actor, view: FiguresView, rules: StayRules, *, most: int = MOST_PROPERTIES) -> Figures:
    """Raises NotFound for who may not see them, Invalid for a period that is none, and for too many properties."""
    houses = houses_of(actor, view.property, most)
    places = {one.id for one in houses}
    today = rules.today(houses[0].time_zone)
    first, end, period = _months_of(view.period, today)
    sees_money = _may_see_money(actor, places)
    before = _a_year_before(first)
    rooms = capacity.read(places, before)
    then = a_year_ago(clock.now())
    counted = counting.count(places, before, end, rooms, then)
    available = rooms.months(places, before, end)
    by_id = {one.id: one for one in houses}
    able = {by_id[place].currency for place, _, month in available if month >= first}
    currencies = sorted(able | {one.currency for one in counted if one.month >= first})
    parts = [_Parts(by_id, available, [one for one in counted if one.currency == said], said) for said in currencies]
    blocks = [part.block(first, end) for part in parts]
    shown = blocks if sees_money else [_without_money(one) for one in blocks]
    _, is_complete = keeping.counted_at()
    return Figures(first, end, today, then, period, is_complete, sees_money, tuple(shown))


@reading
def houses_of(actor: Actor, key: str | None, most: int = MOST_PROPERTIES) -> list[House]:
    """Of this property, or all where somebody may see figures, by name. Raises NotFound, Invalid for too many."""
    reach = people.reach(actor, Action.SEE_FIGURES).properties
    wanted = select(Property.id, Property.name, Property.currency, Property.time_zone).order_by(Property.name)
    if key:
        known = decode("property", key)
        if known is None or (reach is not None and known not in reach):
            raise NotFound
        wanted = wanted.where(Property.id == known)
    elif reach is not None:
        wanted = wanted.where(Property.id.in_(reach))
    found = [House(*row) for row in db.session.execute(wanted.limit(most + 1))]
    if not found:
        raise NotFound
    if len(found) > most:
        raise Invalid(details={"property": Notice("too_many_properties", most=most)})
    return found


def a_year_ago(instant: dt.datetime) -> dt.datetime:
    """The same day and hour; of 29 February, the day before."""
    try:
        return instant.replace(year=instant.year - 1)
    except ValueError:
        return instant.replace(year=instant.year - 1, day=28)


def _may_see_money(actor: Actor, places: Collection[uuid.UUID]) -> bool:
    """Where somebody may not at one of several, they see none: what is left of a sum would tell."""
    within = people.reach(actor, Action.SEE_REVENUE).properties
    return within is None or within >= set(places)


def _months_of(period: str, today: dt.date) -> tuple[dt.date, dt.date, str]:
    """First day, the day after the last, and what was meant."""
    this = today.replace(day=1)
    if period == PAST:
        end = next_month(this)
        return _a_year_before(end), end, PAST
    if period == COMING:
        return this, this.replace(year=this.year + 1), COMING
    is_year = period.isascii() and period.isdigit()
    year = int(period) if is_year else today.year
    if (period and not is_year) or not YEARS[0] <= year <= YEARS[1]:
        raise Invalid(details={"period": Notice("no_period")})
    return dt.date(year, 1, 1), dt.date(year + 1, 1, 1), str(year)


def _a_year_before(month: dt.date) -> dt.date:
    return month.replace(year=month.year - 1)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What was read, to be put together; `counted` is of one currency, and of the year before as well."""

    houses: Mapping[uuid.UUID, House]
    available: Mapping[tuple[uuid.UUID, str, dt.date], int]
    counted: Sequence[Group]
    currency: str

    def block(self, first: dt.date, end: dt.date) -> CurrencyFigures:
        now = [one for one in self.counted if one.month >= first]
        able = [(*key, nights) for key, nights in self.available.items() if self._is_sold_in_it(key[0])]
        ahead = [one for one in able if one[2] >= first]
        names = {one.id: one.name for one in self.houses.values()}
        return CurrencyFigures(
            self.currency,
            tuple(self._months(first, end, able)),
            _lines(((one[0], one[3]) for one in ahead), ((one.property_id, one.sums) for one in now), names),
            _lines(((one[1], one[3]) for one in ahead), self._by_kind(now), {}),
            _lines((), ((one.channel, one.sums) for one in now), {}),
        )

    def _is_sold_in_it(self, place: uuid.UUID) -> bool:
        return self.houses[place].currency == self.currency

    def _months(
        self, first: dt.date, end: dt.date, able: Iterable[tuple[uuid.UUID, str, dt.date, int]]
    ) -> Iterator[MonthLine]:
        sums, then = defaultdict[dt.date, Sums](Sums), defaultdict[dt.date, OnBooks](OnBooks)
        for one in self.counted:
            sums[one.month] += one.sums
            then[one.month] += one.then
        for _, _, month, nights in able:
            sums[month] += Sums(nights)
        while first < end:
            before, now = _a_year_before(first), sums[first]
            yield MonthLine(first, now, sums[before], OnBooks(now.sold, now.revenue), then[before])
            first = next_month(first)

    def _by_kind(self, groups: Iterable[Group]) -> Iterator[tuple[str, Sums]]:
        """What was sold of a room that contains others is shared out among these; its stay is the first one's."""
        for group in groups:
            kinds = group.room.kinds if group.room else ("",)
            for place, kind in enumerate(kinds):
                yield kind, shared(group.sums, place, len(kinds), self.currency)


def shared(sums: Sums, place: int, number: int, currency: str) -> Sums:
    """The share of one part of so many: all shares add up to the whole."""
    if number == 1:
        return sums

    def share(amount: Decimal | None) -> Decimal | None:
        if amount is None:
            return None
        up_to = [rounded(amount * count / number, currency) for count in (place, place + 1)]
        return up_to[1] - up_to[0]

    nights = {"sold": sums.sold // number, "cancelled_nights": sums.cancelled_nights // number}
    money = {name: share(getattr(sums, name)) for name in ("revenue", "lost", "kept")}
    whole = sums if place == 0 else Sums()
    return replace(whole, **nights, **money)  # type: ignore[arg-type]  # by the names of its fields


def _lines(
    available: Iterable[tuple[Any, int]], sold: Iterable[tuple[Any, Sums]], names: Mapping[Any, str]
) -> tuple[Line, ...]:
    """Whatever could be or was sold; what sells most comes first."""
    found = defaultdict[Any, Sums](Sums)
    for key, nights in available:
        found[key] += Sums(nights)
    for key, sums in sold:
        found[key] += sums
    lines = (Line(key, names.get(key, str(key)), sums) for key, sums in found.items())
    return tuple(sorted(lines, key=lambda one: (-(one.sums.revenue or 0), -one.sums.sold, one.name)))


def _without_money(block: CurrencyFigures) -> CurrencyFigures:
    def lines(some: tuple[Line, ...]) -> tuple[Line, ...]:
        hidden = [replace(one, sums=one.sums.without_money()) for one in some]
        return tuple(sorted(hidden, key=lambda one: (-one.sums.sold, one.name)))

    months = tuple(
        replace(
            one,
            sums=one.sums.without_money(),
            before=one.before.without_money(),
            on_books=replace(one.on_books, revenue=None),
            then=replace(one.then, revenue=None),
        )
        for one in block.months
    )
    return CurrencyFigures(block.currency, months, lines(block.properties), lines(block.kinds), lines(block.channels))
