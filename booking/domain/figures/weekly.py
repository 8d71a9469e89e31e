"""The figures of the week that is over, each Monday morning, to those who want them: once, whoever else looks.

It is morning where the first of somebody's properties is; the week is of each property's own days. What it says is read
when the email is written, straight from the bookings, within what its reader may see by then.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from booking.domain import catalogue, messages, people
from booking.domain.actors import Actor
from booking.domain.errors import Invalid, NotFound
from booking.domain.figures import capacity, counting, keeping, report, weekly_readers
from booking.domain.figures.report import CurrencyFigures, FiguresView
from booking.domain.figures.sums import Sums
from booking.domain.people import Action
from booking.domain.stays import StayRules
from booking.infra import clock
from booking.infra.db import READ_COMMITTED, transaction
from booking.infra.ids import encode

TOLD = "figures.weekly"
MORNING = dt.time(7)
WEEK = dt.timedelta(days=7)
A_YEAR = dt.timedelta(days=364)  # the same weekdays
MOST_LINES = 50  # properties that an email tells of each by itself; of more it tells the sums
MOST_PROPERTIES = 10_000


@dataclass(frozen=True, slots=True)
class WeekLine:
    """A property's week, and the same one a year before; without money for who may not see it.

    Without a name it is what so many `properties` of a currency come to.
    """

    name: str
    currency: str
    sums: Sums
    before: Sums
    properties: int = 1


@dataclass(frozen=True, slots=True)
class Week:
    """What an email says: of the days from `monday` a week earlier on, and the months ahead by currency."""

    first: dt.date
    last: dt.date
    lines: tuple[WeekLine, ...]
    ahead: tuple[CurrencyFigures, ...]
    sees_money: bool


def tell(actor: Actor) -> int:
    """Have everybody told whose Monday morning has come. Returns how many emails are on their way.

    Raises NotFound for who keeps no figures.
    """
    people.require(actor, Action.KEEP_FIGURES)
    told = weekly_readers.told()
    waiting = {who: last for who, last in told.items() if clock.now().date() - last >= WEEK - dt.timedelta(days=1)}
    if not waiting:
        return 0
    found = weekly_readers.readers(waiting)
    return sum(_told(actor, who, monday) for who, reader in found.items() if (monday := _due(reader, waiting[who])))


def _due(reader: Actor, last: dt.date) -> dt.date | None:
    """The Monday whose morning has come, since they were told last; on later days of the week, too."""
    zone = ZoneInfo(next((house.time_zone for house in catalogue.properties_of_staff(reader)), "Etc/UTC"))
    now = clock.now().astimezone(zone)
    monday = weekly_readers.monday_of(now.date())
    has_come = now >= dt.datetime.combine(monday, MORNING, zone)
    return monday if has_come and last < monday else None


@transaction(isolation=READ_COMMITTED)
def _told(actor: Actor, user_id: uuid.UUID, monday: dt.date) -> bool:
    if not weekly_readers.note_told(user_id, monday):
        return False
    messages.record(actor, TOLD, {"userId": encode("user", user_id), "monday": monday.isoformat()})
    return True


def of_reader(user_id: uuid.UUID, monday: dt.date, rules: StayRules) -> Week | None:
    """What somebody is told of the week before that Monday; None where there is nothing that they may see any more."""
    reader = weekly_readers.readers([user_id]).get(user_id)
    if reader is None:
        return None
    try:
        ahead = report.get_figures(reader, FiguresView(period=report.COMING), rules, most=MOST_PROPERTIES)
        houses = report.houses_of(reader, None, MOST_PROPERTIES)
    except (Invalid, NotFound):  # no property
        return None
    lines = _lines(houses, monday - WEEK, monday, rules)
    if len(lines) > MOST_LINES:
        lines = _by_currency(lines)
    shown = lines if ahead.sees_money else [_without_money(one) for one in lines]
    return Week(monday - WEEK, monday - dt.timedelta(days=1), tuple(shown), ahead.currencies, ahead.sees_money)


def _without_money(line: WeekLine) -> WeekLine:
    return replace(line, sums=line.sums.without_money(), before=line.before.without_money())


def _by_currency(lines: Sequence[WeekLine]) -> list[WeekLine]:
    """The sums of all, the currency with the most properties first."""
    found: dict[str, WeekLine] = {}
    for line in lines:
        so_far = found.get(line.currency, WeekLine("", line.currency, Sums(), Sums(), 0))
        now, before = so_far.sums + line.sums, so_far.before + line.before
        found[line.currency] = WeekLine("", line.currency, now, before, so_far.properties + 1)
    return sorted(found.values(), key=lambda line: (-line.properties, line.currency))


def _lines(houses: Sequence[report.House], first: dt.date, end: dt.date, rules: StayRules) -> list[WeekLine]:
    now, before = (_week(houses, first - back, end - back, rules) for back in (dt.timedelta(0), A_YEAR))
    return [WeekLine(one.name, one.currency, now[one.id], before[one.id]) for one in houses]


def _week(houses: Sequence[report.House], first: dt.date, end: dt.date, rules: StayRules) -> dict[uuid.UUID, Sums]:
    """Of each property, in its own currency."""
    places = {one.id for one in houses}
    rooms = capacity.read(places, first)
    sold = counting.count_days(places, first, end, rooms, keeping.day_begins(rules))
    able = rooms.days(places, first, end)
    return {one.id: sold.get((one.currency, one.id), Sums()) + Sums(able.get(one.id, 0)) for one in houses}
