"""A sheet of days is looked at and taken over: its rates all at once or not at all, under one number of the property's
rates; then its closings, room by room, so that guests go on booking meanwhile. Whatever is so already stays as it is,
so what was broken off is taken up by doing it again.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, insert, select, update

from booking.domain import catalogue, inventory, people
from booking.domain.actors import Actor
from booking.domain.catalogue import BadRow, PropertyNotFound, Room
from booking.domain.inventory import SheetClosings
from booking.domain.people import Action
from booking.domain.pricing import day_rules, day_sheets, house_rates, rate_editing, rate_effects, tariffs
from booking.domain.pricing.day_rules import Pair
from booking.domain.pricing.day_sheets import DaySheet, Run, SheetRoom
from booking.domain.pricing.rate_editing import RatesModified
from booking.domain.pricing.rate_effects import RateEffects
from booking.domain.pricing.rate_models import RateRule
from booking.domain.pricing.rules import Rule
from booking.domain.stays import Stay, StayRules
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import encode, new_id

PORTION = 1_000  # rules in a statement
MOST_DAYS = 366 * 3  # of an export
YEAR = dt.timedelta(days=365)


@dataclass(frozen=True, slots=True)
class DayRow:
    """A line of the file, or what is wrong with it as a line."""

    line: int
    cells: Mapping[str, str] | BadRow


@dataclass(frozen=True, slots=True)
class RulesDone:
    """How many rules are new, changed and ended."""

    added: int = 0
    changed: int = 0
    ended: int = 0


@dataclass(slots=True)
class ClosingsDone:
    """Nights, over all rooms."""

    rooms: int = 0
    closings: SheetClosings = field(default_factory=SheetClosings)


def read(
    actor: Actor, property_id: uuid.UUID, header: Iterable[str], rows: Iterable[DayRow], rules: StayRules
) -> DaySheet:
    """All rows, one by one, as runs; those that are wrong by their lines. Nothing is written.

    Raises PropertyNotFound, NoDaySheet.
    """
    columns = list(header)
    house = _house(actor, property_id, closes=day_sheets.CLOSED in columns)
    day_sheets.check_columns(columns)
    reader = day_sheets.Reader(house.rooms, house.currency, rules.today(house.time_zone))
    for row in rows:
        if isinstance(row.cells, BadRow):
            reader.sheet.rows += 1
            reader.sheet.refuse(row.line, {row.cells.field: row.cells.notice})
        else:
            reader.take(row.line, row.cells)
    return reader.done()


@dataclass(frozen=True, slots=True)
class _House:
    rooms: Sequence[SheetRoom]
    currency: str
    time_zone: str


@reading
def _house(actor: Actor, property_id: uuid.UUID, *, closes: bool) -> _House:
    # Before rates change, not when they have: who may not close nights takes over nothing of such a sheet.
    for action in (Action.EDIT_RATES, *([Action.BLOCK_NIGHTS] if closes else [])):
        people.require(actor, action, at=property_id, otherwise=PropertyNotFound)
    house = house_rates.get_house(property_id)
    return _House(_rooms(property_id), house.currency, house.time_zone)


def _rooms(property_id: uuid.UUID) -> list[SheetRoom]:
    rows = db.session.execute(
        select(Room.id, Room.name, Room.source_id, Room.unit_group_id)
        .where(Room.property_id == property_id, Room.archived_at.is_(None), Room.price_per_night.is_not(None))
        .order_by(Room.name, Room.id)
    )
    return [
        SheetRoom(row.id, row.name, _names(row.id, row.name, row.source_id), row.unit_group_id or row.id)
        for row in rows
    ]


def _names(room_id: uuid.UUID, name: str, source_id: str | None) -> tuple[str, ...]:
    return encode("room", room_id), name, *([source_id] if source_id else [])


@reading
def preview(
    actor: Actor, property_id: uuid.UUID, sheet: DaySheet, names: Mapping[str, str], rules: StayRules
) -> RateEffects:
    """What put() would do to nights that can be booked. Raises PropertyNotFound."""
    people.require(actor, Action.EDIT_RATES, at=property_id, otherwise=PropertyNotFound)
    house = house_rates.get_house(property_id)
    tariff = tariffs.of(house.id, house.rates_version)
    pairs = day_rules.plan(tariff, house_rates.rooms_of(property_id), sheet, names)
    return rate_effects.of_pairs(house, pairs, rules)


@reading
def rehearse(actor: Actor, property_id: uuid.UUID, sheet: DaySheet) -> RulesDone:
    """How many rules put() would make, change and end. Raises PropertyNotFound."""
    people.require(actor, Action.EDIT_RATES, at=property_id, otherwise=PropertyNotFound)
    house = house_rates.get_house(property_id)
    tariff = tariffs.of(house.id, house.rates_version)
    return _counted(day_rules.plan(tariff, house_rates.rooms_of(property_id), sheet, _NAMELESS))


_NAMELESS = dict.fromkeys(day_sheets.RATES.values(), "-")


@transaction(isolation=READ_COMMITTED)
def put(
    actor: Actor, property_id: uuid.UUID, sheet: DaySheet, names: Mapping[str, str], *, seen: int | None = None
) -> RulesDone:
    """The sheet's rates, all or none. Twice is once. `seen`: the number of the rates that it was compared with.

    Raises PropertyNotFound, RatesModified.
    """
    people.require(actor, Action.EDIT_RATES, at=property_id, otherwise=PropertyNotFound)
    house = catalogue.lock_rates(property_id)
    tariff = tariffs.of(house.id, house.rates_version)
    pairs = day_rules.plan(tariff, house_rates.rooms_of(property_id), sheet, names)
    if not pairs:
        return RulesDone()
    if seen not in (None, house.rates_version):
        raise RatesModified
    since = catalogue.count_rates(house)
    _end(actor, [was.id for was, _ in pairs if was], since)
    _add(actor, property_id, [now for _, now in pairs if now], since)
    done = _counted(pairs)
    facts = {"rows": sheet.rows, "added": done.added, "changed": done.changed, "ended": done.ended}
    people.audit(actor, "rates.imported", encode("property", property_id), after=facts)
    rate_editing.tell(actor, house, since)
    return done


def _counted(pairs: Sequence[Pair]) -> RulesDone:
    ended = sum(now is None for _, now in pairs)
    added = sum(was is None for was, _ in pairs)
    return RulesDone(added, len(pairs) - added - ended, ended)


def _end(actor: Actor, rule_ids: Sequence[uuid.UUID], since: int) -> None:
    ended = {"until": since, "ended_at": func.clock_timestamp(), "ended_by": str(actor)[:255]}
    for start in range(0, len(rule_ids), PORTION):
        these = RateRule.rule_id.in_(rule_ids[start : start + PORTION]), RateRule.until.is_(None)
        db.session.execute(update(RateRule).where(*these).values(**ended))


def _add(actor: Actor, property_id: uuid.UUID, rules: Sequence[Rule], since: int) -> None:
    whose = {"property_id": property_id, "since": since, "made_by": str(actor)[:255]}
    for start in range(0, len(rules), PORTION):
        rows = [{"id": new_id(), **whose, **_columns(rule)} for rule in rules[start : start + PORTION]]
        db.session.execute(insert(RateRule), rows)


def _columns(rule: Rule) -> dict[str, object]:
    return {
        "rule_id": rule.id,
        "version": rule.version,
        "kind": rule.kind,
        "name": rule.name,
        "priority": rule.priority,
        "room_kind": None,
        "room_id": rule.room_id,
        "unit_group_id": rule.unit_group_id,
        "first_day": rule.first,
        "last_day": rule.last,
        "weekdays": None,
        "terms": rule.terms.as_json(),
    }


# --- closed altogether


def close(
    actor: Actor,
    sheet: DaySheet,
    rules: StayRules,
    reason: str,
    *,
    rehearse: bool = False,
    advance: Callable[[], None] = lambda: None,
) -> ClosingsDone:
    """Nights that the sheet closes go off sale, those that it opens come back where a sheet has closed them: each room
    by itself. Nights that are held or sold stay so. Raises Forbidden, RoomNotFound.
    """
    done = ClosingsDone()
    for room_id, runs in sheet.closings.items():
        wanted = {day: bool(run.value) for run in runs for day in _dates(run)}
        of_room = inventory.close_by_sheet(actor, room_id, wanted, rules=rules, reason=reason, rehearse=rehearse)
        done.closings += of_room
        done.rooms += bool(of_room.closed or of_room.opened)
        advance()
    return done


def _dates(run: Run) -> Iterator[dt.date]:
    return (dt.date.fromordinal(day) for day in range(run.first, run.last + 1))


# --- export


def export(
    actor: Actor, property_id: uuid.UUID, first: dt.date | None, last: dt.date | None, rules: StayRules
) -> Iterator[list[str]]:
    """A row for each room and day from `first` to `last`, room by room, in the order of COLUMNS; by default a year from
    today on. Raises PropertyNotFound.
    """
    facts = _exported(actor, property_id, rules)
    closed: dict[uuid.UUID, set[dt.date]] = {}
    for one in inventory.blocks_ahead(actor, rules, property_id=property_id):
        closed.setdefault(one.block.room_id, set()).update(Stay(one.block.check_in, one.block.check_out).dates())
    first = first or facts.today
    last = last or first + YEAR
    days = [first + dt.timedelta(days=number) for number in range(min(MOST_DAYS, (last - first).days + 1))]
    return (row for room in facts.rooms for row in _rows(facts, room, days, closed.get(room.id, set())))


@dataclass(frozen=True, slots=True)
class _Exported:
    tariff: tariffs.Tariff
    rooms: Sequence[house_rates.HouseRoom]
    today: dt.date


@reading
def _exported(actor: Actor, property_id: uuid.UUID, rules: StayRules) -> _Exported:
    for action in (Action.SEE_RATES, Action.BLOCK_NIGHTS):
        people.require(actor, action, at=property_id, otherwise=PropertyNotFound)
    house = house_rates.get_house(property_id)
    today = rules.today(house.time_zone)
    return _Exported(tariffs.of(house.id, house.rates_version), house_rates.rooms_of(property_id), today)


def _rows(
    facts: _Exported, room: house_rates.HouseRoom, days: Sequence[dt.date], closed: set[dt.date]
) -> Iterator[list[str]]:
    own, named = facts.tariff.of_room(room), SheetRoom(room.id, room.name, (), room.id)
    for day in days:
        said = {column: day_rules.value_of(own, room, kind, day) for column, kind in day_sheets.RATES.items()}
        yield day_sheets.row_of(named, day, {**said, day_sheets.CLOSED: day in closed})
